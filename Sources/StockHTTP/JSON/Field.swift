/// The name of every field that any request body may have.
enum Field: UInt8, CaseIterable {
  case op, to, from, sku, gtin, name, role, title, lines, reason, repair, atomic, endsAt
  case location, quantity, storeID, orderID, strategy, reference, startsAt
  case rateLimit, rateBurst, productID, expiresAt, isDigital, operations, ttlSeconds, customerID
  case productType, safetyStock, reservationID, purchaseLimit, backorderLimit
  case expectedVersion, expectedQuantity, reservedQuantity, locationPriority
  case allocationStrategy, lowStockThreshold

  var name: StaticString {
    switch self {
    case .op: "op"
    case .to: "to"
    case .from: "from"
    case .sku: "sku"
    case .gtin: "gtin"
    case .name: "name"
    case .role: "role"
    case .title: "title"
    case .lines: "lines"
    case .reason: "reason"
    case .repair: "repair"
    case .atomic: "atomic"
    case .endsAt: "ends_at"
    case .location: "location"
    case .quantity: "quantity"
    case .storeID: "store_id"
    case .orderID: "order_id"
    case .strategy: "strategy"
    case .reference: "reference"
    case .startsAt: "starts_at"
    case .rateLimit: "rate_limit"
    case .rateBurst: "rate_burst"
    case .productID: "product_id"
    case .expiresAt: "expires_at"
    case .isDigital: "is_digital"
    case .operations: "operations"
    case .ttlSeconds: "ttl_seconds"
    case .customerID: "customer_id"
    case .productType: "product_type"
    case .safetyStock: "safety_stock"
    case .reservationID: "reservation_id"
    case .purchaseLimit: "purchase_limit"
    case .backorderLimit: "backorder_limit"
    case .expectedVersion: "expected_version"
    case .expectedQuantity: "expected_quantity"
    case .reservedQuantity: "reserved_quantity"
    case .locationPriority: "location_priority"
    case .allocationStrategy: "allocation_strategy"
    case .lowStockThreshold: "low_stock_threshold"
    }
  }

  /// By the length first: few names have the same, and those asked for most come first.
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    let found: Field? =
      switch bytes.count {
      case 2: Self.first(bytes, .op, .to)
      case 3: Self.first(bytes, .sku)
      case 4: Self.first(bytes, .from, .gtin) ?? Self.first(bytes, .name, .role)
      case 5: Self.first(bytes, .lines, .title)
      case 6: Self.first(bytes, .reason, .atomic) ?? Self.first(bytes, .repair)
      case 7: Self.first(bytes, .endsAt)
      case 8:
        Self.first(bytes, .quantity, .location) ?? Self.first(bytes, .orderID, .storeID)
          ?? Self.first(bytes, .strategy)
      case 9: Self.first(bytes, .reference, .startsAt)
      case 10:
        Self.first(bytes, .productID, .operations) ?? Self.first(bytes, .expiresAt, .isDigital)
          ?? Self.first(bytes, .rateLimit, .rateBurst)
      case 11: Self.first(bytes, .ttlSeconds, .customerID)
      case 12: Self.first(bytes, .productType, .safetyStock)
      case 14: Self.first(bytes, .reservationID, .purchaseLimit)
      case 15: Self.first(bytes, .backorderLimit)
      case 16: Self.first(bytes, .expectedVersion)
      case 17:
        Self.first(bytes, .expectedQuantity, .reservedQuantity)
          ?? Self.first(bytes, .locationPriority)
      case 19: Self.first(bytes, .allocationStrategy, .lowStockThreshold)
      default: nil
      }
    guard let found else { return nil }
    self = found
  }

  @inline(__always)
  private static func first(
    _ bytes: UnsafeBufferPointer<UInt8>, _ one: Field, _ other: Field? = nil
  ) -> Field? {
    if Matching.equal(bytes, one.name) { return one }
    if let other, Matching.equal(bytes, other.name) { return other }
    return nil
  }
}

/// Some of the fields, as bits.
struct FieldSet: Equatable, ExpressibleByArrayLiteral {
  private var bits: UInt64 = 0

  init(arrayLiteral fields: Field...) {
    for field in fields { insert(field) }
  }

  @inline(__always)
  func contains(_ field: Field) -> Bool { bits & (1 << UInt64(field.rawValue)) != 0 }

  @inline(__always)
  mutating func insert(_ field: Field) { bits |= 1 << UInt64(field.rawValue) }

  var isEmpty: Bool { bits == 0 }

  func union(_ other: FieldSet) -> FieldSet {
    var result = self
    result.bits |= other.bits
    return result
  }

  func subtracting(_ other: FieldSet) -> FieldSet {
    var result = self
    result.bits &= ~other.bits
    return result
  }

  /// In the order in which `Field` declares them.
  var fields: [Field] { Field.allCases.filter(contains) }
}
