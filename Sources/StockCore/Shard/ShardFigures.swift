/// What a shard has, and what waits in it, for whoever watches it.
public struct ShardFigures: Equatable, Sendable {
  public var shard: ShardID
  /// Changes are taken.
  public var isServing: Bool
  /// It does not come back by itself: another engine owns it, or people must look.
  public var hasEnded: Bool
  /// Batches that Redis has taken, since ever.
  public var sequence: Sequence64
  public var products: Int
  public var entries: Int
  /// Reservations under way whose home this is.
  public var openHolds: Int
  /// Records of holds and parts of holds, the ended ones included that are still remembered.
  public var holdRecords: Int
  public var idempotencyRecords: Int
  /// Tickets and commands that wait.
  public var waiting: Int
  /// Milliseconds since the oldest change came that Redis has not taken; 0: there is none.
  public var commitLag: Int64
  /// Movements in the ledger, since ever.
  public var movements: Int64
}

extension ShardStateMachine {
  public func figures(now: Now) -> ShardFigures {
    var oldest = now.monotonic
    if let inFlight { oldest = min(oldest, inFlight.contents.openedAt) }
    if open.hasChanges { oldest = min(oldest, open.openedAt) }
    return ShardFigures(
      shard: id, isServing: isServing, hasEnded: isFenced || hasFailed,
      sequence: committedSequence, products: productCount, entries: entryCount,
      openHolds: orders.count, holdRecords: holdCount, idempotencyRecords: keys.recordCount,
      waiting: waitingCount, commitLag: now.monotonic - oldest, movements: committedMovementCount)
  }
}
