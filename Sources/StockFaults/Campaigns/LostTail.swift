import StockTools

/// Redis comes back without its last moments, as with `appendfsync everysec` after a loss of power:
/// it is killed, and its log is cut. The engine lives, and plays again what was lost.
public struct LostTail: Sendable {
  public var rounds = 5
  /// What is lost: everything of about so long before the kill. Redis itself may lose two seconds.
  public var loss: Duration = .milliseconds(400)

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("lost-tail")
    var random = SeededRandom(seed: scene.seed)
    let redis = try RedisProcess()
    try await redis.start()
    let engine = try scene.engine(redis: redis.url)
    let history = History()
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      var mark = History.Mark()
      var state: [EntryKey: EntryState] = [:]
      for round in 1...rounds {
        var plan = scene.plan
        plan.seed = random.next()
        let http = try await site.client(connections: 12, depth: 2)
        let (lost, acknowledged) = try await Load(
          plan, RecordingClient(http, history: history)
        ).run {
          try await Task.sleep(for: .milliseconds(300))
          let size = try await redis.logSize()
          let before = history.tally.accepted
          try await Task.sleep(for: loss)
          let acknowledged = history.tally.accepted - before
          try await redis.kill()
          let lost = try await redis.cutLog(to: size)
          try await redis.start()
          try await site.settle()
          return (lost, acknowledged)
        }
        await http.close()
        report.facts.append(
          "round \(round): Redis lost \(lost) bytes, \(acknowledged) acknowledged changes in them")
        if acknowledged == 0 || lost == 0 {
          throw FaultError("nothing was lost: this shows nothing")
        }
        let found = try await site.inspect(history, since: mark, base: state)
        report.violations += found.violations.map {
          Violation($0.kind, "round \(round): \($0.text)")
        }
        (mark, state) = (history.mark, found.state)
      }
      report.violations += try await site.inspect(history).violations
      await site.close()
    }
    try await redis.stop()
    report.add(history)
    return report
  }
}
