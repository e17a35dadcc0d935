/// The last committed batches, kept so that they can be played again to a Redis that lost them.
struct RedoTail {
  private struct Item {
    var batch: Batch
    var committedAt: Int64
  }

  private var items: [Item] = []
  private var start = 0
  private var changes = 0

  var count: Int { items.count - start }

  /// The batch at a place, 0 being the oldest.
  func batch(at place: Int) -> Batch { items[start + place].batch }

  /// The place of the batch that follows `sequence`.
  func place(after sequence: Sequence64) -> Int? {
    guard count > 0, sequence >= items[start].batch.previous else { return nil }
    let place = Int(sequence - items[start].batch.previous)
    return place < count ? place : nil
  }

  mutating func append(_ batch: Batch, at instant: Int64) {
    items.append(Item(batch: batch, committedAt: instant))
    changes += batch.weight
  }

  /// All of it was played again: Redis may lose it once more.
  mutating func renew(at instant: Int64) {
    for place in start..<items.count { items[place].committedAt = instant }
  }

  /// Drops what is older than `oldest`, and more than `Bounds.maxRedoChanges`.
  mutating func prune(olderThan oldest: Int64) {
    while start < items.count,
      items[start].committedAt < oldest || (changes > Bounds.maxRedoChanges && count > 1)
    {
      changes -= items[start].batch.weight
      start += 1
    }
    if start > 32, start * 2 > items.count {
      items.removeFirst(start)
      start = 0
    }
  }

  mutating func removeAll() {
    items = []
    start = 0
    changes = 0
  }
}
