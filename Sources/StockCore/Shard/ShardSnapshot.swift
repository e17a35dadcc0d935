/// A shard's committed products and entries at one moment. Taking it copies next to nothing: the rows
/// are shared until the shard changes one, and then the shard copies its entries once, some 10 ms for
/// half a million.
public struct ShardSnapshot: Sendable {
  public let shard: ShardID
  /// Of the last batch that it rests on.
  public let sequence: Sequence64
  private let products: ProductTable
  private let entries: ContiguousArray<EntryRow>
  private let locations: LocationTable
  private let pendingEntries: ContiguousArray<PendingEntry>
  private let pendingProducts: [Int32: PendingProduct]

  init(_ machine: borrowing ShardStateMachine) {
    shard = machine.id
    sequence = machine.committedSequence
    products = machine.books.products
    entries = machine.books.entries
    locations = machine.books.locations
    pendingEntries = machine.pendingEntries
    pendingProducts = machine.pendingProducts
  }

  /// Rows of both kinds: entries first, then products.
  public var rowCount: Int { entries.count + products.count }

  /// Visits rows `rows`: an entry with its product, or a product that has no entry.
  ///
  /// - Parameter rows: those beyond the last are passed over.
  public func visit(
    _ rows: Range<Int>, _ body: (ProductSnapshot, EntrySnapshot?) -> Void
  ) {
    for row in rows.clamped(to: 0..<rowCount) {
      if row < entries.count {
        let entry = entries[row]
        guard let snapshot = committed(entry), let product = committed(product: entry.product)
        else { continue }
        body(product, snapshot)
      } else if let product = committed(product: Int32(row - entries.count)),
        !hasEntries(Int32(row - entries.count))
      {
        body(product, nil)
      }
    }
  }

  private func committed(product row: Int32) -> ProductSnapshot? {
    let product = products[Int(row)]
    if let pending = pendingProducts[row] {
      return pending.committed.map { ProductSnapshot(id: product.id, value: $0) }
    }
    return product.isLive ? ProductSnapshot(id: product.id, value: product.value) : nil
  }

  private func committed(_ entry: EntryRow) -> EntrySnapshot? {
    guard entry.id != 0, let product = committed(product: entry.product) else { return nil }
    var value = entry.value
    if entry.pending != Books.none {
      guard let committed = pendingEntries[Int(entry.pending)].committed else { return nil }
      value = committed
    }
    return EntrySnapshot(
      id: entry.id, product: product.id, store: product.value.store,
      location: locations.name(value.location), value: value)
  }

  private func hasEntries(_ product: Int32) -> Bool {
    var row = products[Int(product)].firstEntry
    while row != Books.none {
      if committed(entries[Int(row)]) != nil { return true }
      row = entries[Int(row)].next
    }
    return false
  }
}

extension ShardStateMachine {
  /// What Redis has, as it is now.
  public func snapshot() -> ShardSnapshot { ShardSnapshot(self) }
}
