/// What a shard needs to know besides its commands. Times are milliseconds.
public struct ShardConfiguration: Sendable {
  /// A commit or a look at `meta` that takes longer has an unknown outcome: the connection is dropped.
  public var commitTimeout: Int64 = 3_000
  /// Who waits longer than this for a batch in flight is told `outcomeUnknown`.
  public var answerTimeout: Int64 = 5_000
  /// Who waits longer than this for a batch that could not be sent is told `storeUnavailable`; the
  /// open batch is undone.
  public var queueTimeout: Int64 = 2_000
  /// How long a refusal that somebody has to mend (OOM, READONLY …) keeps new changes out.
  public var suspension: Int64 = 500
  /// First and longest pause before the same batch goes again.
  public var firstPause: Int64 = 20
  public var longestPause: Int64 = 1_000
  /// How often an idle shard looks at `meta`: whether it is still its own, and what may be forgotten.
  /// So long another engine may have the shard before reads here stop.
  public var heartbeat: Int64 = 1_000
  /// How much older than the last batch that Redis took a batch must be to be forgotten. Younger ones
  /// are kept to be played again: Redis with `appendfsync everysec` can lose two seconds.
  public var redoAge: Int64 = 10_000
  /// How much longer than their time holds live that ended while nobody could reach the engine: counted
  /// from its start.
  public var expiryGrace: Int64 = 0
  /// When a shard that could not do its part of a hold is asked again.
  public var partRetry: Int64 = 100
  /// How long a hold that has ended is remembered.
  public var closedHoldAge: Int64 = 86_400_000
  /// How long it is remembered what customers have of a sale that is over, at least: it may be opened
  /// again.
  public var endedSaleAge: Int64 = 86_400_000
  /// `Bounds.maxPurchasesPerShard`, but in tests.
  public var maxPurchases = Bounds.maxPurchasesPerShard
  /// How long the first answer to an idempotency key is kept, at least.
  public var idempotencyAge: Int64 = 86_400_000
  /// How long one bucket of idempotency records is filled; then the next one.
  public var bucketLength: Int64 { max(1, idempotencyAge / 6) }
  /// Movements that a shard's ledger keeps, about; older ones are trimmed. A movement is some 80 bytes
  /// in Redis.
  public var ledgerLength: Int64 = 5_000_000
  /// Whether readers of events get what is committed (`takeCommitted`).
  public var feedsReaders = false
  /// Faults to plant, so that tests can show that they would be found. Empty but in tests.
  public var plantedFaults: Set<PlantedFault> = []

  public init() {}
}

/// A mistake that the simulation must catch.
public enum PlantedFault: String, CaseIterable, Sendable {
  /// Answers leave before Redis has the batch.
  case answerEarly
  /// A lost connection undoes the batch that was under way.
  case rollBackOnUnknown
  /// Redis does not compare owner and epoch.
  case skipEpochCheck
  /// Redis does not compare the sequence.
  case skipSequenceCheck
  /// Units of a hold that is due are given back in memory only.
  case expiryNotSequenced
  /// A hold that has ended can end once more.
  case holdClosedTwice
  /// The answer to a key is written in the commit after that of its effect.
  case idempotencyInSecondCall
  /// A hold's home does not write down the last of its lines.
  case homeForgetsLine
}

extension ShardConfiguration {
  @inline(__always)
  func plants(_ fault: PlantedFault) -> Bool {
    plantedFaults.isEmpty ? false : plantedFaults.contains(fault)
  }
}

/// The time of an event: both clocks come in from outside.
public struct Now: Equatable, Sendable {
  /// For people: what `created_at` and `updated_at` show.
  public var wall: Timestamp
  /// For time-outs: milliseconds that never go back.
  public var monotonic: Int64

  public init(wall: Timestamp, monotonic: Int64) {
    self.wall = wall
    self.monotonic = monotonic
  }
}
