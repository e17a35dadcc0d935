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

    /// The number of the first movement that is here; behind `end` where there is none.
    var start: Int64 { batches.first?.first ?? (end ?? 0) + 1 }

    /// The batch that has a movement; nil if it is not here.
    func batch(with number: Int64) -> EventBatch? {
      guard let first = batches.first, number >= first.first else { return nil }
      var low = 0
      var high = batches.count
      while low < high {
        let middle = (low + high) / 2
        if batches[batches.index(batches.startIndex, offsetBy: middle)].last < number {
          low = middle + 1
        } else {
          high = middle
        }
      }
      return low < batches.count
        ? batches[batches.index(batches.startIndex, offsetBy: low)] : nil
    }
  }

  /// Bytes of all batches together; the newest one is kept even if it has more.
  let limit: Int
  private(set) var shards: [Ring]
  private(set) var size = 0
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

  /// The end of a shard was looked up. What came by the feed says more.
  mutating func know(end: Int64, of shard: ShardID) {
    if shards[shard].end == nil { shards[shard].end = end }
  }

  /// Adds what the feed brought. One that is behind the known end is left out: readers that want it
  /// find it in Redis.
  mutating func append(_ batch: EventBatch) {
    let shard = batch.batch.shard
    guard shard >= 0, shard < shards.count else { return }
    if let end = shards[shard].end {
      if batch.last <= end { return }
      if batch.first != end + 1 { clear(shard) }
    }
    shards[shard].end = batch.last
    shards[shard].batches.append(batch)
    order.append(shard)
    size += batch.size
    shrink()
  }

  /// The feed has lost something: readers have to look in Redis up to `end`.
  mutating func skip(to end: Int64, of shard: ShardID) {
    clear(shard)
    shards[shard].end = end
  }

  /// A batch is about to be written out: that takes memory too.
  mutating func render(_ batch: EventBatch) {
    let before = batch.size
    batch.render()
    // One from Redis is not counted here: its reader lets go of it soon.
    let ring = shards[batch.batch.shard]
    guard let own = ring.batch(with: batch.first), own === batch else { return }
    size += batch.size - before
    shrink()
  }

  private mutating func clear(_ shard: ShardID) {
    stale[shard] += shards[shard].batches.count
    for batch in shards[shard].batches { size -= batch.size }
    shards[shard].batches.removeAll()
  }

  private mutating func shrink() {
    while size > limit, order.count > 1, let shard = order.popFirst() {
      if stale[shard] > 0 {
        stale[shard] -= 1
        continue
      }
      size -= shards[shard].batches.removeFirst().size
    }
  }
}
