import StockProcesses
import StockTools
import Synchronization

/// For each mode and each fault: how many writes were confirmed, and how many of those are not there
/// afterwards. What a mode does not promise is measured as well.
public struct DurabilityTable: Sendable {
  /// Only the lines whose names begin with it: "replicas:1, engine killed".
  public var prefix = ""
  /// Of each line.
  public var rounds = 5
  /// Writes go on so long before the fault, and some random time more.
  public var length: Duration = .milliseconds(1_500)
  /// Each adds one to an entry of its own, again and again.
  public var writers = 16

  public init() {}

  private struct Line {
    var row: DurabilityRow
    var confirmed: Int64 = 0
    var lost: Int64 = 0
    /// The most in one round.
    var mostLost: Int64 = 0
  }

  /// - Returns: the lines as a table, in a report in which a loss that the mode rules out is a violation.
  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("durability")
    var random = SeededRandom(seed: scene.seed)
    let library = try await SyncLibrary()
    report.facts.append("| mode | fault | confirmed | of those lost | most in one of \(rounds) |")
    report.facts.append("|---|---|---|---|---|")
    for row in DurabilityRow.all where row.name.hasPrefix(prefix) {
      var line = Line(row: row)
      for _ in 0..<rounds {
        let extra = Duration.milliseconds(Int.random(in: 0...1_200, using: &random))
        let (confirmed, lost) = try await measure(row, length + extra, scene, library)
        line.confirmed += confirmed
        line.lost += lost
        line.mostLost = max(line.mostLost, lost)
      }
      let slow = row.slowDisk.map { ", fsync takes \($0.short)" } ?? ""
      report.facts.append(
        "| \(row.mode) | \(row.fault.rawValue)\(slow) | \(line.confirmed) | \(line.lost) | \(line.mostLost) |"
      )
      scene.progress("durability: \(row.name): \(line.lost) of \(line.confirmed) lost")
      if line.lost > 0, row.promisesAll {
        report.violations.append(Violation(.lostWrite, "\(row.name): \(line.lost) lost"))
      }
      if line.confirmed == 0 {
        report.violations.append(Violation(.wrongAnswer, "\(row.name): nothing was confirmed"))
      }
    }
    return report
  }

  private func measure(
    _ row: DurabilityRow, _ length: Duration, _ scene: Scene, _ library: SyncLibrary
  ) async throws -> (confirmed: Int64, lost: Int64) {
    let witness = try SyncWitness(library, delay: row.slowDisk)
    let replicaWitness = try SyncWitness(library)
    let fsync = ["--appendfsync", row.mode == "always" ? "always" : "everysec"]
    let primary: RedisProcess
    var replica: RedisProcess?
    if row.isReplicated {
      let pair = try await RedisProcess.pair(
        arguments: fsync, environments: (witness.environment, replicaWitness.environment))
      (primary, replica) = (pair.primary, pair.replica)
    } else {
      primary = try RedisProcess(arguments: fsync, environment: witness.environment)
      try await primary.start()
    }
    let flags = ["--durability", row.mode]
    let engine = try scene.engine(redis: primary.url) { $0.arguments = flags }
    try await engine.start()
    let products = Array(1...Int64(writers))
    let site = try await Site.prepare(
      engine, products: products, locations: ["MAIN"], opening: 0, history: History())
    // Stores, keys and products are on the disk before anything counts. While an fsync is under way
    // Redis holds back what it would write, up to two seconds.
    if row.slowDisk != nil { try await Task.sleep(for: .seconds(5)) }
    let prepared = try await primary.logSize()
    let isSynced = try await eventually(within: .seconds(60), every: .milliseconds(50)) {
      try await witness.syncedBytes(of: primary.logFile()) >= prepared
    }
    guard isSynced else { throw FaultError("redis-server does not fsync its log") }
    let http = try await site.client(connections: writers)
    let counts = Counts(products)
    try await withThrowingTaskGroup(of: Void.self) { group in
      let sign = StopSign()
      for product in products {
        group.addTask {
          let client = RecordingClient(http, history: History())
          while !sign.isSet {
            if await client.send(.adjust(1), on: EntryKey(product, "MAIN")).isAccepted {
              counts.add(product)
            } else {
              try await Task.sleep(for: .milliseconds(20))
            }
          }
        }
      }
      try await Task.sleep(for: length)
      try await strike(row, engine, primary, replica, (witness, replicaWitness))
      sign.set()
      try await group.waitForAll()
    }
    await http.close()
    // Whoever takes over reads what is there.
    var last = engine
    if row.fault == .primaryLost || row.fault == .allPowerLost, let replica {
      try await replica.promote()
      last = try scene.engine(redis: replica.url, adminKey: engine.adminKey)
    }
    if await !last.isRunning { try await last.start() }
    let seen = try await site.through(last)
    try await seen.settle()
    let state = try await seen.state()
    await seen.close()
    await site.close()
    try await last.stop()
    try await engine.stop()
    try await primary.stop()
    try await replica?.stop()
    let confirmed = counts.all
    let lost = confirmed.reduce(Int64(0)) { sum, one in
      sum + max(0, one.value - (state[EntryKey(one.key, "MAIN")]?.quantity ?? 0))
    }
    return (confirmed.values.reduce(0, +), lost)
  }

  /// Does it, and starts again what is to come back on its own files.
  private func strike(
    _ row: DurabilityRow, _ engine: EngineProcess, _ primary: RedisProcess,
    _ replica: RedisProcess?,
    _ witnesses: (SyncWitness, SyncWitness)
  ) async throws {
    switch row.fault {
    case .engineKilled:
      try await engine.kill()
      try await engine.start()
    case .redisKilled:
      // A replica of it asks the engine for nothing, and follows again.
      try await primary.kill()
      try await primary.start()
    case .bothKilled, .powerLost:
      try await killTogether(engine, primary)
      if row.fault == .powerLost {
        _ = try await primary.cutLog(to: witnesses.0.syncedBytes(of: primary.logFile()))
      }
      try await primary.start()
    case .primaryLost:
      try await killTogether(engine, primary)
    case .allPowerLost:
      try await killTogether(engine, primary)
      guard let replica else { return }
      try await replica.kill()
      _ = try await replica.cutLog(to: witnesses.1.syncedBytes(of: replica.logFile()))
      try await replica.start()
    }
  }

  private func killTogether(_ engine: EngineProcess, _ redis: RedisProcess) async throws {
    async let first: Void = engine.kill()
    async let second: Void = redis.kill()
    _ = try await (first, second)
  }
}

extension DurabilityRow {
  /// What README and docs/operations.md promise of it.
  var promisesAll: Bool {
    switch (mode, fault) {
    case (_, .engineKilled), (_, .redisKilled), ("always", _), (_, .primaryLost): true
    case (_, .bothKilled): slowDisk == nil
    case (_, .powerLost), (_, .allPowerLost): false
    }
  }
}

/// Confirmed writes by product.
private final class Counts: Sendable {
  private let counts: Mutex<[Int64: Int64]>

  init(_ products: [Int64]) {
    counts = Mutex(Dictionary(uniqueKeysWithValues: products.map { ($0, 0) }))
  }

  func add(_ product: Int64) { counts.withLock { $0[product, default: 0] += 1 } }

  var all: [Int64: Int64] { counts.withLock { $0 } }
}
