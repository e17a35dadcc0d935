/// What kind of thing a product is. All but physical ones never run out.
public enum ProductType: UInt8, CaseIterable, Sendable {
  case physical, digital, service, subscription

  public init?(name: some StringProtocol) {
    switch name {
    case "physical": self = .physical
    case "digital": self = .digital
    case "service": self = .service
    case "subscription": self = .subscription
    default: return nil
    }
  }

  public var name: String {
    switch self {
    case .physical: "physical"
    case .digital: "digital"
    case .service: "service"
    case .subscription: "subscription"
    }
  }

  /// Reserve, release and fulfill always succeed and move no counter.
  public var isUnlimited: Bool { self != .physical }
}

/// A product's catalogue fields as its shard keeps them.
public struct ProductValue: Equatable, Sendable {
  public var store: StoreID
  public var type: ProductType
  public var gtin: GTIN
  /// Empty when not given.
  public var sku: String
  /// Empty when not given.
  public var title: String
  /// 1 when made, one more with each change.
  public var version: Int64
  public var createdAt: Timestamp
  public var updatedAt: Timestamp

  public init(
    store: StoreID, type: ProductType, gtin: GTIN = .none, sku: String = "", title: String = "",
    version: Int64 = 1, createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.store = store
    self.type = type
    self.gtin = gtin
    self.sku = sku
    self.title = title
    self.version = version
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// A product as an answer shows it.
public struct ProductSnapshot: Equatable, Sendable {
  public var id: ProductID
  public var value: ProductValue

  public init(id: ProductID, value: ProductValue) {
    self.id = id
    self.value = value
  }
}

/// A product with its committed entries, in the order of their ids.
public struct ProductSummary: Equatable, Sendable {
  public var product: ProductSnapshot
  public var entries: [EntrySnapshot]

  public init(product: ProductSnapshot, entries: [EntrySnapshot]) {
    self.product = product
    self.entries = entries
  }

  public var totalQuantity: Int64 { entries.reduce(0) { $0 + $1.value.quantity } }
  public var totalReserved: Int64 { entries.reduce(0) { $0 + $1.value.reserved } }
  /// `Bounds.unlimitedAvailable` for products that never run out.
  public var totalAvailable: Int64 {
    product.value.type.isUnlimited
      ? Bounds.unlimitedAvailable : entries.reduce(0) { $0 + $1.value.available }
  }
}
