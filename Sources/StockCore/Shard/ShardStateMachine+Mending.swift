/// Mending: what Redis should hold is written to it from memory.
///
/// A shard that serves gives away turns: one step is under way instead of a batch, so it says exactly
/// what the last batch left, and neither can overtake the other. A shard that is damaged stands still
/// until all has been written back.
extension ShardStateMachine {
  // MARK: Turns

  /// Asks for a batch's turn: `.yieldTurn` comes, from this call or a later one, when no batch is in
  /// flight. A shard that does not serve may never give one: whoever asked has to give up in time.
  public mutating func requestTurn(now: Now) -> ShardAction {
    wantsTurn = true
    return endOfTick(now: now)
  }

  /// Nobody waits for a turn any more.
  public mutating func cancelTurn() { wantsTurn = false }

  mutating func yieldTurn(now: Now) -> ShardAction {
    wantsTurn = false
    phase = .yielding(since: now.monotonic)
    return .yieldTurn
  }

  /// The turn is over.
  ///
  /// - Parameter isWritten: false: Redis refused, or nothing is known: `meta` will tell.
  public mutating func endTurn(isWritten: Bool, now: Now) -> ShardAction {
    guard case .yielding = phase else { return .none }
    if isWritten {
      phase = .idle
      return endOfTick(now: now)
    }
    phase = .resolving(since: now.monotonic)
    return .readMeta
  }

  // MARK: Damage

  /// Redis holds again what was committed: `meta` is read, and if it says so too the shard goes on.
  public mutating func restored(now: Now) -> ShardAction {
    guard case .damaged = phase else { return .none }
    heartbeat = nil
    // Their drivers were given up with the rest.
    undriven = []
    for row in 0..<holds.rowCount {
      if case .hold(let hold)? = holds.committed(row: row), hold.operation != nil {
        undriven.append(hold.id)
      }
    }
    phase = .resolving(since: now.monotonic)
    return .readMeta
  }

  /// What `meta` holds, or should.
  public var committedMeta: ShardMeta {
    ShardMeta(
      ownership: ownership, sequence: committedSequence, digest: committedDigest,
      lastEntryNumber: committedEntryNumber, movements: committedMovementCount,
      oldestBucket: oldestBucket)
  }

  /// The last committed batches, the oldest first: all that memory has of first answers to
  /// idempotency keys and of movements.
  public var recentBatches: [Batch] { (0..<redo.count).map { redo.batch(at: $0) } }
}
