/// Which entries a list shows.
public struct EntryFilter: Sendable {
  public var scope: StoreScope
  public var product: ProductID?
  /// Normalised.
  public var location: String?
  /// Entries of physical products with no more than this available.
  public var lowStock: Int64?
  public var search: TextNeedle?

  public init(
    scope: StoreScope, product: ProductID? = nil, location: String? = nil, lowStock: Int64? = nil,
    search: TextNeedle? = nil
  ) {
    self.scope = scope
    self.product = product
    self.location = location
    self.lowStock = lowStock
    self.search = search
  }
}

/// How far a list has come in one shard.
///
/// It goes the way that has the fewest rows to look at: a product's entries; the entries by their ids,
/// which are numbers without many gaps, until the page is full; a store's products; or all rows.
public struct EntryWalk: Sendable {
  enum Way: Sendable {
    case product(Int32)
    case ids(next: Int64)
    case storeProducts(row: Int, next: Int)
    case products(next: Int)
    case rows(next: Int)
    case done
  }

  let filter: EntryFilter
  let location: LocationID?
  /// Nobody has to look: all entries of this shard are in scope, or none is of an unlimited product.
  let allInScope: Bool
  let noneUnlimited: Bool
  var way: Way
  /// The matches, where the running sums tell their number: then not all of them have to be found.
  let knownTotal: Int?
  var found = 0

  /// All matches of this shard, whichever page they are on. Right when the walk is done.
  public var total: Int { knownTotal ?? found }
  public var isDone: Bool { if case .done = way { true } else { false } }
}

/// Lists of entries, in small steps of some microseconds: whoever takes them decides when something
/// else is to have its turn. Rows do not move between steps, so an entry that is there all the time is
/// looked at once.
extension ShardStateMachine {
  /// Where the share of entries that match is smaller, looking at all rows in their order is quicker
  /// than finding each one by its id: memory is read ahead.
  private static let sparse = 16

  public func beginWalk(_ filter: EntryFilter, for selection: EntrySelection) -> EntryWalk {
    let all = stores.sums(of: nil).entries
    var store: Int?
    var inScope = all
    if case .only(let id) = filter.scope {
      store = stores.find(id)
      inScope = store.map { stores.rows[$0].sums.entries } ?? 0
    }
    let location = filter.location.flatMap { books.locations.id($0) }
    var total = inScope
    if let location, inScope > 0 {
      total =
        if let store {
          stores.rows[store].locations[location] ?? 0
        } else if Int(location) < stores.entriesAtLocation.count {
          Int(stores.entriesAtLocation[Int(location)])
        } else { 0 }
    } else if filter.location != nil {
      total = 0
    }
    let isPlain = filter.lowStock == nil && filter.search == nil && filter.product == nil

    let way: EntryWalk.Way
    if inScope == 0 || total == 0 {
      way = .done
    } else if let product = filter.product {
      way = books.product(product).map { .product($0) } ?? .done
    } else if filter.search == nil, selection.sort == .id, filter.lowStock == nil,
      total >= all / Self.sparse
    {
      way = .ids(next: firstNumber(for: selection))
    } else if let store, inScope < all / 4 || filter.search != nil || selection.sort == .product {
      way = .storeProducts(row: store, next: 0)
    } else if filter.search != nil || selection.sort == .product {
      way = .products(next: 0)
    } else {
      way = .rows(next: 0)
    }
    return EntryWalk(
      filter: filter, location: location, allInScope: inScope == all,
      noneUnlimited: stores.unlimitedCount == 0, way: way,
      knownTotal: isPlain || total == 0 ? total : nil)
  }

  /// Looks at some more rows.
  public func step(_ walk: inout EntryWalk, _ selection: inout EntrySelection) {
    switch walk.way {
    case .product(let product):
      visitEntries(of: product, &walk, &selection)
      walk.way = .done
    case .ids(let next): stepIDs(next, &walk, &selection)
    case .storeProducts(let row, let next):
      let places = stores.rows[row].products
      let end = min(places.count, next + 64)
      for place in min(next, end)..<end where places[place] != Books.none {
        visitProduct(places[place], &walk, &selection)
      }
      walk.way = end < places.count ? .storeProducts(row: row, next: end) : .done
    case .products(let next):
      let end = min(books.products.count, next + 64)
      for row in min(next, end)..<end { visitProduct(Int32(row), &walk, &selection) }
      walk.way = end < books.products.count ? .products(next: end) : .done
    case .rows(let next): stepRows(next, &walk, &selection)
    case .done: break
    }
  }

  // MARK: By id

  /// Of this shard's numbers the first whose id is behind the cursor.
  private func firstNumber(for selection: EntrySelection) -> Int64 {
    let last = committedEntryNumber
    guard let after = selection.after else { return selection.descending ? last : 1 }
    let count = Int64(map.shardCount)
    // A cursor is a client's: any number may come. No id is above `Bounds.maxID`.
    let offset = min(max(0, after.key), Bounds.maxID) - 1 - Int64(id)
    if selection.descending {
      return offset <= 0 ? 0 : min(last, (offset + count - 1) / count)
    }
    return offset < 0 ? 1 : min(last, offset / count + 1) + 1
  }

  private func stepIDs(
    _ first: Int64, _ walk: inout EntryWalk, _ selection: inout EntrySelection
  ) {
    var number = first
    for _ in 0..<64 {
      guard number >= 1, number <= committedEntryNumber else {
        walk.way = .done
        return
      }
      let entry = map.entryID(number: number, of: id)
      guard selection.mayWant(key: entry) else {
        walk.way = .done
        return
      }
      if let row = books.entry(entry) {
        visitEntry(row, product: books.entries[Int(row)].product, isKnown: false, &walk, &selection)
      }
      number += selection.descending ? -1 : 1
    }
    walk.way = .ids(next: number)
  }

  // MARK: By product

  private func visitProduct(
    _ row: Int32, _ walk: inout EntryWalk, _ selection: inout EntrySelection
  ) {
    if books.products.rows[Int(row)].firstEntry == Books.none { return }
    if selection.sort == .product, walk.knownTotal != nil,
      !selection.mayWant(key: books.products.rows[Int(row)].id)
    {
      return
    }
    visitEntries(of: row, &walk, &selection)
  }

  private func visitEntries(
    of product: Int32, _ walk: inout EntryWalk, _ selection: inout EntrySelection
  ) {
    guard isInScope(product, walk) else { return }
    var isMentioned = true
    if let needle = walk.filter.search {
      guard let value = committed(product: product) else { return }
      isMentioned = needle.isIn(value)
      if !isMentioned, !needle.isDigits { return }
    }
    var row = books.products.rows[Int(product)].firstEntry
    while row != Books.none {
      if isMentioned || walk.filter.search?.isIn(committedValue(row)?.gtin ?? .none) == true {
        visitEntry(row, product: product, isKnown: true, &walk, &selection)
      }
      row = books.entries[Int(row)].next
    }
  }

  @inline(__always)
  private func isInScope(_ product: Int32, _ walk: EntryWalk) -> Bool {
    if walk.allInScope { return true }
    if pendingProducts.isEmpty {
      return walk.filter.scope.allows(books.products.rows[Int(product)].store)
    }
    return committed(product: product).map { walk.filter.scope.allows($0.store) } ?? false
  }

  private func isUnlimited(_ product: Int32) -> Bool {
    if pendingProducts.isEmpty { return books.products.rows[Int(product)].type.isUnlimited }
    return committed(product: product)?.type.isUnlimited ?? false
  }

  // MARK: By row

  private func stepRows(
    _ first: Int, _ walk: inout EntryWalk, _ selection: inout EntrySelection
  ) {
    let end = min(books.entries.count, first + 512)
    for row in min(first, end)..<end where books.entries[row].id != 0 {
      visitEntry(
        Int32(row), product: books.entries[row].product, isKnown: false, &walk, &selection)
    }
    walk.way = end < books.entries.count ? .rows(next: end) : .done
  }

  @inline(__always)
  private func committedValue(_ row: Int32) -> EntryValue? {
    let pending = books.entries[Int(row)].pending
    return pending == Books.none
      ? books.entries[Int(row)].value : pendingEntries[Int(pending)].committed
  }

  /// Looks at one entry; at its product only if nothing else rules it out.
  ///
  /// - Parameter isKnown: the product is in scope, and the search's words are found.
  @inline(__always)
  private func visitEntry(
    _ row: Int32, product: Int32, isKnown: Bool, _ walk: inout EntryWalk,
    _ selection: inout EntrySelection
  ) {
    guard let value = committedValue(row) else { return }
    if let low = walk.filter.lowStock, value.available > low { return }
    if let location = walk.location, value.location != location { return }
    if walk.knownTotal == nil {
      // Each match counts, wherever it stands.
      if !isKnown, !isInScope(product, walk) { return }
      if walk.filter.lowStock != nil, !walk.noneUnlimited, isUnlimited(product) { return }
      walk.found += 1
    }
    let entry = books.entries[Int(row)].id
    let productID = selection.sort == .product ? books.products.rows[Int(product)].id : 0
    let key = selection.sort.key(entry, product: productID, value)
    guard selection.wants(EntryCursor(key: key, id: entry)) else { return }
    if walk.knownTotal != nil, !isKnown, !isInScope(product, walk) { return }
    guard let snapshot = committed(entry: row), let about = committed(product: product) else {
      return
    }
    selection.insert(ListedEntry(entry: snapshot, title: about.title, sku: about.sku))
  }
}
