import StockProcesses
import StockTools

/// redis-server stands still under load, again and again, longer than every time-out of the engine. On
/// several engines at once, for they do nothing meanwhile.
public struct Stops: Sendable {
  public var stops = 200
  /// Engines at the same time.
  public var lanes = 8
  /// The engine waits 3 s for a commit, and its clients 5 s for an answer.
  public var length: Duration = .milliseconds(5_500)

  public init() {}

  private struct Lane: Sendable {
    var violations: [Violation] = []
    var history: History
    var slowest = Duration.zero
  }

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("stops")
    let begin = ContinuousClock.now
    let lanes = min(lanes, stops)
    let found = try await withThrowingTaskGroup(of: Lane.self) { group in
      for number in 0..<lanes {
        let rounds = stops * (number + 1) / lanes - stops * number / lanes
        group.addTask { try await lane(scene, number, rounds) }
      }
      return try await group.reduce(into: [Lane]()) { $0.append($1) }
    }
    for lane in found {
      report.violations += lane.violations
      report.add(lane.history)
    }
    let slowest = found.map(\.slowest).max() ?? .zero
    report.facts.append(
      "\(stops) stops of \(length.short) each, in \((ContinuousClock.now - begin).short)")
    report.facts.append("the longest way back to all shards taking changes took \(slowest.short)")
    return report
  }

  private func lane(_ scene: Scene, _ number: Int, _ rounds: Int) async throws -> Lane {
    var random = SeededRandom(seed: scene.seed &+ UInt64(number))
    var lane = Lane(history: History())
    let engine = try scene.engine()
    let history = lane.history
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      for round in 1...rounds {
        var plan = scene.plan
        plan.seed = random.next()
        plan.pause = .milliseconds(10)
        let before = Duration.milliseconds(Int.random(in: 20...300, using: &random))
        let http = try await site.client(connections: 12, depth: 2)
        let returned = try await Load(plan, RecordingClient(http, history: history)).run {
          try await Task.sleep(for: before)
          guard let redis = engine.redisPID else {
            throw FaultError("the engine has no redis-server")
          }
          Signals.pause(redis)
          try? await Task.sleep(for: length)
          Signals.resume(redis)
          return try await site.settle()
        }
        await http.close()
        lane.slowest = max(lane.slowest, returned)
        // All since the beginning: what was under way may have come to its end in this round.
        let found = try await site.inspect(history, rests: .seconds(2))
        lane.violations += found.violations.map {
          Violation($0.kind, "lane \(number), round \(round): \($0.text)")
        }
        if number == 0 { scene.progress("stops: \(round) of \(rounds) in the first lane") }
        if lane.violations.count > 50 { break }
      }
      await site.close()
    }
    return lane
  }
}
