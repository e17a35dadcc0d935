import StockProcesses
import StockTools

/// redis-server stands still under load (SIGSTOP), then goes on. Clients wait, or get a 503 that says
/// what is known; nobody gets a wrong answer, and it goes on by itself.
public struct Stall: Sendable {
  public var length: Duration = .seconds(10)

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("stall")
    let engine = try scene.engine()
    let history = History()
    let (resumedAt, found) = try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      let http = try await site.client(connections: 12, depth: 2)
      let resumedAt = try await Load(scene.plan, RecordingClient(http, history: history)).run {
        try await Task.sleep(for: .milliseconds(300))
        guard let redis = engine.redisPID else {
          throw FaultError("the engine has no redis-server")
        }
        scene.progress("stall: redis-server stands still for \(length.short)")
        Signals.pause(redis)
        try? await Task.sleep(for: length)
        let resumedAt = history.now
        Signals.resume(redis)
        try await site.settle()
        try await Task.sleep(for: .milliseconds(300))
        return resumedAt
      }
      await http.close()
      let found = try await site.inspect(history)
      await site.close()
      return (resumedAt, found)
    }
    report.violations = found.violations
    report.add(history)
    let attempts = history.attempts
    let longest = attempts.map { $0.endedAt - $0.sentAt }.max() ?? 0
    report.facts.append("the longest answer took \(Duration.nanoseconds(longest).short)")
    let first = attempts.filter { $0.ending.isAccepted && $0.endedAt > resumedAt }
      .map(\.endedAt).min()
    if let first {
      report.facts.append(
        "the first yes came \(Duration.nanoseconds(first - resumedAt).short) after it went on")
    } else {
      report.violations.append(Violation(.wrongAnswer, "nothing was accepted after it went on"))
    }
    return report
  }
}
