import NIOConcurrencyHelpers
import StockCore

/// On which shard an idempotency key was first used. The shards keep what was answered; this only tells
/// which of them to ask, for a key that comes again with a request for another shard.
///
/// One for all loops. Keys are known by 40 of their bits, within their stripe: should two ever look the
/// same, a shard is asked for nothing. Eight bytes a key, and no key is taken out singly: those whose
/// time is over are left out when a table is made anew, because it is full.
final class KeyHomes: Sendable {
  private static let stripeBits = 6
  /// Keys a stripe; beyond it those of the oldest eras are forgotten early. 25 million in all.
  static let maxKeysPerStripe = 390_000
  /// Eras that a key is kept for: as many as a shard keeps buckets, one more for the one that the record
  /// may be in, and one that is not over yet.
  private static let keptEras = 8

  private let stripes: [NIOLockedValueBox<KeyHomeTable>]
  private let eraLength: Int64

  /// - Parameter age: how long keys are kept, in milliseconds.
  init(age: Int64) {
    eraLength = max(1, age / 6)
    stripes = (0..<1 << Self.stripeBits).map { _ in NIOLockedValueBox(KeyHomeTable()) }
  }

  /// A request with the key is about to be sent to `shard`.
  ///
  /// - Returns: the shard to ask first, if the key was sent to another one before.
  func claim(_ key: IdempotencyKey, for shard: ShardID, now: Timestamp) -> ShardID? {
    let era = Era(now / eraLength)
    return stripe(of: key).withLockedValue { table in
      let known = table.claim(key, shard: shard, era: era)
      return known == shard ? nil : known
    }
  }

  /// The shard of first use does not know the key: it belongs to another one now.
  func move(_ key: IdempotencyKey, to shard: ShardID, now: Timestamp) {
    let era = Era(now / eraLength)
    stripe(of: key).withLockedValue { $0.insert(key, shard: shard, era: era, now: era) }
  }

  /// A key whose record was found in Redis.
  func load(
    _ key: IdempotencyKey, shard: ShardID, bucket: IdempotencyBucket, now: Timestamp
  ) {
    let (era, current) = (Era(bucket), Era(now / eraLength))
    stripe(of: key).withLockedValue { $0.insert(key, shard: shard, era: era, now: current) }
  }

  var count: Int { stripes.reduce(0) { $0 + $1.withLockedValue { $0.count } } }

  private func stripe(of key: IdempotencyKey) -> NIOLockedValueBox<KeyHomeTable> {
    stripes[Int(key.high & (1 << UInt64(Self.stripeBits) - 1))]
  }

  /// The number of a bucket, as far as a slot can hold it: modulo 4,096.
  struct Era {
    static let bits: UInt64 = 12
    static let mask: UInt64 = 1 << bits - 1
    var rawValue: UInt64

    init(_ number: Int64) { rawValue = UInt64(bitPattern: number) & Self.mask }
    init(slot: UInt64) { rawValue = slot & Self.mask }

    /// How many eras ago. One that seems to be still to come, for a clock was set, is now.
    func age(at now: Era) -> Int {
      let age = Int((now.rawValue &- rawValue) & Self.mask)
      return age > Int(Self.mask) - 16 ? 0 : age
    }
  }

  /// Open addressing, linear probing. A slot: 40 bits of the key, 12 of the shard, 12 of the era; 0 is a
  /// free one.
  struct KeyHomeTable {
    private static let shardBits: UInt64 = 12
    private static let shardMask: UInt64 = 1 << shardBits - 1
    private static let tagShift = shardBits + Era.bits

    private var slots: ContiguousArray<UInt64> = []
    private(set) var count = 0

    /// The shard that the key is known of, which is `shard` from now on if it was of none.
    mutating func claim(_ key: IdempotencyKey, shard: ShardID, era: Era) -> ShardID {
      if (count + 1) * 4 > slots.count * 3 { rebuild(now: era) }
      let place = place(of: key)
      if slots[place] != 0 { return ShardID(slots[place] >> Era.bits & Self.shardMask) }
      count += 1
      slots[place] = Self.slot(key, shard, era)
      return shard
    }

    /// Writes the key's slot, whether it was there or not.
    mutating func insert(_ key: IdempotencyKey, shard: ShardID, era: Era, now: Era) {
      if (count + 1) * 4 > slots.count * 3 { rebuild(now: now) }
      let place = place(of: key)
      if slots[place] == 0 { count += 1 }
      slots[place] = Self.slot(key, shard, era)
    }

    private static func slot(_ key: IdempotencyKey, _ shard: ShardID, _ era: Era) -> UInt64 {
      tag(key) << tagShift | UInt64(shard) << Era.bits | era.rawValue
    }

    /// Where the key is, or would be.
    private func place(of key: IdempotencyKey) -> Int {
      let mask = slots.count - 1
      let tag = Self.tag(key)
      var place = Self.start(tag) & mask
      while slots[place] != 0, slots[place] >> Self.tagShift != tag { place = (place + 1) & mask }
      return place
    }

    /// Never 0, so that no slot that is taken looks free. Its place is made of it alone, so that a table
    /// can be made anew without the keys.
    private static func tag(_ key: IdempotencyKey) -> UInt64 {
      let tag = key.low >> Self.tagShift
      return tag == 0 ? 1 : tag
    }

    private static func start(_ tag: UInt64) -> Int {
      Int(truncatingIfNeeded: ShardMap.mix(tag) >> 1)
    }

    /// Leaves out what is over, and makes room.
    private mutating func rebuild(now: Era) {
      var perAge = [Int](repeating: 0, count: KeyHomes.keptEras + 1)
      for slot in slots where slot != 0 {
        let age = Era(slot: slot).age(at: now)
        if age <= KeyHomes.keptEras { perAge[age] += 1 }
      }
      var kept = KeyHomes.keptEras
      var live = perAge.reduce(0, +)
      while live > KeyHomes.maxKeysPerStripe, kept > 0 {
        live -= perAge[kept]
        kept -= 1
      }
      // Even the youngest era alone is too many: nothing is kept but what comes now.
      if live > KeyHomes.maxKeysPerStripe { (live, kept) = (0, -1) }
      var capacity = 64
      while capacity < (live + 1) * 2 { capacity *= 2 }
      let old = slots
      slots = ContiguousArray(repeating: 0, count: capacity)
      count = live
      let mask = capacity - 1
      for slot in old
      where slot != 0 && Era(slot: slot).age(at: now) <= kept {
        var place = Self.start(slot >> Self.tagShift) & mask
        while slots[place] != 0 { place = (place + 1) & mask }
        slots[place] = slot
      }
    }
  }
}
