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
  private var machine: ShardStateMachine
  /// Counts the loadings, so that rows of one that was given up are told apart.
  private var loading = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  init(
    id: ShardID, map: ShardMap, configuration: ShardConfiguration, link: NIOLoopBound<ShardLink>,
    loop: any EventLoop
  ) {
    self.id = id
    self.executor = loop.executor
    self.link = link
    self.machine = ShardStateMachine(id: id, map: map, configuration: configuration)
  }

  // MARK: Events

  /// Commands, in their order, and the end of the tick that they came in.
  func take(_ submissions: [Submission], now: Now) -> [Answer] {
    var answers: [Answer] = []
    for submission in submissions {
      let outcome = machine.submit(submission.command, ticket: submission.ticket, now: now)
      guard let outcome else { continue }
      answers.append(
        Answer(
          ticket: submission.ticket, outcome: outcome, shard: id,
          sequence: machine.committedSequence))
    }
    perform(machine.endOfTick(now: now))
    let released = machine.takeAnswers()
    return answers.isEmpty ? released : released + answers
  }

  func replied(_ reply: CommitReply, now: Now, jitter: Int64) -> [Answer] {
    perform(machine.replied(reply, now: now, jitter: jitter))
    return machine.takeAnswers()
  }

  func metaRead(_ meta: ShardMeta?, now: Now) -> [Answer] {
    perform(machine.metaRead(meta, now: now))
    return machine.takeAnswers()
  }

  func connectionLost(now: Now) -> [Answer] {
    machine.connectionLost(now: now)
    return machine.takeAnswers()
  }

  func connectionReady(now: Now) -> [Answer] {
    perform(machine.connectionReady(now: now))
    return machine.takeAnswers()
  }

  func tick(now: Now) -> [Answer] {
    perform(machine.tick(now: now))
    return machine.takeAnswers()
  }

  func abandon() -> [Answer] {
    machine.abandon()
    return machine.takeAnswers()
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
      loading += 1
      ShardLoader(shard: self, loading: loading, link: link.value).start(
        minimumEpoch: machine.currentOwnership.epoch)
    }
  }

  // MARK: Loading

  /// - Returns: false if this loading was given up for another one.
  func beginLoading(_ loading: Int, _ meta: ShardMeta, products: Int, entries: Int) -> Bool {
    guard loading == self.loading else { return false }
    machine.beginLoading(meta, productCount: products, entryCount: entries)
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
      try machine.load(entry: id, product: record.product, location: record.location, value)
    }
    return true
  }

  func finishLoading(_ loading: Int) throws -> Bool {
    guard loading == self.loading else { return false }
    try machine.finishLoading()
    return true
  }

  func loadingFailed(_ loading: Int, _ why: String) {
    guard loading == self.loading else { return }
    machine.loadingFailed(why)
  }

  func loadingRefused(_ loading: Int, _ why: String) {
    guard loading == self.loading else { return }
    machine.loadingRefused(why)
  }

  func retryLoading() { perform(machine.connectionReady(now: EngineClock.now())) }

  // MARK: Looking

  var health: EngineHealth.Shard {
    EngineHealth.Shard(
      shard: id, isServing: machine.isServing, state: machine.state,
      sequence: machine.committedSequence, products: machine.productCount,
      entries: machine.entryCount)
  }

  /// Fenced or failed: it does not come back by itself.
  var hasEnded: Bool { machine.isFenced || machine.hasFailed }
  var isReadable: Bool { machine.isReadable }

  func committedProduct(_ id: ProductID) -> ProductValue? { machine.committedProduct(id) }
  func committedEntry(_ id: EntryID) -> EntrySnapshot? { machine.committedEntry(id) }

  func committedIDs() -> (products: [ProductID], entries: [EntryID]) {
    var (products, entries): ([ProductID], [EntryID]) = ([], [])
    _ = machine.visitProducts(from: 0, count: .max) { products.append($0.id) }
    _ = machine.visitEntries(from: 0, count: .max) { entry, _ in entries.append(entry.id) }
    return (products, entries)
  }

  /// Looks at committed state in slices: `body` is a visitor with results of its own.
  func visit<Result: Sendable>(
    _ body: @Sendable (borrowing ShardStateMachine) -> Result
  ) -> Result? {
    machine.isReadable ? body(machine) : nil
  }
}
