/// One shard: its books, the rules, and the protocol by which changes get to Redis.
///
/// Events come in (`submit`, `endOfTick`, replies, lost connections, `tick`), answers and at most one
/// `ShardAction` come out. Nothing here waits, reads a clock or does I/O, so the same code runs on an
/// event loop and in the simulation.
///
/// A command is decided at once against the *tentative* state and joins the open batch. While one
/// batch is on its way to Redis (in flight) the next one fills. An outcome is answered when the batch
/// that it rests on is in Redis.
public struct ShardStateMachine: ~Copyable {
  /// Where the shard stands with Redis.
  enum Phase {
    /// Memory is not what Redis holds: loading, or about to. → idle, failed
    case recovering(String)
    /// Nothing in flight. → committing, resolving
    case idle
    /// A batch is in flight. → idle, resolving, pausing, recovering, failed
    case committing(since: Int64)
    /// The connection is gone, and with it what Redis did last; or it says that it refuses: `meta` will
    /// tell. → idle, committing, replaying, suspended, recovering, fenced, failed
    case resolving(since: Int64?)
    /// Redis did not run the batch in flight and may do so soon: it goes again. → committing, idle, resolving
    case pausing(until: Int64)
    /// Redis lost its last batches: the one at this place of the redo tail is under way.
    /// → idle, committing, resolving, failed
    case replaying(place: Int, since: Int64, resumeAt: Int64?)
    /// Redis refuses writes: new ones are kept out for a while. → idle, resolving
    case suspended(until: Int64, String)
    /// Somebody mends what Redis holds, in a batch's turn. → idle, resolving
    case yielding(since: Int64)
    /// Redis holds something else than it confirmed, or nothing any more, or it executed wrongly:
    /// memory is right. Nothing is taken until it has been written back. → resolving
    case damaged(String)
    /// Another engine owns the shard. The end.
    case fenced(String)
    /// Something that must not be is: people must look. The end, until the shard is loaded anew.
    case failed(String)

    /// Commands are decided: their batch goes to Redis, if not at once.
    var takesChanges: Bool {
      switch self {
      case .idle, .committing, .resolving, .pausing, .replaying, .yielding: true
      case .recovering, .suspended, .damaged, .fenced, .failed: false
      }
    }
  }

  public let id: ShardID
  public let map: ShardMap
  public let configuration: ShardConfiguration

  var phase: Phase = .recovering("not loaded") {
    didSet { takesChanges = phase.takesChanges }
  }
  /// `phase.takesChanges`, which every command asks.
  private(set) var takesChanges = false
  var ownership = Ownership(owner: "", epoch: 0)
  var books = Books()

  // What Redis is known to hold.
  public internal(set) var committedSequence: Sequence64 = 0
  public internal(set) var committedDigest: UInt64 = 0
  var committedEntryNumber: Int64 = 0

  var open = OpenBatch()
  var inFlight: InFlight?
  /// The last entry id given out, the open batch included.
  var lastEntryNumber: Int64 = 0
  var pendingEntries: ContiguousArray<PendingEntry> = []
  var freePendingEntries: [Int32] = []
  var pendingProducts: [Int32: PendingProduct] = [:]
  /// Figures and lists of what is committed.
  var stores = StoreIndex()

  /// Commands that wait for room in the open batch.
  var backlog: [(command: Command, ticket: Ticket)] = []
  var redo = RedoTail()
  /// Redis was found to have lost some of the redo tail, and may not have all of it yet.
  var isRedoing = false
  /// Somebody waits for a batch's turn, to mend what Redis holds.
  var wantsTurn = false
  /// When an idle shard last asked for `meta`, what was committed then, and whether it was told.
  var heartbeat: (at: Int64, sequence: Sequence64, isHeard: Bool)?
  var pauses = 0
  /// Refusals as `INVALID` since the last commit. Each is followed by reading the shard anew, which cures what
  /// somebody altered; what comes again and again is a fault that goes on.
  var invalids = 0
  static let maxInvalids = 8
  var answers: [Answer] = []

  // Holds.
  var holds = Journal<HoldID, HoldRecord>()
  /// Lines of all records of holds.
  var holdLineCount = 0
  var purchases = Journal<PurchaseKey, Purchases>()
  /// The row of purchases at which the next look begins for those of sales that are over.
  var nextPurchase = 0
  var orders: [OrderKey: HoldID] = [:]
  var closedOrders: [OrderKey] = []
  var due = DueHeap()
  /// When the shard was loaded, by the engine's time.
  var loadedAt: Timestamp = 0
  var works: [HoldID: Work] = [:]
  /// Whose answers the latest messages of each hold are.
  var attempts: [Int64: HoldID] = [:]
  var attemptCount: Int64 = 0
  /// Holds with an operation that nobody goes on with.
  var undriven: [HoldID] = []
  var outbox: [ShardMessage] = []

  // Idempotency and the ledger.
  var keys = KeyTable()
  private var foundReplays = false
  var committedMovementCount: Int64 = 0
  var oldestBucket: IdempotencyBucket = 0
  var droppedBuckets: [IdempotencyBucket] = []
  /// Only with `PlantedFault.idempotencyInSecondCall`.
  var heldBack: [IdempotencyRecord] = []
  var cause = Cause()
  var feedsReaders: Bool
  var committedMovementsForReaders: [CommittedMovements] = []

  /// A batch that was sent, and its books.
  struct InFlight {
    var batch: Batch
    var contents: OpenBatch
    /// When it was sent first, on the monotonic clock.
    var sentAt: Int64
    /// Some attempt may have been executed although no answer came: never to be undone.
    var maybeExecuted = false
    /// Redis refused it, with these words. It is undone when `meta` shows that it was not executed.
    var refusal: String?
  }

  public init(id: ShardID, map: ShardMap, configuration: ShardConfiguration = .init()) {
    self.id = id
    self.map = map
    self.configuration = configuration
    self.feedsReaders = configuration.feedsReaders
  }

  /// The answers that became known since the last call.
  public mutating func takeAnswers() -> [Answer] {
    if answers.isEmpty { return [] }
    let taken = answers
    answers = []
    answers.reserveCapacity(taken.count)
    return taken
  }

  /// Orders whose holds ended since the last call, or were not made, as Redis has it.
  public mutating func takeClosedOrders() -> [OrderKey] {
    if closedOrders.isEmpty { return [] }
    defer { closedOrders = [] }
    // Another hold may be open for the same order by now.
    return closedOrders.filter { !hasOpenHold(of: $0) }
  }

  /// Whether there may be a `replay` among the answers since the last call: few have one.
  public mutating func takeFoundReplays() -> Bool {
    defer { foundReplays = false }
    return foundReplays
  }

  /// What a key's owner is told without asking the rules; nil: the key is new.
  mutating func outcome(known key: IdempotencyKey) -> Outcome? {
    switch keys.find(key) {
    case .unknown: return nil
    case .running: return .refused(.idempotencyRunning)
    case .mismatch: return .refused(.idempotencyMismatch)
    case .recorded(let bucket):
      foundReplays = true
      return .replay(key, bucket)
    }
  }

  /// Buckets of idempotency records that are of no use any more, since the last call: Redis may drop
  /// them.
  public mutating func takeDroppedBuckets() -> [IdempotencyBucket] {
    if droppedBuckets.isEmpty { return [] }
    defer { droppedBuckets = [] }
    return droppedBuckets
  }

  /// The names of the locations, for whoever writes batches down.
  public var locations: LocationTable { books.locations }

  public var currentOwnership: Ownership { ownership }

  /// Changes are taken (and will be sent or refused in bounded time).
  public var isServing: Bool {
    switch phase {
    case .idle, .committing, .yielding: true
    case .recovering, .resolving, .pausing, .replaying, .suspended, .damaged, .fenced, .failed:
      false
    }
  }

  /// Reads may be answered from memory: it is what Redis holds or held a moment ago.
  public var isReadable: Bool {
    switch phase {
    case .idle, .committing, .resolving, .pausing, .replaying, .yielding, .suspended, .damaged: true
    case .recovering, .fenced, .failed: false
    }
  }

  /// The phase in words, for people.
  public var state: String {
    switch phase {
    case .recovering(let why): "recovering: \(why)"
    case .idle, .committing, .yielding: "serving"
    case .resolving: "waiting for redis"
    case .pausing: "redis is busy"
    case .replaying: "replaying to redis"
    case .suspended(_, let why): "suspended: \(why)"
    case .fenced(let who): "fenced: \(who)"
    case .damaged(let why), .failed(let why): "failed: \(why)"
    }
  }

  public var isFenced: Bool { if case .fenced = phase { true } else { false } }
  /// It stopped, and people must look.
  public var hasFailed: Bool {
    switch phase {
    case .damaged, .failed: true
    case .recovering, .idle, .committing, .resolving, .pausing, .replaying, .yielding, .suspended,
      .fenced:
      false
    }
  }
  /// It stopped with all that was committed in memory: Redis can be mended from it.
  public var isDamaged: Bool { if case .damaged = phase { true } else { false } }
  public var productCount: Int { books.productCount }
  public var entryCount: Int { books.entryCount }
  /// Holds and parts of holds, the ended ones included that are still remembered.
  public var holdCount: Int { holds.count }
  /// Tickets and commands that wait.
  public var waitingCount: Int {
    let asked = works.values.reduce(0) { count, work in
      count + work.parked.count + (work.caller == nil || work.isAnswered ? 0 : 1)
    }
    return open.waiting.count + (inFlight?.contents.waiting.count ?? 0) + backlog.count + asked
  }
}

/// What the shard asks of whoever holds its connection, after an event.
public enum ShardAction: Sendable {
  case none
  /// Send the batch as a commit; with the script's text where Redis may have forgotten it. The reply
  /// comes back by `replied`.
  case send(Batch, withScript: Bool)
  /// Read `meta`; the answer comes back by `metaRead`.
  case readMeta
  /// Redis lost our taking of the shard as well: take it again, if nobody has since. The answer comes
  /// back by `metaRead`.
  case retake
  /// Close the connection and open another: `connectionLost`, then `connectionReady`, come back.
  case dropConnection
  /// Take the shard and load it anew (`beginLoading`).
  case recover
  /// It is the turn of whoever asked for one (`requestTurn`); the end comes back by `endTurn`.
  case yieldTurn
}
