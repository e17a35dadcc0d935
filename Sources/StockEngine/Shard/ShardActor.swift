import Logging
import Metrics
import NIOCore
import StockCore
import StockRedis

/// A shard on its event loop: hands events to the state machine and carries out what it asks for.
///
/// Nothing here awaits. The loop enters once a tick, with `assumeIsolated`, which is a plain call.
actor ShardActor {
  nonisolated let id: ShardID
  private let executor: any SerialExecutor
  private let link: NIOLoopBound<ShardLink>
  private let shared: EngineShared
  private let logger: Logger
  private var machine: ShardStateMachine
  /// Counts the loadings, so that rows of one that was given up are told apart.
  private var loading = 0
  private var loadingSince = NIODeadline.now()
  /// The youngest time in what was loaded.
  private var newestLoaded: Timestamp = 0
  /// The orders of commands that make holds, until they are answered.
  private var ordersUnderWay: [Ticket: OrderKey] = [:]
  /// Buckets to be removed from Redis once there is a connection.
  private var droppedBuckets: [IdempotencyBucket] = []
  /// Who mends what Redis holds of the shard.
  private var mender: NIOLoopBound<ShardMender>?

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(
    id: ShardID, shared: EngineShared, configuration: ShardConfiguration,
    link: NIOLoopBound<ShardLink>, loop: any EventLoop, logger: Logger
  ) {
    self.id = id
    self.executor = loop.executor
    self.link = link
    self.shared = shared
    self.logger = logger
    self.machine = ShardStateMachine(id: id, map: shared.map, configuration: configuration)
  }

  // MARK: Events

  /// Commands, and answers of other shards, in their order, and the end of the tick that they came in.
  func take(_ submissions: [Submission], parts: [Answer], now: Now) -> ShardOutput {
    for answer in parts { machine.partAnswered(answer, now: now) }
    var answers: [Answer] = []
    for submission in submissions {
      if let outcome = submit(submission, now: now) {
        answers.append(
          Answer(
            ticket: submission.ticket, outcome: outcome, shard: id,
            sequence: machine.committedSequence))
      }
    }
    noteClosedOrders()
    perform(machine.endOfTick(now: now))
    return collect(answers)
  }

  @inline(__always)
  private func submit(_ submission: Submission, now: Now) -> Outcome? {
    let command = submission.command
    if case .hold(let request) = command.operation {
      ordersUnderWay[submission.ticket] = OrderKey(
        store: command.scope.store, order: request.order)
    }
    return machine.submit(command, ticket: submission.ticket, now: now)
  }

  func replied(_ reply: CommitReply, now: Now, jitter: Int64) -> ShardOutput {
    perform(machine.replied(reply, now: now, jitter: jitter))
    return collect()
  }

  func metaRead(_ meta: ShardMeta?, now: Now) -> ShardOutput {
    perform(machine.metaRead(meta, now: now))
    return collect()
  }

  func connectionLost(now: Now) -> ShardOutput {
    machine.connectionLost(now: now)
    return collect()
  }

  func connectionReady(now: Now) -> ShardOutput {
    perform(machine.connectionReady(now: now))
    return collect()
  }

  func tick(now: Now) -> ShardOutput {
    perform(machine.tick(now: now))
    droppedBuckets += machine.takeDroppedBuckets()
    if !droppedBuckets.isEmpty,
      link.value.unlink(droppedBuckets, shard: id, ownership: machine.currentOwnership)
    {
      droppedBuckets = []
    }
    return collect()
  }

  func abandon() -> ShardOutput {
    machine.abandon()
    return collect()
  }

  private func perform(_ action: ShardAction) {
    switch action {
    case .none:
      break
    case .send(let batch, let withScript):
      link.value.commit(
        batch, shard: id, ownership: machine.currentOwnership, locations: machine.locations,
        withScript: withScript)
    case .readMeta:
      link.value.readMeta(shard: id, ownership: machine.currentOwnership)
    case .retake:
      link.value.retake(shard: id, ownership: machine.currentOwnership)
    case .dropConnection:
      link.value.drop("redis did not answer in time")
    case .recover:
      // What is loaded says which buckets there are.
      droppedBuckets = []
      loading += 1
      loadingSince = NIODeadline.now()
      ShardLoader(shard: self, loading: loading, link: link.value).start(
        minimumEpoch: machine.currentOwnership.epoch)
    case .yieldTurn:
      guard let mender else { return endTurn(isWritten: true) }
      // Later: it will ask the shard.
      mender.eventLoop.execute { mender.value.turnBegan() }
    }
  }

  // MARK: Mending

  /// - Returns: false if somebody mends it already.
  func claim(for mender: NIOLoopBound<ShardMender>) -> Bool {
    guard self.mender == nil else { return false }
    self.mender = mender
    return true
  }

  func unclaim() {
    mender = nil
    machine.cancelTurn()
  }

  func requestTurn() { perform(machine.requestTurn(now: shared.clock.now())) }
  func cancelTurn() { machine.cancelTurn() }

  func endTurn(isWritten: Bool) {
    perform(machine.endTurn(isWritten: isWritten, now: shared.clock.now()))
  }

  func restored() { perform(machine.restored(now: shared.clock.now())) }

  var isDamaged: Bool { machine.isDamaged }
  var committedMeta: ShardMeta { machine.committedMeta }
  var recentBatches: [Batch] { machine.recentBatches }

  /// The movements of batches, for a ledger that was lost.
  func ledgerSteps(of batches: [Batch]) -> [RestoreStep] {
    let locations = machine.locations
    return batches.filter { !$0.movements.isEmpty }.map { batch in
      var text = ByteBuffer()
      text.writeMovements(batch.movements, notes: batch.notes, locationName: locations.name)
      return .ledger(lastMovement: batch.totalMovements, sequence: batch.sequence, text: text)
    }
  }

  // MARK: What came of an event

  /// - Parameter answers: those that were there at once.
  private func collect(_ answers: [Answer] = []) -> ShardOutput {
    let released = machine.takeAnswers()
    var output = ShardOutput(
      answers: answers.isEmpty ? released : released.isEmpty ? answers : answers + released,
      messages: machine.takeMessages())
    // Before any answer leaves: whoever hears that a hold has ended may ask for its order at once.
    noteClosedOrders()
    if !output.answers.isEmpty { output.answers = finish(output.answers) }
    let committed = machine.takeCommitted()
    if !committed.isEmpty {
      let locations = machine.locations
      output.committed = committed.map { LedgerBatch($0, locationName: locations.name) }
    }
    return output
  }

  /// Notes what answers say of orders, and takes out those that are still to be read from Redis.
  private func finish(_ answers: [Answer]) -> [Answer] {
    guard machine.takeFoundReplays() || !ordersUnderWay.isEmpty else { return answers }
    var rest: [Answer] = []
    rest.reserveCapacity(answers.count)
    for answer in answers {
      if let order = ordersUnderWay.removeValue(forKey: answer.ticket) { noteOrder(order) }
      if case .replay(let key, let bucket) = answer.outcome {
        link.value.replay(key, bucket: bucket, shard: id, answer: answer)
      } else {
        rest.append(answer)
      }
    }
    return rest
  }

  /// Orders whose holds have ended are anybody's.
  private func noteClosedOrders() {
    for order in machine.takeClosedOrders() { noteOrder(order) }
  }

  private func noteOrder(_ order: OrderKey) {
    shared.orders.note(order, at: id, isHeld: machine.hasOpenHold(of: order))
  }

  /// Whether committed movements are to be told.
  func setFeedsReaders(_ feeds: Bool) { machine.setFeedsReaders(feeds) }

  // MARK: Loading

  /// - Returns: false if this loading was given up for another one.
  func beginLoading(_ loading: Int, _ meta: ShardMeta, products: Int, entries: Int) -> Bool {
    guard loading == self.loading else { return false }
    machine.beginLoading(
      meta, productCount: products, entryCount: entries, now: shared.clock.now())
    return true
  }

  func load(_ loading: Int, products: [(ProductID, ProductValue)]) throws -> Bool {
    guard loading == self.loading else { return false }
    for (id, value) in products { try machine.load(product: id, value) }
    return true
  }

  func load(_ loading: Int, entries: [(EntryID, EntryRecord)]) throws -> Bool {
    guard loading == self.loading else { return false }
    for (id, record) in entries {
      let value = EntryValue(
        quantity: record.quantity, reserved: record.reserved, version: record.version,
        createdAt: record.createdAt, updatedAt: record.updatedAt, gtin: record.gtin, location: 0)
      newestLoaded = max(newestLoaded, record.updatedAt)
      try machine.load(entry: id, product: record.product, location: record.location, value)
    }
    return true
  }

  func load(_ loading: Int, holds: [HoldRecord]) throws -> Bool {
    guard loading == self.loading else { return false }
    for record in holds {
      try machine.load(hold: record)
      if case .hold(let hold) = record {
        newestLoaded = max(newestLoaded, hold.updatedAt)
        if !hold.status.isClosed, !hold.order.isEmpty {
          shared.orders.note(
            OrderKey(store: hold.store, order: hold.order), at: id, isHeld: true)
        }
      }
    }
    return true
  }

  func load(_ loading: Int, purchases: [(PurchaseKey, Purchases)]) -> Bool {
    guard loading == self.loading else { return false }
    for (key, value) in purchases { machine.load(value, of: key) }
    return true
  }

  func load(_ loading: Int, keys: [IdempotencyKey], bucket: IdempotencyBucket) -> Bool {
    guard loading == self.loading else { return false }
    let now = shared.clock.now().wall
    for key in keys {
      machine.load(key, in: bucket)
      shared.keys.load(key, shard: id, bucket: bucket, now: now)
    }
    return true
  }

  func finishLoading(_ loading: Int) throws {
    guard loading == self.loading else { return }
    shared.clock.goOn(from: newestLoaded, logger: logger)
    try machine.finishLoading()
    // No earlier: until the shard has read which holds there are, requests for their orders stay here.
    shared.orders.forgetHolds(of: id) { machine.hasOpenHold(of: $0) }
    Timer(label: "stock_shard_load_seconds", dimensions: [("shard", "\(id)")])
      .recordNanoseconds((NIODeadline.now() - loadingSince).nanoseconds)
  }

  func loadingFailed(_ loading: Int, _ why: String) {
    guard loading == self.loading else { return }
    machine.loadingFailed(why)
  }

  func loadingRefused(_ loading: Int, _ why: String) {
    guard loading == self.loading else { return }
    machine.loadingRefused(why)
  }

  func retryLoading() { perform(machine.connectionReady(now: shared.clock.now())) }

  // MARK: Looking

  /// nil: it cannot be read now.
  func snapshot() -> ShardSnapshot? { machine.isReadable ? machine.snapshot() : nil }

  func figures(now: Now) -> ShardFigures { machine.figures(now: now) }

  var health: EngineHealth.Shard {
    EngineHealth.Shard(
      shard: id, isServing: machine.isServing, state: machine.state,
      sequence: machine.committedSequence, products: machine.productCount,
      entries: machine.entryCount)
  }

  /// Fenced or failed: it does not come back by itself.
  var hasEnded: Bool { machine.isFenced || machine.hasFailed }
  var isReadable: Bool { machine.isReadable }
  /// The number of the last movement that Redis has.
  var committedMovements: Int64 { machine.committedMovements }

  func committedProduct(_ id: ProductID) -> ProductValue? { machine.committedProduct(id) }
  func committedEntry(_ id: EntryID) -> EntrySnapshot? { machine.committedEntry(id) }
  func committedHold(_ id: HoldID) -> HoldRecord? { machine.committedHold(id) }
  func committedPurchases(_ key: PurchaseKey) -> Purchases? { machine.committedPurchases(key) }

  func committedIDs() -> CommittedIDs {
    var ids = CommittedIDs()
    _ = machine.visitProducts(from: 0, count: .max) { ids.products.append($0.id) }
    _ = machine.visitEntries(from: 0, count: .max) { entry, _ in ids.entries.append(entry.id) }
    (ids.holds, ids.purchases) = machine.committedRecords
    return ids
  }

  /// Looks at committed state.
  ///
  /// - Parameter body: gets the number of the loading as well.
  /// - Returns: nil where there is none that may be shown.
  func withReadable<Result>(
    _ body: (borrowing ShardStateMachine, Int) -> Result?
  ) -> Result? {
    machine.isReadable ? body(machine, loading) : nil
  }
}

/// What a shard has, by its committed state.
struct CommittedIDs: Sendable {
  var products: [ProductID] = []
  var entries: [EntryID] = []
  var holds: [HoldID] = []
  var purchases: [PurchaseKey] = []
}
