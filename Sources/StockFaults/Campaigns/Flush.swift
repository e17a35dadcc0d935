import StockProcesses
import StockRedis
import StockTools

/// Somebody empties Redis by mistake (FLUSHALL). The engine notices, busy or idle; it confirms nothing
/// any more, and says so. It never takes the empty Redis for a new shop. Then it is told to repair Redis
/// from memory: everything confirmed is there again, also after a restart.
public struct Flush: Sendable {
  /// An idle engine looks at Redis every second.
  public var patience = Duration.seconds(60)

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("flush")
    for isBusy in [true, false] {
      let redis = try RedisProcess()
      try await redis.start()
      let engine = try scene.engine(redis: redis.url)
      let history = History()
      let (flushedAt, states, took, found) = try await scene.with(engine) {
        let site = try await Site.prepare(
          engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
          history: history)
        let http = try await site.client(connections: 12, depth: 2)
        let load = Load(scene.plan, RecordingClient(http, history: history))
        if !isBusy { try await load.run { try await Task.sleep(for: .milliseconds(300)) } }
        @Sendable func flush() async throws -> (Int64, [String], Duration) {
          try await Task.sleep(for: .milliseconds(300))
          let access = try await RedisAccess.open(redis.url)
          _ = try await access.call(["FLUSHALL"])
          let flushedAt = history.now
          let begin = ContinuousClock.now
          await access.disconnect()
          var states: [String] = []
          _ = try await eventually(within: patience, every: .milliseconds(20)) {
            states = try await site.shardStates()
            return !states.isEmpty && states.allSatisfy { $0.hasPrefix("failed") }
          }
          let took = ContinuousClock.now - begin
          if isBusy { try await Task.sleep(for: .seconds(1)) }
          return (flushedAt, states, took)
        }
        let (flushedAt, states, took) =
          isBusy ? try await load.run(while: flush) : try await flush()
        await http.close()
        try await site.repair()
        var found = try await site.inspect(history, rests: .seconds(2)).violations
        try await engine.kill()
        try await engine.start()
        found += try await site.inspect(history, rests: .seconds(2)).violations
        await site.close()
        return (flushedAt, states, took, found)
      }
      try await redis.stop()
      let name = isBusy ? "busy" : "idle"
      report.violations += found.map { Violation($0.kind, "\(name), repaired: \($0.text)") }
      if states.isEmpty || !states.allSatisfy({ $0.hasPrefix("failed") }) {
        report.violations.append(
          Violation(.wrongAnswer, "\(name): /readyz does not say it of all shards: \(states)"))
      }
      for attempt in history.attempts
      where attempt.ending.isAccepted && attempt.sentAt > flushedAt && !attempt.isSet {
        report.violations.append(
          Violation(.wrongAnswer, "\(name): confirmed after FLUSHALL: \(attempt.change)"))
      }
      report.facts.append(
        "\(name): all \(states.count) shards stopped \(took.short) after it: \(states.first ?? ""); then repaired"
      )
      report.add(history)
    }
    return report
  }
}
