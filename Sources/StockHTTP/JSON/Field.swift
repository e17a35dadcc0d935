/// The name of every field that any request body may have.
enum Field: UInt8, CaseIterable {
  case op, to, from, sku, gtin, name, role, title, reason, location, quantity
  case storeID, reference, productID, expiresAt, isDigital, operations, productType
  case expectedVersion, expectedQuantity, reservedQuantity, locationPriority, allocationStrategy

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
    case .reason: "reason"
    case .location: "location"
    case .quantity: "quantity"
    case .storeID: "store_id"
    case .reference: "reference"
    case .productID: "product_id"
    case .expiresAt: "expires_at"
    case .isDigital: "is_digital"
    case .operations: "operations"
    case .productType: "product_type"
    case .expectedVersion: "expected_version"
    case .expectedQuantity: "expected_quantity"
    case .reservedQuantity: "reserved_quantity"
    case .locationPriority: "location_priority"
    case .allocationStrategy: "allocation_strategy"
    }
  }

  /// By the length first: at most four names have the same.
  init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    let candidates: (Field, Field, Field, Field)
    switch bytes.count {
    case 2: candidates = (.op, .to, .op, .op)
    case 3: candidates = (.sku, .sku, .sku, .sku)
    case 4: candidates = (.from, .gtin, .name, .role)
    case 5: candidates = (.title, .title, .title, .title)
    case 6: candidates = (.reason, .reason, .reason, .reason)
    case 8: candidates = (.quantity, .location, .storeID, .quantity)
    case 9: candidates = (.reference, .reference, .reference, .reference)
    case 10: candidates = (.productID, .expiresAt, .isDigital, .operations)
    case 12: candidates = (.productType, .productType, .productType, .productType)
    case 16: candidates = (.expectedVersion, .expectedVersion, .expectedVersion, .expectedVersion)
    case 17:
      candidates = (.expectedQuantity, .reservedQuantity, .locationPriority, .expectedQuantity)
    case 19:
      candidates = (
        .allocationStrategy, .allocationStrategy, .allocationStrategy, .allocationStrategy
      )
    default: return nil
    }
    if Matching.equal(bytes, candidates.0.name) {
      self = candidates.0
    } else if Matching.equal(bytes, candidates.1.name) {
      self = candidates.1
    } else if Matching.equal(bytes, candidates.2.name) {
      self = candidates.2
    } else if Matching.equal(bytes, candidates.3.name) {
      self = candidates.3
    } else {
      return nil
    }
  }
}

/// Some of the fields, as bits.
struct FieldSet: Equatable, ExpressibleByArrayLiteral {
  private var bits: UInt32 = 0

  init(arrayLiteral fields: Field...) {
    for field in fields { insert(field) }
  }

  @inline(__always)
  func contains(_ field: Field) -> Bool { bits & (1 << UInt32(field.rawValue)) != 0 }

  @inline(__always)
  mutating func insert(_ field: Field) { bits |= 1 << UInt32(field.rawValue) }

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
