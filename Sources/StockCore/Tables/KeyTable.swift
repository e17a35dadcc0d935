/// The idempotency keys that a shard has seen: which request each was used for, and where Redis has
/// the answer.
///
/// One slot a key, wherever its answer is, so that a key costs one look into memory each time. Keys go
/// by the bucket: one that is dropped leaves its slots as they are, and they are free for others.
/// Made of small parts, so that nobody waits for long when one of them is made anew, larger.
struct KeyTable {
  enum Found: Equatable {
    case unknown
    /// The request has no answer yet.
    case running
    case recorded(IdempotencyBucket)
    /// The key was used for another request.
    case mismatch
  }

  static let partBits: UInt64 = 8

  private var parts = ContiguousArray(repeating: KeySlots(), count: 1 << Int(partBits))
  private var buckets = KeyBuckets()
  var recordCount: Int { buckets.keyCount }

  func find(_ key: IdempotencyKey) -> Found {
    let place = KeyPlace(key)
    guard let slot = parts[place.part].find(place, buckets) else { return .unknown }
    guard slot.fingerprint == key.fingerprint else { return .mismatch }
    if slot.state == KeyBuckets.running { return .running }
    return .recorded(buckets.number(of: slot.state))
  }

  /// The request is under way. To be called for a key that is unknown.
  mutating func begin(_ key: IdempotencyKey) { write(key, KeyBuckets.running) }

  /// The request ended without an answer that is kept.
  mutating func forget(_ key: IdempotencyKey) {
    let place = KeyPlace(key)
    parts[place.part].forget(place, buckets)
  }

  /// The answer is in Redis.
  mutating func record(_ key: IdempotencyKey, in number: IdempotencyBucket) {
    if buckets.needsSweep(for: number) {
      for index in parts.indices { parts[index].rebuild(buckets) }
      buckets.didSweep()
    }
    let state = buckets.state(of: number)
    let before = write(key, state)
    guard before != state else { return }
    buckets.count(in: state, 1)
    buckets.count(in: before, -1)
    if buckets.bucketCount > KeyBuckets.maxBuckets { buckets.dropOldest() }
  }

  /// - Returns: the state that the key had before; `free` if it was unknown.
  @discardableResult
  private mutating func write(_ key: IdempotencyKey, _ state: UInt8) -> UInt8 {
    let place = KeyPlace(key)
    return parts[place.part].write(place, key.fingerprint, state, buckets)
  }

  /// Drops the buckets before `oldest`; with more records than `limit`, the oldest ones too.
  ///
  /// - Returns: their numbers.
  mutating func drop(before oldest: IdempotencyBucket, limit: Int) -> [IdempotencyBucket] {
    var dropped: [IdempotencyBucket] = []
    while let first = buckets.oldest,
      first.number < oldest || (recordCount > limit && buckets.bucketCount > 1)
    {
      dropped.append(first.number)
      buckets.dropOldest()
    }
    return dropped
  }

  /// The number of the oldest bucket; nil where there is none.
  var oldest: IdempotencyBucket? { buckets.oldest?.number }
  var youngest: KeyBuckets.Bucket? { buckets.youngest }
}
