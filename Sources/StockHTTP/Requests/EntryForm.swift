import StockCore

/// The body of `PUT /api/v1/store/inventory/{id}`: at least one of its fields.
struct EntryForm {
  private var quantity: Int64?
  private var reserved: Int64?
  private var location: String?
  private var gtin: GTIN?

  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    let any = 0...Bounds.maxQuantity
    try reader.beginBody()
    var members = JSONMembers(allowed: [.quantity, .reservedQuantity, .location, .gtin])
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .quantity: quantity = try reader.integer(field, in: any, &errors)
      case .reservedQuantity: reserved = try reader.integer(field, in: any, &errors)
      case .location: location = try reader.location(field, &errors)
      default: gtin = try reader.isNull() ? GTIN.none : try reader.gtin(field, &errors)
      }
    }
    try reader.endBody()
    if members.seen.isEmpty, errors.isEmpty {
      errors.add("body", "needs quantity, reserved_quantity, location or gtin")
    }
    if let quantity, let reserved, reserved > quantity {
      errors.add(.reservedQuantity, "must not be more than quantity")
    }
  }

  func operation(id: EntryID, expectedVersions: [Int64]?) -> Command.Operation {
    .putEntry(
      PutEntry(
        id: id, quantity: quantity, reserved: reserved, location: location, gtin: gtin,
        expectedVersions: expectedVersions))
  }
}
