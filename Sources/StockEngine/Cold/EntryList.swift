import StockCore

/// One slice of a shard's entries, as a query wants them.
struct EntrySlice: Sendable {
  /// The best matches behind the cursor, in order; one more than a page holds at most.
  var items: [EntrySnapshot] = []
  /// All matches, whichever page they are on.
  var total = 0
  /// Where the next slice begins; nil at the end.
  var next: Int?
}

extension EntryQuery {
  /// Rows that are looked at before other work of the shard gets its turn: some 50 us of them, which is
  /// what a reserve may have to wait for longer.
  static let rowsPerSlice = 256

  /// Looks at one slice of a shard.
  ///
  /// - Parameter bound: what comes behind it is not wanted: a whole page before it is known already.
  func slice(
    of shard: borrowing ShardStateMachine, from row: Int, upTo bound: EntryCursor?
  ) -> EntrySlice {
    var slice = EntrySlice()
    let needle = search?.lowercased()
    slice.next = shard.visitEntries(from: row, count: Self.rowsPerSlice) { entry, product in
      guard matches(entry, product, needle: needle) else { return }
      slice.total += 1
      let cursor = cursor(of: entry)
      if let after, !isBefore(after, cursor) { return }
      if let bound, !isBefore(cursor, bound) { return }
      slice.items.append(entry)
    }
    return slice
  }

  /// The first of them, in order: a page and one more, which tells that there is a next page.
  func best(_ items: [EntrySnapshot]) -> [EntrySnapshot] {
    Array(items.sorted { isBefore(cursor(of: $0), cursor(of: $1)) }.prefix(limit + 1))
  }

  /// The last that a page can still hold, once there are enough for one.
  func bound(of items: [EntrySnapshot]) -> EntryCursor? {
    items.count > limit ? items.last.map(cursor) : nil
  }

  func cursor(of entry: EntrySnapshot) -> EntryCursor {
    let key =
      switch sort {
      case .id: entry.id
      case .product: entry.product
      case .quantity: entry.value.quantity
      case .available: entry.value.available
      case .updatedAt: entry.value.updatedAt
      }
    return EntryCursor(key: key, id: entry.id)
  }

  private func isBefore(_ left: EntryCursor, _ right: EntryCursor) -> Bool {
    if left.key != right.key { return descending ? left.key > right.key : left.key < right.key }
    return descending ? left.id > right.id : left.id < right.id
  }

  private func matches(
    _ entry: EntrySnapshot, _ product: ProductValue, needle: String?
  ) -> Bool {
    guard scope.allows(entry.store) else { return false }
    if let wanted = self.product, wanted != entry.product { return false }
    if let location, location != entry.location { return false }
    if let lowStock {
      guard !product.type.isUnlimited, entry.value.available <= lowStock else { return false }
    }
    guard let needle else { return true }
    return product.mentions(needle)
      || (!entry.value.gtin.isNone && entry.value.gtin.description.contains(needle))
  }
}

extension ProductValue {
  /// - Parameter needle: in lower case.
  func mentions(_ needle: String) -> Bool {
    title.lowercased().contains(needle) || sku.lowercased().contains(needle)
      || (!gtin.isNone && gtin.description.contains(needle))
  }
}

/// One slice of a shard's products.
struct ProductSlice: Sendable {
  var items: [ProductSnapshot] = []
  var total = 0
  var next: Int?
}

extension ProductQuery {
  func slice(of shard: borrowing ShardStateMachine, from row: Int) -> ProductSlice {
    var slice = ProductSlice()
    let needle = search?.lowercased()
    slice.next = shard.visitProducts(from: row, count: EntryQuery.rowsPerSlice) { product in
      if let store, store != product.value.store { return }
      if let needle, !product.value.mentions(needle) { return }
      slice.total += 1
      if let after, product.id <= after { return }
      slice.items.append(product)
    }
    slice.items = best(slice.items)
    return slice
  }

  func best(_ items: [ProductSnapshot]) -> [ProductSnapshot] {
    Array(items.sorted { $0.id < $1.id }.prefix(limit + 1))
  }
}
