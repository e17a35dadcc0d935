/// A product in memory, 64 bytes: what is rare, and texts, stand in tables beside the rows.
struct ProductRow: KeyedRow {
  let id: ProductID
  fileprivate(set) var store: StoreID
  fileprivate var gtin: GTIN
  fileprivate var versionLow: UInt32 = 0
  fileprivate var createdLow: UInt32 = 0
  fileprivate var updatedLow: UInt32 = 0
  fileprivate var textBlock: UInt32 = 0
  /// Its place among the policies; negative: it has none.
  fileprivate var policy: Int32 = -1
  /// The first of this product's entries; they are linked by `EntryRow.next`.
  var firstEntry: Int32 = Books.none
  var entryCount: Int32 = 0
  fileprivate var versionHigh: UInt16 = 0
  fileprivate var createdHigh: UInt16 = 0
  fileprivate var updatedHigh: UInt16 = 0
  fileprivate var textOffset: UInt16 = 0
  fileprivate var titleCount: UInt16 = 0
  fileprivate var skuCount: UInt8 = 0
  /// The type in 2 bits, then whether the row is live.
  fileprivate var marks: UInt8 = 4

  fileprivate init(id: ProductID, store: StoreID, gtin: GTIN) {
    self.id = id
    self.store = store
    self.gtin = gtin
  }

  var key: Int64 { id }

  /// False: its making was undone; the row is free.
  @inline(__always)
  var isLive: Bool { marks & 4 != 0 }

  /// Its policy says something.
  @inline(__always)
  var hasPolicy: Bool { policy >= 0 }

  @inline(__always)
  var type: ProductType {
    switch marks & 3 {
    case 0: .physical
    case 1: .digital
    case 2: .service
    default: .subscription
    }
  }
}

/// A shard's products. As a collection it gives whole products; what is asked of nearly every command
/// is in `rows`.
struct ProductTable {
  private(set) var rows: ContiguousArray<ProductRow> = []
  private var policies: ContiguousArray<StockPolicy> = []
  private var freePolicies: [Int32] = []
  private var texts = TextTable()
  /// Bytes of texts that no row has any more.
  private var deadBytes = 0

  /// A row with what stands beside it.
  struct Product {
    fileprivate let row: ProductRow
    fileprivate let table: ProductTable

    var id: ProductID { row.id }
    var isLive: Bool { row.isLive }
    var firstEntry: Int32 { row.firstEntry }
    var entryCount: Int32 { row.entryCount }
    var value: ProductValue { table.value(row) }
  }

  mutating func reserveCapacity(_ count: Int) { rows.reserveCapacity(count) }

  /// What a product's stock may be used for.
  func policy(of row: Int32) -> StockPolicy {
    let place = rows[Int(row)].policy
    return place < 0 ? StockPolicy() : policies[Int(place)]
  }

  func updatedAt(of row: Int32) -> Timestamp {
    Packed.join(rows[Int(row)].updatedLow, rows[Int(row)].updatedHigh)
  }

  func value(of row: Int32) -> ProductValue { value(rows[Int(row)]) }

  private func value(_ row: ProductRow) -> ProductValue {
    let place = TextTable.Place(block: row.textBlock, offset: row.textOffset)
    let skuCount = Int(row.skuCount)
    return ProductValue(
      store: row.store, type: row.type, gtin: row.gtin,
      sku: texts.text(place, count: skuCount),
      title: texts.text(place, skipping: skuCount, count: Int(row.titleCount)),
      policy: row.policy < 0 ? StockPolicy() : policies[Int(row.policy)],
      version: Packed.join(row.versionLow, row.versionHigh),
      createdAt: Packed.join(row.createdLow, row.createdHigh),
      updatedAt: Packed.join(row.updatedLow, row.updatedHigh))
  }

  // MARK: Changing

  mutating func append(_ id: ProductID, _ value: ProductValue) {
    rows.append(ProductRow(id: id, store: value.store, gtin: value.gtin))
    write(value, at: rows.count - 1)
  }

  /// Makes a free row another product's.
  mutating func reuse(_ row: Int32, for id: ProductID, _ value: ProductValue) {
    rows[Int(row)] = ProductRow(id: id, store: value.store, gtin: value.gtin)
    write(value, at: Int(row))
  }

  mutating func replace(_ row: Int32, _ value: ProductValue) {
    forget(Int(row))
    write(value, at: Int(row))
  }

  mutating func free(_ row: Int32) {
    forget(Int(row))
    rows[Int(row)].marks &= ~4
  }

  @inline(__always)
  mutating func link(_ row: Int32, firstEntry: Int32, added: Int32) {
    rows[Int(row)].firstEntry = firstEntry
    rows[Int(row)].entryCount += added
  }

  private mutating func write(_ value: ProductValue, at index: Int) {
    precondition(
      value.sku.utf8.count <= Bounds.maxSKUBytes && value.title.utf8.count <= Bounds.maxTitleBytes,
      "texts are checked before")
    compactTexts()
    let text = texts.add(value.sku, value.title)
    rows[index].store = value.store
    rows[index].gtin = value.gtin
    rows[index].marks = rows[index].marks & ~3 | value.type.rawValue
    (rows[index].versionLow, rows[index].versionHigh) = Packed.split(value.version)
    (rows[index].createdLow, rows[index].createdHigh) = Packed.split(value.createdAt)
    (rows[index].updatedLow, rows[index].updatedHigh) = Packed.split(value.updatedAt)
    rows[index].textBlock = text.block
    rows[index].textOffset = text.offset
    rows[index].skuCount = UInt8(value.sku.utf8.count)
    rows[index].titleCount = UInt16(value.title.utf8.count)
    guard value.policy != StockPolicy() else { return }
    if let free = freePolicies.popLast() {
      policies[Int(free)] = value.policy
      rows[index].policy = free
    } else {
      rows[index].policy = Int32(policies.count)
      policies.append(value.policy)
    }
  }

  /// Gives up what stands beside a row.
  private mutating func forget(_ index: Int) {
    deadBytes += Int(rows[index].skuCount) + Int(rows[index].titleCount)
    rows[index].skuCount = 0
    rows[index].titleCount = 0
    if rows[index].policy >= 0 { freePolicies.append(rows[index].policy) }
    rows[index].policy = -1
  }

  /// Writes the texts anew when half of them are nobody's.
  private mutating func compactTexts() {
    guard deadBytes > TextTable.blockBytes, deadBytes * 2 > texts.bytes else { return }
    var compact = TextTable()
    for index in rows.indices where rows[index].skuCount > 0 || rows[index].titleCount > 0 {
      let value = value(rows[index])
      let place = compact.add(value.sku, value.title)
      rows[index].textBlock = place.block
      rows[index].textOffset = place.offset
    }
    texts = compact
    deadBytes = 0
  }
}

extension ProductTable: RandomAccessCollection {
  var startIndex: Int { 0 }
  var endIndex: Int { rows.count }

  subscript(index: Int) -> Product { Product(row: rows[index], table: self) }
}
