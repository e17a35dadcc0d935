/// A shard's products and entries as packed rows. Rows hold the *tentative* state: what will be true
/// when every pending batch is in Redis. What was true before is kept beside, for rows that a pending
/// batch touches only (`PendingEntry`).
struct Books {
  static let none: Int32 = -1

  struct ProductRow {
    var id: ProductID
    var value: ProductValue
    /// The first of this product's entries; they are linked by `EntryRow.next`.
    var firstEntry: Int32 = Books.none
    var entryCount: Int32 = 0
    /// False: its making was undone; the row is free.
    var isLive = true
    /// `value.policy` says something.
    var hasPolicy: Bool

    init(id: ProductID, value: ProductValue) {
      self.id = id
      self.value = value
      self.hasPolicy = value.policy != StockPolicy()
    }
  }

  struct EntryRow {
    var value: EntryValue
    var product: Int32
    /// 0: the row is free.
    var id: EntryID
    var next: Int32
    /// Of the reserved units, those that named holds keep.
    var held: Int64 = 0
    /// Its place among the pending entries, or `none`.
    var pending: Int32 = Books.none
    /// False: a pending batch deletes it.
    var isLive = true
  }

  var locations = LocationTable()
  var products: ContiguousArray<ProductRow> = []
  var entries: ContiguousArray<EntryRow> = []
  private var productIndex = IntegerTable()
  private var entryIndex = IntegerTable()
  private(set) var freeProducts: [Int32] = []
  private(set) var freeEntries: [Int32] = []

  var productCount: Int { productIndex.count }
  var entryCount: Int { entryIndex.count }

  /// Makes room once, where the numbers are known: growing by doubling would take twice the memory.
  mutating func reserveCapacity(products productCount: Int, entries entryCount: Int) {
    products.reserveCapacity(productCount)
    entries.reserveCapacity(entryCount)
    productIndex = IntegerTable(capacity: productCount)
    entryIndex = IntegerTable(capacity: entryCount)
  }

  // MARK: Finding

  @inline(__always)
  func product(_ id: ProductID) -> Int32? { productIndex[id] }

  /// The row of an entry, which a pending batch may have deleted.
  @inline(__always)
  func entry(_ id: EntryID) -> Int32? { entryIndex[id] }

  /// A product's live entry at a location.
  @inline(__always)
  func entry(product: Int32, location: LocationID) -> Int32? {
    var row = products[Int(product)].firstEntry
    while row != Self.none {
      if entries[Int(row)].value.location == location, entries[Int(row)].isLive { return row }
      row = entries[Int(row)].next
    }
    return nil
  }

  /// The sum of the quantities of a product's live entries.
  func totalQuantity(product: Int32) -> Int64 {
    var total: Int64 = 0
    forEachEntry(of: product) { if $0.isLive { total += $0.value.quantity } }
    return total
  }

  func forEachEntry(of product: Int32, _ body: (EntryRow) -> Void) {
    var row = products[Int(product)].firstEntry
    while row != Self.none {
      body(entries[Int(row)])
      row = entries[Int(row)].next
    }
  }

  // MARK: Changing

  mutating func insertProduct(_ id: ProductID, _ value: ProductValue) -> Int32 {
    let row: Int32
    if let free = freeProducts.popLast() {
      row = free
      products[Int(row)] = ProductRow(id: id, value: value)
    } else {
      row = Int32(products.count)
      products.append(ProductRow(id: id, value: value))
    }
    productIndex.insert(id, row: row)
    return row
  }

  mutating func replaceProduct(_ row: Int32, _ value: ProductValue) {
    products[Int(row)].value = value
    products[Int(row)].hasPolicy = value.policy != StockPolicy()
  }

  mutating func removeProduct(_ row: Int32) {
    precondition(products[Int(row)].firstEntry == Self.none, "a product with entries stays")
    productIndex.remove(products[Int(row)].id)
    products[Int(row)].isLive = false
    products[Int(row)].value.sku = ""
    products[Int(row)].value.title = ""
    freeProducts.append(row)
  }

  mutating func insertEntry(_ id: EntryID, product: Int32, _ value: EntryValue) -> Int32 {
    let entry = EntryRow(
      value: value, product: product, id: id, next: products[Int(product)].firstEntry)
    let row: Int32
    if let free = freeEntries.popLast() {
      row = free
      entries[Int(row)] = entry
    } else {
      row = Int32(entries.count)
      entries.append(entry)
    }
    products[Int(product)].firstEntry = row
    products[Int(product)].entryCount += 1
    entryIndex.insert(id, row: row)
    return row
  }

  mutating func removeEntry(_ row: Int32) {
    let product = Int(entries[Int(row)].product)
    let next = entries[Int(row)].next
    if products[product].firstEntry == row {
      products[product].firstEntry = next
    } else {
      var before = products[product].firstEntry
      while entries[Int(before)].next != row { before = entries[Int(before)].next }
      entries[Int(before)].next = next
    }
    products[product].entryCount -= 1
    entryIndex.remove(entries[Int(row)].id)
    entries[Int(row)].id = 0
    entries[Int(row)].isLive = false
    entries[Int(row)].pending = Self.none
    freeEntries.append(row)
  }
}
