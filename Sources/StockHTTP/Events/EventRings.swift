import NIOCore
import StockCore

/// The latest movements of all shards, shared by the readers of a loop: as many as a bound of bytes
/// allows.
struct EventRings {
  /// One shard's: batches whose numbers follow each other without a gap.
  struct Ring {
    fileprivate(set) var batches = CircularBuffer<EventBatch>()
    /// The number of the last movement that is known to be committed. nil: not known yet.
    fileprivate(set) var end: Int64?
    /// All movements behind this number have come, though the first ones may be gone again.
    fileprivate(set) var steadySince: Int64 = 0

    /// The number of the first movement that is here; behind `end` where there is none.
    var start: Int64 { batches.first?.first ?? (end ?? 0) + 1 }

    /// The batch that has a movement; nil if it is not here.
    func batch(with number: Int64) -> EventBatch? {
      guard let first = batches.first, number >= first.first else { return nil }
      let place = batches.firstPlace { $0.last >= number }
      return place < batches.endIndex ? batches[place] : nil
    }
  }

  /// Bytes of all batches together; the newest one is kept even if it has more.
  let limit: Int
  private(set) var shards: [Ring]
  private(set) var size = 0
  /// Who wants what of them.
  private(set) var index = InterestIndex()
  /// The shard of each batch, in the order in which they came.
  private var order = CircularBuffer<ShardID>()
  /// Entries of `order` whose batch is gone already.
  private var stale: [Int]

  init(shardCount: Int, limit: Int) {
    self.limit = limit
    shards = Array(repeating: Ring(), count: shardCount)
    stale = Array(repeating: 0, count: shardCount)
  }

  var ends: [Int64] { shards.map { $0.end ?? 0 } }

  // MARK: Readers

  mutating func add(_ reader: EventReader) {
    index.add(reader, end: reader.onlyShard.flatMap { shards[$0].end } ?? 0)
  }

  mutating func remove(_ reader: EventReader) { index.remove(reader) }

  /// Who may have something to read since the last call.
  mutating func takeNews() -> [EventReader] { index.takeNews() }

  /// All that a reader of one product misses in a shard, and perhaps some that it has had; nil where
  /// it wants more than a product, or some of it is not here.
  func places(for reader: EventReader, in shard: ShardID) -> CircularBuffer<EventPlace>? {
    guard let interest = reader.interest, interest.product != nil else { return nil }
    let covered = max(interest.since, shards[shard].steadySince)
    return reader.position.numbers[shard] >= covered ? interest.places : nil
  }

  /// Whether something that a reader misses is no longer here.
  func lacks(for reader: EventReader, in shard: ShardID) -> Bool {
    reader.position.numbers[shard] + 1 < shards[shard].start
      && places(for: reader, in: shard) == nil
  }

  // MARK: What comes

  /// The end of a shard was looked up. What came by the feed says more.
  mutating func know(end: Int64, of shard: ShardID) {
    guard shards[shard].end == nil else { return }
    shards[shard].end = end
    shards[shard].steadySince = end
  }

  /// Adds what the feed brought. One that is behind the known end is left out: readers that want it
  /// find it in Redis.
  mutating func append(_ batch: EventBatch) {
    let shard = batch.batch.shard
    guard shard >= 0, shard < shards.count else { return }
    if let end = shards[shard].end {
      if batch.last <= end { return }
      if batch.first != end + 1 { skip(to: batch.first - 1, of: shard) }
    } else {
      shards[shard].steadySince = batch.first - 1
    }
    shards[shard].end = batch.last
    shards[shard].batches.append(batch)
    order.append(shard)
    size += batch.size
    index.note(batch)
    shrink()
  }

  /// The feed has lost something: readers have to look in Redis up to `end`.
  mutating func skip(to end: Int64, of shard: ShardID) {
    let ring = shards[shard]
    if let last = ring.end { index.settle(shard, steadySince: ring.steadySince, end: last) }
    stale[shard] += ring.batches.count
    for batch in ring.batches {
      size -= batch.size
      index.forget(batch)
    }
    shards[shard].batches.removeAll()
    shards[shard].end = end
    shards[shard].steadySince = end
  }

  /// A batch is about to be written out: that takes memory too.
  mutating func render(_ batch: EventBatch) {
    guard !batch.isRendered else { return }
    let before = batch.size
    batch.render()
    // One from Redis is not counted here: its readers let go of it soon.
    let ring = shards[batch.batch.shard]
    guard let own = ring.batch(with: batch.first), own === batch else { return }
    size += batch.size - before
    shrink()
  }

  private mutating func shrink() {
    while size > limit, order.count > 1, let shard = order.popFirst() {
      if stale[shard] > 0 {
        stale[shard] -= 1
        continue
      }
      let batch = shards[shard].batches.removeFirst()
      size -= batch.size
      index.forget(batch)
    }
  }
}

extension RandomAccessCollection {
  /// The first place whose element, and all behind it, meets a condition.
  func firstPlace(where isBehind: (Element) -> Bool) -> Index {
    var low = startIndex
    var count = count
    while count > 0 {
      let half = count / 2
      let middle = index(low, offsetBy: half)
      if isBehind(self[middle]) {
        count = half
      } else {
        low = index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
