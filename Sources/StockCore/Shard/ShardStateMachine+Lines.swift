/// A hold's lines on this shard: checked together, then taken and given back together.
extension ShardStateMachine {
  /// Where lines are to go.
  struct LineChange {
    var hold: HoldID
    var customer: String
    var scope: StoreScope
    /// What movements are called whose units leave the hold unshipped.
    var giveBack: Movement.Kind
    var allocation: Allocation
    /// Purchase limits count the units: not those of atomic batches, which are no hold's.
    var isCounted: Bool
  }

  enum LineVerdict {
    /// It can be done so.
    case possible(LinePlan)
    case refused([LineRefusal], Saw)
  }

  /// What would be done.
  struct LinePlan {
    /// The lines with their locations.
    var lines: [HoldLine] = []
    fileprivate var steps: [Step] = []
    /// Units of an undone shipment whose entries were deleted or moved meanwhile: made again.
    fileprivate var returns: [(product: Int32, location: String, units: Int64)] = []
    fileprivate var purchases: [(PurchaseKey, Purchases?)] = []
  }

  fileprivate struct Step {
    var row: Int32
    /// Units that the hold has more of this entry; negative: fewer.
    var held: Int64
    /// Units that were shipped more; negative: taken back.
    var fulfilled: Int64
    /// Units that it had of the entry before: to its caller they count as available.
    var own: Int64
  }

  /// Judges whether lines can become others. Nothing is changed.
  ///
  /// - Parameter isForced: units only leave, or come back that were shipped: nothing is refused.
  func judge(
    _ old: [HoldLine], to new: [HoldLine], _ change: LineChange, isForced: Bool, _ now: Now
  ) -> LineVerdict {
    var plan = LinePlan()
    var refusals: [LineRefusal] = []
    var seen = Saw.committed
    // What each entry's counters are to change by, and what each customer's purchases are to become.
    var places: [Int32: Int] = [:]
    var bought: [PurchaseKey: Purchases?] = [:]
    var oldLines: [LineKey: HoldLine] = [:]
    for line in old { oldLines[LineKey(line)] = line }

    func step(_ row: Int32, held: Int64, fulfilled: Int64, own: Int64 = 0) {
      if let place = places[row] {
        plan.steps[place].held += held
        plan.steps[place].fulfilled += fulfilled
        plan.steps[place].own += own
      } else {
        places[row] = plan.steps.count
        plan.steps.append(Step(row: row, held: held, fulfilled: fulfilled, own: own))
      }
    }
    func refuse(_ line: HoldLine, _ refusal: Refusal, _ saw: Saw) {
      seen = max(seen, saw)
      refusals.append(
        LineRefusal(product: line.product, location: line.location, refusal: refusal))
    }
    func count(_ units: Int64, _ line: HoldLine) {
      guard let sale = line.sale, units != 0, !change.customer.isEmpty else { return }
      let key = PurchaseKey(product: line.product, customer: change.customer)
      let known = bought[key] ?? purchases[key]
      let had = known.flatMap { $0.saleStart == sale ? $0.units : nil } ?? 0
      // A sale that is over is not counted any more.
      if units < 0, known?.saleStart != sale { return }
      let units = had + units
      bought[key] = .some(units > 0 ? Purchases(units: units, saleStart: sale) : nil)
    }

    /// A line's units, as they count against the sale of its product.
    func recount(_ before: HoldLine?, _ line: HoldLine) {
      let had = before.map { $0.held + $0.fulfilled } ?? 0
      let has = line.held + line.fulfilled
      if let before, before.sale != line.sale {
        count(-had, before)
        count(has, line)
      } else {
        count(has - had, line)
      }
    }

    // Lines that take more of what a sale limits.
    var limited: [(line: HoldLine, units: Int64, limit: PurchaseLimit)] = []

    // What is given back comes first, so that the new lines can have it.
    let kept = Set(new.map(LineKey.init))
    for line in old where !kept.contains(LineKey(line)) {
      guard !line.unlimited, line.held != 0 else { continue }
      if let row = row(of: line) { step(row, held: -line.held, fulfilled: 0, own: line.held) }
      count(-line.held, line)
    }
    // Lines without a location come last: they take what the others leave.
    var unplaced: [HoldLine] = []
    for line in new {
      var before = oldLines[LineKey(line)]
      guard let product = books.product(line.product) else {
        if isForced { plan.lines.append(line) } else { refuse(line, .productNotFound, .committed) }
        continue
      }
      let value = books.products.value(of: product)
      guard
        isForced || change.scope.allows(value.store)
          || line.takesNothing(beside: before, neverRunsOut: value.type.isUnlimited)
      else {
        refuse(line, .productNotFound, saw(product: product))
        continue
      }
      if line.unlimited || (value.type.isUnlimited && before?.unlimited ?? true) {
        seen = max(seen, saw(product: product))
        if let before, !before.unlimited, before.held != 0, let row = row(of: before) {
          // Back to what it was when it never ran out.
          step(row, held: -before.held, fulfilled: 0, own: before.held)
          count(-before.held, before)
        }
        var line = line
        line.unlimited = true
        plan.lines.append(line)
        continue
      }
      if before?.unlimited == true {
        // The product may run out now: what the hold has is no unit yet, and what it shipped never was.
        before?.unlimited = false
        before?.held = 0
      }
      if line.location.isEmpty {
        if isForced || hasEntries(product) {
          unplaced.append(line)
        } else {
          refuse(line, .entryNotFound, saw(entriesOf: product))
        }
        continue
      }
      if let before, before.held == line.held, before.fulfilled == line.fulfilled {
        // All of it may have been shipped, and its entry be gone.
        var line = line
        line.sale = isForced ? line.sale : before.sale
        recount(before, line)
        plan.lines.append(line)
        continue
      }
      guard let row = row(of: line) else {
        if isForced {
          // A shipment that was not decided yet left the entry empty, and it went.
          let units = line.held - (before?.held ?? 0)
          if units > 0 { plan.returns.append((product, line.location, units)) }
          plan.lines.append(line)
        } else {
          refuse(line, .entryNotFound, saw(entriesOf: product))
        }
        continue
      }
      let heldMore = line.held - (before?.held ?? 0)
      let fulfilledMore = line.fulfilled - (before?.fulfilled ?? 0)
      var line = line
      if !isForced {
        line.sale = before?.sale
        if heldMore + fulfilledMore > 0, change.isCounted,
          let limit = value.policy.limit(at: now)
        {
          if change.customer.isEmpty {
            refuse(line, .customerRequired, max(saw(product: product), saw(entry: row)))
            continue
          }
          let isCounted = line.sale == limit.startsAt
          line.sale = limit.startsAt
          let units = isCounted ? heldMore + fulfilledMore : line.held + line.fulfilled
          limited.append((line, units, limit))
        }
      }
      step(row, held: heldMore, fulfilled: fulfilledMore, own: before?.held ?? 0)
      recount(before, line)
      plan.lines.append(line)
    }
    // Looked up by line: lines without a location may become as many as a hold can have.
    var lineAt: [LineKey: Int] = [:]
    if !unplaced.isEmpty {
      for (place, line) in plan.lines.enumerated() { lineAt[LineKey(line)] = place }
    }
    let ranks = unplaced.isEmpty ? [:] : ranks(change.allocation)
    for line in unplaced {
      guard let product = books.product(line.product) else { continue }
      var line = line
      if change.isCounted, let limit = books.products.policy(of: product).limit(at: now) {
        if change.customer.isEmpty {
          refuse(line, .customerRequired, saw(entriesOf: product))
          continue
        }
        line.sale = limit.startsAt
        limited.append((line, line.held, limit))
      }
      let shares = shares(
        of: line.held, product: product, change.allocation.strategy, ranks
      ) { row in
        places[row].map { plan.steps[$0].held + plan.steps[$0].fulfilled } ?? 0
      }
      switch shares {
      case .short(let available):
        refuse(
          line, .insufficientStock(requested: line.held, available: max(0, available)),
          saw(entriesOf: product))
      case .found(let shares):
        for share in shares {
          let name = books.locations.name(books.entries[Int(share.row)].value.location)
          step(share.row, held: share.quantity, fulfilled: 0)
          let key = LineKey(product: line.product, location: name)
          if let at = lineAt[key] {
            let before = plan.lines[at]
            plan.lines[at].sale = line.sale ?? before.sale
            recount(before, plan.lines[at])
            // What it shipped as a product that never ran out stays in its books.
            plan.lines[at].unlimited = false
            plan.lines[at].quantity += share.quantity
            plan.lines[at].held += share.quantity
            count(share.quantity, plan.lines[at])
          } else {
            lineAt[key] = plan.lines.count
            plan.lines.append(
              HoldLine(
                product: line.product, location: name, quantity: share.quantity, sale: line.sale))
            count(share.quantity, line)
          }
        }
      }
      if !isForced, plan.lines.count > Bounds.maxLinesPerHold {
        refuse(line, .capacityReached(.linesOfHold), saw(entriesOf: product))
        break
      }
    }
    // When all is given back that is given back, and all lines of a product together.
    var limitedUnits: [ProductID: Int64] = [:]
    for (line, units, _) in limited { limitedUnits[line.product, default: 0] += units }
    for (line, _, limit) in limited {
      let key = PurchaseKey(product: line.product, customer: change.customer)
      if purchases.count >= configuration.maxPurchases, purchases[key] == nil {
        refuse(line, .capacityReached(.holds), purchases.sawCount)
        continue
      }
      let has = (bought[key] ?? purchases[key])?.units ?? 0
      guard has > limit.quantity else { continue }
      let units = limitedUnits[line.product] ?? 0
      refuse(
        line, .purchaseLimit(requested: units, limit: limit.quantity, had: max(0, has - units)),
        purchases.saw(key))
      if let product = books.product(line.product) { seen = max(seen, saw(entriesOf: product)) }
    }

    if !isForced {
      // One reason is enough for a line.
      let refused = Set(refusals.map { LineKey(product: $0.product, location: $0.location) })
      for step in plan.steps {
        let entry = books.entries[Int(step.row)]
        let requested = step.held + step.fulfilled
        let line = HoldLine(
          product: books.products.rows[Int(entry.product)].id,
          location: books.locations.name(entry.value.location), quantity: 0)
        if !refused.isEmpty, refused.contains(LineKey(line)) { continue }
        let free = free(step.row)
        if requested > 0, requested > free {
          refuse(
            line,
            .insufficientStock(
              requested: requested + step.own, available: max(0, free) + step.own),
            max(saw(product: entry.product), saw(entry: step.row)))
        } else if step.fulfilled > entry.value.quantity {
          refuse(
            line,
            .insufficientStock(requested: step.fulfilled, available: entry.value.quantity),
            saw(entry: step.row))
        }
      }
    }
    guard refusals.isEmpty else {
      // That other lines could be had, and by others' limits all of them, is told as well.
      for line in new {
        seen = max(
          seen, purchases.saw(PurchaseKey(product: line.product, customer: change.customer)))
        guard new.count > 1, let product = books.product(line.product) else { continue }
        seen = max(seen, saw(entriesOf: product))
      }
      refusals.sort { ($0.product, $0.location) < ($1.product, $1.location) }
      return .refused(refusals, seen)
    }
    plan.lines.sort { ($0.product, $0.location) < ($1.product, $1.location) }
    for (key, value) in bought { plan.purchases.append((key, value)) }
    // In an order that is the same in every process.
    plan.purchases.sort { ($0.0.product, $0.0.customer) < ($1.0.product, $1.0.customer) }
    return .possible(plan)
  }

  /// Does what `judge` found possible, in the open batch.
  mutating func carryOut(_ plan: LinePlan, _ change: LineChange, _ now: Now) {
    for units in plan.returns { bringBack(units.units, units.product, units.location, now) }
    for step in plan.steps where step.held != 0 || step.fulfilled != 0 {
      let row = step.row
      var before = books.entries[Int(row)].value
      touch(entry: row, now: now)
      let excess = before.quantity - step.fulfilled - Bounds.maxQuantity
      if excess > 0 {
        makeRoom(excess, row: row, now)
        before.quantity -= excess
      }
      books.entries[Int(row)].value.reserved += step.held
      books.entries[Int(row)].value.quantity -= step.fulfilled
      stamp(row, now)
      let takes = step.held + step.fulfilled > 0
      record(
        entry: row, floor: takes ? floor(of: row) : min(0, books.entries[Int(row)].available))
      logStep(step, from: before, change.giveBack, now)
    }
    for (key, value) in plan.purchases where purchases[key] != value {
      noteOpened(now)
      purchases.write(key, value)
    }
  }

  /// Makes an entry anew for units that are held of it. No bound can refuse them: they were there.
  private mutating func bringBack(
    _ units: Int64, _ product: Int32, _ location: String, _ now: Now
  ) {
    let store = books.products.rows[Int(product)].store
    let value = EntryValue(
      quantity: units, reserved: units, version: 1, createdAt: now.wall, updatedAt: now.wall,
      gtin: .none, location: books.locations.internBeyondBound(location, of: store))
    _ = makeEntry(product: product, value: value, now: now)
    log(.adjust, product: product, location: value.location, from: .zero, to: value.counters, now)
  }

  /// An entry was set to the most units that there can be while others were about to come back to it:
  /// they come back, and the rest is what it can have beside them.
  private mutating func makeRoom(_ excess: Int64, row: Int32, _ now: Now) {
    let caller = cause
    defer { cause = caller }
    cause = Cause(actor: 0, note: MovementNote(reason: "room for units that come back"))
    let before = books.entries[Int(row)].value
    books.entries[Int(row)].value.quantity -= excess
    log(.adjust, row: row, from: before, now)
  }

  /// A step is one movement, or two: units that were shipped and units that were given back.
  private mutating func logStep(
    _ step: Step, from before: EntryValue, _ giveBack: Movement.Kind, _ now: Now
  ) {
    var counters = before.counters
    let product = books.entries[Int(step.row)].product
    let location = before.location
    func kind(_ held: Int64) -> Movement.Kind { held > 0 ? .reserve : giveBack }
    let released = step.held + step.fulfilled
    if step.fulfilled != 0 {
      var next = counters
      next.quantity -= step.fulfilled
      next.reserved -= step.fulfilled
      log(
        step.fulfilled > 0 ? .fulfill : .adjust, product: product, location: location,
        from: counters, to: next, now)
      counters = next
    }
    if released != 0 {
      var next = counters
      next.reserved += released
      log(
        kind(released), product: product, location: location, from: counters, to: next, now)
    }
  }

  /// The row of a line's entry.
  func row(of line: HoldLine) -> Int32? {
    guard let product = books.product(line.product) else { return nil }
    return books.entry(product: product, at: line.location)
  }

  /// Adds to, or takes from, what entries know to be held.
  mutating func noteHeld(_ lines: [HoldLine], sign: Int64) {
    for line in lines where line.held != 0 && !line.unlimited {
      guard map.shard(ofProduct: line.product) == id, let row = row(of: line) else { continue }
      books.entries[Int(row)].held += sign * line.held
    }
  }
}

/// Which line: a hold has one of a product at a location.
struct LineKey: Hashable {
  var product: ProductID
  var location: String

  init(_ line: HoldLine) {
    product = line.product
    location = line.location
  }

  init(product: ProductID, location: String) {
    self.product = product
    self.location = location
  }
}

extension StockPolicy {
  /// The purchase limit, within its sale's window.
  func limit(at now: Now) -> PurchaseLimit? {
    guard let limit = purchaseLimit, now.wall >= limit.startsAt, now.wall < limit.endsAt else {
      return nil
    }
    return limit
  }
}
