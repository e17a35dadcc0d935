/// Reads: answered from what is committed, never from what is on its way.
extension ShardStateMachine {
  /// - Returns: nil for commands that are not reads.
  @inline(__always)
  func read(_ command: Command) -> Outcome? {
    switch command.operation {
    case .reserve, .release, .fulfill, .set, .adjust, .transfer, .putEntry, .deleteEntry,
      .putProduct, .allocate, .hold, .extendHold, .fulfillHold, .releaseHold, .reserveTogether,
      .applyPart, .checkKey:
      return nil
    case .readHold(let id):
      guard isReadable else { return .unavailable(.storeUnavailable) }
      guard case .hold(let hold)? = holds.committed(id), hold.status != .preparing,
        !hold.order.isEmpty, command.scope.allows(hold.store) || command.scope == .any
      else { return .refused(.holdNotFound) }
      return .hold(hold)
    case .readEntry(let entry):
      guard isReadable else { return .unavailable(.storeUnavailable) }
      guard let row = books.entry(entry), let snapshot = committed(entry: row),
        command.scope.allows(snapshot.store)
      else { return .refused(.entryNotFound) }
      return .entry(snapshot)
    case .readProduct(let product):
      guard isReadable else { return .unavailable(.storeUnavailable) }
      guard let row = books.product(product), let value = committed(product: row),
        command.scope.allows(value.store)
      else { return .refused(.productNotFound) }
      return .product(ProductSnapshot(id: product, value: value))
    case .readSummary(let product):
      guard isReadable else { return .unavailable(.storeUnavailable) }
      guard let row = books.product(product), let value = committed(product: row),
        command.scope.allows(value.store)
      else { return .refused(.productNotFound) }
      var entries: [EntrySnapshot] = []
      var next = books.products.rows[Int(row)].firstEntry
      while next != Books.none {
        if let snapshot = committed(entry: next) { entries.append(snapshot) }
        next = books.entries[Int(next)].next
      }
      entries.sort { $0.id < $1.id }
      return .summary(
        ProductSummary(product: ProductSnapshot(id: product, value: value), entries: entries))
    }
  }

  func committed(product row: Int32) -> ProductValue? {
    if let pending = pendingProducts[row] { return pending.committed }
    let product = books.products[Int(row)]
    return product.isLive ? product.value : nil
  }

  /// An entry's row as it is in Redis; nil if it is not there.
  func committed(entry row: Int32) -> EntrySnapshot? {
    let entry = books.entries[Int(row)]
    guard entry.id != 0 else { return nil }
    let value: EntryValue
    if entry.pending == Books.none {
      value = entry.value
    } else {
      guard let committed = pendingEntries[Int(entry.pending)].committed else { return nil }
      value = committed
    }
    guard let product = committed(product: entry.product) else { return nil }
    return EntrySnapshot(
      id: entry.id, product: books.products.rows[Int(entry.product)].id, store: product.store,
      location: books.locations.name(value.location), value: value)
  }

  /// Visits the committed entries in up to `count` rows, for lists that go over all in slices.
  ///
  /// - Returns: where to go on; nil at the end.
  public func visitEntries(
    from row: Int, count: Int, _ body: (EntrySnapshot, ProductValue) -> Void
  ) -> Int? {
    guard row < books.entries.count else { return nil }
    let end = row + min(count, books.entries.count - row)
    for index in row..<end {
      guard let snapshot = committed(entry: Int32(index)),
        let product = committed(product: books.entries[index].product)
      else { continue }
      body(snapshot, product)
    }
    return end < books.entries.count ? end : nil
  }

  /// As `visitEntries`, for products.
  public func visitProducts(
    from row: Int, count: Int, _ body: (ProductSnapshot) -> Void
  ) -> Int? {
    guard row < books.products.count else { return nil }
    let end = row + min(count, books.products.count - row)
    for index in row..<end {
      guard let value = committed(product: Int32(index)) else { continue }
      body(ProductSnapshot(id: books.products.rows[index].id, value: value))
    }
    return end < books.products.count ? end : nil
  }

  /// As `visitEntries`, for holds whose home this is.
  public func visitHolds(from row: Int, count: Int, _ body: (Hold) -> Void) -> Int? {
    guard row < holds.rowCount else { return nil }
    let end = row + min(count, holds.rowCount - row)
    for index in row..<end {
      guard case .hold(let hold)? = holds.committed(row: index), hold.status != .preparing,
        !hold.order.isEmpty
      else { continue }
      body(hold)
    }
    return end < holds.rowCount ? end : nil
  }

  /// The committed record of a hold, or of a part, for comparing it with Redis.
  public func committedHold(_ id: HoldID) -> HoldRecord? { holds.committed(id) }

  /// The committed purchases, for comparing them with Redis.
  public func committedPurchases(_ key: PurchaseKey) -> Purchases? { purchases.committed(key) }

  /// The ids of the records of holds and parts, and the keys of the purchases, that Redis has.
  public var committedRecords: (holds: [HoldID], purchases: [PurchaseKey]) {
    var found: (holds: [HoldID], purchases: [PurchaseKey]) = ([], [])
    for row in 0..<holds.rowCount {
      if let record = holds.committed(row: row) { found.holds.append(record.id) }
    }
    purchases.forEach { key, _ in
      if purchases.committed(key) != nil { found.purchases.append(key) }
    }
    return found
  }

  /// Whether a hold of the order is open here, is about to be made, or may be open again: its end is
  /// not in Redis yet.
  public func hasOpenHold(of order: OrderKey) -> Bool {
    orders[order] != nil || sawEnd(of: order) != .committed
  }

  /// The youngest batch in which a hold of the order ends.
  func sawEnd(of order: OrderKey) -> Saw {
    if open.closedOrders.contains(order) { return .open }
    return inFlight?.contents.closedOrders.contains(order) == true ? .inFlight : .committed
  }

  /// Movements that Redis has, since ever.
  public var committedMovements: Int64 { committedMovementCount }

  /// The committed state of one entry, for comparing it with Redis.
  public func committedEntry(_ entry: EntryID) -> EntrySnapshot? {
    if let row = books.entry(entry) { committed(entry: row) } else { nil }
  }

  /// The committed state of one product, for comparing it with Redis.
  public func committedProduct(_ product: ProductID) -> ProductValue? {
    if let row = books.product(product) { committed(product: row) } else { nil }
  }
}
