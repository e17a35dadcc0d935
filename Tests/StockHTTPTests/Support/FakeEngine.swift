import NIOConcurrencyHelpers
import NIOCore
import StockCore
import StockEngine

@testable import StockHTTP

/// An engine without stock: it notes the commands, and answers what the test tells it to.
///
/// `@unchecked Sendable`: gateways belong to their loops; the table of them is behind a lock.
final class FakeEngine: Engine, @unchecked Sendable {
  let shardMap = ShardMap(shardCount: 4)
  let fakeControl = FakeControl()
  var control: any ControlPlane { fakeControl }

  private let lock = NIOLock()
  private var gateways: [ObjectIdentifier: FakeGateway] = [:]
  private var bound: [NIOLoopBound<FakeGateway>] = []

  /// What each command is answered with. nil: the test answers by hand.
  private let judge: (@Sendable (Command) -> Outcome)?
  let pages = NIOLockedValueBox(Pages())
  private let submissions = NIOLockedValueBox(0)

  /// Commands that came, on all loops.
  var commandCount: Int { submissions.withLockedValue { $0 } }

  struct Pages {
    var entries = EntryPage(items: [], total: 0, next: nil)
    var products = ProductPage(items: [], total: 0, next: nil)
    var lastEntryQuery: EntryQuery?
    var lastProductQuery: ProductQuery?
    var holds = HoldPage(items: [], total: 0, next: nil)
    var lastHoldQuery: HoldQuery?
    var movements = MovementPage(items: [], next: nil)
    var lastMovementQuery: MovementQuery?
    /// What Redis has, by shard; a ledger may begin late.
    var ledgers = [[LedgerBatch]](repeating: [], count: 4)
    /// What was asked of it: shard and number.
    var fetches: [[Int64]] = []
    /// Redis takes its time.
    var holdsLedgers = false
    var error: EngineError?
    var isServing = true
  }

  init(judge: (@Sendable (Command) -> Outcome)? = nil) { self.judge = judge }

  func gateway(on loop: any EventLoop) -> any LoopGateway {
    lock.withLock {
      if let known = gateways[ObjectIdentifier(loop)] { return known }
      let gateway = FakeGateway(
        loop: loop, index: gateways.count, judge: judge, submissions: submissions)
      gateways[ObjectIdentifier(loop)] = gateway
      bound.append(NIOLoopBound(gateway, eventLoop: loop))
      return gateway
    }
  }

  func entries(_ query: EntryQuery) async throws(EngineError) -> EntryPage {
    let (page, error) = pages.withLockedValue { pages in
      pages.lastEntryQuery = query
      return (pages.entries, pages.error)
    }
    if let error { throw error }
    return page
  }

  func products(_ query: ProductQuery) async throws(EngineError) -> ProductPage {
    pages.withLockedValue { pages in
      pages.lastProductQuery = query
      return pages.products
    }
  }

  func overview(store: StoreID?) async throws(EngineError) -> StockOverview {
    StockOverview(sums: StockSums(), stores: [], locations: [])
  }

  func holds(_ query: HoldQuery) async throws(EngineError) -> HoldPage {
    pages.withLockedValue { pages in
      pages.lastHoldQuery = query
      return pages.holds
    }
  }

  func movements(_ query: MovementQuery) async throws(EngineError) -> MovementPage {
    pages.withLockedValue { pages in
      pages.lastMovementQuery = query
      return pages.movements
    }
  }

  func ledger(
    of shard: ShardID, after number: Int64, limit: Int
  ) async throws(EngineError) -> [LedgerBatch] {
    let (batches, error) = pages.withLockedValue { pages in
      pages.fetches.append([Int64(shard), number])
      return (pages.ledgers[shard], pages.error)
    }
    if let error { throw error }
    while pages.withLockedValue({ $0.holdsLedgers }) {
      try? await Task.sleep(for: .milliseconds(5))
    }
    var result: [LedgerBatch] = []
    var count = 0
    for var batch in batches where count < limit {
      batch.entries.removeAll { $0.number <= number }
      if batch.entries.isEmpty { continue }
      count += batch.entries.count
      result.append(batch)
    }
    return result
  }

  func ledgerEnds() async -> [Int64] {
    pages.withLockedValue { $0.ledgers.map { $0.last?.entries.last?.number ?? 0 } }
  }

  /// Commits movements: they are in the ledger, and come by the feed to loops that have subscribed.
  func commit(_ batches: [LedgerBatch], feeds: Bool = true) {
    pages.withLockedValue { pages in
      for batch in batches { pages.ledgers[batch.shard].append(batch) }
    }
    guard feeds else { return }
    for gateway in lock.withLock({ bound }) {
      gateway.eventLoop.execute { gateway.value.feed(batches) }
    }
  }

  func verify(repair: Bool) async throws(EngineError) -> VerifyReport {
    if let error = pages.withLockedValue({ $0.error }) { throw error }
    return VerifyReport(shards: [
      .init(
        shard: 0, products: 2, entries: 3, differences: ["entry 4"], differenceCount: 1,
        repairedCount: repair ? 1 : 0)
    ])
  }

  func health() async -> EngineHealth {
    let isServing = pages.withLockedValue { $0.isServing }
    return EngineHealth(shards: [
      .init(
        shard: 0, isServing: isServing, state: isServing ? "serving" : "recovering", sequence: 7,
        products: 1, entries: 1)
    ])
  }
}

/// Notes what is submitted on one loop.
final class FakeGateway: LoopGateway {
  let loop: any EventLoop
  let loopIndex: Int
  var receiver: (any AnswerReceiver)?
  private(set) var isSubscribed = false
  private(set) var submitted: [(command: Command, ticket: Ticket)] = []
  private let judge: (@Sendable (Command) -> Outcome)?

  private let submissions: NIOLockedValueBox<Int>

  init(
    loop: any EventLoop, index: Int, judge: (@Sendable (Command) -> Outcome)?,
    submissions: NIOLockedValueBox<Int>
  ) {
    self.submissions = submissions
    self.loop = loop
    self.loopIndex = index
    self.judge = judge
  }

  func submit(_ command: Command, ticket: Ticket) {
    submitted.append((command, ticket))
    submissions.withLockedValue { $0 += 1 }
    guard let judge else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.execute {
      bound.value.receiver?.receive([
        Answer(ticket: ticket, outcome: judge(command), shard: 3, sequence: 12)
      ])
    }
  }

  /// Answers the commands in the given places, at once.
  func answer(
    _ outcomes: [(place: Int, outcome: Outcome)], shard: ShardID = 3, isReplay: Bool = false
  ) {
    receiver?.receive(
      outcomes.map {
        var answer = Answer(
          ticket: submitted[$0.place].ticket, outcome: $0.outcome, shard: shard, sequence: 12)
        answer.isReplay = isReplay
        return answer
      })
  }

  func subscribe() { isSubscribed = true }

  func unsubscribe() { isSubscribed = false }

  func feed(_ batches: [LedgerBatch]) {
    if isSubscribed { receiver?.receive(batches) }
  }
}

/// Stores and keys in memory.
final class FakeControl: ControlPlane {
  private let state = NIOLockedValueBox(ControlSnapshot(generation: 1, stores: [:], keys: [:]))

  var snapshot: ControlSnapshot { state.withLockedValue { $0 } }

  func putStore(
    id: StoreID, name: String, locationPriority: [String], strategy: AllocationStrategy
  ) async throws(ControlError) -> (store: Store, created: Bool) {
    state.withLockedValue { state in
      let known = state.stores[id]
      let store = Store(
        id: id, name: name, locationPriority: locationPriority, allocationStrategy: strategy,
        createdAt: known?.createdAt ?? 1_000, updatedAt: 2_000)
      state.stores[id] = store
      state.generation += 1
      return (store, known == nil)
    }
  }

  func createKey(
    role: Role, store: StoreID?, name: String, digest: [UInt8], expiresAt: Timestamp?,
    rateLimit: RateLimit?
  ) async throws(ControlError) -> APIKey {
    if let store, snapshot.stores[store] == nil { throw .unknownStore(store) }
    return addKey(
      role: role, store: store, name: name, digest: digest, expiresAt: expiresAt,
      rateLimit: rateLimit)
  }

  func revokeKey(id: Int64) async throws(ControlError) -> Bool { removeKey(id) }

  private let uses = NIOLockedValueBox<[Int64: Timestamp]>([:])
  var lastUses: [Int64: Timestamp] { uses.withLockedValue { $0 } }
  func noteUses(_ uses: [Int64: Timestamp]) {
    self.uses.withLockedValue { $0.merge(uses) { max($0, $1) } }
  }

  @discardableResult
  func addKey(
    role: Role, store: StoreID?, name: String = "key", digest: [UInt8], expiresAt: Timestamp? = nil,
    rateLimit: RateLimit? = nil
  ) -> APIKey {
    state.withLockedValue { state in
      let id = (state.keys.keys.max() ?? 0) + 1
      let key = APIKey(
        id: id, role: role, store: store, name: name, digest: digest, createdAt: 1_000,
        expiresAt: expiresAt, rateLimit: rateLimit)
      state.keys[id] = key
      state.generation += 1
      return key
    }
  }

  func removeKey(_ id: Int64) -> Bool {
    state.withLockedValue { state in
      state.generation += 1
      return state.keys.removeValue(forKey: id) != nil
    }
  }

  func addStore(
    _ id: StoreID, locationPriority: [String] = [], strategy: AllocationStrategy = .priority
  ) {
    state.withLockedValue { state in
      state.stores[id] = Store(
        id: id, name: "Store \(id)", locationPriority: locationPriority,
        allocationStrategy: strategy, createdAt: 1_000, updatedAt: 1_000)
      state.generation += 1
    }
  }
}

/// A key for each role, with the role's name as its token. All but the admin's are store 7's.
func addKeys(to control: FakeControl) {
  control.addStore(7)
  for role in Role.allCases {
    control.addKey(
      role: role, store: role == .admin ? nil : 7, name: role.rawValue,
      digest: Token.digest(role.rawValue.utf8))
  }
}

/// An entry such as answers show.
func entry(
  id: EntryID = 41, product: ProductID = 123, quantity: Int64 = 100, reserved: Int64 = 5,
  location: String = "WAREHOUSE_A", gtin: GTIN = .none, unlimited: Bool = false
) -> EntrySnapshot {
  EntrySnapshot(
    id: id, product: product, store: 1, location: location,
    value: EntryValue(
      quantity: quantity, reserved: reserved, version: 2, createdAt: 1_795_411_800_123,
      updatedAt: 1_795_411_801_004, gtin: gtin, location: 0),
    unlimited: unlimited)
}
