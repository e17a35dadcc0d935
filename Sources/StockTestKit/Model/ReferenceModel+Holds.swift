public import StockCore

// Holds, all of whose lines are on this shard.
extension ReferenceModel {
  /// Units of an entry that open holds keep.
  func held(product: ProductID, location: String) -> Int64 {
    var sum: Int64 = 0
    for hold in holds.values where !hold.status.isClosed {
      for line in hold.lines
      where line.product == product && line.location == location && !line.unlimited {
        sum += line.held
      }
    }
    return sum
  }

  /// In the order of their ids.
  public var openHolds: [Hold] {
    holds.values.filter { !$0.status.isClosed }.sorted { $0.id < $1.id }
  }

  func visible(_ id: HoldID, _ scope: StoreScope) throws(Refused) -> Hold {
    guard let hold = holds[id], scope == .any || scope == .only(hold.store) else {
      throw Refused(why: .holdNotFound)
    }
    return hold
  }

  /// Ends the holds whose time is over, and forgets those that ended long ago.
  public mutating func expireDue(_ wall: Timestamp) {
    let due = holds.values.filter { !$0.status.isClosed && $0.expiresAt <= wall }
    for hold in due.sorted(by: { $0.expiresAt < $1.expiresAt }) {
      actor = 0
      note = MovementNote(reference: hold.id)
      giveBack(hold, .expire, wall, hold.lines.map(\.held))
    }
    for hold in holds.values
    where hold.status.isClosed && hold.updatedAt + closedHoldAge <= wall {
      holds[hold.id] = nil
      changes += 1
    }
  }

  // MARK: Commands

  mutating func hold(
    _ it: HoldRequest, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    let store = scope.ownStore
    let isMine = { (hold: Hold) in hold.order == it.order && hold.store == store }
    if let taken = holds[it.id] {
      guard isMine(taken) else { throw Refused(why: .holdIDTaken) }
      if taken.status.isClosed, it.isClientID { throw Refused(why: .holdClosed(taken.status)) }
    }
    let open = holds.values.first { isMine($0) && !$0.status.isClosed }
    let asked = it.lines
    if let open {
      if isSame(open, asked) { return .hold(open) }
      note = MovementNote(reference: open.id)
      var hold = open
      hold.lines = try take(open, Self.replacing(open, asked), it.allocation, scope, wall)
      hold.expiresAt = wall + it.timeToLive
      return .hold(keep(hold, wall))
    }
    var hold = Hold(
      id: it.id, order: it.order, customer: it.customer, store: store, status: .held, lines: [],
      createdAt: wall, updatedAt: wall, expiresAt: wall + it.timeToLive, revision: 0)
    note = MovementNote(reference: it.id)
    hold.lines = try take(hold, asked, it.allocation, scope, wall)
    return .holdCreated(keep(hold, wall))
  }

  mutating func extend(
    _ id: HoldID, _ time: Int64, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    var hold = try visible(id, scope)
    if hold.status.isClosed { throw Refused(why: .holdClosed(hold.status)) }
    hold.expiresAt = wall + time
    return .hold(keep(hold, wall))
  }

  mutating func release(
    _ id: HoldID, _ amounts: [HoldAmount]?, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    let hold = try visible(id, scope)
    if hold.status.isClosed {
      return try again(hold, .released, amounts) { $0.quantity - $0.held - $0.fulfilled }
    }
    note = MovementNote(reference: id)
    return .hold(giveBack(hold, .release, wall, try Self.units(amounts, of: hold)))
  }

  mutating func fulfill(
    _ id: HoldID, _ amounts: [HoldAmount]?, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    var hold = try visible(id, scope)
    if hold.status.isClosed { return try again(hold, .fulfilled, amounts, \.fulfilled) }
    let units = try Self.units(amounts, of: hold)
    // What is shipped has to be there.
    var short: [LineRefusal] = []
    for (line, units) in zip(hold.lines, units) where !line.unlimited && units > 0 {
      let quantity = entry(product: line.product, location: line.location)?.value.quantity ?? 0
      guard units > quantity else { continue }
      short.append(
        LineRefusal(
          product: line.product, location: line.location,
          refusal: .insufficientStock(requested: units, available: quantity)))
    }
    if !short.isEmpty { throw Refused(why: .linesRefused(short)) }
    note = MovementNote(reference: id)
    for (place, units) in units.enumerated() where units > 0 {
      hold.lines[place].held -= units
      hold.lines[place].fulfilled += units
      change(hold.lines[place], .fulfill, wall) { value in
        value.quantity -= units
        value.reserved -= units
      }
    }
    if !hold.holdsUnits { hold.status = .fulfilled }
    return .hold(keep(hold, wall))
  }

  mutating func reserve(
    _ it: AtomicReserve, _ scope: StoreScope, _ wall: Timestamp
  ) throws(Refused) -> Outcome {
    if holds[it.id] != nil { throw Refused(why: .holdIDTaken) }
    let nobody = Hold(
      id: it.id, order: "", customer: "", store: 0, status: .held, lines: [], createdAt: wall,
      updatedAt: wall, expiresAt: .max)
    note = MovementNote(reference: it.id)
    _ = try take(nobody, it.lines, Allocation(), scope, wall)
    return .reservedTogether(
      it.lines.map { line in
        if shelves[line.product]!.product.type.isUnlimited {
          return unlimited(line.product, line.location)
        }
        return snapshot(line.product, entry(product: line.product, location: line.location)!)
      })
  }

  // MARK: What they share

  /// The answer to who asks for what has happened already.
  private func again(
    _ hold: Hold, _ status: HoldStatus, _ amounts: [HoldAmount]?, _ gone: (HoldLine) -> Int64
  ) throws(Refused) -> Outcome {
    let isDone = (amounts ?? []).allSatisfy { amount in
      hold.lines.filter(amount.means).reduce(0) { $0 + gone($1) } >= amount.quantity
    }
    guard hold.status == status, isDone else { throw Refused(why: .holdClosed(hold.status)) }
    return .hold(hold)
  }

  /// How many units of each line are meant.
  private static func units(
    _ amounts: [HoldAmount]?, of hold: Hold
  ) throws(Refused) -> [Int64] {
    guard let amounts else { return hold.lines.map(\.held) }
    var units = hold.lines.map { _ in Int64(0) }
    for amount in amounts {
      let places = hold.lines.indices.filter { amount.means(hold.lines[$0]) }
      if places.isEmpty {
        throw Refused(why: .lineNotFound(product: amount.product, location: amount.location))
      }
      let held = places.reduce(0) { $0 + hold.lines[$1].held - units[$1] }
      guard amount.quantity <= held else {
        let why = Refusal.insufficientReserved(requested: amount.quantity, reserved: held)
        throw Refused(
          why: .linesRefused([
            LineRefusal(product: amount.product, location: amount.location, refusal: why)
          ]))
      }
      var rest = amount.quantity
      for place in places {
        let part = min(rest, hold.lines[place].held - units[place])
        units[place] += part
        rest -= part
      }
    }
    return units
  }

  /// Units go back on the shelf, and do not count against a sale any more.
  @discardableResult
  private mutating func giveBack(
    _ hold: Hold, _ kind: Movement.Kind, _ wall: Timestamp, _ units: [Int64]
  ) -> Hold {
    var hold = hold
    for (place, units) in units.enumerated() where units > 0 {
      hold.lines[place].held -= units
      change(hold.lines[place], kind, wall) { $0.reserved -= units }
      if !hold.lines[place].unlimited { count(-units, hold.lines[place], hold.customer) }
    }
    if !hold.holdsUnits { hold.status = kind == .expire ? .expired : .released }
    return keep(hold, wall)
  }

  private mutating func keep(_ hold: Hold, _ wall: Timestamp) -> Hold {
    var hold = hold
    hold.revision += 1
    hold.updatedAt = wall
    holds[hold.id] = hold
    changes += 1
    return hold
  }

  mutating func change(
    _ line: HoldLine, _ kind: Movement.Kind, _ wall: Timestamp,
    _ body: (inout EntryValue) -> Void
  ) {
    guard !line.unlimited,
      let place = shelves[line.product]?.entries.firstIndex(where: { $0.location == line.location })
    else { return }
    let before = shelves[line.product]!.entries[place].value
    var after = before
    body(&after)
    log(kind, line.product, line.location, before, after, wall)
    after.version += 1
    after.updatedAt = wall
    shelves[line.product]!.entries[place].value = after
    changes += 1
  }

  /// Counts units for the sale that a line belongs to.
  mutating func count(_ units: Int64, _ line: HoldLine, _ customer: String) {
    guard let sale = line.sale, !customer.isEmpty, units != 0 else { return }
    let key = PurchaseKey(product: line.product, customer: customer)
    var had: Int64 = 0
    if let known = purchases[key], known.saleStart == sale { had = known.units }
    if units < 0, had == 0 { return }
    purchases[key] = had + units > 0 ? Purchases(units: had + units, saleStart: sale) : nil
    changes += 1
  }
}

extension HoldAmount {
  fileprivate func means(_ line: HoldLine) -> Bool {
    line.product == product && (location.isEmpty || line.location == location)
  }
}
