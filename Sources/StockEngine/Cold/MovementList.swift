import StockCore

/// One shard's part in a list of movements, newest first.
struct MovementTail {
  let shard: ShardID
  /// Read and not yet looked at; the next one is last.
  var items: [MovementItem] = []
  /// The lowest number that was read, or the one behind that the first read begins at.
  var lowest: Int64?
  /// There is nothing more to read.
  var isAtEnd = false
  var pace = ReadPace()

  /// For a cursor: the number of the next movement; 0: none.
  var position: Int64 {
    if let next = items.last { return next.entry.number }
    if isAtEnd { return 0 }
    return max(0, (lowest ?? 1) - 1)
  }

  /// - Parameters:
  ///   - batches: with the newest first.
  ///   - asked: so many of them at most; fewer are the last.
  ///   - end: those with a higher number are on a page before.
  mutating func add(_ batches: [LedgerBatch], asked: Int, upTo end: Int64? = nil, since: Timestamp?)
  {
    pace.note(batches)
    if batches.count < asked { isAtEnd = true }
    var older: [MovementItem] = []
    reading: for batch in batches {
      for entry in batch.entries.reversed() {
        lowest = min(lowest ?? entry.number, entry.number)
        if let end, entry.number > end { continue }
        if let since, entry.occurredAt < since {
          isAtEnd = true
          break reading
        }
        older.append(MovementItem(shard: shard, sequence: batch.sequence, entry: entry))
      }
    }
    if lowest == 1 { isAtEnd = true }
    items = older.reversed() + items
  }
}

extension LedgerReader {
  /// `Engine.movements(_:)`: merges the shards' streams by time. Of one shard the order is that of the
  /// numbers, whatever the clock did.
  func movements(
    _ query: MovementQuery, shards: [ShardID]
  ) async throws(EngineError) -> MovementPage {
    try await connection.turn { () async throws(EngineError) in
      var tails: [MovementTail] = []
      for (place, shard) in shards.enumerated() {
        tails.append(try await begin(shard, place: place, query))
      }
      var items: [MovementItem] = []
      var looked = 0
      while items.count < query.limit, looked < MovementQuery.lookedAtMost {
        for place in tails.indices { try await fill(&tails[place], query) }
        guard let place = newest(tails) else { return MovementPage(items: items, next: nil) }
        let item = tails[place].items.removeLast()
        looked += 1
        if query.wants(item.entry) { items.append(item) }
      }
      for place in tails.indices { try await fill(&tails[place], query) }
      let cursor = MovementCursor(positions: tails.map(\.position))
      let isLast = cursor.positions.allSatisfy { $0 == 0 }
      return MovementPage(items: items, next: isLast ? nil : cursor)
    }
  }

  /// The first read of a shard: from the end, or from where the page before stopped.
  private func begin(
    _ shard: ShardID, place: Int, _ query: MovementQuery
  ) async throws(EngineError) -> MovementTail {
    var tail = MovementTail(shard: shard)
    guard let after = query.after else { return tail }
    let given = place < after.positions.count ? after.positions[place] : 0
    // A client may have made it up; what is more than any number is as the last one.
    let position = min(given, Bounds.maxID)
    guard position > 0 else {
      tail.isAtEnd = true
      return tail
    }
    let batch = try await forward(shard, from: position, count: 1)
    // A cursor is a client's: any number may come.
    tail.lowest = position == .max ? position : position + 1
    tail.add(batch, asked: 0, upTo: position, since: query.since)
    return tail
  }

  private func fill(_ tail: inout MovementTail, _ query: MovementQuery) async throws(EngineError) {
    while tail.items.isEmpty, !tail.isAtEnd {
      let count = tail.pace.batches(for: Self.movementsPerRead)
      let batches = try await backward(tail.shard, before: tail.lowest, count: count)
      tail.add(batches, asked: count, since: query.since)
    }
  }

  /// The place of the tail with the newest movement.
  private func newest(_ tails: [MovementTail]) -> Int? {
    var best: (place: Int, time: Timestamp)?
    for (place, tail) in tails.enumerated() {
      guard let next = tail.items.last?.entry.occurredAt else { continue }
      if best.map({ next > $0.time }) ?? true { best = (place, next) }
    }
    return best?.place
  }
}

extension MovementQuery {
  func wants(_ entry: LedgerEntry) -> Bool {
    guard scope.allows(entry.store) else { return false }
    if let product, product != entry.product { return false }
    if let location, location != entry.location { return false }
    if let kind, kind != entry.kind { return false }
    if let reference, !reference.isExactly(entry.note.reference) { return false }
    return true
  }
}
