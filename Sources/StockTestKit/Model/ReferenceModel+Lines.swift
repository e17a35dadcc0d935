public import StockCore

// Taking the lines of a hold: all or none.
extension ReferenceModel {
  struct Place: Hashable {
    var product: ProductID
    var location: String
  }

  /// Units that an entry could give.
  struct Offer {
    var id: EntryID
    var location: String
    var units: Int64
  }

  enum Shares {
    case shares([Offer])
    case short(available: Int64)
  }

  /// From which locations units are taken.
  static func shares(
    of quantity: Int64, _ offers: [Offer], _ allocation: Allocation
  ) -> Shares {
    func rank(_ offer: Offer) -> Int { allocation.priority.firstIndex(of: offer.location) ?? .max }
    let offers = offers.filter { $0.units > 0 }.sorted { left, right in
      if allocation.strategy == .highestStock, left.units != right.units {
        return left.units > right.units
      }
      if allocation.strategy != .highestStock, rank(left) != rank(right) {
        return rank(left) < rank(right)
      }
      return left.id < right.id
    }
    if allocation.strategy == .singleLocation {
      guard var one = offers.first(where: { $0.units >= quantity }) else {
        return .short(available: offers.map(\.units).max() ?? 0)
      }
      one.units = quantity
      return .shares([one])
    }
    var shares: [Offer] = []
    var rest = quantity
    for var offer in offers where rest > 0 {
      offer.units = min(offer.units, rest)
      rest -= offer.units
      shares.append(offer)
    }
    return rest > 0 ? .short(available: quantity - rest) : .shares(shares)
  }

  /// Whether a hold was made for these lines. One without a location stands for all of its product.
  func isSame(_ hold: Hold, _ asked: [HoldLine]) -> Bool {
    func sums(_ lines: [HoldLine]) -> [Place: Int128] {
      var sums: [Place: Int128] = [:]
      for line in lines {
        let isAnywhere = asked.contains { $0.product == line.product && $0.location.isEmpty }
        let place = Place(product: line.product, location: isAnywhere ? "" : line.location)
        sums[place, default: 0] += Int128(line.quantity)
      }
      return sums
    }
    return sums(hold.lines) == sums(asked)
  }

  /// The lines that a new request for an order asks for: what was shipped stays in the books.
  static func replacing(_ hold: Hold, _ asked: [HoldLine]) -> [HoldLine] {
    var lines = asked
    for line in hold.lines where line.fulfilled > 0 {
      let place = lines.firstIndex {
        $0.product == line.product && $0.location == line.location
      }
      if let place {
        lines[place].fulfilled = line.fulfilled
        lines[place].quantity += line.fulfilled
        lines[place].sale = line.sale
      } else {
        var shipped = line
        shipped.held = 0
        shipped.quantity = line.fulfilled
        lines.append(shipped)
      }
    }
    return lines
  }

  /// Brings a hold to other lines, or refuses that and changes nothing.
  ///
  /// - Returns: the lines with their locations.
  mutating func take(
    _ hold: Hold, _ asked: [HoldLine], _ allocation: Allocation, _ scope: StoreScope,
    _ wall: Timestamp
  ) throws(Refused) -> [HoldLine] {
    // More of a product than can be counted.
    var counted: [ProductID: Int128] = [:]
    var tooMany: [LineRefusal] = []
    for line in asked {
      let sum = counted[line.product, default: 0] + Int128(line.quantity)
      if sum > Int128(Bounds.maxQuantity) {
        tooMany.append(
          LineRefusal(
            product: line.product, location: line.location, refusal: .quantityTooLarge))
      } else {
        counted[line.product] = sum
      }
    }
    tooMany.sort { ($0.product, $0.location) < ($1.product, $1.location) }
    if !tooMany.isEmpty { throw Refused(why: .linesRefused(tooMany)) }
    var taking = Taking(model: self, hold: hold)
    for line in hold.lines
    where !asked.contains(where: { $0.product == line.product && $0.location == line.location }) {
      taking.drop(line)
    }
    var anywhere: [HoldLine] = []
    for line in asked {
      if taking.add(line, scope, wall) { anywhere.append(line) }
    }
    for line in anywhere { taking.allocate(line, allocation, wall) }
    taking.checkLimits()
    taking.checkStock()
    guard taking.refusals.isEmpty else {
      throw Refused(
        why: .linesRefused(
          taking.refusals.sorted { ($0.product, $0.location) < ($1.product, $1.location) }))
    }
    for step in taking.steps where step.units != 0 {
      let line = HoldLine(product: step.place.product, location: step.place.location, quantity: 0)
      change(line, step.units > 0 ? .reserve : .release, wall) { $0.reserved += step.units }
    }
    if purchases != taking.model.purchases {
      purchases = taking.model.purchases
      changes += 1
    }
    return taking.lines.sorted { ($0.product, $0.location) < ($1.product, $1.location) }
  }
}

/// What would be done to bring a hold to other lines.
private struct Taking {
  struct Step {
    var place: ReferenceModel.Place
    /// Units that are reserved more; negative: fewer.
    var units: Int64
    /// Units that the hold had of the same line: they count as available.
    var own: Int64
  }

  /// A copy, of which only the purchases change.
  var model: ReferenceModel
  let hold: Hold
  var lines: [HoldLine] = []
  var steps: [Step] = []
  var refusals: [LineRefusal] = []
  var limited: [(line: HoldLine, units: Int64, limit: PurchaseLimit)] = []

  init(model: ReferenceModel, hold: Hold) {
    self.model = model
    self.hold = hold
  }

  private mutating func refuse(_ line: HoldLine, _ why: Refusal) {
    refusals.append(LineRefusal(product: line.product, location: line.location, refusal: why))
  }

  private mutating func step(
    _ product: ProductID, _ location: String, _ units: Int64, own: Int64 = 0
  ) {
    let place = ReferenceModel.Place(product: product, location: location)
    if let known = steps.firstIndex(where: { $0.place == place }) {
      steps[known].units += units
      steps[known].own += own
    } else {
      steps.append(Step(place: place, units: units, own: own))
    }
  }

  /// A line that is not asked for any more.
  mutating func drop(_ line: HoldLine) {
    if line.unlimited || line.held == 0 { return }
    step(line.product, line.location, -line.held, own: line.held)
    model.count(-line.held, line, hold.customer)
  }

  /// - Returns: the line has no location, and its turn comes later.
  mutating func add(_ asked: HoldLine, _ scope: StoreScope, _ wall: Timestamp) -> Bool {
    var line = asked
    var before = hold.lines.first {
      $0.product == line.product && $0.location == line.location
    }
    guard let shelf = model.shelves[line.product] else {
      refuse(line, .productNotFound)
      return false
    }
    if !scope.allows(shelf.product.store) {
      // It went to another store: what the hold has been promised of it may stay, and no more.
      let had = before.map { $0.held + $0.fulfilled } ?? -1
      let wasEndless = before?.unlimited == true && !shelf.product.type.isUnlimited
      if line.held + line.fulfilled > had || wasEndless && !line.unlimited {
        refuse(line, .productNotFound)
        return false
      }
    }
    if line.unlimited || shelf.product.type.isUnlimited && before?.unlimited ?? true {
      line.unlimited = true
      lines.append(line)
      return false
    }
    if before?.unlimited == true {
      // What it has is no unit yet, and what it shipped never was.
      before?.unlimited = false
      before?.held = 0
    }
    if line.location.isEmpty, !shelf.entries.isEmpty { return true }
    if let before, before.held == line.held, before.fulfilled == line.fulfilled {
      // Nothing is asked of the entry, which may be gone.
      line.sale = before.sale
      lines.append(line)
      return false
    }
    guard shelf.entries.contains(where: { $0.location == line.location }) else {
      refuse(line, .entryNotFound)
      return false
    }
    let had = before.map { $0.held + $0.fulfilled } ?? 0
    let has = line.held + line.fulfilled
    line.sale = before?.sale
    if has > had, let limit = limit(shelf, wall) {
      if hold.customer.isEmpty {
        refuse(line, .customerRequired)
        return false
      }
      // Units that did not count before count from now on.
      limited.append((line, line.sale == limit.startsAt ? has - had : has, limit))
      line.sale = limit.startsAt
    }
    step(line.product, line.location, has - had, own: before?.held ?? 0)
    if let before, before.sale != line.sale {
      model.count(-had, before, hold.customer)
      model.count(has, line, hold.customer)
    } else {
      model.count(has - had, line, hold.customer)
    }
    lines.append(line)
    return false
  }

  /// A line without a location has what the others leave.
  mutating func allocate(_ asked: HoldLine, _ allocation: Allocation, _ wall: Timestamp) {
    var line = asked
    guard let shelf = model.shelves[line.product] else { return }
    if let limit = limit(shelf, wall) {
      if hold.customer.isEmpty { return refuse(line, .customerRequired) }
      limited.append((line, line.held, limit))
      line.sale = limit.startsAt
    }
    let offers = shelf.entries.map { entry in
      let taken = steps.first {
        $0.place.product == line.product && $0.place.location == entry.location
      }
      let free = ReferenceModel.free(entry.value, shelf.product.policy) - (taken?.units ?? 0)
      return ReferenceModel.Offer(id: entry.id, location: entry.location, units: free)
    }
    switch ReferenceModel.shares(of: line.held, offers, allocation) {
    case .short(let available):
      refuse(line, .insufficientStock(requested: line.held, available: available))
    case .shares(let shares):
      for share in shares {
        step(line.product, share.location, share.units)
        let place = lines.firstIndex {
          $0.product == line.product && $0.location == share.location
        }
        guard let place else {
          lines.append(
            HoldLine(
              product: line.product, location: share.location, quantity: share.units,
              sale: line.sale))
          model.count(share.units, line, hold.customer)
          continue
        }
        if let sale = line.sale, lines[place].sale != sale {
          let old = lines[place]
          model.count(-(old.held + old.fulfilled), old, hold.customer)
          lines[place].sale = sale
          model.count(old.held + old.fulfilled, lines[place], hold.customer)
        }
        lines[place].unlimited = false
        lines[place].quantity += share.units
        lines[place].held += share.units
        model.count(share.units, lines[place], hold.customer)
      }
    }
  }

  /// A customer has at most so much of a product, all lines together.
  mutating func checkLimits() {
    for (line, _, limit) in limited {
      let key = PurchaseKey(product: line.product, customer: hold.customer)
      let has = model.purchases[key]?.units ?? 0
      guard has > limit.quantity else { continue }
      var units: Int64 = 0
      for other in limited where other.line.product == line.product { units += other.units }
      refuse(
        line, .purchaseLimit(requested: units, limit: limit.quantity, had: max(0, has - units)))
    }
  }

  mutating func checkStock() {
    for step in steps where step.units > 0 {
      // One reason is enough for a line.
      let isRefused = refusals.contains {
        $0.product == step.place.product && $0.location == step.place.location
      }
      if isRefused { continue }
      let shelf = model.shelves[step.place.product]!
      let entry = shelf.entries.first { $0.location == step.place.location }!
      let free = ReferenceModel.free(entry.value, shelf.product.policy)
      guard step.units > free else { continue }
      refuse(
        HoldLine(product: step.place.product, location: step.place.location, quantity: 0),
        .insufficientStock(
          requested: step.units + step.own, available: max(0, free) + step.own))
    }
  }

  /// An atomic batch is no hold, and counts for nobody.
  private func limit(
    _ shelf: ReferenceModel.Shelf, _ wall: Timestamp
  ) -> PurchaseLimit? {
    guard !hold.order.isEmpty, let limit = shelf.product.policy.purchaseLimit,
      limit.startsAt <= wall,
      wall < limit.endsAt
    else { return nil }
    return limit
  }
}

extension Command.Operation {
  public var isRead: Bool {
    switch self {
    case .readHold, .readEntry, .readProduct, .readSummary: true
    default: false
    }
  }
}
