/// The buckets that a shard's keys are in, each with a small number that a key's slot has room for: its
/// state.
struct KeyBuckets {
  /// States that are no bucket's.
  static let free: UInt8 = 0
  static let gone: UInt8 = 1
  static let running: UInt8 = 2
  /// The first of the others.
  static let first: UInt8 = 3

  struct Bucket {
    var number: IdempotencyBucket
    var state: UInt8
    /// Its keys.
    var count = 0
  }

  /// More are never kept: a shard has some eight.
  static let maxBuckets = 64

  /// In the order of their numbers.
  private var buckets: [Bucket] = []
  private var live = ContiguousArray(repeating: false, count: 256)
  /// The next state that no slot has.
  private var unused = Int(first)

  init() { live[Int(Self.running)] = true }

  /// The key is known.
  func isLive(_ state: UInt8) -> Bool { live[Int(state)] }

  var oldest: Bucket? { buckets.first }
  var youngest: Bucket? { buckets.last }
  var bucketCount: Int { buckets.count }
  var keyCount: Int { buckets.reduce(0) { $0 + $1.count } }

  func number(of state: UInt8) -> IdempotencyBucket {
    guard let bucket = buckets.last(where: { $0.state == state }) else {
      preconditionFailure("a slot has the state of a bucket that is not there")
    }
    return bucket.number
  }

  mutating func count(in state: UInt8, _ more: Int) {
    guard let place = buckets.lastIndex(where: { $0.state == state }) else { return }
    buckets[place].count += more
  }

  /// A bucket of that number would get a state that slots may still have from one that was dropped.
  func needsSweep(for number: IdempotencyBucket) -> Bool {
    unused + Self.maxBuckets > Int(UInt8.max) && !buckets.contains { $0.number == number }
  }

  /// No slot has the state of a bucket that was dropped.
  mutating func didSweep() { unused = Int(Self.first) }

  /// The state of a bucket's keys; it is made if it is new.
  mutating func state(of number: IdempotencyBucket) -> UInt8 {
    // Nearly always the youngest.
    let before = buckets.lastIndex { $0.number <= number }
    if let before, buckets[before].number == number { return buckets[before].state }
    while unused <= UInt8.max, live[unused] { unused += 1 }
    precondition(unused <= UInt8.max, "there is always a state: at most maxBuckets are kept")
    let state = UInt8(unused)
    unused += 1
    live[Int(state)] = true
    buckets.insert(Bucket(number: number, state: state), at: before.map { $0 + 1 } ?? 0)
    return state
  }

  /// Its keys are unknown from now on.
  mutating func dropOldest() {
    live[Int(buckets.removeFirst().state)] = false
  }
}
