import StockCore

/// The body of `PUT /api/v1/admin/products/{id}`: the whole record; what is left out is cleared.
struct ProductForm {
  private(set) var store: StoreID = 0
  private var type: ProductType?
  private var isDigital: Bool?
  private var gtin: GTIN?
  private var sku: String?
  private var title: String?
  private var policy = StockPolicy()

  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    let amount = 0...Bounds.maxQuantity
    try reader.beginBody()
    var members = JSONMembers(
      allowed: [
        .storeID, .title, .sku, .gtin, .productType, .isDigital, .lowStockThreshold,
        .safetyStock, .backorderLimit, .purchaseLimit,
      ])
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .storeID: store = try reader.integer(field, in: 1...Bounds.maxID, &errors) ?? 0
      case .title: title = try reader.note(field, bytes: 0...Bounds.maxTitleBytes, &errors)
      case .sku: sku = try reader.note(field, bytes: 0...Bounds.maxSKUBytes, &errors)
      case .gtin: gtin = try reader.gtin(field, &errors)
      case .isDigital: isDigital = try reader.boolean(field, &errors)
      case .safetyStock: policy.safetyStock = try reader.integer(field, in: amount, &errors) ?? 0
      case .backorderLimit:
        policy.backorderLimit = try reader.integer(field, in: amount, &errors) ?? 0
      case .lowStockThreshold:
        if try !reader.isNull() {
          policy.lowStockThreshold = try reader.integer(field, in: amount, &errors)
        }
      case .purchaseLimit:
        if try !reader.isNull() { policy.purchaseLimit = try Self.readLimit(&reader, &errors) }
      default:
        guard let text = try reader.text(field, &errors) else { continue }
        type = ProductType(name: reader.string(text))
        if type == nil {
          errors.add(field, "must be physical, digital, service or subscription")
        }
      }
    }
    try reader.endBody()
    if !members.seen.contains(.storeID) { errors.add(.storeID, "is required") }
    if let type, let isDigital, type.isUnlimited != isDigital {
      errors.add(.isDigital, "contradicts product_type")
    }
  }

  /// A number, or an object with the sale's window beside it.
  private static func readLimit(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> PurchaseLimit? {
    let amount = 1...Bounds.maxQuantity
    guard try reader.peek() == UInt8(ascii: "{") else {
      switch try reader.peek() {
      case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        return try reader.integer(.purchaseLimit, in: amount, &errors).map {
          PurchaseLimit(quantity: $0)
        }
      default:
        errors.add(.purchaseLimit, "must be null, an integer or an object")
        try reader.skipValue()
        return nil
      }
    }
    reader.position += 1
    errors.place = .member(.purchaseLimit)
    defer { errors.place = .body }
    var limit = PurchaseLimit(quantity: 0)
    var members = JSONMembers(allowed: [.quantity, .startsAt, .endsAt])
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .quantity: limit.quantity = try reader.integer(field, in: amount, &errors) ?? 0
      case .startsAt:
        if try !reader.isNull() { limit.startsAt = try reader.time(field, &errors) ?? 0 }
      default:
        if try !reader.isNull() { limit.endsAt = try reader.time(field, &errors) ?? .max }
      }
    }
    if !members.seen.contains(.quantity) { errors.add(.quantity, "is required") }
    if limit.endsAt <= limit.startsAt { errors.add(.endsAt, "must be after starts_at") }
    return limit
  }

  func operation(id: ProductID) -> Command.Operation {
    .putProduct(
      PutProduct(
        id: id, store: store, type: type ?? (isDigital == true ? .digital : .physical),
        gtin: gtin ?? .none, sku: sku ?? "", title: title ?? "", policy: policy))
  }
}
