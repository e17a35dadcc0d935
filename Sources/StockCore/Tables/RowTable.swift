/// A row that is found by a positive integer.
protocol KeyedRow {
  var key: Int64 { get }
}

/// Finds rows by their keys: open addressing with linear probing, 4 bytes a place. The keys stay in the
/// rows, which are handed in with every call. Swift's `Dictionary` takes ten times the memory, and
/// hashes with SipHash.
///
/// A place holds the row's number plus one in its lower 26 bits, and 6 bits of the key's hash above:
/// of 64 rows that are not the one, 63 are passed without a look at them.
struct RowTable<Row: KeyedRow> {
  private var places: ContiguousArray<UInt32>
  private(set) var count = 0

  private static var rowBits: UInt32 { 26 }
  /// One more than the highest number of a row.
  static var maxRows: Int { 1 << Int(rowBits) - 1 }

  /// - Parameter capacity: keys to hold without growing.
  init(capacity: Int = 16) {
    places = ContiguousArray(repeating: 0, count: capacity + capacity / 4 + 8)
  }

  /// Where the search for a key begins, and the 6 bits, in their place.
  @inline(__always)
  private func home(_ key: Int64) -> (place: Int, tag: UInt32) {
    let hash = ShardMap.mix(UInt64(bitPattern: key))
    // The upper half of the hash, scaled to the number of places: any number will do.
    let place = Int(truncatingIfNeeded: ((hash >> 32) &* UInt64(places.count)) >> 32)
    return (place, UInt32(truncatingIfNeeded: hash) << Self.rowBits)
  }

  @inline(__always)
  private func following(_ place: Int) -> Int { place + 1 == places.count ? 0 : place + 1 }

  /// The row of `key`, a positive integer.
  @inline(__always)
  func find(_ key: Int64, in rows: ContiguousArray<Row>) -> Int32? {
    var (place, tag) = home(key)
    while places[place] != 0 {
      let difference = places[place] ^ tag
      if difference >> Self.rowBits == 0 {
        let row = Int32(bitPattern: difference) - 1
        if rows[Int(row)].key == key { return row }
      }
      place = following(place)
    }
    return nil
  }

  /// Adds a row, which has its key already; the key must be new.
  mutating func insert(_ row: Int32, in rows: ContiguousArray<Row>) {
    let key = rows[Int(row)].key
    precondition(key > 0, "keys are positive")
    precondition(row >= 0 && Int(row) < Self.maxRows, "too many rows")
    precondition(find(key, in: rows) == nil, "the key is there already")
    if (count + 1) * 5 > places.count * 4 { grow(rows) }
    put(row, key)
    count += 1
  }

  private mutating func put(_ row: Int32, _ key: Int64) {
    var (place, tag) = home(key)
    while places[place] != 0 { place = following(place) }
    places[place] = tag | UInt32(bitPattern: row + 1)
  }

  /// Removes `key`, whose row still has it, if it is there; closes the gap, so that no tombstones are
  /// left.
  mutating func remove(_ key: Int64, in rows: ContiguousArray<Row>) {
    guard let row = find(key, in: rows) else { return }
    var (gap, tag) = home(key)
    while places[gap] != tag | UInt32(bitPattern: row + 1) { gap = following(gap) }
    count -= 1
    var place = gap
    while true {
      place = following(place)
      if places[place] == 0 { break }
      // A row may move into the gap unless that would put it before its home.
      let home = home(rows[rowNumber(at: place)].key).place
      if distance(from: home, to: place) >= distance(from: gap, to: place) {
        places[gap] = places[place]
        gap = place
      }
    }
    places[gap] = 0
  }

  private func rowNumber(at place: Int) -> Int {
    Int(places[place] & (1 << Self.rowBits - 1)) - 1
  }

  private func distance(from start: Int, to end: Int) -> Int {
    end >= start ? end - start : end - start + places.count
  }

  private mutating func grow(_ rows: ContiguousArray<Row>) {
    let old = places
    places = ContiguousArray(repeating: 0, count: old.count + old.count / 2)
    for place in old where place != 0 {
      let row = Int32(bitPattern: place & (1 << Self.rowBits - 1)) - 1
      put(row, rows[Int(row)].key)
    }
  }
}
