/// A shard's products and entries as packed rows. Rows hold the *tentative* state: what will be true
/// when every pending batch is in Redis. What was true before is kept beside, for rows that a pending
/// batch touches only (`PendingEntry`).
struct Books {
  static let none: Int32 = -1

  var locations = LocationTable()
  private(set) var products = ProductTable()
  var entries: ContiguousArray<EntryRow> = []
  private var productIndex = RowTable<ProductRow>()
  private var entryIndex = RowTable<EntryRow>()
  private(set) var freeProducts: [Int32] = []
  private(set) var freeEntries: [Int32] = []

  var productCount: Int { productIndex.count }
  var entryCount: Int { entryIndex.count }

  /// Makes room once, where the numbers are known: growing by doubling would take twice the memory.
  mutating func reserveCapacity(products productCount: Int, entries entryCount: Int) {
    products.reserveCapacity(productCount)
    entries.reserveCapacity(entryCount)
    productIndex = RowTable(capacity: productCount)
    entryIndex = RowTable(capacity: entryCount)
  }

  // MARK: Finding

  @inline(__always)
  func product(_ id: ProductID) -> Int32? { productIndex.find(id, in: products.rows) }

  /// The row of an entry, which a pending batch may have deleted.
  @inline(__always)
  func entry(_ id: EntryID) -> Int32? { entryIndex.find(id, in: entries) }

  /// A product's live entry at a location.
  @inline(__always)
  func entry(product: Int32, location: LocationID) -> Int32? {
    var row = products.rows[Int(product)].firstEntry
    while row != Self.none {
      if entries[Int(row)].location == location, entries[Int(row)].isLive { return row }
      row = entries[Int(row)].next
    }
    return nil
  }

  /// As above, by the location's name. Most products have one entry: its name is compared before any
  /// table is asked.
  @inline(__always)
  func entry(product: Int32, at name: String) -> Int32? {
    let first = products.rows[Int(product)].firstEntry
    if first != Self.none, entries[Int(first)].isLive,
      locations.name(entries[Int(first)].location) == name
    {
      return first
    }
    guard let location = locations.id(name) else { return nil }
    return entry(product: product, location: location)
  }

  /// The sum of the quantities of a product's live entries.
  func totalQuantity(product: Int32) -> Int64 {
    var total: Int64 = 0
    forEachEntry(of: product) { if $0.isLive { total += $0.quantity } }
    return total
  }

  func forEachEntry(of product: Int32, _ body: (EntryRow) -> Void) {
    var row = products.rows[Int(product)].firstEntry
    while row != Self.none {
      body(entries[Int(row)])
      row = entries[Int(row)].next
    }
  }

  /// Two entries of one product at one location, where there are such: looked for once over all, because
  /// looking through a product's entries with each new one would take the square of their number.
  var entriesAtSameLocation: (EntryID, EntryID)? {
    // Of each location, the entry that was seen there last.
    var lastSeen = ContiguousArray(repeating: Self.none, count: locations.count)
    for product in products.rows.indices {
      var row = products.rows[product].firstEntry
      while row != Self.none {
        let entry = entries[Int(row)]
        let last = lastSeen[Int(entry.location)]
        if last != Self.none, Int(entries[Int(last)].product) == product {
          return (entries[Int(last)].id, entry.id)
        }
        lastSeen[Int(entry.location)] = row
        row = entry.next
      }
    }
    return nil
  }

  // MARK: Changing

  mutating func insertProduct(_ id: ProductID, _ value: ProductValue) -> Int32 {
    let row: Int32
    if let free = freeProducts.popLast() {
      row = free
      products.reuse(row, for: id, value)
    } else {
      row = Int32(products.count)
      products.append(id, value)
    }
    productIndex.insert(row, in: products.rows)
    return row
  }

  mutating func replaceProduct(_ row: Int32, _ value: ProductValue) {
    products.replace(row, value)
  }

  mutating func removeProduct(_ row: Int32) {
    precondition(
      products.rows[Int(row)].firstEntry == Self.none, "a product with entries stays")
    productIndex.remove(products.rows[Int(row)].id, in: products.rows)
    products.free(row)
    freeProducts.append(row)
  }

  mutating func insertEntry(_ id: EntryID, product: Int32, _ value: EntryValue) -> Int32 {
    let entry = EntryRow(
      value, product: product, id: id, next: products.rows[Int(product)].firstEntry)
    let row: Int32
    if let free = freeEntries.popLast() {
      row = free
      entries[Int(row)] = entry
    } else {
      row = Int32(entries.count)
      entries.append(entry)
    }
    products.link(product, firstEntry: row, added: 1)
    entryIndex.insert(row, in: entries)
    return row
  }

  mutating func removeEntry(_ row: Int32) {
    let product = entries[Int(row)].product
    let first = products.rows[Int(product)].firstEntry
    let next = entries[Int(row)].next
    if first == row {
      products.link(product, firstEntry: next, added: -1)
    } else {
      var before = first
      while entries[Int(before)].next != row { before = entries[Int(before)].next }
      entries[Int(before)].next = next
      products.link(product, firstEntry: first, added: -1)
    }
    entryIndex.remove(entries[Int(row)].id, in: entries)
    entries[Int(row)].id = 0
    entries[Int(row)].isLive = false
    entries[Int(row)].pending = Self.none
    freeEntries.append(row)
  }
}
