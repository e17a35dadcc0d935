/// What lists and figures ask of a shard's committed state and the books do not tell at once: sums for
/// each store, its products, and how many entries there are at each location.
///
/// It changes with the commit. A changed counter costs a few additions; only what makes, deletes or
/// moves an entry or a product costs more.
struct StoreIndex {
  struct Row: KeyedRow {
    let store: StoreID
    var sums = StockSums()
    /// Entries at each location.
    var locations: [LocationID: Int] = [:]
    /// Rows of products, or `Books.none` where one went to another store: what comes behind must not
    /// move, or a list that is half done would miss it.
    private(set) var products: ContiguousArray<Int32> = []
    private var gaps: [Int] = []

    var productCount: Int { products.count - gaps.count }
    var key: Int64 { store }

    init(store: StoreID) { self.store = store }

    mutating func insert(product: Int32) {
      if let gap = gaps.popLast() { products[gap] = product } else { products.append(product) }
    }

    mutating func remove(product: Int32) {
      guard let place = products.firstIndex(of: product) else { return }
      products[place] = Books.none
      gaps.append(place)
    }
  }

  private(set) var rows: ContiguousArray<Row> = []
  private var index = RowTable<Row>()
  private var lastFound: (store: StoreID, row: Int) = (0, 0)
  /// Entries at each location, by its number.
  private(set) var entriesAtLocation: ContiguousArray<Int32> = []
  private(set) var productCount = 0
  /// Products that never run out: where there is none, nobody has to look.
  private(set) var unlimitedCount = 0

  /// Where a store's row is; nil: the shard has never had anything of it.
  func find(_ store: StoreID) -> Int? { index.find(store, in: rows).map { Int($0) } }

  subscript(_ store: StoreID) -> Row? { find(store).map { rows[$0] } }

  /// Of a store, or of all.
  func sums(of store: StoreID?) -> StockSums {
    if let store { return find(store).map { rows[$0].sums } ?? StockSums() }
    var total = StockSums()
    for row in rows.indices { total += rows[row].sums }
    return total
  }

  // MARK: Changing

  /// Makes room once, where the number is known.
  mutating func reserveCapacity(locations: Int) {
    entriesAtLocation.reserveCapacity(locations)
  }

  /// An entry of a store's product was made, changed or deleted.
  @inline(__always)
  mutating func change(
    _ before: EntryValue?, _ after: EntryValue?, store: StoreID, unlimited: Bool
  ) {
    let row = row(of: store)
    rows[row].sums.apply(before, after, unlimited: unlimited)
    if before?.location != after?.location { move(from: before, to: after, row) }
  }

  mutating func insert(product: Int32, _ value: ProductValue) {
    rows[row(of: value.store)].insert(product: product)
    productCount += 1
    if value.type.isUnlimited { unlimitedCount += 1 }
  }

  mutating func remove(product: Int32, _ value: ProductValue) {
    rows[row(of: value.store)].remove(product: product)
    productCount -= 1
    if value.type.isUnlimited { unlimitedCount -= 1 }
  }

  @inline(__always)
  private mutating func row(of store: StoreID) -> Int {
    // One store's entries often come one behind the other.
    lastFound.store == store ? lastFound.row : look(for: store)
  }

  private mutating func look(for store: StoreID) -> Int {
    let row: Int
    if let known = find(store) {
      row = known
    } else {
      row = rows.count
      rows.append(Row(store: store))
      index.insert(Int32(row), in: rows)
    }
    lastFound = (store, row)
    return row
  }

  private mutating func move(from before: EntryValue?, to after: EntryValue?, _ row: Int) {
    if let before {
      entriesAtLocation[Int(before.location)] -= 1
      rows[row].locations[before.location, default: 0] -= 1
      if rows[row].locations[before.location] == 0 { rows[row].locations[before.location] = nil }
    }
    if let after {
      let location = Int(after.location)
      while entriesAtLocation.count <= location { entriesAtLocation.append(0) }
      entriesAtLocation[location] += 1
      rows[row].locations[after.location, default: 0] += 1
    }
  }
}
