/// The rules: each command is a ladder of named refusals, then the change. Nothing is touched before
/// the last rung.
extension ShardStateMachine {
  /// Counters that move without the quantity being corrected.
  enum Move {
    case reserve, release, fulfill
  }

  enum Moved {
    /// This entry's counters have moved, in the open batch.
    case moved(row: Int32)
    /// Refused, or nothing had to move.
    case decided(Decision)
  }

  @inline(__always)
  mutating func move(_ move: Move, _ amount: EntryAmount, _ scope: StoreScope, _ now: Now) -> Moved
  {
    guard let product = books.product(amount.product) else {
      return .decided(.refused(.productNotFound))
    }
    guard scope.allows(books.products.rows[Int(product)].store) else {
      return .decided(.refused(.productNotFound, saw(product: product)))
    }
    if books.products.rows[Int(product)].type.isUnlimited {
      return .decided(moveUnlimited(amount, product, saw(product: product)))
    }
    if amount.location.isEmpty {
      return .decided(.refused(.locationRequired, saw(product: product)))
    }
    guard let row = books.entry(product: product, at: amount.location) else {
      return .decided(.refused(.entryNotFound, saw(entriesOf: product)))
    }

    let counters = books.entries[Int(row)].counters
    switch move {
    case .reserve:
      let free = free(row)
      guard free >= amount.quantity else {
        return .decided(
          short(.insufficientStock(requested: amount.quantity, available: max(0, free)), row))
      }
      reserve(amount.quantity, row: row, now)
      return .moved(row: row)
    case .release, .fulfill:
      // What named holds keep leaves by them alone.
      let free = counters.reserved - books.entries[Int(row)].held
      guard free >= amount.quantity else {
        return .decided(
          short(.insufficientReserved(requested: amount.quantity, reserved: free), row))
      }
    }
    if move == .fulfill, counters.quantity < amount.quantity {
      // Promised beyond what is there.
      return .decided(
        short(
          .insufficientStock(requested: amount.quantity, available: counters.quantity), row))
    }
    var after = counters
    after.reserved -= amount.quantity
    if move == .fulfill { after.quantity -= amount.quantity }
    moveCounters(
      move == .fulfill ? .fulfill : .release, row: row, from: counters, to: after,
      floor: min(0, after.available), now)
    return .moved(row: row)
  }

  /// A refusal for what an entry's counters are.
  private func short(_ refusal: Refusal, _ row: Int32) -> Decision {
    .refused(refusal, max(saw(product: books.entries[Int(row)].product), saw(entry: row)))
  }

  /// Writes an entry's new counters into the open batch, and the movement that this is.
  @inline(__always)
  mutating func moveCounters(
    _ kind: Movement.Kind, row: Int32, from before: Counters, to after: Counters, floor: Int64,
    _ now: Now
  ) {
    touch(entry: row, now: now)
    books.entries[Int(row)].write(after, at: now.wall)
    record(entry: row, floor: floor)
    log(
      kind, product: books.entries[Int(row)].product,
      location: books.entries[Int(row)].location, from: before, to: after, now)
  }

  /// Always succeeds; the entry, if there is one, is shown and not moved.
  func moveUnlimited(_ amount: EntryAmount, _ product: Int32, _ sawProduct: Saw) -> Decision {
    if let location = books.locations.id(amount.location),
      let row = books.entry(product: product, location: location)
    {
      return Decision(
        outcome: .entry(snapshot(entry: row, unlimited: true)),
        saw: max(sawProduct, saw(entry: row)))
    }
    let nothing = EntryValue(
      quantity: 0, reserved: 0, version: 0, createdAt: 0, updatedAt: 0, gtin: .none, location: 0)
    let snapshot = EntrySnapshot(
      id: 0, product: amount.product, store: books.products.rows[Int(product)].store,
      location: amount.location, value: nothing, unlimited: true)
    return Decision(outcome: .entry(snapshot), saw: saw(entriesOf: product))
  }

  mutating func set(_ set: SetStock, _ scope: StoreScope, _ now: Now) -> Decision {
    let target: Target
    switch findOrMake(
      set.product, set.location, scope, newProductStore: set.newProductStore, refusal: nil)
    {
    case .refused(let decision): return decision
    case .found(let found): target = found
    }
    let current = value(of: target)
    if let conflict = conflict(
      version: set.expectedVersion, quantity: set.expectedQuantity, current: current)
    {
      return .refused(.versionConflict(conflict), target.saw)
    }
    let reserved = current?.reserved ?? 0
    guard mayBecome(set.quantity, reserved: reserved, current, target) else {
      return .refused(.belowReserved(requested: set.quantity, reserved: reserved), target.saw)
    }
    let gtin = set.gtin ?? current?.gtin ?? .none
    if let row = target.row, let current {
      if current.quantity == set.quantity, current.gtin == gtin {
        return Decision(outcome: .entry(snapshot(entry: row)), saw: target.saw)
      }
    }
    if let refusal = capacity(
      target, location: set.location, store: set.newProductStore,
      growth: set.quantity - (current?.quantity ?? 0))
    {
      return .refused(refusal, sawCapacity(target))
    }
    cause.note = set.note
    return write(
      target, product: set.product, location: set.location, store: set.newProductStore,
      quantity: set.quantity, gtin: gtin, set.isImport ? .import : .set, now)
  }

  mutating func adjust(_ adjust: AdjustStock, _ scope: StoreScope, _ now: Now) -> Decision {
    let target: Target
    switch findOrMake(
      adjust.product, adjust.location, scope, newProductStore: adjust.newProductStore,
      refusal: adjust.quantity < 0 ? .entryNotFound : nil)
    {
    case .refused(let decision): return decision
    case .found(let found): target = found
    }
    let current = value(of: target)
    if let conflict = conflict(version: adjust.expectedVersion, quantity: nil, current: current) {
      return .refused(.versionConflict(conflict), target.saw)
    }
    if adjust.quantity < 0, let current {
      let quantity = current.quantity + adjust.quantity
      guard quantity >= 0, mayBecome(quantity, reserved: current.reserved, current, target) else {
        let free = min(current.quantity, current.available + backorderLimit(target))
        return .refused(
          .insufficientStock(requested: -adjust.quantity, available: max(0, free)), target.saw)
      }
    }
    if let refusal = capacity(
      target, location: adjust.location, store: adjust.newProductStore, growth: adjust.quantity)
    {
      return .refused(refusal, sawCapacity(target))
    }
    cause.note = adjust.note
    return write(
      target, product: adjust.product, location: adjust.location, store: adjust.newProductStore,
      quantity: (current?.quantity ?? 0) + adjust.quantity, gtin: current?.gtin ?? .none, .adjust,
      now)
  }

  mutating func transfer(_ transfer: Transfer, _ scope: StoreScope, _ now: Now) -> Decision {
    let from: Target
    switch findOrMake(
      transfer.product, transfer.from, scope, newProductStore: nil, refusal: .entryNotFound)
    {
    case .refused(let decision): return decision
    case .found(let found): from = found
    }
    let to: Target
    switch findOrMake(transfer.product, transfer.to, scope, newProductStore: nil, refusal: nil) {
    case .refused(let decision): return decision
    case .found(let found): to = found
    }
    let seen = max(from.saw, to.saw)
    guard let fromRow = from.row else { return .refused(.entryNotFound, seen) }
    let before = books.entries[Int(fromRow)].value
    guard before.available >= transfer.quantity else {
      return .refused(
        .insufficientStock(requested: transfer.quantity, available: max(0, before.available)),
        seen)
    }
    // The product's total stays, so only a new entry can meet a bound.
    if let refusal = capacity(to, location: transfer.to, store: nil, growth: 0) {
      return .refused(refusal, sawCapacity(to))
    }

    touch(entry: fromRow, now: now)
    books.entries[Int(fromRow)].value.quantity -= transfer.quantity
    stamp(fromRow, now)
    record(entry: fromRow)
    log(.transferOut, row: fromRow, from: before, now)
    let there = value(of: to)
    let written = write(
      to, product: transfer.product, location: transfer.to, store: nil,
      quantity: (there?.quantity ?? 0) + transfer.quantity, gtin: there?.gtin ?? .none,
      .transferIn, now)
    guard case .entry(let arrived) = written.outcome else {
      preconditionFailure("capacity was checked, and yet the transfer had no room")
    }
    return Decision(
      outcome: .transferred(from: snapshot(entry: fromRow), to: arrived), saw: .open)
  }

  mutating func putEntry(_ put: PutEntry, _ scope: StoreScope, _ now: Now) -> Decision {
    guard let row = books.entry(put.id) else { return .refused(.entryNotFound) }
    let product = books.entries[Int(row)].product
    var seen = max(saw(product: product), saw(entry: row))
    let store = books.products.rows[Int(product)].store
    guard books.entries[Int(row)].isLive, scope.allows(store)
    else { return .refused(.entryNotFound, seen) }
    let current = books.entries[Int(row)].value
    if let conflict = conflict(versions: put.expectedVersions, current: current) {
      return .refused(.versionConflict(conflict), seen)
    }
    var value = current
    var moves: String?
    if let name = put.location {
      let known = books.locations.id(name)
      if known != current.location {
        if let known, let taken = books.entry(product: product, location: known) {
          return .refused(.locationTaken, max(seen, saw(entry: taken)))
        }
        // From here on it rests on that the location is free.
        seen = saw(entriesOf: product)
        // Holds name the location: their units could not be found any more.
        let held = books.entries[Int(row)].held
        guard held == 0 else { return .refused(.entryInUse(reserved: held), seen) }
        if known == nil, let bound = books.locations.bound(for: store) {
          return .refused(.capacityReached(bound), seen)
        }
        moves = name
      }
    }
    value.quantity = put.quantity ?? current.quantity
    value.reserved = put.reserved ?? current.reserved
    value.gtin = put.gtin ?? current.gtin
    let held = books.entries[Int(row)].held
    guard value.reserved >= held else { return .refused(.entryInUse(reserved: held), seen) }
    guard
      value.reserved <= current.reserved || value.available >= 0,
      mayBecome(
        value.quantity, reserved: value.reserved, current,
        Target(product: product, row: row, saw: seen))
    else {
      return .refused(.belowReserved(requested: value.quantity, reserved: value.reserved), seen)
    }
    if books.totalQuantity(product: product) - current.quantity > Bounds.maxQuantity
      - value.quantity
    {
      return .refused(.quantityTooLarge, saw(entriesOf: product))
    }
    // The name is kept no earlier than here: a refused command leaves nothing behind.
    if let moves, let location = books.locations.intern(moves, of: store) {
      value.location = location
    }
    if value == current {
      return Decision(outcome: .entry(snapshot(entry: row)), saw: seen)
    }
    touch(entry: row, now: now)
    books.entries[Int(row)].value = value
    stamp(row, now)
    record(entry: row, floor: min(0, value.available))
    if value.location == current.location {
      log(.set, row: row, from: current, now)
    } else {
      log(
        .transferOut, product: product, location: current.location, from: current.counters,
        to: .zero, now)
      log(
        .transferIn, product: product, location: value.location, from: .zero,
        to: current.counters, now)
      log(
        .set, product: product, location: value.location, from: current.counters,
        to: value.counters, now)
    }
    return Decision(outcome: .entry(snapshot(entry: row)), saw: .open)
  }

  mutating func deleteEntry(
    _ entry: EntryID, _ expectedVersions: [Int64]?, _ scope: StoreScope, _ now: Now
  ) -> Decision {
    guard let row = books.entry(entry) else { return .refused(.entryNotFound) }
    let product = books.entries[Int(row)].product
    let seen = max(saw(product: product), saw(entry: row))
    guard books.entries[Int(row)].isLive, scope.allows(books.products.rows[Int(product)].store)
    else { return .refused(.entryNotFound, seen) }
    let current = books.entries[Int(row)].value
    if let conflict = conflict(versions: expectedVersions, current: current) {
      return .refused(.versionConflict(conflict), seen)
    }
    guard current.reserved == 0 else {
      return .refused(.entryInUse(reserved: current.reserved), seen)
    }
    touch(entry: row, now: now)
    books.entries[Int(row)].isLive = false
    record(entry: row)
    log(.delete, row: row, from: current, now)
    return Decision(outcome: .deleted, saw: .open)
  }

  mutating func putProduct(_ put: PutProduct, _ now: Now) -> Decision {
    var value = ProductValue(
      store: put.store, type: put.type, gtin: put.gtin, sku: put.sku, title: put.title,
      policy: put.policy, createdAt: now.wall, updatedAt: now.wall)
    guard let row = books.product(put.id) else {
      guard books.productCount < Bounds.maxProductsPerShard else {
        return .refused(.capacityReached(.products))
      }
      _ = makeProduct(put.id, value, now: now)
      return Decision(outcome: .productCreated(.init(id: put.id, value: value)), saw: .open)
    }
    let current = books.products.value(of: row)
    if value.store != current.store || value.type.isUnlimited != current.type.isUnlimited {
      // Whoever has units reserved could neither release nor ship them after that.
      let (reserved, seen) = reservedUnits(of: row)
      guard reserved == 0 else {
        return .refused(.entryInUse(reserved: reserved), max(seen, saw(product: row)))
      }
    }
    value.version = current.version
    value.createdAt = current.createdAt
    value.updatedAt = current.updatedAt
    if value == current {
      return Decision(
        outcome: .product(.init(id: put.id, value: value)), saw: saw(product: row))
    }
    value.version += 1
    value.updatedAt = now.wall
    changeProduct(row, to: value, now: now)
    return Decision(outcome: .product(.init(id: put.id, value: value)), saw: .open)
  }
}
