/// The idempotency keys that a shard has seen: which request each was used for, and where Redis has
/// the answer. By bucket, so that old ones are dropped together.
struct KeyTable {
  struct Digest: Hashable {
    var high: UInt64
    var low: UInt64

    init(_ key: IdempotencyKey) {
      high = key.high
      low = key.low
    }
  }

  enum Found: Equatable {
    case unknown
    /// The request has no answer yet.
    case running
    case recorded(IdempotencyBucket)
    /// The key was used for another request.
    case mismatch
  }

  private struct Bucket {
    var number: IdempotencyBucket
    var fingerprints: [Digest: UInt64] = [:]
  }

  /// In the order of their numbers.
  private var buckets: [Bucket] = []
  private var running: [Digest: UInt64] = [:]
  private(set) var recordCount = 0

  func find(_ key: IdempotencyKey) -> Found {
    let digest = Digest(key)
    if let fingerprint = running[digest] {
      return fingerprint == key.fingerprint ? .running : .mismatch
    }
    for bucket in buckets.reversed() {
      guard let fingerprint = bucket.fingerprints[digest] else { continue }
      return fingerprint == key.fingerprint ? .recorded(bucket.number) : .mismatch
    }
    return .unknown
  }

  /// The request is under way.
  mutating func begin(_ key: IdempotencyKey) { running[Digest(key)] = key.fingerprint }

  /// The request ended without an answer that is kept.
  mutating func forget(_ key: IdempotencyKey) { running[Digest(key)] = nil }

  /// The answer is in Redis.
  mutating func record(_ key: IdempotencyKey, in number: IdempotencyBucket) {
    let digest = Digest(key)
    running[digest] = nil
    let place: Int
    if let known = buckets.lastIndex(where: { $0.number <= number }) {
      if buckets[known].number == number {
        place = known
      } else {
        place = known + 1
        buckets.insert(Bucket(number: number), at: place)
      }
    } else {
      place = 0
      buckets.insert(Bucket(number: number), at: 0)
    }
    if buckets[place].fingerprints.updateValue(key.fingerprint, forKey: digest) == nil {
      recordCount += 1
    }
  }

  /// Drops the buckets before `oldest`; with more records than `limit`, the oldest ones too.
  ///
  /// - Returns: their numbers.
  mutating func drop(before oldest: IdempotencyBucket, limit: Int) -> [IdempotencyBucket] {
    var dropped: [IdempotencyBucket] = []
    while let first = buckets.first,
      first.number < oldest || (recordCount > limit && buckets.count > 1)
    {
      recordCount -= first.fingerprints.count
      dropped.append(first.number)
      buckets.removeFirst()
    }
    return dropped
  }

  /// The number of the oldest bucket; nil where there is none.
  var oldest: IdempotencyBucket? { buckets.first?.number }
}
