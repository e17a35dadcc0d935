public import StockCore

/// What a simulation shall do. Everything else follows from the seed.
public struct SimulationOptions: Sendable {
  public var seed: UInt64
  /// Commands that the clients send.
  public var steps: Int
  /// Mistakes to plant, which the simulation must catch.
  public var plantedFaults: Set<PlantedFault>
  /// The engine dies at this step of the holds' protocols, and nothing else goes wrong: so that a test
  /// can plant a crash at each of them.
  public var dyingStep: Int?

  public init(
    seed: UInt64, steps: Int = 400, plantedFaults: Set<PlantedFault> = [], dyingStep: Int? = nil
  ) {
    self.dyingStep = dyingStep
    self.seed = seed
    self.steps = steps
    self.plantedFaults = plantedFaults
  }
}

/// What happened in one simulation, or in many.
public struct SimulationReport: Sendable {
  public var seeds = 0
  public var steps = 0
  public var commits = 0
  /// Messages, commits and replies of the holds' protocols.
  public var protocolSteps = 0
  public var simulatedMilliseconds: Int64 = 0
  /// How often each kind of fault was made.
  public var faults: [String: Int] = [:]
  /// Answers by name.
  public var answers: [String: Int] = [:]
  /// Shards that failed, as they must, because Redis lost more than they could play again.
  public var failedShards = 0

  public init() {}

  public mutating func add(_ other: SimulationReport) {
    seeds += other.seeds
    steps += other.steps
    commits += other.commits
    protocolSteps += other.protocolSteps
    simulatedMilliseconds += other.simulatedMilliseconds
    faults.merge(other.faults, uniquingKeysWith: +)
    answers.merge(other.answers, uniquingKeysWith: +)
    failedShards += other.failedShards
  }
}

/// An invariant that did not hold.
public struct SimulationFailure: Error, CustomStringConvertible, Sendable {
  public var seed: UInt64
  public var what: String
  /// What happened last, in words.
  public var lastSteps: [String]

  public var description: String {
    (["seed \(seed): \(what)"] + lastSteps.map { "  " + $0 }).joined(separator: "\n")
  }
}

extension Simulation {
  /// Runs a seed's carts without faults, and then once for each step of their protocols, at which the
  /// engine dies: each message, each commit and each reply, before and after.
  public static func crashAtEachStep(
    seed: UInt64, commands: Int
  ) throws(SimulationFailure) -> SimulationReport {
    func run(dyingStep: Int) throws(SimulationFailure) -> SimulationReport {
      let options = SimulationOptions(seed: seed, steps: commands, dyingStep: dyingStep)
      do throws(SimulationFailure) {
        return try Simulation(options).run()
      } catch {
        var failure = replay(options, after: error)
        failure.what = "dying at step \(dyingStep): " + failure.what
        throw failure
      }
    }
    var sum = try run(dyingStep: .max)
    for step in 1...max(1, sum.protocolSteps) { sum.add(try run(dyingStep: step)) }
    return sum
  }

  /// Runs a seed that failed once more, to tell what happened last.
  public static func replay(
    _ options: SimulationOptions, after failure: SimulationFailure, lines: Int = 60
  ) -> SimulationFailure {
    var last: [String] = []
    var failure = failure
    do throws(SimulationFailure) {
      _ = try Simulation(options) { line in
        last.append(line)
        if last.count > 2 * lines { last.removeFirst(lines) }
      }.run()
    } catch {
      failure = error
    }
    failure.lastSteps = last.suffix(lines)
    return failure
  }
}
