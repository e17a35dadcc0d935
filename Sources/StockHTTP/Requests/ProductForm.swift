import StockCore

/// The body of `PUT /api/v1/admin/products/{id}`: the whole record; what is left out is cleared.
struct ProductForm {
  private(set) var store: StoreID = 0
  private var type: ProductType?
  private var isDigital: Bool?
  private var gtin: GTIN?
  private var sku: String?
  private var title: String?

  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    try reader.beginBody()
    var members = JSONMembers(
      allowed: [.storeID, .title, .sku, .gtin, .productType, .isDigital])
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .storeID: store = try reader.integer(field, in: 1...Bounds.maxID, &errors) ?? 0
      case .title: title = try reader.note(field, bytes: 0...Bounds.maxTitleBytes, &errors)
      case .sku: sku = try reader.note(field, bytes: 0...Bounds.maxSKUBytes, &errors)
      case .gtin: gtin = try reader.gtin(field, &errors)
      case .isDigital: isDigital = try reader.boolean(field, &errors)
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

  func operation(id: ProductID) -> Command.Operation {
    .putProduct(
      PutProduct(
        id: id, store: store, type: type ?? (isDigital == true ? .digital : .physical),
        gtin: gtin ?? .none, sku: sku ?? "", title: title ?? ""))
  }
}
