public import StockCore

/// What each command does to a shard, said as plainly as can be: no batches, no pending state.
public struct ReferenceModel: Equatable, Sendable {
  public struct Entry: Equatable, Sendable {
    public var id: EntryID
    public var location: String
    /// Its `location` is always 0: here locations have names.
    public var value: EntryValue
  }

  public struct Shelf: Equatable, Sendable {
    public var product: ProductValue
    public var entries: [Entry] = []
  }

  public let map: ShardMap
  public let shard: ShardID
  public var shelves: [ProductID: Shelf] = [:]
  public var lastEntryNumber: Int64 = 0

  public init(map: ShardMap, shard: ShardID) {
    self.map = map
    self.shard = shard
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.shelves == right.shelves && left.lastEntryNumber == right.lastEntryNumber
  }

  /// Does a command, or refuses it and changes nothing.
  public mutating func apply(_ command: Command, wall: Timestamp) -> Outcome {
    do throws(Refused) {
      return try perform(command, wall)
    } catch {
      return .refused(error.why)
    }
  }

  public func entry(product: ProductID, location: String) -> Entry? {
    shelves[product]?.entries.first { $0.location == location }
  }

  // MARK: The rules

  struct Refused: Error { var why: Refusal }

  private mutating func perform(_ command: Command, _ wall: Timestamp) throws(Refused) -> Outcome {
    let scope = command.scope
    switch command.operation {
    case .reserve(let it):
      return try move(it, scope, wall) { (value) throws(Refused) in
        guard value.available >= it.quantity else {
          throw Refused(
            why: .insufficientStock(requested: it.quantity, available: value.available))
        }
        value.reserved += it.quantity
      }
    case .release(let it):
      return try move(it, scope, wall) { (value) throws(Refused) in
        try Self.needReserved(it.quantity, value)
        value.reserved -= it.quantity
      }
    case .fulfill(let it):
      return try move(it, scope, wall) { (value) throws(Refused) in
        try Self.needReserved(it.quantity, value)
        value.reserved -= it.quantity
        value.quantity -= it.quantity
      }
    case .set(let it): return try set(it, scope, wall)
    case .adjust(let it): return try adjust(it, scope, wall)
    case .transfer(let it): return try transfer(it, scope, wall)
    case .putEntry(let it): return try put(it, scope, wall)
    case .deleteEntry(let id, let version):
      let (product, place) = try find(id, scope)
      let value = shelves[product]!.entries[place].value
      try expect(version: version, quantity: nil, value)
      guard value.reserved == 0 else { throw Refused(why: .entryInUse(reserved: value.reserved)) }
      shelves[product]!.entries.remove(at: place)
      return .deleted
    case .putProduct(let it): return try put(it, wall)
    case .allocate, .hold, .extendHold, .fulfillHold, .releaseHold, .reserveTogether, .applyPart,
      .checkKey, .readHold:
      preconditionFailure("the model does not know \(command.operation) yet")
    case .readEntry(let id):
      let (product, place) = try find(id, scope)
      return .entry(snapshot(product, shelves[product]!.entries[place]))
    case .readProduct(let id):
      return .product(ProductSnapshot(id: id, value: try shelf(id, scope).product))
    case .readSummary(let id):
      let shelf = try shelf(id, scope)
      return .summary(
        ProductSummary(
          product: ProductSnapshot(id: id, value: shelf.product),
          entries: shelf.entries.sorted { $0.id < $1.id }.map { snapshot(id, $0) }))
    }
  }

  private mutating func move(
    _ it: EntryAmount, _ scope: StoreScope, _ wall: Timestamp,
    _ change: (inout EntryValue) throws(Refused) -> Void
  ) throws(Refused) -> Outcome {
    let shelf = try shelf(it.product, scope)
    let place = shelf.entries.firstIndex { $0.location == it.location }
    if shelf.product.type.isUnlimited {
      var shown = EntrySnapshot(
        id: 0, product: it.product, store: shelf.product.store, location: it.location,
        value: Self.nothing, unlimited: true)
      if let place {
        shown.id = shelf.entries[place].id
        shown.value = shelf.entries[place].value
      }
      return .entry(shown)
    }
    if it.location.isEmpty { throw Refused(why: .locationRequired) }
    guard let place else { throw Refused(why: .entryNotFound) }
    var value = shelf.entries[place].value
    try change(&value)
    return .entry(write(it.product, place, value, wall))
  }

  private mutating func set(
    _ it: SetStock, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    if shelves[it.product] == nil, it.newProductStore != nil {
      try expect(version: it.expectedVersion, quantity: it.expectedQuantity, nil)
    } else {
      let held = try shelf(it.product, scope).entries.first { $0.location == it.location }?.value
      try expect(version: it.expectedVersion, quantity: it.expectedQuantity, held)
      if let held, it.quantity < held.reserved {
        throw Refused(why: .belowReserved(requested: it.quantity, reserved: held.reserved))
      }
      if let held, held.quantity == it.quantity, it.gtin ?? held.gtin == held.gtin {
        return .entry(snapshot(it.product, entry(product: it.product, location: it.location)!))
      }
      try needRoom(it.product, growth: it.quantity - (held?.quantity ?? 0))
    }
    return .entry(
      write(it.product, it.location, it.newProductStore, wall) { value in
        value.quantity = it.quantity
        value.gtin = it.gtin ?? value.gtin
      })
  }

  private mutating func adjust(
    _ it: AdjustStock, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    if shelves[it.product] == nil, it.newProductStore != nil, it.quantity > 0 {
      try expect(version: it.expectedVersion, quantity: nil, nil)
    } else {
      let held = try shelf(it.product, scope).entries.first { $0.location == it.location }?.value
      if it.quantity < 0, held == nil { throw Refused(why: .entryNotFound) }
      try expect(version: it.expectedVersion, quantity: nil, held)
      if it.quantity < 0, let held, held.available < -it.quantity {
        throw Refused(
          why: .insufficientStock(requested: -it.quantity, available: held.available))
      }
      try needRoom(it.product, growth: it.quantity)
    }
    return .entry(
      write(it.product, it.location, it.newProductStore, wall) { $0.quantity += it.quantity })
  }

  private mutating func transfer(
    _ it: Transfer, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    let shelf = try shelf(it.product, scope)
    guard let from = shelf.entries.first(where: { $0.location == it.from }) else {
      throw Refused(why: .entryNotFound)
    }
    guard from.value.available >= it.quantity else {
      throw Refused(
        why: .insufficientStock(requested: it.quantity, available: from.value.available))
    }
    let sent = write(it.product, it.from, nil, wall) { $0.quantity -= it.quantity }
    let arrived = write(it.product, it.to, nil, wall) { $0.quantity += it.quantity }
    return .transferred(from: sent, to: arrived)
  }

  private mutating func put(
    _ it: PutEntry, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    let (product, place) = try find(it.id, scope)
    let held = shelves[product]!.entries[place]
    try expect(version: it.expectedVersion, quantity: nil, held.value)
    let location = it.location ?? held.location
    if location != held.location, entry(product: product, location: location) != nil {
      throw Refused(why: .locationTaken)
    }
    var value = held.value
    value.quantity = it.quantity ?? value.quantity
    value.reserved = it.reserved ?? value.reserved
    value.gtin = it.gtin ?? value.gtin
    guard value.quantity >= value.reserved else {
      throw Refused(why: .belowReserved(requested: value.quantity, reserved: value.reserved))
    }
    try needRoom(product, growth: value.quantity - held.value.quantity)
    if value == held.value, location == held.location { return .entry(snapshot(product, held)) }
    shelves[product]!.entries[place].location = location
    return .entry(write(product, place, value, wall))
  }

  private mutating func put(
    _ it: PutProduct, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    guard let held = shelves[it.id]?.product else {
      let made = ProductValue(
        store: it.store, type: it.type, gtin: it.gtin, sku: it.sku, title: it.title,
        createdAt: wall, updatedAt: wall)
      shelves[it.id] = Shelf(product: made)
      return .productCreated(ProductSnapshot(id: it.id, value: made))
    }
    let reserved = shelves[it.id]!.entries.reduce(0) { $0 + $1.value.reserved }
    let changesHands = it.store != held.store || it.type.isUnlimited != held.type.isUnlimited
    if changesHands, reserved > 0 { throw Refused(why: .entryInUse(reserved: reserved)) }
    var value = held
    (value.store, value.type, value.gtin) = (it.store, it.type, it.gtin)
    (value.sku, value.title) = (it.sku, it.title)
    if value != held {
      value.version += 1
      value.updatedAt = wall
      shelves[it.id]!.product = value
    }
    return .product(ProductSnapshot(id: it.id, value: value))
  }
}

// MARK: - What several rules share

extension ReferenceModel {
  static let nothing = EntryValue(
    quantity: 0, reserved: 0, version: 0, createdAt: 0, updatedAt: 0, gtin: .none, location: 0)

  private func shelf(_ product: ProductID, _ scope: StoreScope) throws(Refused) -> Shelf {
    guard let shelf = shelves[product], scope.allows(shelf.product.store) else {
      throw Refused(why: .productNotFound)
    }
    return shelf
  }

  private func find(_ id: EntryID, _ scope: StoreScope) throws(Refused) -> (ProductID, Int) {
    for (product, shelf) in shelves {
      guard let place = shelf.entries.firstIndex(where: { $0.id == id }) else { continue }
      guard scope.allows(shelf.product.store) else { break }
      return (product, place)
    }
    throw Refused(why: .entryNotFound)
  }

  private func expect(
    version: Int64?, quantity: Int64?, _ held: EntryValue?
  ) throws(Refused) {
    let actual = held ?? Self.nothing
    if let version, version != actual.version {
      throw Refused(why: .versionConflict(.version(expected: version, actual: actual.version)))
    }
    if let quantity, quantity != actual.quantity {
      throw Refused(why: .versionConflict(.quantity(expected: quantity, actual: actual.quantity)))
    }
  }

  private static func needReserved(_ quantity: Int64, _ value: EntryValue) throws(Refused) {
    guard value.reserved >= quantity else {
      throw Refused(why: .insufficientReserved(requested: quantity, reserved: value.reserved))
    }
  }

  private func needRoom(_ product: ProductID, growth: Int64) throws(Refused) {
    let total = shelves[product]!.entries.reduce(0) { $0 + $1.value.quantity }
    guard total + growth <= Bounds.maxQuantity else { throw Refused(why: .quantityTooLarge) }
  }

  /// Changes the entry at a location, making it and its product where they are not.
  private mutating func write(
    _ product: ProductID, _ location: String, _ store: StoreID?, _ wall: Timestamp,
    _ change: (inout EntryValue) -> Void
  ) -> EntrySnapshot {
    if shelves[product] == nil, let store {
      let made = ProductValue(store: store, type: .physical, createdAt: wall, updatedAt: wall)
      shelves[product] = Shelf(product: made)
    }
    if let place = shelves[product]!.entries.firstIndex(where: { $0.location == location }) {
      var value = shelves[product]!.entries[place].value
      change(&value)
      return write(product, place, value, wall)
    }
    lastEntryNumber += 1
    var made = Entry(
      id: map.entryID(number: lastEntryNumber, of: shard), location: location, value: Self.nothing)
    made.value.createdAt = wall
    change(&made.value)
    shelves[product]!.entries.append(made)
    return write(product, shelves[product]!.entries.count - 1, made.value, wall)
  }

  private mutating func write(
    _ product: ProductID, _ place: Int, _ value: EntryValue, _ wall: Timestamp
  ) -> EntrySnapshot {
    var value = value
    value.version += 1
    value.updatedAt = wall
    shelves[product]!.entries[place].value = value
    return snapshot(product, shelves[product]!.entries[place])
  }

  private func snapshot(_ product: ProductID, _ entry: Entry) -> EntrySnapshot {
    EntrySnapshot(
      id: entry.id, product: product, store: shelves[product]!.product.store,
      location: entry.location, value: entry.value)
  }
}

extension Outcome {
  /// The same outcome with every location's number set to 0: numbers differ between engines, names
  /// do not.
  public var withoutLocationNumbers: Outcome {
    switch self {
    case .entry(let entry): .entry(entry.withoutLocationNumber)
    case .transferred(let from, let to):
      .transferred(from: from.withoutLocationNumber, to: to.withoutLocationNumber)
    case .summary(let summary):
      .summary(
        ProductSummary(
          product: summary.product, entries: summary.entries.map(\.withoutLocationNumber)))
    case .allocated(let lines):
      .allocated(
        lines.map { AllocatedLine(quantity: $0.quantity, entry: $0.entry.withoutLocationNumber) })
    case .reservedTogether(let entries): .reservedTogether(entries.map(\.withoutLocationNumber))
    case .part(let answer):
      .part(
        PartAnswer(
          lines: answer.lines,
          entries: answer.entries.map(\.withoutLocationNumber), refused: answer.refused))
    case .deleted, .product, .productCreated, .hold, .holdCreated, .keyUnknown, .replay, .refused,
      .unavailable:
      self
    }
  }
}

extension EntrySnapshot {
  /// See `Outcome.withoutLocationNumbers`.
  public var withoutLocationNumber: EntrySnapshot {
    var copy = self
    copy.value.location = 0
    return copy
  }
}
