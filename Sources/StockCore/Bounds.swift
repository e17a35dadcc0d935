/// Every bound of the engine, in one place. At a bound the answer is a 4xx or a 503, never growth.
public enum Bounds {
  /// The largest integer that every JSON reader keeps exact: 2^53 − 1.
  public static let maxQuantity: Int64 = 9_007_199_254_740_991
  /// The largest id of a product, store or entry (a JSON integer as well).
  public static let maxID: Int64 = 9_007_199_254_740_991
  /// The largest version, and the last time (in ms, in the year 10889), that a row in memory has room
  /// for. Beyond it they stand still.
  public static let maxVersion: Int64 = Packed.max
  /// What `available_quantity` shows for products that never run out.
  public static let unlimitedAvailable: Int64 = 999_999
  /// An entry with so much available, or less, is low, where nobody says what low is.
  public static let lowStock: Int64 = 10

  /// Shards of a namespace. A ticket does not hold the shard, so this bounds start-up work only.
  public static let maxShards = 4_096
  /// Bytes of a location's name, after trimming.
  public static let maxLocationBytes = 64
  /// Locations that one shard knows by name.
  public static let maxLocationsPerShard = 100_000
  /// Of those, the names that one store can bring: it must not use up what all stores share.
  public static let maxLocationsPerStore = 10_000
  /// Locations at which one product can have an entry: a summary lists them all.
  public static let maxLocationsPerProduct = 1_000
  /// Products in one shard.
  public static let maxProductsPerShard = 16_000_000
  /// Entries in one shard.
  public static let maxEntriesPerShard = 64_000_000
  /// Bytes of a product's title.
  public static let maxTitleBytes = 1_024
  /// Bytes of a product's SKU.
  public static let maxSKUBytes = 128
  /// Bytes of a reason or reference given with a change.
  public static let maxNoteBytes = 255

  /// Bytes of a hold's id.
  public static let maxHoldIDBytes = 64
  /// Bytes of an order's or a customer's id.
  public static let maxReferenceBytes = 128
  /// Bytes of an idempotency key.
  public static let maxIdempotencyKeyBytes = 255
  /// Lines of one hold, also when units were found for lines without a location: those of one shard
  /// travel in one commit.
  public static let maxLinesPerHold = 2_000
  /// A hold's time to live, in milliseconds.
  public static let timeToLive: ClosedRange<Int64> = 30_000...604_800_000
  /// Holds in one shard, the ended ones included that are still remembered.
  public static let maxHoldsPerShard = 4_000_000
  /// Lines of those together, and of the parts that the shard has of others' holds.
  public static let maxHoldLinesPerShard = 16_000_000
  /// Records in one shard of what customers have of products with a purchase limit, about: those of one
  /// hold are counted when they are there.
  public static let maxPurchasesPerShard = 4_000_000
  /// Requests that wait for what is under way with their hold.
  public static let maxWaitingPerHold = 64
  /// Idempotency records in one shard. Beyond it the oldest bucket is dropped early.
  public static let maxIdempotencyRecordsPerShard = 4_000_000
  /// Of those, the records in one bucket, about: only whole buckets are dropped.
  public static let maxIdempotencyRecordsPerBucket = 1_000_000
  /// Movements that one commit carries.
  public static let maxMovementsPerCommit = 65_536

  /// Operations in one batch request.
  public static let maxOperationsPerRequest = 10_000
  /// Entries and products that one commit (one Lua call) changes. Redis does nothing else meanwhile.
  public static let maxChangesPerCommit = 4_096
  /// Tickets that wait for one commit.
  public static let maxTicketsPerCommit = 65_536
  /// Tickets that wait for the commit in flight, those included that came when it was under way and
  /// were refused because of it.
  public static let maxTicketsInFlight = 131_072
  /// Commands that wait, undecided, for the open batch to have room again.
  public static let maxBacklogPerShard = 65_536
  /// Changes that a shard keeps to play again to a Redis that lost its last seconds.
  public static let maxRedoChanges = 200_000

  /// Bytes of a request's body.
  public static let maxBodyBytes = 1 << 20
  /// Bytes of a batch request's body.
  public static let maxBatchBodyBytes = 8 << 20

  /// The bounds that depend on each other.
  public static func check() {
    precondition(maxOperationsPerRequest <= 1 << Ticket.operationBits)
    precondition(maxOperationsPerRequest <= maxBacklogPerShard)
    precondition(maxChangesPerCommit <= maxTicketsPerCommit)
    precondition(maxTicketsPerCommit < maxTicketsInFlight)
    precondition(maxRedoChanges >= 2 * maxChangesPerCommit)
    precondition(maxEntriesPerShard < RowTable<EntryRow>.maxRows)
    precondition(maxProductsPerShard < 1 << EntryRow.productBits)
    precondition(maxSKUBytes <= Int(UInt8.max))
    precondition(maxSKUBytes + maxTitleBytes <= min(TextTable.blockBytes, Int(UInt16.max)))
    precondition(maxBodyBytes <= maxBatchBodyBytes)
    precondition(maxLinesPerHold <= maxChangesPerCommit)
    precondition(2 * maxIdempotencyRecordsPerBucket <= maxIdempotencyRecordsPerShard)
    precondition(maxLocationsPerProduct <= maxLocationsPerStore)
    precondition(maxLocationsPerStore <= maxLocationsPerShard)
    precondition(maxShards <= 1 << 12, "a ticket has 12 bits for a hold's home")
  }
}
