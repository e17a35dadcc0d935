public import StockCore

/// What the engine knows already: one store's products by SKU, and whose every other id is.
public struct Catalogue: Sendable {
  /// The store's products.
  private var ours: [ProductID: CatalogueProduct] = [:]
  private var idOfSKU: [ExactText: ProductID] = [:]
  /// Ids of other stores' products.
  private var foreign: Set<ProductID> = []
  /// The highest id of any store's product: ids are unique across stores.
  public private(set) var lastID: ProductID = 0

  public init() {}

  public mutating func add(_ product: CatalogueProduct, isOurs: Bool) {
    lastID = max(lastID, product.id)
    guard isOurs else {
      foreign.insert(product.id)
      return
    }
    ours[product.id] = product
    // The engine allows a SKU twice; the older product keeps the name.
    let sku = ExactText(product.sku)
    if !product.sku.isEmpty, idOfSKU[sku] == nil { idOfSKU[sku] = product.id }
  }

  /// The store's product with exactly this SKU.
  public func product(sku: String) -> CatalogueProduct? {
    idOfSKU[ExactText(sku)].flatMap { ours[$0] }
  }

  /// The store's product with this id.
  public func product(id: ProductID) -> CatalogueProduct? { ours[id] }

  public func isOtherStores(_ id: ProductID) -> Bool { foreign.contains(id) }
}

/// The engine's administration, as far as the commands need it.
public struct Administration: Sendable {
  private let exchange: any Exchange

  public init(_ exchange: any Exchange) { self.exchange = exchange }

  /// Says in plain words where the engine cannot be reached, before any work begins.
  public static func ping(_ exchange: any Exchange) async throws {
    _ = try await exchange.send(HTTPRequest(.get, "/healthz"))
  }

  private struct Page: Decodable {
    struct Item: Decodable {
      var id: Int64
      var storeId: Int64
      var title: String?
      var sku: String?
      var gtin: String?
      var productType: String?
      var lowStockThreshold: Int64?
      var safetyStock: Int64?
      var backorderLimit: Int64?
      var purchaseLimit: CatalogueProduct.Policy.PurchaseLimit?

      var product: CatalogueProduct {
        var product = CatalogueProduct(
          id: id, sku: sku ?? "", title: title ?? "", gtin: gtin ?? "",
          type: productType.flatMap { ProductType(name: $0) } ?? .physical)
        product.policy.lowStockThreshold = lowStockThreshold
        product.policy.safetyStock = safetyStock ?? 0
        product.policy.backorderLimit = backorderLimit ?? 0
        product.policy.purchaseLimit = purchaseLimit
        return product
      }
    }
    var items: [Item]
    var nextCursor: String?
  }

  /// Reads the whole catalogue, 500 products at a time.
  public func catalogue(store: StoreID) async throws -> Catalogue {
    var catalogue = Catalogue()
    var cursor: String?
    repeat {
      var path = "/api/v1/admin/products?limit=500"
      if let cursor { path += "&cursor=\(cursor.queryEscaped)" }
      let page: Page = try await read(path, what: "the catalogue")
      for item in page.items {
        catalogue.add(item.product, isOurs: item.storeId == store)
      }
      cursor = page.nextCursor
    } while cursor != nil
    return catalogue
  }

  /// Makes the store where there is none.
  public func ensureStore(_ store: StoreID) async throws {
    let path = "/api/v1/admin/stores/\(store)"
    let found = try await exchange.send(HTTPRequest(.get, path))
    if found.isSuccess { return }
    guard found.status == 404 else {
      throw ToolError("cannot read store \(store): \(found.complaint)")
    }
    let made = try await exchange.send(
      HTTPRequest(.put, path, body: Array("{\"name\":\"Store \(store)\"}".utf8)))
    guard made.isSuccess else {
      throw ToolError("cannot make store \(store): \(made.complaint)")
    }
  }

  /// Makes a product or replaces its record.
  ///
  /// - Returns: nil, or the code and words of the refusal.
  public func put(
    _ product: CatalogueProduct, store: StoreID, latency: Latency
  ) async throws -> (code: String, complaint: String)? {
    let request = HTTPRequest(
      .put, "/api/v1/admin/products/\(product.id)", body: product.json(store: store))
    let answer = try await latency.measure { try await exchange.send(request) }
    if answer.isSuccess { return nil }
    if answer.status == 401 || answer.status == 403 {
      throw ToolError("cannot make products: \(answer.complaint)")
    }
    return (answer.code, answer.complaint)
  }

  /// What an entry holds.
  public struct Counters: Equatable, Sendable {
    public var quantity: Int64
    public var reserved: Int64

    public init(quantity: Int64, reserved: Int64) {
      self.quantity = quantity
      self.reserved = reserved
    }
  }

  private struct Summary: Decodable {
    struct Entry: Decodable {
      var location: String?
      var quantity: Int64
      var reservedQuantity: Int64
    }
    var locations: [Entry]
  }

  /// A product's counters at a location; zeros where it has no entry there.
  public func counters(of product: ProductID, at location: String) async throws -> Counters {
    let summary: Summary = try await read(
      "/api/v1/store/inventory/product/\(product)", what: "product \(product)")
    let entry = summary.locations.first { $0.location == location }
    return Counters(quantity: entry?.quantity ?? 0, reserved: entry?.reservedQuantity ?? 0)
  }

  /// Gets `path` and decodes it.
  public func read<Value: Decodable>(_ path: String, what: String) async throws -> Value {
    let answer = try await exchange.send(HTTPRequest(.get, path))
    guard answer.isSuccess else { throw ToolError("cannot read \(what): \(answer.complaint)") }
    return try answer.decoded()
  }
}
