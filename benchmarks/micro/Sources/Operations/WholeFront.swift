import NIOCore
import NIOEmbedded
import StockCore
import StockEngine
@_spi(Benchmarks) import StockHTTP

/// Clients on one loop, without a network: requests and answers go by pairs of sockets. What the loop
/// does to find out which of them are ready is not in it.
final class WholeFront: MicroOperation {
  /// Requests that come in one tick, each on a connection of its own.
  static let connections = 125

  private let loop: EmbeddedEventLoop
  private let front: FrontOfLoop
  private let engine: BenchEngine
  private var channels: [SocketPair] = []
  private var requests: [ByteBuffer] = []
  private let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)
  private let isKeyed: Bool
  private var nextKey = 0
  private let keyStart: Int

  /// - Parameter isKeyed: each request has an `Idempotency-Key` that no other has.
  init(_ gateway: any TickGateway, products: Int = 1, isKeyed: Bool = false) {
    self.isKeyed = isKeyed
    loop = EmbeddedEventLoop()
    engine = BenchEngine(gateway, token: SampleRequest.token)
    front = FrontOfLoop(engine: engine, loop: loop)
    var numbers = SeededNumbers(seed: 1)
    requests = (0..<MicroOperations.perRound).map { _ in
      ByteBuffer(
        string: SampleRequest.text(
          Int64(numbers.next(below: products)) + 1, key: isKeyed ? SampleRequest.noKey : nil))
    }
    keyStart = SampleRequest.keyStart
    channels = (0..<Self.connections).map { [front] _ in SocketPair(front) }
  }

  /// Writes another number into each request's key, where it stands: allocations between the rounds
  /// would be counted too.
  func prepare() {
    guard isKeyed else { return }
    for place in requests.indices {
      nextKey += 1
      var rest = nextKey
      for digit in (0..<SampleRequest.keyDigits).reversed() {
        requests[place].setInteger(UInt8(48 + rest % 10), at: keyStart + digit)
        rest /= 10
      }
    }
  }

  func measured() {
    var answered = 0
    for start in stride(from: 0, to: requests.count, by: Self.connections) {
      for place in channels.indices { channels[place].receive(requests[start + place]) }
      engine.gateway.endOfTick()
      for channel in channels { answered += channel.taken(received) > 300 ? 1 : 0 }
    }
    expect(answered == MicroOperations.perRound, "each request is answered: \(answered)")
  }
}

/// The engine's side of the loop.
protocol TickGateway: LoopGateway {
  /// All that came in this tick is decided, committed and answered.
  func endOfTick()
}

/// An engine that is only a gateway and one key.
///
/// `@unchecked Sendable`: a benchmark has one thread.
final class BenchEngine: Engine, @unchecked Sendable {
  let gateway: any TickGateway
  let shardMap = ShardMap(shardCount: 1)
  let control: any ControlPlane

  init(_ gateway: any TickGateway, token: String) {
    self.gateway = gateway
    control = OneKey(digest: FrontOfLoop.digest(ofToken: token))
  }

  func gateway(on loop: any EventLoop) -> any LoopGateway { gateway }

  func entries(_ query: EntryQuery) async throws(EngineError) -> EntryPage { throw Self.nothing }
  func products(_ query: ProductQuery) async throws(EngineError) -> ProductPage {
    throw Self.nothing
  }
  func holds(_ query: HoldQuery) async throws(EngineError) -> HoldPage { throw Self.nothing }
  func movements(_ query: MovementQuery) async throws(EngineError) -> MovementPage {
    throw Self.nothing
  }
  func verify(repair: Bool) async throws(EngineError) -> VerifyReport { throw Self.nothing }
  func overview(store: StoreID?) async throws(EngineError) -> StockOverview { throw Self.nothing }
  func health() async -> EngineHealth { EngineHealth(shards: []) }
  func snapshot(of shard: ShardID) async throws(EngineError) -> ShardSnapshot {
    throw Self.nothing
  }
  func ledger(
    of shard: ShardID, after number: Int64, limit: Int
  ) async throws(EngineError) -> [LedgerBatch] { throw Self.nothing }
  func ledgerEnds() async -> [Int64] { [] }

  private static let nothing = EngineError.unavailable("only reserves are measured")
}

/// One admin's key, and nothing that changes.
private final class OneKey: ControlPlane {
  let snapshot: ControlSnapshot

  init(digest: [UInt8]) {
    let key = APIKey(
      id: 1, role: .checkout, store: 1, name: "bench", digest: digest, createdAt: 0)
    snapshot = ControlSnapshot(generation: 1, stores: [:], keys: [1: key])
  }

  func putStore(
    id: StoreID, name: String, locationPriority: [String], strategy: AllocationStrategy
  ) async throws(ControlError) -> (store: Store, created: Bool) { throw .storeUnavailable }

  func createKey(
    role: Role, store: StoreID?, name: String, digest: [UInt8], expiresAt: Timestamp?,
    rateLimit: RateLimit?
  ) async throws(ControlError) -> APIKey { throw .storeUnavailable }

  func revokeKey(id: Int64) async throws(ControlError) -> Bool { throw .storeUnavailable }

  var lastUses: [Int64: Timestamp] { [:] }
  func noteUses(_ uses: [Int64: Timestamp]) {}
}
