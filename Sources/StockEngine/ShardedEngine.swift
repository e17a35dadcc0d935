public import Logging
public import NIOCore
public import StockCore
public import StockLoop
import StockRedis

/// The engine: shards on event loops, over one Redis.
public final class ShardedEngine: Engine {
  public let shardMap: ShardMap
  public let control: any ControlPlane
  private let loops: [any EventLoop]
  let engineLoops: [NIOLoopBound<EngineLoop>]
  private let shards: [ShardActor]
  private let ledger: LedgerReader
  let redisWatch: RedisWatch
  let settingsWatch: SettingsWatch
  private let logger: Logger

  private init(
    shardMap: ShardMap, control: any ControlPlane, engineLoops: [NIOLoopBound<EngineLoop>],
    shards: [ShardActor], ledger: LedgerReader, settingsWatch: SettingsWatch, logger: Logger
  ) {
    self.shardMap = shardMap
    self.control = control
    self.loops = engineLoops.map(\.eventLoop)
    self.engineLoops = engineLoops
    self.shards = shards
    self.ledger = ledger
    self.redisWatch = RedisWatch(connection: ledger.connection)
    self.settingsWatch = settingsWatch
    self.logger = logger
  }

  /// Opens the namespace, takes every shard and loads it. Returns when all shards serve.
  ///
  /// - Throws: `RedisSetupError` where Redis must not be used so; `EngineError` where a shard cannot
  ///   be loaded; `CancellationError`.
  public static func start(
    configuration: EngineConfiguration, loops: [LoopThread], logger: Logger
  ) async throws -> ShardedEngine {
    Bounds.check()
    precondition(!loops.isEmpty, "an engine needs an event loop")
    let (shardCount, warnings) = try await openNamespace(
      configuration, on: loops[0], logger: logger)
    let shardMap = ShardMap(shardCount: shardCount)
    let owner = newOwner()
    let shared = EngineShared(map: shardMap, configuration: configuration.shard)

    var bound: [NIOLoopBound<EngineLoop>] = []
    for (index, loop) in loops.enumerated() {
      let made = loop.submit {
        NIOLoopBound(
          EngineLoop(
            index: index, loop: loop, loopCount: loops.count, shared: shared, logger: logger),
          eventLoop: loop)
      }
      bound.append(try await made.get())
    }
    let peers = bound
    var shards: [ShardActor] = []
    for peer in peers {
      shards += try await peer.eventLoop.submit {
        peer.value.start(configuration: configuration, owner: owner, peers: peers)
        return peer.value.shards
      }.get()
    }
    shards.sort { $0.id < $1.id }

    let control = RedisControlPlane(
      configuration: configuration, owner: owner, loop: loops[0], logger: logger)
    let ledger = LedgerReader(configuration: configuration)
    let engine = ShardedEngine(
      shardMap: shardMap, control: control, engineLoops: peers, shards: shards, ledger: ledger,
      settingsWatch: SettingsWatch(
        connection: ledger.connection, configuration: configuration, told: warnings,
        logger: logger), logger: logger)
    do {
      try await control.load()
      try await engine.waitUntilServing()
      engine.settingsWatch.start()
    } catch {
      await engine.stop()
      throw error
    }
    return engine
  }

  private static func openNamespace(
    _ configuration: EngineConfiguration, on loop: LoopThread, logger: Logger
  ) async throws -> (shardCount: Int, warnings: [String]) {
    let connection = try await RedisConnection.connect(
      to: configuration.address, on: loop, connectTimeout: .seconds(10)
    ).get()
    do {
      let warnings = try await SettingsCheck.run(
        on: connection, durability: configuration.durability,
        allowUnsafe: configuration.allowUnsafeRedis)
      for warning in warnings { logger.warning("\(warning)") }
      let namespace = try await Namespace.open(
        configuration.keys, on: connection, newShardCount: configuration.shardCount,
        now: EngineClock.wall())
      await connection.disconnect()
      return (namespace.shardCount, warnings)
    } catch {
      await connection.disconnect()
      throw error
    }
  }

  /// 128 random bits: two engines never have the same name.
  private static func newOwner() -> String {
    (0..<2).map { _ in
      let word = String(UInt64.random(in: 0...UInt64.max), radix: 16)
      return String(repeating: "0", count: 16 - word.count) + word
    }.joined()
  }

  /// Waits for the shards to be loaded, and tells how far they are.
  private func waitUntilServing() async throws {
    var lastReport = EngineClock.monotonic()
    while true {
      let health = await health()
      if health.isServing { return }
      for shard in await failedShards() {
        throw EngineError.unavailable("shard \(shard.shard): \(shard.state)")
      }
      let now = EngineClock.monotonic()
      if now - lastReport >= 1_000 {
        lastReport = now
        logger.info(
          "loading",
          metadata: [
            "shards": "\(health.shards.count(where: \.isServing))/\(health.shards.count)",
            "entries": "\(health.shards.reduce(0) { $0 + $1.entries })",
          ])
      }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  private func failedShards() async -> [EngineHealth.Shard] {
    var failed: [EngineHealth.Shard] = []
    for shard in shards {
      if await shard.hasEnded { failed.append(await shard.health) }
    }
    return failed
  }

  /// Closes the connections; everyone who still waits is answered. Redis keeps what it has.
  public func stop() async {
    for bound in engineLoops {
      try? await bound.eventLoop.submit { bound.value.stop() }.get()
    }
    settingsWatch.stop()
    await (control as? RedisControlPlane)?.stop()
    await ledger.stop()
  }

  // MARK: Engine

  public func gateway(on loop: any EventLoop) -> any LoopGateway {
    guard let index = loops.firstIndex(where: { $0 === loop }) else {
      preconditionFailure("this loop is not one of the engine's")
    }
    return engineLoops[index].value
  }

  public func health() async -> EngineHealth {
    var all: [EngineHealth.Shard] = []
    for shard in shards { all.append(await shard.health) }
    return EngineHealth(shards: all)
  }

  public func movements(_ query: MovementQuery) async throws(EngineError) -> MovementPage {
    let wanted =
      query.product.map { [shardMap.shard(ofProduct: $0)] } ?? Array(0..<shardMap.shardCount)
    return try await ledger.movements(query, shards: wanted)
  }

  public func ledger(
    of shard: ShardID, after number: Int64, limit: Int
  ) async throws(EngineError) -> [LedgerBatch] {
    precondition(shard >= 0 && shard < shardMap.shardCount, "no such shard")
    return try await ledger.batches(of: shard, after: number, limit: limit)
  }

  public func ledgerEnds() async -> [Int64] {
    var ends: [Int64] = []
    for shard in shards { ends.append(await shard.committedMovements) }
    return ends
  }

  public func verify(repair: Bool) async throws(EngineError) -> VerifyReport {
    let control = control as? RedisControlPlane
    if repair { try await control?.checkNamespace(shardCount: shardMap.shardCount) }
    var reports: [VerifyReport.Shard] = []
    for shard in shards {
      let bound = engineLoops[shard.id % engineLoops.count]
      let verified: Result<VerifyReport.Shard, EngineError> = await withCheckedContinuation {
        done in
        bound.eventLoop.execute {
          bound.value.verify(shard.id, isRepairing: repair) { done.resume(returning: $0) }
        }
      }
      reports.append(try verified.get())
    }
    // Last: without a manifest no engine starts on shards that are not whole.
    let other = try await control?.verify(repair: repair, shardCount: shardMap.shardCount)
    return VerifyReport(shards: reports, control: other ?? VerifyReport.Control())
  }
}
