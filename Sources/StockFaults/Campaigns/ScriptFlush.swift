import StockProcesses
import StockRedis
import StockTools

/// Somebody empties Redis's cache of scripts, again and again. No client notices.
public struct ScriptFlush: Sendable {
  public var length: Duration = .seconds(10)
  public var interval: Duration = .milliseconds(3)

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("script-flush")
    let engine = try scene.engine()
    let history = History()
    let (flushes, found) = try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      let http = try await site.client(connections: 12, depth: 2)
      let flushes = try await Load(scene.plan, RecordingClient(http, history: history)).run {
        let redis = try await RedisAccess.open(engine.redisURL)
        let end = ContinuousClock.now + length
        var flushes = 0
        while ContinuousClock.now < end {
          _ = try await redis.call(["SCRIPT", "FLUSH"])
          flushes += 1
          try await Task.sleep(for: interval)
        }
        await redis.disconnect()
        return flushes
      }
      await http.close()
      let found = try await site.inspect(history)
      await site.close()
      return (flushes, found)
    }
    report.violations = found.violations
    report.facts.append("\(flushes) times SCRIPT FLUSH in \(length.short)")
    report.add(history)
    for attempt in history.attempts where !attempt.ending.isJudged {
      report.violations.append(
        Violation(.wrongAnswer, "\(attempt.change) on \(attempt.key) ended \(attempt.ending)"))
    }
    return report
  }
}
