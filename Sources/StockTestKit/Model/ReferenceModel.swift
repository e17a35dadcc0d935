public import StockCore

/// What each command does to a shard, said as plainly as can be: no batches, no pending state.
public struct ReferenceModel: Sendable {
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
  /// How long a hold that has ended is remembered, in milliseconds.
  public let closedHoldAge: Int64
  public var shelves: [ProductID: Shelf] = [:]
  public var lastEntryNumber: Int64 = 0
  public var holds: [HoldID: Hold] = [:]
  public var purchases: [PurchaseKey: Purchases] = [:]
  /// The movements since somebody last took them; their numbers are 0.
  public var movements: [LedgerEntry] = []
  /// Grows with every change.
  public internal(set) var changes = 0
  /// Whom and what the movements of the command under way name.
  var actor: ActorID = 0
  var note = MovementNote()

  public init(map: ShardMap, shard: ShardID, closedHoldAge: Int64) {
    self.map = map
    self.shard = shard
    self.closedHoldAge = closedHoldAge
  }

  /// Does a command, or refuses it and changes nothing; but what is due by then ends first.
  public mutating func apply(
    _ command: Command, wall: Timestamp, isExpiring: Bool = true
  ) -> Outcome {
    if isExpiring, !command.operation.isRead { expireDue(wall) }
    actor = command.actor
    note = MovementNote()
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
      return try move(it, .reserve, scope, wall) { (value, entry, policy) throws(Refused) in
        let free = Self.free(value, policy)
        guard free >= it.quantity else {
          throw Refused(why: .insufficientStock(requested: it.quantity, available: max(0, free)))
        }
        value.reserved += it.quantity
      }
    case .release(let it):
      let named = held(product: it.product, location: it.location)
      return try move(it, .release, scope, wall) { (value, entry, policy) throws(Refused) in
        try Self.needReserved(it.quantity, value, named)
        value.reserved -= it.quantity
      }
    case .fulfill(let it):
      let named = held(product: it.product, location: it.location)
      return try move(it, .fulfill, scope, wall) { (value, entry, policy) throws(Refused) in
        try Self.needReserved(it.quantity, value, named)
        guard value.quantity >= it.quantity else {
          throw Refused(
            why: .insufficientStock(requested: it.quantity, available: value.quantity))
        }
        value.reserved -= it.quantity
        value.quantity -= it.quantity
      }
    case .set(let it): return try set(it, scope, wall)
    case .adjust(let it): return try adjust(it, scope, wall)
    case .transfer(let it): return try transfer(it, scope, wall)
    case .putEntry(let it): return try put(it, scope, wall)
    case .deleteEntry(let id, let versions):
      let (product, place) = try find(id, scope)
      let value = shelves[product]!.entries[place].value
      try expect(oneOf: versions, value)
      guard value.reserved == 0 else { throw Refused(why: .entryInUse(reserved: value.reserved)) }
      log(
        .delete, product, shelves[product]!.entries[place].location, value, Self.nothing, wall)
      shelves[product]!.entries.remove(at: place)
      changes += 1
      return .deleted
    case .putProduct(let it): return try put(it, wall)
    case .allocate(let it): return try allocate(it, scope, wall)
    case .hold(let it): return try hold(it, scope, wall)
    case .extendHold(let id, let time): return try extend(id, time, scope, wall)
    case .fulfillHold(let id, let amounts): return try fulfill(id, amounts, scope, wall)
    case .releaseHold(let id, let amounts): return try release(id, amounts, scope, wall)
    case .reserveTogether(let it): return try reserve(it, scope, wall)
    case .readHold(let id): return .hold(try visible(id, scope))
    case .applyPart, .checkKey:
      preconditionFailure("the model is of one shard, and keeps no keys")
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
    _ it: EntryAmount, _ kind: Movement.Kind, _ scope: StoreScope, _ wall: Timestamp,
    _ change: (inout EntryValue, Entry, StockPolicy) throws(Refused) -> Void
  ) throws(Refused) -> Outcome {
    let shelf = try shelf(it.product, scope)
    let place = shelf.entries.firstIndex { $0.location == it.location }
    if shelf.product.type.isUnlimited { return .entry(unlimited(it.product, it.location)) }
    if it.location.isEmpty { throw Refused(why: .locationRequired) }
    guard let place else { throw Refused(why: .entryNotFound) }
    var value = shelf.entries[place].value
    try change(&value, shelf.entries[place], shelf.product.policy)
    return .entry(write(it.product, place, value, kind, wall))
  }

  private mutating func allocate(
    _ it: AllocateStock, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    let shelf = try shelf(it.product, scope)
    if shelf.product.type.isUnlimited { return .entry(unlimited(it.product, "")) }
    if shelf.entries.isEmpty { throw Refused(why: .entryNotFound) }
    let free = shelf.entries.map {
      Offer(id: $0.id, location: $0.location, units: Self.free($0.value, shelf.product.policy))
    }
    switch Self.shares(of: it.quantity, free, it.allocation) {
    case .short(let available):
      throw Refused(why: .insufficientStock(requested: it.quantity, available: available))
    case .shares(let shares):
      return .allocated(
        shares.map { share in
          let place = shelf.entries.firstIndex { $0.location == share.location }!
          var value = shelves[it.product]!.entries[place].value
          value.reserved += share.units
          return AllocatedLine(
            quantity: share.units, entry: write(it.product, place, value, .reserve, wall))
        })
    }
  }

  private mutating func set(
    _ it: SetStock, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    if shelves[it.product] == nil, it.newProductStore != nil {
      try expect(version: it.expectedVersion, quantity: it.expectedQuantity, nil)
    } else {
      let held = try shelf(it.product, scope).entries.first { $0.location == it.location }?.value
      try expect(version: it.expectedVersion, quantity: it.expectedQuantity, held)
      try needCover(it.product, it.quantity, held?.reserved ?? 0, held)
      if let held, held.quantity == it.quantity, it.gtin ?? held.gtin == held.gtin {
        return .entry(snapshot(it.product, entry(product: it.product, location: it.location)!))
      }
      try needRoom(it.product, growth: it.quantity - (held?.quantity ?? 0))
    }
    note = it.note
    return .entry(
      write(
        it.product, it.location, it.newProductStore, it.isImport ? .import : .set, wall
      ) { value in
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
      if it.quantity < 0, let held {
        let owed = shelves[it.product]!.product.policy.backorderLimit
        let free = max(0, min(held.quantity, held.available + owed))
        guard free >= -it.quantity else {
          throw Refused(why: .insufficientStock(requested: -it.quantity, available: free))
        }
      }
      try needRoom(it.product, growth: it.quantity)
    }
    note = it.note
    return .entry(
      write(it.product, it.location, it.newProductStore, .adjust, wall) {
        $0.quantity += it.quantity
      })
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
        why: .insufficientStock(
          requested: it.quantity, available: max(0, from.value.available)))
    }
    let sent = write(it.product, it.from, nil, .transferOut, wall) { $0.quantity -= it.quantity }
    let arrived = write(it.product, it.to, nil, .transferIn, wall) { $0.quantity += it.quantity }
    return .transferred(from: sent, to: arrived)
  }

  private mutating func put(
    _ it: PutEntry, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    let (product, place) = try find(it.id, scope)
    let held = shelves[product]!.entries[place]
    try expect(oneOf: it.expectedVersions, held.value)
    let location = it.location ?? held.location
    if location != held.location, entry(product: product, location: location) != nil {
      throw Refused(why: .locationTaken)
    }
    let named = self.held(product: product, location: held.location)
    if location != held.location, named > 0 { throw Refused(why: .entryInUse(reserved: named)) }
    var value = held.value
    value.quantity = it.quantity ?? value.quantity
    value.reserved = it.reserved ?? value.reserved
    value.gtin = it.gtin ?? value.gtin
    guard value.reserved >= named else { throw Refused(why: .entryInUse(reserved: named)) }
    // More can be promised by hand only of what is there.
    if value.reserved > held.value.reserved, value.available < 0 {
      throw Refused(why: .belowReserved(requested: value.quantity, reserved: value.reserved))
    }
    try needCover(product, value.quantity, value.reserved, held.value)
    try needRoom(product, growth: value.quantity - held.value.quantity)
    if value == held.value, location == held.location { return .entry(snapshot(product, held)) }
    if location != held.location {
      log(.transferOut, product, held.location, held.value, Self.nothing, wall)
      log(.transferIn, product, location, Self.nothing, held.value, wall)
    }
    shelves[product]!.entries[place].location = location
    return .entry(write(product, place, value, .set, wall))
  }

  private mutating func put(
    _ it: PutProduct, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    guard let held = shelves[it.id]?.product else {
      let made = ProductValue(
        store: it.store, type: it.type, gtin: it.gtin, sku: it.sku, title: it.title,
        policy: it.policy, createdAt: wall, updatedAt: wall)
      shelves[it.id] = Shelf(product: made)
      changes += 1
      return .productCreated(ProductSnapshot(id: it.id, value: made))
    }
    let reserved = shelves[it.id]!.entries.reduce(0) { $0 + $1.value.reserved }
    let changesHands = it.store != held.store || it.type.isUnlimited != held.type.isUnlimited
    if changesHands, reserved > 0 { throw Refused(why: .entryInUse(reserved: reserved)) }
    var value = held
    (value.store, value.type, value.gtin) = (it.store, it.type, it.gtin)
    (value.sku, value.title, value.policy) = (it.sku, it.title, it.policy)
    if value != held {
      value.version += 1
      value.updatedAt = wall
      shelves[it.id]!.product = value
      changes += 1
    }
    return .product(ProductSnapshot(id: it.id, value: value))
  }
}

// MARK: - What several rules share

extension ReferenceModel {
  static let nothing = EntryValue(
    quantity: 0, reserved: 0, version: 0, createdAt: 0, updatedAt: 0, gtin: .none, location: 0)

  func shelf(_ product: ProductID, _ scope: StoreScope) throws(Refused) -> Shelf {
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

  private func expect(oneOf versions: [Int64]?, _ held: EntryValue) throws(Refused) {
    guard let versions, !versions.contains(held.version) else { return }
    throw Refused(
      why: .versionConflict(.version(expected: versions.max() ?? 0, actual: held.version)))
  }

  /// Counter-level commands have what no hold keeps.
  private static func needReserved(
    _ quantity: Int64, _ value: EntryValue, _ named: Int64
  ) throws(Refused) {
    guard value.reserved - named >= quantity else {
      throw Refused(
        why: .insufficientReserved(requested: quantity, reserved: value.reserved - named))
    }
  }

  /// What is reserved must be there, but for what may be owed; more than now is always welcome.
  private func needCover(
    _ product: ProductID, _ quantity: Int64, _ reserved: Int64, _ held: EntryValue?
  ) throws(Refused) {
    if quantity - reserved >= -shelves[product]!.product.policy.backorderLimit { return }
    if let held, quantity >= held.quantity, reserved <= held.reserved { return }
    throw Refused(why: .belowReserved(requested: quantity, reserved: reserved))
  }

  /// Units that can be reserved.
  static func free(_ value: EntryValue, _ policy: StockPolicy) -> Int64 {
    min(value.available - policy.floor, Bounds.maxQuantity - value.reserved)
  }

  /// An entry of a product that never runs out, if it has one.
  func unlimited(_ product: ProductID, _ location: String) -> EntrySnapshot {
    var shown = EntrySnapshot(
      id: 0, product: product, store: shelves[product]!.product.store, location: location,
      value: Self.nothing, unlimited: true)
    if let entry = entry(product: product, location: location) {
      shown.id = entry.id
      shown.value = entry.value
    }
    return shown
  }

  private func needRoom(_ product: ProductID, growth: Int64) throws(Refused) {
    let total = shelves[product]!.entries.reduce(0) { $0 + $1.value.quantity }
    guard total + growth <= Bounds.maxQuantity else { throw Refused(why: .quantityTooLarge) }
  }

  /// Changes the entry at a location, making it and its product where they are not.
  private mutating func write(
    _ product: ProductID, _ location: String, _ store: StoreID?, _ kind: Movement.Kind,
    _ wall: Timestamp, _ change: (inout EntryValue) -> Void
  ) -> EntrySnapshot {
    if shelves[product] == nil, let store {
      let made = ProductValue(store: store, type: .physical, createdAt: wall, updatedAt: wall)
      shelves[product] = Shelf(product: made)
    }
    if let place = shelves[product]!.entries.firstIndex(where: { $0.location == location }) {
      var value = shelves[product]!.entries[place].value
      change(&value)
      return write(product, place, value, kind, wall)
    }
    lastEntryNumber += 1
    var made = Entry(
      id: map.entryID(number: lastEntryNumber, of: shard), location: location, value: Self.nothing)
    made.value.createdAt = wall
    shelves[product]!.entries.append(made)
    change(&made.value)
    return write(product, shelves[product]!.entries.count - 1, made.value, kind, wall)
  }

  private mutating func write(
    _ product: ProductID, _ place: Int, _ value: EntryValue, _ kind: Movement.Kind,
    _ wall: Timestamp
  ) -> EntrySnapshot {
    let before = shelves[product]!.entries[place]
    log(kind, product, before.location, before.value, value, wall)
    var value = value
    value.version += 1
    value.updatedAt = wall
    shelves[product]!.entries[place].value = value
    changes += 1
    return snapshot(product, shelves[product]!.entries[place])
  }

  /// What the ledger tells of a change.
  mutating func log(
    _ kind: Movement.Kind, _ product: ProductID, _ location: String, _ before: EntryValue,
    _ after: EntryValue, _ wall: Timestamp
  ) {
    if before.quantity == after.quantity, before.reserved == after.reserved { return }
    let shelf = shelves[product]!.product
    var edges: Movement.Edges = []
    if !shelf.type.isUnlimited {
      let floor = shelf.policy.floor
      if let low = shelf.policy.lowStockThreshold, before.available > low, after.available <= low {
        edges.insert(.lowStock)
      }
      if before.available > floor, after.available <= floor { edges.insert(.outOfStock) }
      if before.available <= floor, after.available > floor { edges.insert(.backInStock) }
    }
    movements.append(
      LedgerEntry(
        number: 0, kind: kind, edges: edges, product: product, store: shelf.store,
        location: location, quantityChange: after.quantity - before.quantity,
        reservedChange: after.reserved - before.reserved, quantityAfter: after.quantity,
        reservedAfter: after.reserved, actor: actor, occurredAt: wall, note: note))
  }

  func snapshot(_ product: ProductID, _ entry: Entry) -> EntrySnapshot {
    EntrySnapshot(
      id: entry.id, product: product, store: shelves[product]!.product.store,
      location: entry.location, value: entry.value)
  }
}
