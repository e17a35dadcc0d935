/// Records that are found by a key, as they will be when every pending batch is in Redis; beside them
/// what the batch in flight and the open one change, so that either can be undone.
///
/// The shard's counters have tables of their own (`Books`): there are more of them, and they are asked
/// more often.
struct Journal<Key: Hashable & Sendable, Value: Equatable & Sendable> {
  typealias Item = Change<Key, Value>

  private struct Row {
    var key: Key
    /// The tentative value. nil: a pending batch removes it.
    var value: Value?
    /// Its places in the open batch and in the one in flight; negative: it is not there.
    var openPlace: Int32 = -1
    var flyingPlace: Int32 = -1

    var isPending: Bool { openPlace >= 0 || flyingPlace >= 0 }
  }

  private var rows: ContiguousArray<Row?> = []
  private var freeRows: [Int] = []
  private var index: [Key: Int] = [:]
  private(set) var open: [Item] = []
  private(set) var flying: [Item] = []
  /// The rows of `open` and `flying`, place by place.
  private var openRows: [Int] = []
  private var flyingRows: [Int] = []

  /// Tentative values.
  private(set) var count = 0
  /// Where visits end.
  var rowCount: Int { rows.count }

  /// The tentative value.
  subscript(key: Key) -> Value? {
    guard let row = index[key] else { return nil }
    return rows[row]?.value
  }

  /// What Redis has.
  func committed(_ key: Key) -> Value? {
    guard let row = index[key] else { return nil }
    return committed(row: row)
  }

  /// What Redis has of what is in a row; nil for rows in which there is nothing.
  func committed(row: Int) -> Value? {
    guard let row = rows[row] else { return nil }
    if row.flyingPlace >= 0 { return flying[Int(row.flyingPlace)].before }
    if row.openPlace >= 0 { return open[Int(row.openPlace)].before }
    return row.value
  }

  /// What is in a row; nil where there is no tentative value.
  func tentative(row: Int) -> (key: Key, value: Value)? {
    guard let row = rows[row], let value = row.value else { return nil }
    return (row.key, value)
  }

  /// What `count` rests on.
  var sawCount: ShardStateMachine.Saw {
    open.isEmpty ? flying.isEmpty ? .committed : .inFlight : .open
  }

  /// The youngest state that the value, or its absence, rests on.
  func saw(_ key: Key) -> ShardStateMachine.Saw {
    guard let found = index[key], let row = rows[found] else { return .committed }
    if row.openPlace >= 0 { return .open }
    return row.flyingPlace >= 0 ? .inFlight : .committed
  }

  /// Notes a change in the open batch. nil: the record is removed.
  mutating func write(_ key: Key, _ value: Value?) {
    let row = index[key] ?? makeRow(key)
    if let place = rows[row]?.openPlace, place >= 0 {
      open[Int(place)].after = value
    } else {
      rows[row]?.openPlace = Int32(open.count)
      open.append(Change(key: key, before: rows[row]?.value, after: value))
      openRows.append(row)
    }
    set(row, value)
  }

  /// A record that is in Redis already.
  mutating func load(_ key: Key, _ value: Value) {
    set(index[key] ?? makeRow(key), value)
  }

  private mutating func makeRow(_ key: Key) -> Int {
    let row: Int
    if let free = freeRows.popLast() {
      row = free
      rows[row] = Row(key: key)
    } else {
      row = rows.count
      rows.append(Row(key: key))
    }
    index[key] = row
    return row
  }

  private mutating func set(_ row: Int, _ value: Value?) {
    let had = rows[row]?.value != nil
    rows[row]?.value = value
    count += (value == nil ? 0 : 1) - (had ? 1 : 0)
  }

  /// A row is free once it has no value and no batch speaks of it.
  private mutating func freeIfEmpty(_ row: Int) {
    guard let content = rows[row], content.value == nil, !content.isPending else { return }
    index[content.key] = nil
    rows[row] = nil
    freeRows.append(row)
  }

  // MARK: Batches

  /// The open batch becomes the one in flight.
  ///
  /// - Returns: what it changes. What came and went within it is left out.
  mutating func close() -> [Item] {
    precondition(flying.isEmpty, "only one batch is in flight")
    if open.isEmpty { return [] }
    for (place, row) in openRows.enumerated() {
      rows[row]?.openPlace = -1
      let change = open[place]
      if change.before == nil, change.after == nil {
        freeIfEmpty(row)
      } else {
        rows[row]?.flyingPlace = Int32(flying.count)
        flying.append(change)
        flyingRows.append(row)
      }
    }
    open = []
    openRows = []
    return flying
  }

  /// The batch in flight is in Redis.
  mutating func commit() {
    for row in flyingRows {
      rows[row]?.flyingPlace = -1
      freeIfEmpty(row)
    }
    flying = []
    flyingRows = []
  }

  /// Undoes the open batch.
  ///
  /// - Returns: what was undone, as it had been changed.
  mutating func undoOpen() -> [Item] {
    let undone = open
    for (place, row) in openRows.enumerated().reversed() {
      rows[row]?.openPlace = -1
      set(row, open[place].before)
      freeIfEmpty(row)
    }
    open = []
    openRows = []
    return undone
  }

  /// Undoes the batch in flight; the open one must have been undone before.
  mutating func undoFlying() -> [Item] {
    precondition(open.isEmpty, "what builds on a batch is undone first")
    let undone = flying
    for (place, row) in flyingRows.enumerated().reversed() { set(row, flying[place].before) }
    commit()
    return undone
  }

  /// Visits the tentative values.
  func forEach(_ body: (Key, Value) -> Void) {
    for case let row? in rows {
      if let value = row.value { body(row.key, value) }
    }
  }
}
