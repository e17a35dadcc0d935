/// Records that are found by a key, as they will be when every pending batch is in Redis; beside them
/// what the batch in flight and the open one change, so that either can be undone.
///
/// The shard's counters have tables of their own (`Books`): there are more of them, and they are asked
/// more often.
struct Journal<Key: Hashable & Sendable, Value: Equatable & Sendable> {
  typealias Item = Change<Key, Value>

  private struct Row {
    var key: Key
    var value: Value
  }

  private var rows: ContiguousArray<Row?> = []
  private var freeRows: [Int] = []
  private var index: [Key: Int] = [:]
  private(set) var open: [Item] = []
  private(set) var flying: [Item] = []
  private var openPlaces: [Key: Int] = [:]
  private var flyingPlaces: [Key: Int] = [:]

  var count: Int { index.count }
  /// Where visits end.
  var rowCount: Int { rows.count }

  /// The tentative value.
  subscript(key: Key) -> Value? {
    guard let row = index[key] else { return nil }
    return rows[row]?.value
  }

  /// What Redis has.
  func committed(_ key: Key) -> Value? {
    if let place = flyingPlaces[key] { return flying[place].before }
    if let place = openPlaces[key] { return open[place].before }
    return self[key]
  }

  /// What Redis has of what is in a row; nil for rows in which there is nothing.
  func committed(row: Int) -> Value? {
    guard let key = rows[row]?.key else { return nil }
    return committed(key)
  }

  /// The youngest state that the value, or its absence, rests on.
  func saw(_ key: Key) -> ShardStateMachine.Saw {
    if openPlaces[key] != nil { return .open }
    return flyingPlaces[key] != nil ? .inFlight : .committed
  }

  /// Notes a change in the open batch. nil: the record is removed.
  mutating func write(_ key: Key, _ value: Value?) {
    if let place = openPlaces[key] {
      open[place].after = value
    } else {
      openPlaces[key] = open.count
      open.append(Change(key: key, before: self[key], after: value))
    }
    store(key, value)
  }

  /// A record that is in Redis already.
  mutating func load(_ key: Key, _ value: Value) { store(key, value) }

  private mutating func store(_ key: Key, _ value: Value?) {
    if let row = index[key] {
      if let value {
        rows[row]?.value = value
      } else {
        rows[row] = nil
        index[key] = nil
        freeRows.append(row)
      }
      return
    }
    guard let value else { return }
    if let row = freeRows.popLast() {
      rows[row] = Row(key: key, value: value)
      index[key] = row
    } else {
      index[key] = rows.count
      rows.append(Row(key: key, value: value))
    }
  }

  // MARK: Batches

  /// The open batch becomes the one in flight.
  ///
  /// - Returns: what it changes. What came and went within it is left out.
  mutating func close() -> [Item] {
    precondition(flying.isEmpty, "only one batch is in flight")
    flying = open.filter { $0.before != nil || $0.after != nil }
    flyingPlaces = [:]
    for (place, change) in flying.enumerated() { flyingPlaces[change.key] = place }
    open = []
    openPlaces = [:]
    return flying
  }

  /// The batch in flight is in Redis.
  mutating func commit() {
    flying = []
    flyingPlaces = [:]
  }

  /// Undoes the open batch.
  ///
  /// - Returns: what was undone, as it had been changed.
  mutating func undoOpen() -> [Item] {
    let undone = open
    open = []
    openPlaces = [:]
    for change in undone.reversed() { store(change.key, change.before) }
    return undone
  }

  /// Undoes the batch in flight; the open one must have been undone before.
  mutating func undoFlying() -> [Item] {
    precondition(open.isEmpty, "what builds on a batch is undone first")
    let undone = flying
    commit()
    for change in undone.reversed() { store(change.key, change.before) }
    return undone
  }

  /// Visits the tentative values.
  func forEach(_ body: (Key, Value) -> Void) {
    for case let row? in rows { body(row.key, row.value) }
  }
}
