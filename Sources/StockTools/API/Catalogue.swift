public import StockCore

/// A product as the engine's catalogue has it.
public struct CatalogueProduct: Equatable, Sendable {
  public var id: ProductID
  public var sku: String
  public var title: String
  public var gtin: String
  public var type: ProductType

  public init(id: ProductID, sku: String, title: String, gtin: String, type: ProductType) {
    self.id = id
    self.sku = sku
    self.title = title
    self.gtin = gtin
    self.type = type
  }

  /// Texts are their bytes, as they are to the engine.
  public static func == (left: Self, right: Self) -> Bool {
    left.id == right.id && left.sku.isExactly(right.sku) && left.title.isExactly(right.title)
      && left.gtin == right.gtin && left.type == right.type
  }
}

/// What the engine knows already: one store's products by SKU, and whose every other id is.
public struct Catalogue: Sendable {
  private var bySKU: [ExactText: CatalogueProduct] = [:]
  /// Ids of the store's products.
  private var skus: [ProductID: String] = [:]
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
    skus[product.id] = product.sku
    // The engine allows a SKU twice; the older product keeps the name.
    let sku = ExactText(product.sku)
    if !product.sku.isEmpty, bySKU[sku] == nil { bySKU[sku] = product }
  }

  /// The store's product with exactly this SKU.
  public func product(sku: String) -> CatalogueProduct? { bySKU[ExactText(sku)] }

  public enum Owner: Equatable, Sendable {
    case nobody, otherStore
    /// The store's, under this SKU, which may be empty.
    case sku(String)
  }

  public func owner(of id: ProductID) -> Owner {
    if foreign.contains(id) { return .otherStore }
    return skus[id].map(Owner.sku) ?? .nobody
  }
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
        catalogue.add(
          CatalogueProduct(
            id: item.id, sku: item.sku ?? "", title: item.title ?? "", gtin: item.gtin ?? "",
            type: item.productType.flatMap { ProductType(name: $0) } ?? .physical),
          isOurs: item.storeId == store)
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
    var json = JSONText()
    json.raw("{\"store_id\":")
    json.number(store)
    json.raw(",\"title\":")
    json.string(product.title)
    json.raw(",\"sku\":")
    json.string(product.sku)
    if !product.gtin.isEmpty {
      json.raw(",\"gtin\":")
      json.string(product.gtin)
    }
    json.raw(",\"product_type\":")
    json.string(product.type.name)
    json.raw("}")
    let request = HTTPRequest(.put, "/api/v1/admin/products/\(product.id)", body: json.bytes)
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
