import StockCore
import Synchronization

/// The products of a replay in the engine: made where asked for, found otherwise, and counted.
struct ReplayStock: Sendable {
  struct Item: Sendable {
    /// nil: the store has no such SKU.
    var product: ProductID?
    var isUnlimited: Bool
  }

  private let exchange: any Exchange
  private let administration: Administration
  private let store: StoreID
  private let location: String
  private let underWay: Int

  init(
    _ exchange: any Exchange, store: StoreID, location: String, underWay: Int
  ) {
    self.exchange = exchange
    self.administration = Administration(exchange)
    self.store = store
    self.location = location
    self.underWay = underWay
  }

  /// Finds the SKUs in the catalogue.
  ///
  /// - Parameter making: makes those that are not there, services as unlimited.
  func items(of skus: [ReplayPlan.SKU], making: Bool) async throws -> [Item] {
    if making { try await administration.ensureStore(store) }
    let catalogue = try await administration.catalogue(store: store)
    var items: [Item] = []
    var missing: [CatalogueProduct] = []
    for sku in skus {
      if let known = catalogue.product(sku: sku.name) {
        items.append(Item(product: known.id, isUnlimited: known.type.isUnlimited))
      } else if making {
        let product = CatalogueProduct(
          id: catalogue.lastID + Int64(missing.count) + 1, sku: sku.name, title: sku.title,
          gtin: "", type: sku.isService ? .service : .physical)
        missing.append(product)
        items.append(Item(product: product.id, isUnlimited: sku.isService))
      } else {
        items.append(Item(product: nil, isUnlimited: false))
      }
    }
    try await make(missing)
    return items
  }

  private func make(_ products: [CatalogueProduct]) async throws {
    guard !products.isEmpty else { return }
    let progress = Progress("products", total: products.count, unit: "products")
    defer { progress.finish() }
    let latency = Latency()
    try await forEachConcurrently(products.count, limit: underWay) { index in
      let product = products[index]
      if let refusal = try await administration.put(product, store: store, latency: latency) {
        throw ToolError("product \(product.sku) was refused: \(refusal.complaint)")
      }
      progress.advance()
    }
  }

  /// Sets every physical item's quantity at the location.
  func setOpening(_ quantity: Int64, items: [Item], skus: [ReplayPlan.SKU]) async throws {
    let counted = items.indices.filter { !items[$0].isUnlimited && items[$0].product != nil }
    let sender = BatchSender(exchange, latency: Latency())
    let size = 1_000
    for start in stride(from: 0, to: counted.count, by: size) {
      let part = counted[start..<min(start + size, counted.count)]
      let operations = part.compactMap { place in
        items[place].product.map {
          BatchOperation(
            .set, product: $0, location: location, quantity: quantity,
            reason: "opening stock")
        }
      }
      for (place, end) in zip(part, try await sender.send(operations, isIdempotent: true)) {
        switch end {
        case .done: continue
        case .refused(let code):
          throw ToolError(
            "the stock of \(skus[place].name) at \(location) cannot be set: \(code)")
        case .unknown:
          throw ToolError(
            "nobody knows whether the stock of \(skus[place].name) was set: begin again")
        }
      }
    }
  }

  /// What the engine says about each item; nil for those that have no books.
  func count(_ items: [Item]) async throws -> [Administration.Counters?] {
    let found = Mutex([Administration.Counters?](repeating: nil, count: items.count))
    try await forEachConcurrently(items.count, limit: underWay) { place in
      guard let product = items[place].product, !items[place].isUnlimited else { return }
      let counters = try await administration.counters(of: product, at: location)
      found.withLock { $0[place] = counters }
    }
    return found.withLock { $0 }
  }
}
