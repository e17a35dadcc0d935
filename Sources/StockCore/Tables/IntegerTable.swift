/// A hash table from positive integers to row numbers: open addressing, linear probing, 12 bytes a
/// place, no allocation but to grow. Swift's `Dictionary` hashes with SipHash and takes three times
/// the memory.
struct IntegerTable {
  private var keys: ContiguousArray<Int64>
  private var rows: ContiguousArray<Int32>
  private(set) var count = 0
  private var mask: Int

  /// - Parameter capacity: keys to hold without growing.
  init(capacity: Int = 16) {
    var places = 32
    while places * 3 < capacity * 4 { places *= 2 }
    self.keys = ContiguousArray(repeating: 0, count: places)
    self.rows = ContiguousArray(repeating: 0, count: places)
    self.mask = places - 1
  }

  @inline(__always)
  private func home(_ key: Int64) -> Int {
    Int(truncatingIfNeeded: ShardMap.mix(UInt64(bitPattern: key))) & mask
  }

  /// The row of `key`, a positive integer.
  @inline(__always)
  subscript(key: Int64) -> Int32? {
    var place = home(key)
    while keys[place] != 0 {
      if keys[place] == key { return rows[place] }
      place = (place + 1) & mask
    }
    return nil
  }

  /// Adds `key`, which must be new.
  mutating func insert(_ key: Int64, row: Int32) {
    precondition(key > 0, "keys are positive")
    if (count + 1) * 4 > keys.count * 3 { grow() }
    var place = home(key)
    while keys[place] != 0 {
      precondition(keys[place] != key, "the key is there already")
      place = (place + 1) & mask
    }
    keys[place] = key
    rows[place] = row
    count += 1
  }

  /// Removes `key` if it is there; closes the gap, so that no tombstones are left.
  mutating func remove(_ key: Int64) {
    var gap = home(key)
    while keys[gap] != key {
      if keys[gap] == 0 { return }
      gap = (gap + 1) & mask
    }
    count -= 1
    var place = gap
    while true {
      place = (place + 1) & mask
      if keys[place] == 0 { break }
      // An item may move into the gap unless that would put it before its home.
      let distance = (place - home(keys[place])) & mask
      if distance >= (place - gap) & mask {
        keys[gap] = keys[place]
        rows[gap] = rows[place]
        gap = place
      }
    }
    keys[gap] = 0
  }

  private mutating func grow() {
    let oldKeys = keys
    let oldRows = rows
    keys = ContiguousArray(repeating: 0, count: oldKeys.count * 2)
    rows = ContiguousArray(repeating: 0, count: oldKeys.count * 2)
    mask = keys.count - 1
    for index in oldKeys.indices where oldKeys[index] != 0 {
      var place = home(oldKeys[index])
      while keys[place] != 0 { place = (place + 1) & mask }
      keys[place] = oldKeys[index]
      rows[place] = oldRows[index]
    }
  }
}
