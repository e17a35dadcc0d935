import StockProcesses
import StockTools

/// SIGKILL of the engine and of its redis-server, at random moments, under load. After each one
/// everything is back by itself, and everything acknowledged is still there.
public struct Kill: Sendable {
  public var engineKills = 50
  public var redisKills = 50

  public init() {}

  public init(engineKills: Int, redisKills: Int) {
    self.engineKills = engineKills
    self.redisKills = redisKills
  }

  private enum Victim {
    case engine, redis
  }

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("kill")
    var random = SeededRandom(seed: scene.seed)
    let victims =
      (Array(repeating: Victim.engine, count: engineKills)
      + Array(repeating: Victim.redis, count: redisKills)).shuffled(using: &random)
    let engine = try scene.engine()
    let history = History()
    var slowestStart = Duration.zero
    var slowestReturn = Duration.zero
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      var mark = History.Mark()
      var state: [EntryKey: EntryState] = [:]
      for (round, victim) in victims.enumerated() {
        var plan = scene.plan
        plan.seed = random.next()
        let before = Duration.milliseconds(Int.random(in: 20...500, using: &random))
        let after = Duration.milliseconds(Int.random(in: 20...200, using: &random))
        let http = try await site.client(connections: 12, depth: 2)
        let recovery = try await Load(plan, RecordingClient(http, history: history)).run {
          try await Task.sleep(for: before)
          let begin = ContinuousClock.now
          switch victim {
          case .engine:
            try await engine.kill()
            try await engine.start()
          case .redis:
            try await engine.killRedis()
          }
          let started = ContinuousClock.now - begin
          try await site.settle()
          let returned = ContinuousClock.now - begin
          try await Task.sleep(for: after)
          return (started, returned)
        }
        await http.close()
        slowestStart = max(slowestStart, recovery.0)
        slowestReturn = max(slowestReturn, recovery.1)
        // Since the last round, against what was certain then: also finds what comes back late.
        let found = try await site.inspect(
          history, since: mark, base: state, rests: .milliseconds(300))
        report.violations += found.violations.map {
          Violation($0.kind, "round \(round + 1) (\(victim)): \($0.text)")
        }
        (mark, state) = (history.mark, found.state)
        if (round + 1) % 10 == 0 {
          scene.progress(
            "kill: \(round + 1) of \(victims.count), \(history.tally.accepted) accepted so far")
        }
        if report.violations.count > 100 { break }
      }
      // And once more everything since the beginning.
      report.violations += try await site.inspect(history).violations
      await site.close()
    }
    report.facts.append(
      "seed \(scene.seed), \(engineKills) kills of the engine, \(redisKills) of redis-server")
    report.facts.append(
      """
      slowest from kill to running again \(slowestStart.short), to all shards taking changes \
      \(slowestReturn.short)
      """)
    report.add(history)
    return report
  }
}
