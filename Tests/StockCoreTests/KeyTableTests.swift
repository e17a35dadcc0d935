import StockTestKit
import Testing

@testable import StockCore

@Suite("The table of idempotency keys")
struct KeyTableTests {
  private func key(_ number: UInt64, fingerprint: UInt64 = 7) -> IdempotencyKey {
    IdempotencyKey(
      high: ShardMap.mix(number), low: ShardMap.mix(number &+ 1 << 32), fingerprint: fingerprint)
  }

  @Test("a key is unknown, running, recorded, and unknown again when its bucket is dropped")
  func life() {
    var table = KeyTable()
    #expect(table.find(key(1)) == .unknown)
    table.begin(key(1))
    #expect(table.find(key(1)) == .running)
    #expect(table.find(key(1, fingerprint: 8)) == .mismatch)
    table.record(key(1), in: 5)
    #expect(table.find(key(1)) == .recorded(5))
    #expect(table.find(key(1, fingerprint: 8)) == .mismatch)
    table.forget(key(1))
    #expect(table.find(key(1)) == .recorded(5), "only what is under way is forgotten")
    #expect(table.recordCount == 1)
    #expect(table.drop(before: 5, limit: 10) == [])
    #expect(table.drop(before: 6, limit: 10) == [5])
    #expect(table.find(key(1)) == .unknown)
    #expect(table.recordCount == 0)
    #expect(table.oldest == nil)
  }

  @Test("a key that was forgotten is unknown, and those behind it are found")
  func forgotten() {
    var table = KeyTable()
    for number in UInt64(0)..<5_000 { table.begin(key(number)) }
    for number in UInt64(0)..<5_000 where number % 3 == 0 { table.forget(key(number)) }
    for number in UInt64(0)..<5_000 {
      #expect(table.find(key(number)) == (number % 3 == 0 ? .unknown : .running))
    }
    for number in UInt64(0)..<5_000 where number % 3 == 0 { table.begin(key(number)) }
    for number in UInt64(0)..<5_000 { #expect(table.find(key(number)) == .running) }
  }

  @Test("more keys than the limit: the oldest bucket goes, but never the last")
  func limit() {
    var table = KeyTable()
    for number in UInt64(0)..<300 { table.record(key(number), in: Int64(number / 100)) }
    #expect(table.drop(before: 0, limit: 250) == [0])
    #expect(table.recordCount == 200)
    #expect(table.drop(before: 0, limit: 50) == [1])
    #expect(table.drop(before: 0, limit: 50) == [])
    #expect(table.oldest == 2)
  }

  @Test("buckets come and go for as long as one likes")
  func manyBuckets() {
    var table = KeyTable()
    for bucket in Int64(0)..<3_000 {
      for number in UInt64(0)..<10 { table.record(key(UInt64(bucket) * 10 + number), in: bucket) }
      _ = table.drop(before: bucket - 6, limit: 1_000)
      let kept = max(0, bucket - 6)...bucket
      for known in kept { #expect(table.find(key(UInt64(known) * 10 + 3)) == .recorded(known)) }
      if bucket > 6 { #expect(table.find(key(UInt64(bucket - 7) * 10 + 3)) == .unknown) }
      #expect(table.recordCount == kept.count * 10)
    }
  }

  @Test("far more buckets than ever: the oldest are forgotten")
  func tooManyBuckets() {
    var table = KeyTable()
    for bucket in Int64(0)..<1_000 { table.record(key(UInt64(bucket)), in: bucket) }
    #expect(table.find(key(999)) == .recorded(999))
    #expect(table.find(key(0)) == .unknown)
    #expect(table.recordCount <= 100)
  }

  @Test("it says what dictionaries say, whatever is done", arguments: 1...5)
  func compared(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var table = KeyTable()
    var running: Set<UInt64> = []
    var recorded: [UInt64: IdempotencyBucket] = [:]
    var bucket: IdempotencyBucket = 40
    for _ in 0..<20_000 {
      let number = random.next() % 400
      switch random.next() % 10 {
      case 0..<4 where table.find(key(number)) == .unknown:
        table.begin(key(number))
        running.insert(number)
      case 4 where running.contains(number):
        table.forget(key(number))
        running.remove(number)
      case 5..<9:
        table.record(key(number), in: bucket)
        running.remove(number)
        recorded[number] = bucket
      case 9 where random.next() % 20 == 0:
        bucket += 1
        _ = table.drop(before: bucket - 3, limit: 10_000)
        recorded = recorded.filter { $0.value >= bucket - 3 }
      default: break
      }
      let asked = random.next() % 400
      let expected: KeyTable.Found =
        running.contains(asked) ? .running : recorded[asked].map { .recorded($0) } ?? .unknown
      #expect(table.find(key(asked)) == expected)
      #expect(table.recordCount == recorded.count)
    }
  }

  /// A machine as an engine would have that starts now.
  private func machine(
    at wall: Timestamp, oldest: IdempotencyBucket = 0, keys: [(UInt64, IdempotencyBucket)] = []
  ) throws -> ShardStateMachine {
    var machine = ShardStateMachine(id: 0, map: ShardMap(shardCount: 1))
    var meta = TestShard.meta(1, digest: 0)
    meta.oldestBucket = oldest
    machine.beginLoading(meta, now: Now(wall: wall, monotonic: 0))
    for (number, bucket) in keys { machine.load(key(number), in: bucket) }
    try machine.finishLoading()
    return machine
  }

  private func batch(
    _ number: UInt64, at wall: Timestamp, _ machine: inout ShardStateMachine
  ) -> Batch? {
    let command = Command(
      scope: .any, operation: .setStock(ProductID(number), "A", 1), idempotency: key(number))
    let now = Now(wall: wall, monotonic: 1_000)
    _ = machine.submit(command, ticket: Ticket(rawValue: number), now: now)
    return machine.endOfTick(now: now).batch
  }

  @Test("a clock that was set back does not bring answers into buckets that are dropped")
  func clockSetBack() throws {
    let length = ShardConfiguration().bucketLength
    let ahead: Timestamp = 1_800_000_000_000
    var first = try machine(at: ahead)
    let before = try #require(batch(1, at: ahead, &first))
    #expect(before.bucket == ahead / length)
    // Two days back, and the engine is started anew.
    let wall = ahead - 2 * 86_400_000
    var second = try machine(at: wall, oldest: before.oldestBucket, keys: [(1, before.bucket)])
    let after = try #require(batch(2, at: wall, &second))
    #expect(after.bucket >= after.oldestBucket, "an engine that starts drops what is older")
    #expect(after.bucket == before.bucket)
  }

  @Test("a bucket that is full is followed by the next one, whatever the time")
  func fullBucket() throws {
    let wall: Timestamp = 1_800_000_000_000
    let bucket = wall / ShardConfiguration().bucketLength
    let full = (1...UInt64(Bounds.maxIdempotencyRecordsPerBucket)).map { ($0, bucket) }
    var almost = try machine(at: wall, keys: Array(full.dropLast()))
    #expect(batch(9_999_999, at: wall, &almost)?.bucket == bucket)
    var machine = try machine(at: wall, keys: full)
    #expect(batch(9_999_999, at: wall, &machine)?.bucket == bucket + 1)
  }
}
