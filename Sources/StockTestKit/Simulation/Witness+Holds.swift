import StockCore

/// What must hold of holds, movements and keys.
extension Witness {
  // MARK: At every commit

  /// The movements of a batch are its changes of counters.
  func checkMovements(_ request: CommitRequest) {
    var left: [LedgerBooks.Place: LedgerBooks.Counters] = [:]
    func add(_ place: LedgerBooks.Place, _ quantity: Int64, _ reserved: Int64) {
      var sum = left[place] ?? .init(quantity: 0, reserved: 0)
      sum.quantity += quantity
      sum.reserved += reserved
      left[place] = sum
    }
    func add(_ entry: StoredEntry?, sign: Int64) {
      guard let entry else { return }
      add(
        .init(product: entry.product, location: entry.location), sign * entry.value.quantity,
        sign * entry.value.reserved)
    }
    for change in request.entries {
      add(change.after, sign: 1)
      add(change.before, sign: -1)
    }
    for entry in request.ledger.entries {
      add(
        .init(product: entry.product, location: entry.location), -entry.quantityChange,
        -entry.reservedChange)
    }
    for (place, sum) in left where sum.quantity != 0 || sum.reserved != 0 {
      report("batch \(request.sequence): the movements of \(place) leave out \(sum)")
    }
  }

  /// One step of a hold's record.
  func check(_ change: Change<HoldID, HoldRecord>, shard: ShardID) {
    if let revision = change.after?.revision {
      shards[shard].revisions[change.key] = max(
        shards[shard].revisions[change.key, default: 0], revision)
    }
    if change.before == nil, forgotten[change.key] != nil { cameAgain.insert(change.key) }
    guard case .hold(let before)? = change.before else { return }
    guard case .hold(let after)? = change.after else {
      if before.status.isClosed { forgotten[before.id] = before }
      if !before.order.isEmpty, before.status == .held { report("\(before.words) was forgotten") }
      return
    }
    if before.status.isClosed, before.status != after.status {
      report("a hold ended twice: \(before.words), then \(after.words)")
    }
    if before.status == .held, after.status == .expired, after.updatedAt < after.expiresAt {
      report("a hold expired early: \(before.words), then \(after.words)")
    }
  }

  // MARK: At rest

  /// - Parameter redis: what is there, shard by shard.
  func checkHolds(_ redis: [RedisShard]) {
    var homes: [HoldID: Hold] = [:]
    for (shard, held) in redis.enumerated() {
      for fault in held.ledgerFaults() { report("ledger of shard \(shard): \(fault)") }
      for (id, record) in held.holds {
        if case .hold(let hold) = record { homes[id] = hold }
      }
    }
    checkParts(redis, homes)
    checkOrders(homes)
    checkTold(homes)
    // What they shipped stays in the books.
    homes.merge(forgotten) { held, _ in held }
    checkUnits(redis, homes)
    checkPurchases(redis, homes)
  }

  /// Other shards have what the home says, and nothing that no home knows of.
  private func checkParts(_ redis: [RedisShard], _ homes: [HoldID: Hold]) {
    for (shard, held) in redis.enumerated() {
      for record in held.holds.values {
        guard case .part(let part) = record else { continue }
        guard let home = homes[part.hold] else {
          report("shard \(shard) has a part of \(part.hold), which has no home")
          continue
        }
        if home.status.isClosed { report("shard \(shard) has a part of \(home.words)") }
      }
    }
    for hold in homes.values {
      if hold.operation != nil || hold.status == .preparing { report("at rest is \(hold.words)") }
      if hold.status.isClosed {
        if hold.holdsUnits { report("closed, and holds units: \(hold.words)") }
        continue
      }
      for (shard, held) in redis.enumerated() where shard != map.shard(ofHold: hold.id) {
        let lines = hold.lines.filter { map.shard(ofProduct: $0.product) == shard }
        var there: [HoldLine] = []
        if case .part(let part)? = held.holds[hold.id] { there = part.lines }
        if lines.filter({ $0.held > 0 }) != there.filter({ $0.held > 0 }) {
          report("shard \(shard) has \(there) of \(hold.words)")
        }
      }
    }
  }

  /// By the movements, each hold has taken and shipped what its record says; and an atomic batch all
  /// that it asked for, or nothing.
  private func checkUnits(_ redis: [RedisShard], _ homes: [HoldID: Hold]) {
    struct Line: Hashable {
      var hold: HoldID
      var place: LedgerBooks.Place
    }
    var units: [Line: LedgerBooks.Counters] = [:]
    for entry in redis.flatMap(\.ledger).flatMap(\.entries)
    where entry.isOfHold && !cameAgain.contains(entry.note.reference) {
      let line = Line(
        hold: entry.note.reference,
        place: .init(product: entry.product, location: entry.location))
      var sum = units[line] ?? .init(quantity: 0, reserved: 0)
      sum.quantity += entry.quantityChange
      sum.reserved += entry.reservedChange
      units[line] = sum
    }
    for hold in homes.values where !cameAgain.contains(hold.id) {
      for line in hold.lines where !line.unlimited {
        let place = LedgerBooks.Place(product: line.product, location: line.location)
        let moved = units.removeValue(forKey: Line(hold: hold.id, place: place))
        let shipped = -(moved?.quantity ?? 0)
        // What was shipped while the product never ran out, moved nothing.
        let isShipped =
          shipped == line.fulfilled || shipped < line.fulfilled && mayBeUnlimited([line], 1)
        if (moved?.reserved ?? 0) != line.held || !isShipped {
          report("movements give \(String(describing: moved)) to \(line) of \(hold.words)")
        }
      }
    }
    var atomic: [HoldID: [HoldLine]] = [:]
    for one in asked.values {
      guard case .reserveTogether(let it) = one.command.operation else { continue }
      if case .reservedTogether = one.outcome, !one.isReplay {
        atomic[it.id] = it.lines
      } else if units.keys.contains(where: { $0.hold == it.id }) {
        // It may have been done; then all of it.
        let moved = units.filter { $0.key.hold == it.id && $0.value.reserved != 0 }
        if case .unavailable(.outcomeUnknown)? = one.outcome {
          if !moved.isEmpty, moved.count != it.lines.count {
            let unlimited = it.lines.count - moved.count
            if !mayBeUnlimited(it.lines, unlimited) { report("half of \(it) is there: \(moved)") }
          }
        } else if !moved.isEmpty {
          report("\(it) was answered \(one.outcome!), and there is \(moved)")
        }
        for key in units.keys where key.hold == it.id { units[key] = nil }
      }
    }
    for (id, lines) in atomic {
      for line in lines {
        let place = LedgerBooks.Place(product: line.product, location: line.location)
        let moved = units.removeValue(forKey: Line(hold: id, place: place))
        if moved == nil, mayBeUnlimited([line], 1) { continue }
        if moved?.reserved != line.quantity || moved?.quantity != 0 {
          report("movements give \(String(describing: moved)) to \(line) of batch \(id)")
        }
      }
    }
    for (line, sum) in units where sum.quantity != 0 || sum.reserved != 0 {
      // What a forgotten hold shipped stays.
      report("movements give \(sum) to \(line.hold) at \(line.place), which has no record of it")
    }
  }

  /// So many of these products were, perhaps, at some time, of a kind that never runs out.
  private func mayBeUnlimited(_ lines: [HoldLine], _ count: Int) -> Bool {
    lines.count { line in
      asked.values.contains { one in
        guard case .putProduct(let it) = one.command.operation else { return false }
        return it.id == line.product && it.type.isUnlimited
      }
    } >= count
  }

  /// What customers have of a sale is what their holds hold and shipped of it. (Here a product has one
  /// sale only.)
  private func checkPurchases(_ redis: [RedisShard], _ homes: [HoldID: Hold]) {
    guard cameAgain.isEmpty else { return }
    var sums: [PurchaseKey: Purchases] = [:]
    for hold in homes.values {
      for line in hold.lines {
        guard let sale = line.sale, line.held + line.fulfilled > 0 else { continue }
        let key = PurchaseKey(product: line.product, customer: hold.customer)
        let units = (sums[key]?.units ?? 0) + line.held + line.fulfilled
        sums[key] = Purchases(units: units, saleStart: sale)
      }
    }
    for (shard, held) in redis.enumerated() {
      let own = sums.filter { map.shard(ofProduct: $0.key.product) == shard }
      for key in Set(own.keys).union(held.purchases.keys) where own[key] != held.purchases[key] {
        if forgetsPurchases, held.purchases[key]?.units ?? 0 < own[key]?.units ?? 0 { continue }
        report(
          "\(key): counted are \(String(describing: held.purchases[key])), holds say "
            + "\(String(describing: own[key]))")
      }
    }
  }

  private func checkOrders(_ homes: [HoldID: Hold]) {
    var open: [OrderKey: HoldID] = [:]
    for hold in homes.values where !hold.status.isClosed && !hold.order.isEmpty {
      let order = OrderKey(store: hold.store, order: hold.order)
      if let other = open[order] { report("\(other) and \(hold.id) are open for \(order)") }
      open[order] = hold.id
    }
  }

  /// What clients were told of holds is there, or something later.
  private func checkTold(_ homes: [HoldID: Hold]) {
    for told in toldHolds.values {
      if cameAgain.contains(told.id) { continue }
      guard let held = homes[told.id] ?? forgotten[told.id] else {
        report("\(told.words) was told and is gone")
        continue
      }
      if held.revision < told.revision || told.status.isClosed && held.status != told.status {
        report("\(told.words) was told, and there is \(held.words)")
      }
      for line in told.lines {
        let now = held.lines.first { $0.product == line.product && $0.location == line.location }
        if now?.fulfilled ?? 0 < line.fulfilled {
          report("\(told.words) was told, and there is \(held.words)")
        }
      }
    }
  }

  // MARK: Keys and effects

  /// Each request has its effect once, however often it was sent; and none that was refused.
  func checkEffects(_ redis: [RedisShard]) {
    var effects: [ActorID: [LedgerEntry]] = [:]
    for entry in redis.flatMap(\.ledger).flatMap(\.entries) where !entry.isOfHold {
      effects[entry.actor, default: []].append(entry)
    }
    var byRequest: [Int: [UInt64]] = [:]
    for (ticket, one) in asked { byRequest[one.request, default: []].append(ticket) }
    for (request, tickets) in byRequest {
      var doneBy: [UInt64] = []
      var answers: [Outcome] = []
      var fresh = 0
      for ticket in tickets.sorted() {
        guard let one = asked[ticket], let outcome = one.outcome else { continue }
        let moved = effects[ActorID(ticket)] ?? []
        if !moved.isEmpty { doneBy.append(ticket) }
        switch outcome {
        case .refused(.idempotencyRunning), .unavailable(.storeUnavailable),
          .unavailable(.overloaded):
          if !moved.isEmpty { report("ticket \(ticket) was told \(outcome) and did \(moved)") }
        case .unavailable(.outcomeUnknown): break
        case .refused(.idempotencyMismatch):
          report("ticket \(ticket) is said to be another request")
        default:
          answers.append(outcome.withoutLocationNumbers)
          if !one.isReplay { fresh += 1 }
          let expected = one.isReplay ? [:] : Self.effect(of: one.command.operation, outcome)
          if let expected, expected != Self.sums(moved) {
            report("ticket \(ticket) was told \(outcome) and did \(moved)")
          }
        }
      }
      if doneBy.count > 1 { report("request \(request) was done by tickets \(doneBy)") }
      if let first = answers.first, answers.contains(where: { $0 != first }) {
        report("request \(request) has different answers: \(answers)")
      }
      if tickets.count > 1, fresh > 1 { report("request \(request) was answered anew twice") }
      checkHoldsOf(request, tickets)
    }
  }

  /// A request makes one hold at most, however often it was sent.
  private func checkHoldsOf(_ request: Int, _ tickets: [UInt64]) {
    var made: Set<HoldID> = []
    for ticket in tickets {
      guard case .hold(let it)? = asked[ticket]?.command.operation, !it.isClientID else { continue }
      let home = map.shard(ofHold: it.id)
      let wasHeld = shards[home].held.contains { sequence in
        shards[home].executed[sequence]?.holds.contains {
          guard $0.key == it.id, case .hold(let hold)? = $0.after else { return false }
          return hold.status == .held
        } ?? false
      }
      if wasHeld { made.insert(it.id) }
    }
    if made.count > 1 { report("request \(request) made the holds \(made.sorted())") }
  }

  private static func sums(
    _ entries: [LedgerEntry]
  ) -> [LedgerBooks.Place: LedgerBooks.Counters] {
    var sums: [LedgerBooks.Place: LedgerBooks.Counters] = [:]
    for entry in entries {
      let place = LedgerBooks.Place(product: entry.product, location: entry.location)
      var sum = sums[place] ?? .init(quantity: 0, reserved: 0)
      sum.quantity += entry.quantityChange
      sum.reserved += entry.reservedChange
      sums[place] = sum
    }
    return sums.filter { $0.value.quantity != 0 || $0.value.reserved != 0 }
  }

  /// What a command that was done has moved; nil: its movements do not tell.
  private static func effect(
    of operation: Command.Operation, _ outcome: Outcome
  ) -> [LedgerBooks.Place: LedgerBooks.Counters]? {
    func one(
      _ entry: EntrySnapshot, _ quantity: Int64, _ reserved: Int64
    ) -> [LedgerBooks.Place: LedgerBooks.Counters] {
      if entry.unlimited { return [:] }
      let place = LedgerBooks.Place(product: entry.product, location: entry.location)
      return [place: .init(quantity: quantity, reserved: reserved)]
    }
    switch (operation, outcome) {
    case (.reserve(let it), .entry(let entry)): return one(entry, 0, it.quantity)
    case (.release(let it), .entry(let entry)): return one(entry, 0, -it.quantity)
    case (.fulfill(let it), .entry(let entry)): return one(entry, -it.quantity, -it.quantity)
    case (.adjust(let it), .entry(let entry)): return one(entry, it.quantity, 0)
    case (.transfer(let it), .transferred(let from, let to)):
      return one(from, -it.quantity, 0).merging(one(to, it.quantity, 0)) { first, _ in first }
    case (.allocate, .allocated(let lines)):
      var sums: [LedgerBooks.Place: LedgerBooks.Counters] = [:]
      for line in lines {
        sums.merge(one(line.entry, 0, line.quantity)) { first, _ in first }
      }
      return sums
    case (_, .refused): return [:]
    default: return nil
    }
  }
}

extension HoldRecord {
  var customer: String {
    switch self {
    case .hold(let hold): hold.customer
    case .part(let part): part.customer
    }
  }
}

extension LedgerEntry {
  /// A hold made it, or an atomic batch; the name is its id.
  var isOfHold: Bool { !note.reference.isEmpty }
}

extension Outcome {
  var hold: Hold? {
    switch self {
    case .hold(let hold), .holdCreated(let hold): hold
    default: nil
    }
  }
}

extension Command.Operation {
  /// It may need other shards.
  var isAboutHolds: Bool {
    switch self {
    case .hold, .extendHold, .fulfillHold, .releaseHold, .reserveTogether: true
    default: false
    }
  }
}
