/// A batch in memory: the changes for Redis, the rows that they are about, and who waits for them.
struct OpenBatch {
  /// Holds and purchases are kept in journals of their own; this says how many the batch has, large
  /// ones counted more than once.
  var records = 0

  var entryChanges: [EntryChange] = []
  /// The rows of `entryChanges`, place by place.
  var entryRows: [Int32] = []
  var productChanges: [ProductChange] = []
  var productRows: [Int32] = []
  var idempotency: [IdempotencyRecord] = []
  var movements: [Movement] = []
  var notes: [MovementNote] = []
  /// To other shards, when Redis has this batch.
  var messages: [ShardMessage] = []
  /// Orders whose holds end with this batch.
  var closedOrders = OrderList()
  /// Who waits, with what they will be told. The sequence is written when the batch is in Redis.
  var waiting: [Answer] = []
  /// When its first change or ticket came, on the monotonic clock.
  var openedAt: Int64 = 0

  init() {}

  /// With room for what the batch before it held, so that lists do not grow step by step.
  init(roomOf other: OpenBatch) {
    entryChanges.reserveCapacity(other.entryChanges.count)
    entryRows.reserveCapacity(other.entryRows.count)
    movements.reserveCapacity(other.movements.count)
    waiting.reserveCapacity(other.waiting.count)
  }

  var hasChanges: Bool {
    !entryChanges.isEmpty || !productChanges.isEmpty || records > 0 || !idempotency.isEmpty
  }
  var isFull: Bool {
    entryChanges.count + productChanges.count + idempotency.count + records
      >= Bounds.maxChangesPerCommit
      || movements.count >= Bounds.maxMovementsPerCommit
      || waiting.count >= Bounds.maxTicketsPerCommit
  }
}

/// Orders in the order in which they came, that can be asked for.
struct OrderList {
  private(set) var all: [OrderKey] = []
  private var known: Set<OrderKey> = []

  func contains(_ order: OrderKey) -> Bool { known.contains(order) }

  mutating func append(_ order: OrderKey) {
    if known.insert(order).inserted { all.append(order) }
  }
}

/// What is known of an entry that a batch in flight or the open batch changes.
struct PendingEntry {
  var row: Int32
  /// What reads answer: the state in Redis. nil: not there.
  var committed: EntryValue?
  /// Its place in the batch in flight, or `Books.none`.
  var inFlightChange: Int32
  /// Its place in the open batch, or `Books.none`.
  var openChange: Int32
}

/// As `PendingEntry`, for a product.
struct PendingProduct {
  var committed: ProductValue?
  var inFlightChange: Int32
  var openChange: Int32
}
