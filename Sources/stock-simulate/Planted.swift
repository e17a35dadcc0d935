import ArgumentParser
import StockCore

/// A mistake to plant, by its name on the command line.
struct Planted: ExpressibleByArgument {
  let fault: PlantedFault

  init?(argument: String) {
    guard let fault = PlantedFault(rawValue: argument) else { return nil }
    self.fault = fault
  }
}
