/// A part of the keys: open addressing, linear probing, a power of two of slots of 24 bytes.
struct KeySlots {
  /// What is known of one key. Of its digest 120 bits are kept: the state has the place of the others.
  struct Slot {
    var high: UInt64 = 0
    var lowAndState: UInt64 = 0
    var fingerprint: UInt64 = 0

    var state: UInt8 { UInt8(truncatingIfNeeded: lowAndState >> KeyPlace.lowBits) }
  }

  private var slots: ContiguousArray<Slot> = []
  /// Slots that are not free: those of keys that are gone too, for others lie behind them.
  private var used = 0

  func find(_ place: KeyPlace, _ buckets: borrowing KeyBuckets) -> Slot? {
    guard !slots.isEmpty else { return nil }
    let slot = slots[index(of: place)]
    return buckets.isLive(slot.state) ? slot : nil
  }

  /// - Returns: the state that the key had before; `free` if it was unknown.
  mutating func write(
    _ place: KeyPlace, _ fingerprint: UInt64, _ state: UInt8, _ buckets: borrowing KeyBuckets
  ) -> UInt8 {
    if slots.isEmpty { rebuild(buckets) }
    var index = index(of: place)
    if slots[index].state == KeyBuckets.free {
      if (used + 1) * 4 > slots.count * 3 {
        rebuild(buckets)
        index = self.index(of: place)
      }
      used += 1
    }
    let before = slots[index].state
    slots[index] = Slot(
      high: place.high, lowAndState: place.low | UInt64(state) << KeyPlace.lowBits,
      fingerprint: fingerprint)
    return buckets.isLive(before) ? before : KeyBuckets.free
  }

  /// Only what is under way is forgotten: an answer that is in Redis stays.
  mutating func forget(_ place: KeyPlace, _ buckets: borrowing KeyBuckets) {
    guard find(place, buckets)?.state == KeyBuckets.running else { return }
    slots[index(of: place)].lowAndState = place.low | UInt64(KeyBuckets.gone) << KeyPlace.lowBits
  }

  /// Where the key is, in whatever state; or the free slot where it would be.
  private func index(of place: KeyPlace) -> Int {
    let mask = slots.count - 1
    var index = place.start & mask
    while slots[index].state != KeyBuckets.free {
      let slot = slots[index]
      if slot.high == place.high, slot.lowAndState & KeyPlace.lowMask == place.low { break }
      index = (index + 1) & mask
    }
    return index
  }

  /// Leaves out what is over, and makes room.
  mutating func rebuild(_ buckets: borrowing KeyBuckets) {
    var live = 0
    for slot in slots where buckets.isLive(slot.state) { live += 1 }
    var capacity = 16
    while capacity < (live + 1) * 2 { capacity *= 2 }
    let old = slots
    slots = ContiguousArray(repeating: Slot(), count: capacity)
    used = live
    for slot in old where buckets.isLive(slot.state) {
      slots[index(of: KeyPlace(high: slot.high, low: slot.lowAndState))] = slot
    }
  }
}

/// A key as `KeySlots` knows it, and where it is looked for.
struct KeyPlace {
  static let lowBits: UInt64 = 56
  static let lowMask: UInt64 = 1 << lowBits - 1

  let high: UInt64
  let low: UInt64
  let part: Int
  let start: Int

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low & Self.lowMask
    let hash = ShardMap.mix(ShardMap.mix(high) ^ self.low)
    part = Int(hash >> (64 - KeyTable.partBits))
    start = Int(hash & (1 << 32 - 1))
  }

  init(_ key: IdempotencyKey) { self.init(high: key.high, low: key.low) }
}
