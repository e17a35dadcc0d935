import StockCore

/// What must hold over the whole history, once it has come to rest.
extension Witness {
  func checkHistory(of shard: ShardID) {
    var current: [EntryID: StoredEntry] = [:]
    var unexplained: [EntryID: (versions: Int64, product: ProductID)] = [:]
    for sequence in shards[shard].held {
      guard let batch = shards[shard].executed[sequence] else { continue }
      for change in batch.entries {
        if change.before != current[change.id] {
          report("batch \(sequence) builds on \(String(describing: change.before))")
        }
        let product = (change.before ?? change.after)?.product
        let count = follow(shard, change, batch.ledger)
        if count > 0, let product {
          unexplained[change.id, default: (0, product)].versions += count
        }
        current[change.id] = change.after
      }
    }
    checkAccepted(shard, current)
    for (id, missing) in unexplained {
      let unknown =
        unknownCount(shard: shard, entry: id, product: missing.product)
        + shards[shard].unsure[id, default: 0]
      if missing.versions > unknown {
        report("entry \(id): \(missing.versions) changes by nobody, \(unknown) answers unknown")
      }
    }
    checkShortages(shard)
  }

  /// Follows an entry's versions through one batch, step by step.
  ///
  /// - Returns: how many of its versions no answer tells of.
  private func follow(
    _ shard: ShardID, _ change: CommitRequest.Entry, _ ledger: LedgerBatch
  ) -> Int64 {
    // A deletion does not tell how many changes came before it in its batch.
    guard let after = change.after else { return 0 }
    let accepted = shards[shard].accepted[change.id] ?? [:]
    let first = (change.before?.value.version ?? 0) + 1
    guard first <= after.value.version else {
      report("entry \(change.id) went from version \(first - 1) to \(after.value.version)")
      return 0
    }
    var unexplained: Int64 = 0
    var known: StoredEntry?? = .some(change.before)
    for version in first...after.value.version {
      guard let step = accepted[version] else {
        unexplained += 1
        known = version == after.value.version ? .some(after) : nil
        continue
      }
      if let before = known, let one = asked[step.ticket],
        !Self.leads(one.command.operation, from: before, to: step.state)
      {
        report(
          "ticket \(step.ticket): \(one.command.operation) does not lead from "
            + "\(String(describing: before)) to \(step.state)")
      }
      known = .some(step.state)
    }
    // Holds make versions as well, wherever the entry was in the course of the batch.
    let byHolds = ledger.entries.count { $0.product == after.product && $0.isOfHold }
    return max(0, unexplained - Int64(byHolds))
  }

  /// Whether a command makes one state out of another.
  private static func leads(
    _ operation: Command.Operation, from before: StoredEntry?, to after: StoredEntry
  ) -> Bool {
    let (quantity, reserved) = (before?.value.quantity ?? 0, before?.value.reserved ?? 0)
    var (newQuantity, newReserved) = (quantity, reserved)
    var location = before?.location ?? after.location
    switch operation {
    case .reserve(let it): newReserved += it.quantity
    case .release(let it): newReserved -= it.quantity
    case .fulfill(let it):
      newReserved -= it.quantity
      newQuantity -= it.quantity
    case .set(let it): newQuantity = it.quantity
    case .adjust(let it): newQuantity += it.quantity
    case .transfer(let it): newQuantity += after.location == it.to ? it.quantity : -it.quantity
    case .putEntry(let it):
      newQuantity = it.quantity ?? quantity
      newReserved = it.reserved ?? reserved
      location = it.location ?? location
    case .allocate(let it):
      return after.value.quantity == quantity && after.value.reserved > reserved
        && after.value.reserved <= reserved + it.quantity
    case .deleteEntry, .putProduct, .readEntry, .readProduct, .readSummary, .hold, .extendHold,
      .fulfillHold, .releaseHold, .reserveTogether, .applyPart, .checkKey, .readHold:
      return false
    }
    return after.value.quantity == newQuantity && after.value.reserved == newReserved
      && after.location == location
      && after.value.version == (before?.value.version ?? 0) + 1
  }

  /// Every change that was answered as done is in what Redis holds.
  private func checkAccepted(_ shard: ShardID, _ current: [EntryID: StoredEntry]) {
    for (id, versions) in shards[shard].accepted {
      guard let highest = versions.keys.max() else { continue }
      if let held = current[id] {
        if held.value.version < highest {
          report("entry \(id): version \(highest) was answered, \(held.value.version) is there")
        }
      } else if !isDeletionKnown(shard, id) {
        report("entry \(id) was answered at version \(highest) and is gone")
      }
    }
    for one in asked.values where one.shard == shard {
      guard case .deleteEntry(let id, _) = one.command.operation, one.outcome == .deleted else {
        continue
      }
      if current[id] != nil { report("entry \(id) was deleted and is there again") }
    }
  }

  private func isDeletionKnown(_ shard: ShardID, _ id: EntryID) -> Bool {
    asked.values.contains { one in
      guard one.shard == shard, case .deleteEntry(id, _) = one.command.operation else {
        return false
      }
      return one.outcome == .deleted || one.outcome == .unavailable(.outcomeUnknown)
    }
  }

  private func unknownCount(shard: ShardID, entry: EntryID, product: ProductID) -> Int64 {
    var count: Int64 = 0
    for one in asked.values
    where one.shard == shard && one.outcome == .unavailable(.outcomeUnknown) {
      if case .putEntry(let it) = one.command.operation {
        if it.id == entry { count += 1 }
      } else if one.command.operation.product == product {
        count += 1
      }
    }
    return count
  }

  /// "Only 3 are left" is said of a state that was there.
  private func checkShortages(_ shard: ShardID) {
    struct Place: Hashable {
      var product: ProductID
      var location: String
    }
    var seen: [Place: Set<Int64>] = [:]
    var policies: [ProductID: [StockPolicy]] = [:]
    for one in asked.values {
      guard case .putProduct(let it) = one.command.operation else { continue }
      policies[it.id, default: []].append(it.policy)
    }
    func see(_ product: ProductID, _ location: String, _ quantity: Int64, _ reserved: Int64) {
      let place = Place(product: product, location: location)
      for policy in (policies[product] ?? []) + [StockPolicy()] {
        let available = quantity - reserved
        // To be reserved, to be taken away, to be shipped.
        for units in [
          available - policy.floor, available, min(quantity, available + policy.backorderLimit),
          quantity,
        ] {
          seen[place, default: []].insert(max(0, units))
        }
      }
    }
    for entry in shards[shard].states.values.flatMap(\.values) {
      see(entry.product, entry.location, entry.value.quantity, entry.value.reserved)
    }
    // The states in the middle of a batch; a new entry's, which has nothing yet, is no movement.
    for (_, entry) in shards[shard].accepted.values.flatMap(\.values) {
      see(entry.product, entry.location, entry.value.quantity, entry.value.reserved)
    }
    for batch in shards[shard].executed.values {
      for entry in batch.ledger.entries {
        see(entry.product, entry.location, entry.quantityAfter, entry.reservedAfter)
      }
    }
    for (ticket, one) in asked where one.shard == shard && !one.isReplay {
      guard case .refused(.insufficientStock(_, let available)) = one.outcome,
        let product = one.command.operation.product, let location = one.command.operation.location
      else { continue }
      if seen[Place(product: product, location: location)]?.contains(available) == true { continue }
      report("ticket \(ticket): \(available) of \(product) at \(location) were never available")
    }
  }
}

extension Command.Operation {
  /// The product that it names.
  var product: ProductID? {
    switch self {
    case .reserve(let it), .release(let it), .fulfill(let it): it.product
    case .set(let it): it.product
    case .adjust(let it): it.product
    case .transfer(let it): it.product
    case .putProduct(let it): it.id
    case .readProduct(let id), .readSummary(let id): id
    case .allocate(let it): it.product
    case .putEntry, .deleteEntry, .readEntry, .hold, .extendHold, .fulfillHold, .releaseHold,
      .reserveTogether, .applyPart, .checkKey, .readHold:
      nil
    }
  }

  /// The location whose stock it needs.
  var location: String? {
    switch self {
    case .reserve(let it), .release(let it), .fulfill(let it): it.location
    case .set(let it): it.location
    case .adjust(let it): it.location
    case .transfer(let it): it.from
    case .putEntry, .deleteEntry, .putProduct, .readEntry, .readProduct, .readSummary, .allocate,
      .hold, .extendHold, .fulfillHold, .releaseHold, .reserveTogether, .applyPart, .checkKey,
      .readHold:
      nil
    }
  }
}
