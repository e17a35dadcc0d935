import StockCore

/// The body of a stock operation, as read: which fields are there, and their values where the form
/// of each is right. What depends on the operation is judged by `operation(_:caller:_:)`.
struct StockForm {
  /// The `reason` of a `set` by which the ledger calls it an import.
  static let importReason = "import"

  /// Fields that were given, right or wrong.
  private(set) var given: FieldSet = []
  /// Fields whose value can be used. The others of `given` have been complained of.
  private(set) var usable: FieldSet = []

  private(set) var operation: StockOperation?
  private(set) var product: ProductID = 0
  private(set) var location = ""
  private(set) var quantity: Int64 = 0
  /// Of the administration's forms.
  private(set) var store: StoreID = 0
  private var from = ""
  private var to = ""
  private var gtin = GTIN.none
  private var expectedQuantity: Int64 = 0
  private var expectedVersion: Int64 = 0
  private var note = MovementNote()
  private(set) var strategy: Allocation.Strategy?

  /// What the answer's errors are about.
  var subject: Subject { Subject(product: product, location: location.isEmpty ? from : location) }

  /// Reads the members of an object, whose brace has been read, up to its end.
  mutating func read(
    _ reader: inout JSONReader, allowed: FieldSet, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    let any = 0...Bounds.maxQuantity
    var members = JSONMembers(allowed: allowed)
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .productID:
        guard let value = try reader.integer(field, in: 1...Bounds.maxID, &errors) else { continue }
        product = value
      case .storeID:
        guard let value = try reader.integer(field, in: 1...Bounds.maxID, &errors) else { continue }
        store = value
      case .quantity:
        let signed = -Bounds.maxQuantity...Bounds.maxQuantity
        guard let value = try reader.integer(field, in: signed, &errors) else { continue }
        quantity = value
      case .location:
        guard let value = try reader.location(field, &errors) else { continue }
        location = value
      case .from:
        guard let value = try reader.location(field, &errors) else { continue }
        from = value
      case .to:
        guard let value = try reader.location(field, &errors) else { continue }
        to = value
      case .gtin:
        guard let value = try reader.gtin(field, &errors) else { continue }
        gtin = value
      case .expectedQuantity:
        guard let value = try reader.integer(field, in: any, &errors) else { continue }
        expectedQuantity = value
      case .expectedVersion:
        guard let value = try reader.integer(field, in: any, &errors) else { continue }
        expectedVersion = value
      case .op:
        guard let text = try reader.text(field, &errors) else { continue }
        guard let value = reader.withBytes(of: text, { StockOperation($0) }) else {
          errors.add(field, "must be set, adjust, reserve, release, fulfill or transfer")
          continue
        }
        operation = value
      case .reason, .reference:
        guard let text = try reader.note(field, bytes: 0...Bounds.maxNoteBytes, &errors) else {
          continue
        }
        if field == .reason { note.reason = text } else { note.reference = text }
      case .strategy:
        guard let value = try reader.strategy(field, &errors) else { continue }
        strategy = value
      default:
        // Not a field of any operation, so not in `allowed`.
        try reader.skipValue()
        continue
      }
      usable.insert(field)
    }
    given = members.seen
  }

  /// What the shard is to do.
  ///
  /// - Parameters:
  ///   - caller: says where a product is made that is not known.
  ///   - allocation: where units are looked for if no location is given; asked then only.
  /// - Returns: nil with the reasons added to `errors`, or where there were some before.
  func operation(
    _ operation: StockOperation, caller: Principal, _ errors: inout FieldErrors,
    allocation: (Allocation.Strategy?) -> Allocation
  ) -> Command.Operation? {
    require(.productID, &errors)
    require(.quantity, &errors)
    switch operation {
    case .set, .adjust: require(.location, &errors)
    case .reserve:
      if given.contains(.strategy), given.contains(.location) {
        errors.add(.strategy, "is for requests without a location")
      }
    case .release, .fulfill: break
    case .transfer:
      require(.from, &errors)
      require(.to, &errors)
      if usable.contains(.from), from == to {
        errors.add(.to, "must differ from 'from'")
      }
    }
    if usable.contains(.quantity) { checkQuantity(of: operation, &errors) }
    guard errors.isEmpty else { return nil }

    switch operation {
    case .set:
      return .set(
        SetStock(
          product: product, location: location, quantity: quantity,
          gtin: usable.contains(.gtin) ? gtin : nil,
          expectedQuantity: usable.contains(.expectedQuantity) ? expectedQuantity : nil,
          expectedVersion: usable.contains(.expectedVersion) ? expectedVersion : nil,
          newProductStore: caller.newProductStore, note: note,
          isImport: note.reason == Self.importReason))
    case .adjust:
      return .adjust(
        AdjustStock(
          product: product, location: location, quantity: quantity,
          expectedVersion: usable.contains(.expectedVersion) ? expectedVersion : nil,
          newProductStore: caller.newProductStore, note: note))
    case .reserve:
      guard !location.isEmpty else {
        return .allocate(
          AllocateStock(
            product: product, quantity: quantity, allocation: allocation(strategy)))
      }
      return .reserve(EntryAmount(product: product, location: location, quantity: quantity))
    case .release:
      return .release(EntryAmount(product: product, location: location, quantity: quantity))
    case .fulfill:
      return .fulfill(EntryAmount(product: product, location: location, quantity: quantity))
    case .transfer:
      return .transfer(Transfer(product: product, from: from, to: to, quantity: quantity))
    }
  }

  @inline(__always)
  func require(_ field: Field, _ errors: inout FieldErrors) {
    if !given.contains(field) { errors.add(field, "is required") }
  }

  private func checkQuantity(of operation: StockOperation, _ errors: inout FieldErrors) {
    switch operation {
    case .set:
      if quantity < 0 { errors.add(.quantity, JSONReader.rangeMessage(0...Bounds.maxQuantity)) }
    case .adjust:
      if quantity == 0 { errors.add(.quantity, "must not be 0") }
    case .reserve, .release, .fulfill, .transfer:
      if quantity < 1 { errors.add(.quantity, JSONReader.rangeMessage(1...Bounds.maxQuantity)) }
    }
  }
}

/// What a request is about, as far as an error's body tells it.
struct Subject: Equatable, Sendable {
  /// 0: not known.
  var product: ProductID = 0
  /// Empty: not known.
  var location = ""
  /// 0: the request did not name an entry by its id.
  var entry: EntryID = 0
}
