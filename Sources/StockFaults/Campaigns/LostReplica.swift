import StockProcesses
import StockRedis
import StockTools

/// `--durability replicas:1`: the replica dies under load, and nothing is confirmed until it is back.
/// Then primary and engine die at once, and everything confirmed is on the replica.
public struct LostReplica: Sendable {
  public var rounds = 3
  /// How long the replica is away each time.
  public var length: Duration = .seconds(6)

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("lost-replica")
    let (primary, replica) = try await RedisProcess.pair()
    let options: (inout EngineProcess.Options) -> Void = {
      $0.arguments = ["--durability", "replicas:1"]
    }
    let engine = try scene.engine(redis: primary.url, options)
    let history = History()
    var slowest = Duration.zero
    try await engine.start()
    let site = try await Site.prepare(
      engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
      history: history)
    for round in 1...rounds {
      var plan = scene.plan
      plan.seed = scene.seed &+ UInt64(round)
      let http = try await site.client(connections: 12, depth: 2)
      let (goneAt, backAt, returned) = try await Load(
        plan, RecordingClient(http, history: history)
      ).run {
        try await Task.sleep(for: .milliseconds(500))
        try await replica.kill()
        let goneAt = history.now
        try await Task.sleep(for: length)
        let backAt = history.now
        try await replica.start()
        let returned = try await site.settle()
        return (goneAt, backAt, returned)
      }
      await http.close()
      slowest = max(slowest, returned)
      for attempt in history.attempts
      where attempt.ending.isAccepted && !attempt.isSet && attempt.sentAt > goneAt
        && attempt.endedAt < backAt
      {
        report.violations.append(
          Violation(.wrongAnswer, "confirmed without a replica: \(attempt.change)"))
      }
      report.violations += try await site.inspect(history, rests: .seconds(2)).violations
      if report.violations.count > 50 { break }
    }
    // The primary's machine is gone, and the engine with it.
    let http = try await site.client(connections: 12, depth: 2)
    try await Load(scene.plan, RecordingClient(http, history: history)).run {
      try await Task.sleep(for: .seconds(1))
      try await primary.kill()
      try await engine.kill()
    }
    await http.close()
    await site.close()
    try await replica.promote()
    let heir = try scene.engine(redis: replica.url, adminKey: engine.adminKey)
    try await scene.with(heir) {
      let other = try await site.through(heir)
      report.violations += try await other.inspect(history, rests: .seconds(2)).violations
      await other.close()
    }
    try await replica.stop()
    report.facts.append(
      """
      \(rounds) times without a replica for \(length.short); the longest way back took \
      \(slowest.short); then the replica alone
      """)
    report.add(history)
    return report
  }
}

extension RedisProcess {
  /// A primary, and a replica that has caught up with it.
  static func pair(
    arguments: [String] = [], environments: ([String: String], [String: String]) = ([:], [:])
  ) async throws -> (primary: RedisProcess, replica: RedisProcess) {
    let port = try Port.free()
    let primary = try RedisProcess(
      arguments: arguments + [
        "--bind", "127.0.0.1", "--port", "\(port)", "--repl-diskless-sync-delay", "0",
      ], environment: environments.0)
    try await primary.start()
    let replica = try RedisProcess(
      arguments: arguments + ["--replicaof", "127.0.0.1", "\(port)"], environment: environments.1)
    try await replica.start()
    let access = try await RedisAccess.open(primary.url)
    let isThere = try await eventually(within: .seconds(60), every: .milliseconds(50)) {
      try await access.call(["WAIT", "1", "100"]).integer == 1
    }
    await access.disconnect()
    guard isThere else { throw FaultError("the replica does not follow") }
    return (primary, replica)
  }

  /// A replica becomes a primary.
  func promote() async throws {
    let access = try await RedisAccess.open(url)
    _ = try await access.call(["REPLICAOF", "NO", "ONE"])
    await access.disconnect()
  }
}
