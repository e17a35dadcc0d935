public import StockCore

/// An entry as Redis holds it: the location by name.
public struct StoredEntry: Equatable, Sendable {
  public var product: ProductID
  public var location: String
  /// Its `location` is always 0.
  public var value: EntryValue
}

/// A first answer as Redis holds it.
public struct StoredAnswer: Equatable, Sendable {
  public var fingerprint: UInt64
  /// The commit that the record came with.
  public var sequence: Sequence64
  /// Without the locations' numbers: the text in Redis has names only.
  public var outcome: Outcome
}

/// A batch as it travels: what `commit.lua` gets.
public struct CommitRequest: Sendable {
  public struct Entry: Sendable {
    public var id: EntryID
    public var before: StoredEntry?
    public var after: StoredEntry?
    public var floor: Int64
  }

  public var ownership: Ownership
  public var previous: Sequence64
  public var sequence: Sequence64
  public var digest: UInt64
  public var lastEntryNumber: Int64
  public var entries: [Entry]
  public var products: [ProductChange]
  public var holds: [Change<HoldID, HoldRecord>]
  public var purchases: [Change<PurchaseKey, Purchases>]
  public var idempotency: [IdempotencyRecord]
  public var bucket: IdempotencyBucket
  public var oldestBucket: IdempotencyBucket
  public var totalMovements: Int64
  public var ledger: LedgerBatch

  public init(_ batch: Batch, shard: ShardID, ownership: Ownership, locations: LocationTable) {
    self.ownership = ownership
    self.previous = batch.previous
    self.sequence = batch.sequence
    self.digest = batch.digest
    self.lastEntryNumber = batch.lastEntryNumber
    self.products = batch.products
    self.entries = batch.entries.map { change in
      func stored(_ value: EntryValue?) -> StoredEntry? {
        guard var value else { return nil }
        let name = locations.name(value.location)
        value.location = 0
        return StoredEntry(product: change.product, location: name, value: value)
      }
      return Entry(
        id: change.id, before: stored(change.before), after: stored(change.after),
        floor: change.floor)
    }
    self.holds = batch.holds
    self.purchases = batch.purchases
    self.idempotency = batch.idempotency.map {
      IdempotencyRecord(key: $0.key, outcome: $0.outcome.withoutLocationNumbers)
    }
    self.bucket = batch.bucket
    self.oldestBucket = batch.oldestBucket
    self.totalMovements = batch.totalMovements
    self.ledger = LedgerBatch(
      CommittedMovements(
        shard: shard, sequence: batch.sequence, firstNumber: batch.previousMovements + 1,
        movements: batch.movements, notes: batch.notes),
      locationName: { locations.name($0) })
  }
}
