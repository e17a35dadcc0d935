import ArgumentParser
import StockCore
import StockTestKit

/// `stock-simulate run`: the core over simulated faults.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Engines, clients, network and Redis, all simulated, from one seed each.",
    discussion: """
      Examples:
        stock-simulate run --seeds 10000
        stock-simulate run --seed 4711 --trace
      """)

  @Option(help: "One seed only.")
  var seed: UInt64?

  @Option(help: "How many seeds.")
  var seeds: UInt64 = 1_000

  @Option(help: "The first seed.")
  var from: UInt64 = 1

  @Option(help: "Commands a seed.")
  var steps = 400

  @Option(help: "Seeds at the same time.")
  var jobs: UInt64 = 2

  @Option(
    help: ArgumentHelp(
      "Plant a mistake: "
        + PlantedFault.allCases.map(\.rawValue).joined(separator: ", ") + "."))
  var plant: [Planted] = []

  @Option(
    help: "The engine dies at this step of the holds' protocols, and nothing else goes wrong.")
  var dieAt: Int?

  @Flag(help: "Print every event.")
  var trace = false

  func run() async throws {
    let begin = ContinuousClock.now
    defer { print("took \((ContinuousClock.now - begin).components.seconds) s") }
    if let seed {
      try report(await check(seed...seed, stride: 1, progress: false))
    } else {
      guard seeds > 0, jobs > 0 else { throw ValidationError("nothing to do") }
      let last = from + seeds - 1
      let all = await withTaskGroup(of: Result<SimulationReport, SimulationFailure>.self) { group in
        for job in 0..<min(jobs, seeds) {
          group.addTask { await check(from + job...last, stride: jobs, progress: job == 0) }
        }
        var sum = SimulationReport()
        for await result in group {
          switch result {
          case .success(let one): sum.add(one)
          case .failure(let failure):
            group.cancelAll()
            return Result<SimulationReport, SimulationFailure>.failure(failure)
          }
        }
        return .success(sum)
      }
      try report(all)
    }
  }

  /// Runs every `stride`th seed of a range, up to the first that fails.
  @concurrent
  private func check(
    _ range: ClosedRange<UInt64>, stride: UInt64, progress: Bool
  ) async -> Result<SimulationReport, SimulationFailure> {
    var sum = SimulationReport()
    var seed = range.lowerBound
    while seed <= range.upperBound, !Task.isCancelled {
      let options = SimulationOptions(
        seed: seed, steps: steps, plantedFaults: Set(plant.map(\.fault)),
        dyingStep: dieAt)
      do throws(SimulationFailure) {
        sum.add(try Simulation(options, trace: trace ? { print($0) } : nil).run())
      } catch {
        return .failure(trace ? error : Simulation.replay(options, after: error))
      }
      if progress, sum.seeds % 500 == 0 { print("\(sum.seeds * Int(stride)) seeds …") }
      seed += stride
    }
    return .success(sum)
  }

  private func report(_ result: Result<SimulationReport, SimulationFailure>) throws {
    switch result {
    case .failure(let failure):
      print("FAILED \(failure)")
      print("again: stock-simulate run --seed \(failure.seed) --steps \(steps) --trace")
      throw ExitCode.failure
    case .success(let sum):
      for (name, count) in sum.answers.sorted(by: { $0.key < $1.key }) {
        print("  answers \(name): \(count)")
      }
      let faults = sum.faults.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      print(
        "passed: \(sum.seeds) seeds, \(sum.steps) steps, \(sum.commits) commits, "
          + "\(sum.simulatedMilliseconds / 1_000) s simulated, \(sum.failedShards) shards failed as "
          + "they must; faults: \(faults.joined(separator: ", "))")
    }
  }
}
