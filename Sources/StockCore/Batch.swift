/// One entry's part of a commit: what it was when the batch began, and what it is at its end.
public struct EntryChange: Equatable, Sendable {
  public var id: EntryID
  public var product: ProductID
  /// nil: the batch makes the entry.
  public var before: EntryValue?
  /// nil: the batch deletes it.
  public var after: EntryValue?

  public init(id: EntryID, product: ProductID, before: EntryValue?, after: EntryValue?) {
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

  public var changeCount: Int { entries.count + products.count }
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

  public init(
    ownership: Ownership, sequence: Sequence64, digest: UInt64, lastEntryNumber: Int64
  ) {
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
