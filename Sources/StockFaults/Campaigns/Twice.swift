import StockProcesses
import StockTools

/// A client that sends everything twice under the same key, while the engine is killed at random: every
/// effect happens once, and the second answer is the first one, byte for byte.
public struct Twice: Sendable {
  public var rounds = 30
  /// SIGKILLs of the engine, spread over the rounds.
  public var kills = 30

  public init() {}

  public init(rounds: Int, kills: Int) {
    self.rounds = rounds
    self.kills = kills
  }

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("twice")
    var random = SeededRandom(seed: scene.seed)
    let engine = try scene.engine()
    let history = History()
    var repeats = 0
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      for round in 1...rounds {
        var plan = scene.plan
        plan.seed = random.next()
        let isKilled = kills * round / rounds > kills * (round - 1) / rounds
        let before = Duration.milliseconds(Int.random(in: 20...400, using: &random))
        let http = try await site.client(connections: 12, depth: 2)
        let twice = TwiceExchange(http, seed: random.next())
        try await Load(plan, RecordingClient(twice, history: history, repeats: true)).run {
          try await Task.sleep(for: before)
          if isKilled {
            try await engine.kill()
            try await engine.start()
            try await site.settle()
          }
          try await Task.sleep(for: .milliseconds(200))
        }
        // What was kept for later is asked of the engine that is there now.
        await twice.repeatAll()
        repeats += twice.repeats
        report.violations += twice.violations.map {
          Violation($0.kind, "round \(round): \($0.text)")
        }
        await http.close()
        if round % 10 == 0 {
          scene.progress("twice: \(round) of \(rounds) rounds, \(repeats) repeats")
        }
        if report.violations.count > 100 { break }
      }
      // All endings are known but for those that the engine was away too long for, so that nothing at
      // all may be there that the first answers do not tell.
      for attempt in history.attempts where !attempt.ending.isJudged {
        report.violations.append(
          Violation(.wrongAnswer, "\(attempt.change) on \(attempt.key) ended \(attempt.ending)"))
      }
      report.violations += try await site.inspect(history).violations
      await site.close()
    }
    report.facts.append("seed \(scene.seed), \(rounds) rounds, \(kills) kills of the engine")
    report.facts.append("\(repeats) answers compared with their repeats")
    report.add(history)
    return report
  }
}
