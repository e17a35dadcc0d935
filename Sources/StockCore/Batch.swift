/// One entry's part of a commit: what it was when the batch began, and what it is at its end.
public struct EntryChange: Equatable, Sendable {
  public var id: EntryID
  public var product: ProductID
  /// nil: the batch makes the entry.
  public var before: EntryValue?
  /// nil: the batch deletes it.
  public var after: EntryValue?
  /// What `after.available` must not be below: 0, unless the product's policy says otherwise. Redis
  /// compares it.
  public var floor: Int64

  public init(
    id: EntryID, product: ProductID, before: EntryValue?, after: EntryValue?, floor: Int64 = 0
  ) {
    self.floor = floor
    self.id = id
    self.product = product
    self.before = before
    self.after = after
  }
}

/// One product's part of a commit. Products are never deleted.
public struct ProductChange: Equatable, Sendable {
  public var id: ProductID
  /// nil: the batch makes the product.
  public var before: ProductValue?
  public var after: ProductValue

  public init(id: ProductID, before: ProductValue?, after: ProductValue) {
    self.id = id
    self.before = before
    self.after = after
  }
}

/// A hold's part of a commit: of the home's record, or of a part. nil: not there. Boxed: a record goes
/// through many hands, and has a dozen fields to copy.
public indirect enum HoldRecord: Equatable, Sendable {
  case hold(Hold)
  case part(HoldPart)

  public var id: HoldID {
    switch self {
    case .hold(let hold): hold.id
    case .part(let part): part.hold
    }
  }

  public var revision: Int64 {
    switch self {
    case .hold(let hold): hold.revision
    case .part(let part): part.revision
    }
  }
}

/// What a batch does to a record that has a key: nil is "not there".
public struct Change<Key: Hashable & Sendable, Value: Equatable & Sendable>: Equatable, Sendable {
  public var key: Key
  public var before: Value?
  public var after: Value?

  public init(key: Key, before: Value?, after: Value?) {
    self.key = key
    self.before = before
    self.after = after
  }
}

/// What one Lua call commits: all of it or nothing. The same batch may be sent again and again.
public struct Batch: Sendable {
  public var previous: Sequence64
  public var sequence: Sequence64
  /// A hash over the changes, by which Redis and the engine know a batch that comes again.
  public var digest: UInt64
  /// The number of the last entry id given out, this batch included (`ShardMap.entryID(number:of:)`).
  public var lastEntryNumber: Int64
  public var entries: [EntryChange]
  public var products: [ProductChange]
  public var holds: [Change<HoldID, HoldRecord>] = []
  public var purchases: [Change<PurchaseKey, Purchases>] = []
  /// First answers to idempotency keys; all go into `bucket`.
  public var idempotency: [IdempotencyRecord] = []
  public var bucket: IdempotencyBucket = 0
  /// The oldest bucket that is still of use: older ones are dropped.
  public var oldestBucket: IdempotencyBucket = 0
  /// The ledger's part: one entry of its stream.
  public var movements: [Movement] = []
  public var notes: [MovementNote] = []
  /// Movements of this shard since ever, without and with this batch's.
  public var previousMovements: Int64 = 0
  public var totalMovements: Int64 { previousMovements + Int64(movements.count) }

  public init(
    previous: Sequence64, sequence: Sequence64, digest: UInt64, lastEntryNumber: Int64,
    entries: [EntryChange], products: [ProductChange]
  ) {
    self.previous = previous
    self.sequence = sequence
    self.digest = digest
    self.lastEntryNumber = lastEntryNumber
    self.entries = entries
    self.products = products
  }

  /// What keeping the batch costs, in changes of one entry.
  var weight: Int {
    var weight = changeCount + movements.count / 16
    for change in holds { weight += (change.after?.lineCount ?? 0) / 16 }
    for record in idempotency { weight += record.outcome.weight - 1 }
    return weight
  }

  /// Records that Redis has to write.
  public var changeCount: Int {
    entries.count + products.count + holds.count + purchases.count + idempotency.count
  }
}

/// Who may write to a shard. Redis compares both with what `meta` holds.
public struct Ownership: Equatable, Sendable {
  /// Names the running engine: made anew at each start.
  public var owner: String
  public var epoch: Epoch

  public init(owner: String, epoch: Epoch) {
    self.owner = owner
    self.epoch = epoch
  }
}

/// What a shard's `meta` in Redis holds.
public struct ShardMeta: Equatable, Sendable {
  public var ownership: Ownership
  public var sequence: Sequence64
  public var digest: UInt64
  public var lastEntryNumber: Int64
  /// Movements of this shard since ever.
  public var movements: Int64
  /// Buckets of idempotency records before this one have been dropped, or may be.
  public var oldestBucket: IdempotencyBucket

  public init(
    ownership: Ownership, sequence: Sequence64, digest: UInt64, lastEntryNumber: Int64,
    movements: Int64 = 0, oldestBucket: IdempotencyBucket = 0
  ) {
    self.movements = movements
    self.oldestBucket = oldestBucket
    self.ownership = ownership
    self.sequence = sequence
    self.digest = digest
    self.lastEntryNumber = lastEntryNumber
  }
}

/// What Redis said to a batch.
public enum CommitReply: Equatable, Sendable {
  /// Executed now, or before (`ALREADY`), and as durable as the mode asks for.
  case committed
  /// Another engine owns the shard. Nothing was written.
  case fenced
  /// `meta` holds another sequence than the batch builds on (`SEQ`). Nothing was written.
  case sequenceMismatch(held: Sequence64)
  /// Redis holds something else than the batch says, or a counter would be wrong (`INVALID`).
  /// Nothing was written.
  case invalid(String)
  /// Redis refused before it ran anything.
  case notExecuted(NotExecuted, String)
  /// Executed wrongly, or not at all: WRONGTYPE, a script error.
  case failed(String)

  public enum NotExecuted: Equatable, Sendable {
    /// NOSCRIPT: the same again, with the script's text.
    case scriptMissing
    /// LOADING, BUSY, MASTERDOWN, TRYAGAIN, CLUSTERDOWN: the same again, in a while.
    case later
    /// OOM, MISCONF, NOREPLICAS, READONLY, NOAUTH, NOPERM and others that somebody has to mend.
    case refused
  }
}
