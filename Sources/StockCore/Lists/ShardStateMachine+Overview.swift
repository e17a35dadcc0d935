/// Figures of what is committed: kept with each batch, not counted when they are asked for.
extension ShardStateMachine {
  /// What one store has in this shard.
  public struct StoreOverview: Equatable, Sendable {
    public var store: StoreID
    public var sums: StockSums
  }

  /// What a store has in this shard, or all stores have.
  public func committedSums(of store: StoreID?) -> StockSums { stores.sums(of: store) }

  /// The stores that have entries here, in no order.
  public var storesWithEntries: [StoreOverview] {
    stores.rows.compactMap {
      $0.sums.entries > 0 ? StoreOverview(store: $0.store, sums: $0.sums) : nil
    }
  }

  /// How many entries there are at each location that has some, in no order.
  ///
  /// - Parameter store: nil: of all stores.
  public func locationsWithEntries(of store: StoreID?) -> [(location: String, entries: Int)] {
    if let store {
      guard let row = stores.find(store) else { return [] }
      return stores.rows[row].locations.map { (books.locations.name($0.key), $0.value) }
    }
    return stores.entriesAtLocation.indices.compactMap { location in
      let entries = Int(stores.entriesAtLocation[location])
      return entries > 0 ? (books.locations.name(LocationID(location)), entries) : nil
    }
  }

  // MARK: Keeping

  /// Counts everything, when the shard was loaded.
  mutating func countAll() {
    stores = StoreIndex()
    stores.reserveCapacity(locations: books.locations.count)
    for (row, product) in books.products.enumerated() where product.isLive {
      stores.insert(product: Int32(row), product.value)
    }
    for entry in books.entries where entry.id != 0 {
      let product = Int(entry.product)
      stores.change(
        nil, entry.value, store: books.products.rows[product].store,
        unlimited: books.products.rows[product].type.isUnlimited)
    }
  }

  /// Takes in a batch that Redis has. To be called before its rows are no longer pending.
  mutating func count(_ batch: Batch, _ contents: OpenBatch) {
    for index in contents.entryRows.indices {
      let product = books.entries[Int(contents.entryRows[index])].product
      if pendingProducts.isEmpty {
        stores.change(
          batch.entries[index].before, batch.entries[index].after,
          store: books.products.rows[Int(product)].store,
          unlimited: books.products.rows[Int(product)].type.isUnlimited)
      } else {
        let value = countedValue(of: product, batch)
        stores.change(
          batch.entries[index].before, batch.entries[index].after, store: value.store,
          unlimited: value.type.isUnlimited)
      }
    }
    for index in contents.productRows.indices {
      let change = batch.products[index]
      let row = contents.productRows[index]
      guard let before = change.before else {
        stores.insert(product: row, change.after)
        continue
      }
      guard
        before.store != change.after.store
          || before.type.isUnlimited != change.after.type.isUnlimited
      else { continue }
      stores.remove(product: row, before)
      stores.insert(product: row, change.after)
      recount(row, from: before, to: change.after, batch)
    }
  }

  /// How a product's entries are counted while the batch is taken in: as what it was before, and where
  /// the batch makes it, as what it is then.
  private func countedValue(of row: Int32, _ batch: Batch) -> ProductValue {
    guard let pending = pendingProducts[row] else { return books.products.value(of: row) }
    if let committed = pending.committed { return committed }
    precondition(pending.inFlightChange != Books.none, "an entry needs a product")
    return batch.products[Int(pending.inFlightChange)].after
  }

  /// Moves all entries of a product, as they are after the batch, to its new store and type.
  private mutating func recount(
    _ product: Int32, from before: ProductValue, to after: ProductValue, _ batch: Batch
  ) {
    var row = books.products.rows[Int(product)].firstEntry
    while row != Books.none {
      let entry = books.entries[Int(row)]
      row = entry.next
      var value: EntryValue? = entry.value
      if entry.pending != Books.none {
        let pending = pendingEntries[Int(entry.pending)]
        value =
          pending.inFlightChange == Books.none
          ? pending.committed : batch.entries[Int(pending.inFlightChange)].after
      }
      guard let value else { continue }
      stores.change(value, nil, store: before.store, unlimited: before.type.isUnlimited)
      stores.change(nil, value, store: after.store, unlimited: after.type.isUnlimited)
    }
  }
}
