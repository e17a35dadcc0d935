import StockCore

/// The operations on counters: each has an endpoint of its own, and all may stand in a batch.
enum StockOperation: CaseIterable, Sendable {
  case set, adjust, reserve, release, fulfill, transfer

  init?(_ name: UnsafeBufferPointer<UInt8>) {
    for operation in Self.allCases where Matching.equal(name, operation.name) {
      self = operation
      return
    }
    return nil
  }

  var name: StaticString {
    switch self {
    case .set: "set"
    case .adjust: "adjust"
    case .reserve: "reserve"
    case .release: "release"
    case .fulfill: "fulfill"
    case .transfer: "transfer"
    }
  }

  var endpoint: Endpoint {
    switch self {
    case .set: .set
    case .adjust: .adjust
    case .reserve: .reserve
    case .release: .release
    case .fulfill: .fulfill
    case .transfer: .transfer
    }
  }

  /// The fields of its body.
  var fields: FieldSet {
    switch self {
    case .set:
      [
        .productID, .location, .quantity, .gtin, .reason, .expectedQuantity, .expectedVersion,
      ]
    case .adjust: [.productID, .location, .quantity, .reason, .reference, .expectedVersion]
    case .reserve: [.productID, .location, .quantity, .strategy]
    case .release, .fulfill: [.productID, .location, .quantity]
    case .transfer: [.productID, .from, .to, .quantity]
    }
  }

  /// The fields of a batch's line: those of all operations, and which it is.
  static let lineFields = Self.allCases.reduce([.op] as FieldSet) { $0.union($1.fields) }
}
