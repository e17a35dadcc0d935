import Foundation
import Logging
import NIOCore
import NIOPosix
import StockCore
import StockEngine
import StockRedis

/// A client on one event loop of an engine: asks, and waits for the answer.
final class LoopClient: AnswerReceiver {
  private let gateway: any LoopGateway
  private var waiting: [Int: (Answer) -> Void] = [:]
  private var next = 0

  init(_ engine: any Engine, on loop: any EventLoop) {
    gateway = engine.gateway(on: loop)
    gateway.receiver = self
  }

  func submit(_ command: Command, then: @escaping (Answer) -> Void) {
    next += 1
    waiting[next & 0x3F_FFFF] = then
    gateway.submit(
      command, ticket: Ticket(loop: gateway.loopIndex, connection: 0, request: next))
  }

  func receive(_ answers: [Answer]) {
    for answer in answers { waiting.removeValue(forKey: answer.ticket.request)?(answer) }
  }
}

/// An engine over a redis-server of its own, in a folder that is removed at the end.
final class EngineFixture: Sendable {
  let folder: String
  let redis: ManagedRedis
  let group: MultiThreadedEventLoopGroup
  let engine: ShardedEngine
  let clients: [NIOLoopBound<LoopClient>]

  private init(
    folder: String, redis: ManagedRedis, group: MultiThreadedEventLoopGroup, engine: ShardedEngine,
    clients: [NIOLoopBound<LoopClient>]
  ) {
    self.folder = folder
    self.redis = redis
    self.group = group
    self.engine = engine
    self.clients = clients
  }

  static func with<Result: Sendable>(
    loops: Int = 2, shards: Int = 3, _ body: (EngineFixture) async throws -> Result
  ) async throws -> Result {
    let folder =
      FileManager.default.temporaryDirectory.path + "/stock-\(UInt32.random(in: 0...UInt32.max))"
    let redis = try await ManagedRedis.start(dataFolder: folder, durability: .everysec)
    do {
      let fixture = try await start(folder: folder, redis: redis, loops: loops, shards: shards)
      let result = try await body(fixture)
      await fixture.stopEngine()
      try await redis.stop()
      try? FileManager.default.removeItem(atPath: folder)
      return result
    } catch {
      try? await redis.stop()
      try? FileManager.default.removeItem(atPath: folder)
      throw error
    }
  }

  private static func start(
    folder: String, redis: ManagedRedis, loops: Int, shards: Int
  ) async throws -> EngineFixture {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
    let all = (0..<loops).map { _ in group.next() }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let engine = try await ShardedEngine.start(
      configuration: EngineConfiguration(
        address: redis.address, shardCount: shards,
        reviveRedis: { _ = try? await redis.restartIfDead() }), loops: all, logger: logger)
    var clients: [NIOLoopBound<LoopClient>] = []
    for loop in all {
      clients.append(
        try await loop.submit { NIOLoopBound(LoopClient(engine, on: loop), eventLoop: loop) }.get())
    }
    return EngineFixture(
      folder: folder, redis: redis, group: group, engine: engine, clients: clients)
  }

  /// Another engine on the same Redis: it takes the shards.
  func restarted(loops: Int = 1) async throws -> EngineFixture {
    try await Self.start(folder: folder, redis: redis, loops: loops, shards: 99)
  }

  func stopEngine() async {
    await engine.stop()
    try? await group.shutdownGracefully()
  }

  func ask(_ operation: Command.Operation, scope: StoreScope = .any, client: Int = 0) async
    -> Answer
  {
    let bound = clients[client % clients.count]
    return await withCheckedContinuation { done in
      bound.eventLoop.execute {
        bound.value.submit(Command(scope: scope, operation: operation)) {
          done.resume(returning: $0)
        }
      }
    }
  }

  func summary(_ product: ProductID) async -> ProductSummary? {
    if case .summary(let summary) = await ask(.readSummary(product)).outcome {
      summary
    } else {
      nil
    }
  }
}

extension Command.Operation {
  static func set(_ product: ProductID, _ location: String, _ quantity: Int64) -> Self {
    .set(SetStock(product: product, location: location, quantity: quantity, newProductStore: 1))
  }

  static func reserve(_ product: ProductID, _ location: String, _ quantity: Int64) -> Self {
    .reserve(EntryAmount(product: product, location: location, quantity: quantity))
  }

  static func release(_ product: ProductID, _ location: String, _ quantity: Int64) -> Self {
    .release(EntryAmount(product: product, location: location, quantity: quantity))
  }

  static func fulfill(_ product: ProductID, _ location: String, _ quantity: Int64) -> Self {
    .fulfill(EntryAmount(product: product, location: location, quantity: quantity))
  }
}
