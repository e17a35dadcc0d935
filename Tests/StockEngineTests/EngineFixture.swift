import Foundation
import Logging
import NIOCore
import StockCore
import StockEngine
import StockLoop
import StockRedis

/// A client on one event loop of an engine: asks, and waits for the answer.
final class LoopClient: AnswerReceiver {
  private let gateway: any LoopGateway
  private var waiting: [Int: (Answer) -> Void] = [:]
  private var next = 0
  /// What the feed has brought.
  private(set) var batches: [LedgerBatch] = []

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

  func receive(_ batches: [LedgerBatch]) { self.batches += batches }

  func setSubscribed(_ wants: Bool) {
    if wants { gateway.subscribe() } else { gateway.unsubscribe() }
  }
}

/// An engine over a redis-server of its own, in a folder that is removed at the end.
final class EngineFixture: Sendable {
  let folder: String
  let redis: ManagedRedis
  let group: LoopGroup
  let engine: ShardedEngine
  let clients: [NIOLoopBound<LoopClient>]

  private init(
    folder: String, redis: ManagedRedis, group: LoopGroup, engine: ShardedEngine,
    clients: [NIOLoopBound<LoopClient>]
  ) {
    self.folder = folder
    self.redis = redis
    self.group = group
    self.engine = engine
    self.clients = clients
  }

  static func with<Result: Sendable>(
    loops: Int = 2, shards: Int = 3, configuration: ShardConfiguration = .init(),
    logger: Logger? = nil, configure: (inout EngineConfiguration) -> Void = { _ in },
    _ body: (EngineFixture) async throws -> Result
  ) async throws -> Result {
    let folder =
      FileManager.default.temporaryDirectory.path + "/stock-\(UInt32.random(in: 0...UInt32.max))"
    let redis = try await ManagedRedis.start(dataFolder: folder, durability: .everysec)
    do {
      let fixture = try await start(
        folder: folder, redis: redis, loops: loops, shards: shards, configuration: configuration,
        logger: logger, configure: configure)
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
    folder: String, redis: ManagedRedis, loops: Int, shards: Int,
    configuration: ShardConfiguration = .init(), logger: Logger? = nil,
    configure: (inout EngineConfiguration) -> Void = { _ in }
  ) async throws -> EngineFixture {
    let group = try LoopGroup(threads: loops)
    let all = group.loops
    var quiet = Logger(label: "test")
    quiet.logLevel = .critical
    var wanted = EngineConfiguration(
      address: redis.address, shardCount: shards, shard: configuration,
      reviveRedis: { _ = try? await redis.restartIfDead() })
    configure(&wanted)
    let engine = try await ShardedEngine.start(
      configuration: wanted, loops: all, logger: logger ?? quiet)
    var clients: [NIOLoopBound<LoopClient>] = []
    for loop in all {
      clients.append(
        try await loop.submit { NIOLoopBound(LoopClient(engine, on: loop), eventLoop: loop) }.get())
    }
    return EngineFixture(
      folder: folder, redis: redis, group: group, engine: engine, clients: clients)
  }

  /// Another engine on the same Redis: it takes the shards.
  func restarted(
    loops: Int = 1, configure: (inout EngineConfiguration) -> Void = { _ in }
  ) async throws -> EngineFixture {
    try await Self.start(
      folder: folder, redis: redis, loops: loops, shards: 99, configure: configure)
  }

  func stopEngine() async {
    await engine.stop()
    try? await group.shutdownGracefully()
  }

  func ask(
    _ operation: Command.Operation, scope: StoreScope = .any, key: IdempotencyKey? = nil,
    client: Int = 0
  ) async -> Answer {
    let bound = clients[client % clients.count]
    return await withCheckedContinuation { done in
      bound.eventLoop.execute {
        bound.value.submit(Command(scope: scope, operation: operation, actor: 7, idempotency: key))
        {
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

extension EngineFixture {
  /// The first `count` products, from `from` on, that are of different shards, made with 100 units each.
  func products(_ count: Int, from: ProductID = 1) async throws -> [ProductID] {
    var products: [ProductID] = []
    var shards: Set<ShardID> = []
    for product in from..<(from + 10_000) where products.count < count {
      if shards.insert(engine.shardMap.shard(ofProduct: product)).inserted {
        products.append(product)
        guard case .entry = await ask(.set(product, "MAIN", 100)).outcome else {
          throw Failure("cannot set product \(product)")
        }
      }
    }
    return products
  }

  /// A store's request for a hold.
  func hold(
    _ order: String, _ lines: [(ProductID, Int64)], id: HoldID? = nil, ttl: Int64 = 900_000,
    customer: String = "", key: IdempotencyKey? = nil, client: Int = 0
  ) async -> Answer {
    let request = HoldRequest(
      id: id ?? "", isClientID: id != nil, order: order, customer: customer,
      lines: lines.sorted { $0 < $1 }.map {
        HoldLine(product: $0.0, location: "MAIN", quantity: $0.1)
      }, timeToLive: ttl, allocation: Allocation())
    return await ask(.hold(request), scope: .only(1), key: key, client: client)
  }

  func reserved(_ product: ProductID) async -> Int64? { await summary(product)?.totalReserved }

  /// All holds, page by page.
  func allHolds(pageOf limit: Int = 500) async throws -> [Hold] {
    var holds: [Hold] = []
    var query = HoldQuery(scope: .only(1), limit: limit)
    while true {
      let page = try await engine.holds(query)
      holds += page.items
      guard let next = page.next else { return holds }
      query.after = next
    }
  }

  /// Waits until nothing is under way on several shards: reserved units are those of open holds.
  func settled(_ products: [ProductID]) async throws -> [Hold] {
    for _ in 0..<2_400 {
      let holds = try await allHolds()
      var held: [ProductID: Int64] = [:]
      for line in holds.flatMap(\.lines) { held[line.product, default: 0] += line.held }
      var isSettled = holds.allSatisfy { $0.operation == nil }
      for product in products where await reserved(product) != held[product] ?? 0 {
        isSettled = false
      }
      if isSettled { return holds }
      try await Task.sleep(for: .milliseconds(25))
    }
    throw Failure("units are reserved for no hold, or holds have none")
  }
}

extension Answer {
  var hold: Hold? {
    switch outcome {
    case .hold(let hold), .holdCreated(let hold): hold
    default: nil
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
