public import StockCore

/// A product as the engine's catalogue has it.
public struct CatalogueProduct: Equatable, Sendable {
  public var id: ProductID
  public var sku: String
  public var title: String
  public var gtin: String
  public var type: ProductType
  public var policy: Policy

  public init(
    id: ProductID, sku: String, title: String, gtin: String, type: ProductType,
    policy: Policy = Policy()
  ) {
    self.id = id
    self.sku = sku
    self.title = title
    self.gtin = gtin
    self.type = type
    self.policy = policy
  }

  /// What no stock file says. It is sent back as it was read: a PUT clears what it leaves out.
  public struct Policy: Equatable, Sendable {
    public struct PurchaseLimit: Equatable, Sendable, Decodable {
      public var quantity: Int64
      /// As the engine writes times.
      public var startsAt: String?
      public var endsAt: String?
    }

    public var lowStockThreshold: Int64?
    public var safetyStock: Int64 = 0
    public var backorderLimit: Int64 = 0
    public var purchaseLimit: PurchaseLimit?

    public init() {}
  }

  /// Texts are their bytes, as they are to the engine.
  public static func == (left: Self, right: Self) -> Bool {
    left.id == right.id && left.sku.isExactly(right.sku) && left.title.isExactly(right.title)
      && left.gtin == right.gtin && left.type == right.type && left.policy == right.policy
  }
}

extension CatalogueProduct {
  /// The body of a PUT: the whole record.
  func json(store: StoreID) -> [UInt8] {
    var json = JSONText()
    json.raw("{\"store_id\":")
    json.number(store)
    json.raw(",\"title\":")
    json.string(title)
    json.raw(",\"sku\":")
    json.string(sku)
    if !gtin.isEmpty {
      json.raw(",\"gtin\":")
      json.string(gtin)
    }
    json.raw(",\"product_type\":")
    json.string(type.name)
    if let threshold = policy.lowStockThreshold {
      json.raw(",\"low_stock_threshold\":")
      json.number(threshold)
    }
    if policy.safetyStock != 0 {
      json.raw(",\"safety_stock\":")
      json.number(policy.safetyStock)
    }
    if policy.backorderLimit != 0 {
      json.raw(",\"backorder_limit\":")
      json.number(policy.backorderLimit)
    }
    if let limit = policy.purchaseLimit {
      json.raw(",\"purchase_limit\":{\"quantity\":")
      json.number(limit.quantity)
      if let start = limit.startsAt {
        json.raw(",\"starts_at\":")
        json.string(start)
      }
      if let end = limit.endsAt {
        json.raw(",\"ends_at\":")
        json.string(end)
      }
      json.raw("}")
    }
    json.raw("}")
    return json.bytes
  }
}
