import ArgumentParser
import StockTestKit

/// `stock-simulate crash`: the engine dies at each step of the holds' protocols.
struct CrashCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crash",
    abstract: "Carts over shards, and an engine that dies at each step of their protocols in turn.",
    discussion: "Example: stock-simulate crash --seeds 100")

  @Option(help: "How many seeds.")
  var seeds: UInt64 = 100

  @Option(help: "The first seed.")
  var from: UInt64 = 1

  @Option(help: "Commands a seed. Each is a few steps; the seed runs once for each step.")
  var commands = 40

  func run() throws {
    var sum = SimulationReport()
    for seed in from..<from + seeds {
      do throws(SimulationFailure) {
        sum.add(try Simulation.crashAtEachStep(seed: seed, commands: commands))
      } catch {
        print("FAILED \(error)")
        print(
          "again: stock-simulate run --seed \(error.seed) --steps \(commands) --die-at … --trace")
        throw ExitCode.failure
      }
      if (seed - from) % 20 == 19 { print("\(seed - from + 1) seeds, \(sum.seeds) runs …") }
    }
    print(
      "passed: \(seeds) seeds, \(sum.seeds) runs with "
        + "\(sum.faults["crash in a protocol"] ?? 0) crashes, \(sum.commits) commits")
  }
}
