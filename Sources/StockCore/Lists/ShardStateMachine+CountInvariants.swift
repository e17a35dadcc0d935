extension ShardStateMachine {
  /// The running sums are what counting the committed rows gives.
  func checkCounts() -> [String] {
    var wrong: [String] = []
    var counted = StoreIndex()
    for row in books.products.indices {
      guard let value = committed(product: Int32(row)) else { continue }
      counted.insert(product: Int32(row), value)
    }
    for row in books.entries.indices {
      guard let entry = committed(entry: Int32(row)),
        let product = committed(product: books.entries[row].product)
      else { continue }
      counted.change(
        nil, entry.value, store: product.store, unlimited: product.type.isUnlimited)
    }
    if counted.productCount != stores.productCount
      || counted.unlimitedCount != stores.unlimitedCount
    {
      wrong.append(
        "\(stores.productCount) products, \(stores.unlimitedCount) unlimited, are noted, and there are \(counted.productCount), \(counted.unlimitedCount)"
      )
    }
    let known = Set(stores.rows.map(\.store)).union(counted.rows.map(\.store))
    for store in known.sorted() {
      let (noted, there) = (stores[store], counted[store])
      if noted?.sums ?? StockSums() != there?.sums ?? StockSums()
        || noted?.locations ?? [:] != there?.locations ?? [:]
      {
        wrong.append("store \(store): its sums are not what its entries add up to")
      }
      let listed = (noted?.products ?? []).filter { $0 != Books.none }.sorted()
      if listed != (there?.products ?? []).sorted() {
        wrong.append("store \(store): its products are not those that it has")
      }
    }
    for location in 0..<books.locations.count {
      func count(_ index: StoreIndex) -> Int32 {
        location < index.entriesAtLocation.count ? index.entriesAtLocation[location] : 0
      }
      if count(stores) != count(counted) {
        wrong.append(
          "location \(location): \(count(stores)) entries noted, \(count(counted)) there")
      }
    }
    return wrong
  }
}
