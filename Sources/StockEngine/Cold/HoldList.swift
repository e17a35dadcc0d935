import StockCore

/// One slice of a shard's holds, as a query wants them.
struct HoldSlice: Sendable {
  /// The best matches behind the cursor, in order; one more than a page holds at most.
  var items: [Hold] = []
  /// All matches, whichever page they are on.
  var total = 0
  /// Where the next slice begins; nil at the end.
  var next: Int?
}

extension HoldQuery {
  /// Rows a step: some 10 to 50 us.
  static let rowsPerSlice = 128

  /// Looks at one slice of a shard.
  func slice(of shard: borrowing ShardStateMachine, from row: Int) -> HoldSlice {
    var slice = HoldSlice()
    slice.next = shard.visitHolds(from: row, count: Self.rowsPerSlice) { hold in
      guard matches(hold) else { return }
      slice.total += 1
      if let after, !isBefore(after, cursor(of: hold)) { return }
      slice.items.append(hold)
    }
    slice.items = best(slice.items)
    return slice
  }

  /// The first of them, in order: a page and one more, which tells that there is a next page.
  func best(_ items: [Hold]) -> [Hold] {
    Array(items.sorted { isBefore(cursor(of: $0), cursor(of: $1)) }.prefix(limit + 1))
  }

  /// A page of the best: it ends with `limit`, or before a hold with which it has more than
  /// `HoldPage.maxLines` lines. One is always on it.
  func page(of best: [Hold]) -> (items: [Hold], next: HoldCursor?) {
    var lines = 0
    let fitting = best.prefix(limit).prefix { hold in
      lines += hold.lines.count
      return lines <= HoldPage.maxLines
    }
    let items = Array(best.prefix(max(fitting.count, 1)))
    return (items, best.count > items.count ? items.last.map(cursor(of:)) : nil)
  }

  func cursor(of hold: Hold) -> HoldCursor { HoldCursor(createdAt: hold.createdAt, id: hold.id) }

  /// The newest first.
  private func isBefore(_ left: HoldCursor, _ right: HoldCursor) -> Bool {
    left.createdAt != right.createdAt ? left.createdAt > right.createdAt : left.id > right.id
  }

  private func matches(_ hold: Hold) -> Bool {
    // Without an order it is an atomic batch on its way.
    guard !hold.order.isEmpty, hold.status != .preparing, scope.allows(hold.store) else {
      return false
    }
    if let order, !order.isExactly(hold.order) { return false }
    if let status, status != hold.status { return false }
    if let product, !hold.lines.contains(where: { $0.product == product }) { return false }
    return true
  }
}
