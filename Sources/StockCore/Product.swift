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

/// What a product's stock may be used for, beyond that it is there.
public struct StockPolicy: Equatable, Sendable {
  /// Readers of events hear when an entry's available units come down to so many. nil: never.
  public var lowStockThreshold: Int64?
  /// Units of every entry that are not reserved for anybody. 0 to `Bounds.maxQuantity`.
  public var safetyStock: Int64
  /// Units of every entry that may be reserved beyond what is there. 0 to `Bounds.maxQuantity`.
  public var backorderLimit: Int64
  /// nil: a customer may have as much as there is.
  public var purchaseLimit: PurchaseLimit?

  public init(
    lowStockThreshold: Int64? = nil, safetyStock: Int64 = 0, backorderLimit: Int64 = 0,
    purchaseLimit: PurchaseLimit? = nil
  ) {
    self.lowStockThreshold = lowStockThreshold
    self.safetyStock = safetyStock
    self.backorderLimit = backorderLimit
    self.purchaseLimit = purchaseLimit
  }

  /// What must be left available, at an entry, after units were reserved; negative: so many may be owed.
  @inlinable public var floor: Int64 { safetyStock - backorderLimit }
}

/// How many units of a product one customer may have, held or bought, within a sale.
public struct PurchaseLimit: Equatable, Sendable {
  /// 1 to `Bounds.maxQuantity`.
  public var quantity: Int64
  /// The sale's window: outside of it nothing is counted. 0: since ever.
  public var startsAt: Timestamp
  /// `Timestamp.max`: without an end.
  public var endsAt: Timestamp

  public init(quantity: Int64, startsAt: Timestamp = 0, endsAt: Timestamp = .max) {
    self.quantity = quantity
    self.startsAt = startsAt
    self.endsAt = endsAt
  }
}

/// What one customer has of a product that has a `PurchaseLimit`.
public struct Purchases: Equatable, Sendable {
  /// Held or bought, 1 or more.
  public var units: Int64
  /// `startsAt` of the sale that they count for.
  public var saleStart: Timestamp

  public init(units: Int64, saleStart: Timestamp) {
    self.units = units
    self.saleStart = saleStart
  }
}

/// Who bought what.
public struct PurchaseKey: Hashable, Sendable {
  public var product: ProductID
  public var customer: String

  public init(product: ProductID, customer: String) {
    self.product = product
    self.customer = customer
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.product == right.product && left.customer.isExactly(right.customer)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(product)
    customer.hashExactly(into: &hasher)
  }
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
  public var policy: StockPolicy
  /// 1 when made, one more with each change.
  public var version: Int64
  public var createdAt: Timestamp
  public var updatedAt: Timestamp

  public init(
    store: StoreID, type: ProductType, gtin: GTIN = .none, sku: String = "", title: String = "",
    policy: StockPolicy = StockPolicy(), version: Int64 = 1, createdAt: Timestamp,
    updatedAt: Timestamp
  ) {
    self.policy = policy
    self.store = store
    self.type = type
    self.gtin = gtin
    self.sku = sku
    self.title = title
    self.version = version
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.store == right.store && left.type == right.type && left.gtin == right.gtin
      && left.sku.isExactly(right.sku) && left.title.isExactly(right.title)
      && left.policy == right.policy && left.version == right.version
      && left.createdAt == right.createdAt && left.updatedAt == right.updatedAt
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
