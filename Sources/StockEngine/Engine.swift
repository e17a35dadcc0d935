public import NIOCore
public import StockCore

/// What the front needs of the engine. `StockEngine` is the real one; tests may bring their own.
public protocol Engine: Sendable {
  var shardMap: ShardMap { get }
  var control: any ControlPlane { get }

  /// The way in for one event loop. Only to be called, and used, on that loop; the same one each time.
  func gateway(on loop: any EventLoop) -> any LoopGateway

  // The cold ways: they may wait.
  func entries(_ query: EntryQuery) async throws(EngineError) -> EntryPage
  func products(_ query: ProductQuery) async throws(EngineError) -> ProductPage
  /// - Parameter store: nil: all of them.
  func overview(store: StoreID?) async throws(EngineError) -> StockOverview
  func holds(_ query: HoldQuery) async throws(EngineError) -> HoldPage
  func movements(_ query: MovementQuery) async throws(EngineError) -> MovementPage
  /// Holds memory against Redis.
  ///
  /// - Parameter repair: what differs is written to Redis from memory, and shards that stopped because
  ///   Redis lost what it had confirmed go on.
  func verify(repair: Bool) async throws(EngineError) -> VerifyReport
  func health() async -> EngineHealth
  /// A shard's committed products and entries at one moment.
  func snapshot(of shard: ShardID) async throws(EngineError) -> ShardSnapshot
  /// What it has counted, and what waits, for whoever watches it.
  func figures() async -> EngineFigures

  /// Movements of a shard from Redis, for readers of events that have to catch up: those after
  /// `number`, in their order. Where the first one is not `number` + 1, those between are no longer
  /// kept.
  ///
  /// - Parameters:
  ///   - number: of the last movement that is known; 0: from the beginning.
  ///   - limit: about how many movements; whole batches are given, at least one if there is one (of
  ///     the first, only what is behind `number`).
  /// - Returns: empty: there are none yet.
  func ledger(
    of shard: ShardID, after number: Int64, limit: Int
  ) async throws(EngineError) -> [LedgerBatch]
  /// For each shard, the number of its last committed movement; 0: none yet. Movements with a higher
  /// number come by the feed to loops that have subscribed before.
  func ledgerEnds() async -> [Int64]
}

extension Engine {
  public func verify() async throws(EngineError) -> VerifyReport {
    try await verify(repair: false)
  }
}

/// Takes commands from one event loop and brings their answers back to it. Not Sendable.
public protocol LoopGateway: AnyObject {
  /// This loop's number, for `Ticket`.
  var loopIndex: Int { get }
  /// Who gets the answers. Set once, before the first `submit`.
  var receiver: (any AnswerReceiver)? { get set }

  /// Hands a command to the shard that it belongs to, at the end of this tick together with all that
  /// came in it. The answer comes to `receiver`: always later, never inside this call, exactly once.
  func submit(_ command: Command, ticket: Ticket)

  /// From now on the receiver gets the movements of all shards when they have been committed
  /// (`AnswerReceiver.receive(_: [LedgerBatch])`), grouped, within some 50 ms. Twice is as once.
  func subscribe()
  /// No more of them, soon.
  func unsubscribe()
}

/// Gets the answers of one loop.
public protocol AnswerReceiver: AnyObject {
  /// Called on the loop, with everything that became known at once: write all, then flush each
  /// connection once.
  func receive(_ answers: [Answer])

  /// Called on the loop, with movements that have been committed: of each shard in their order, without
  /// repeats. Where numbers are missing (a shard was loaded anew), `Engine.ledger(of:after:limit:)` has
  /// them. Only while the loop is subscribed.
  func receive(_ batches: [LedgerBatch])
}

extension AnswerReceiver {
  public func receive(_ batches: [LedgerBatch]) {}
}

/// Why a list, a verify could not be made.
public enum EngineError: Error, Equatable, Sendable {
  /// A shard is not there: recovering, fenced, or Redis does not answer.
  case unavailable(String)
}
