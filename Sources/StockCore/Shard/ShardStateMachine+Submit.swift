extension ShardStateMachine {
  /// Decides a command.
  ///
  /// - Returns: the outcome, if it can be answered now (with `committedSequence`); nil if it waits for
  ///   a batch: then it comes by `takeAnswers`, once.
  public mutating func submit(_ command: Command, ticket: Ticket, now: Now) -> Outcome? {
    switch command.operation {
    case .reserve(let amount) where isClear(for: command, now):
      return submitAtOnce(.reserve, amount, command, ticket, now)
    case .release(let amount) where isClear(for: command, now):
      return submitAtOnce(.release, amount, command, ticket, now)
    case .fulfill(let amount) where isClear(for: command, now):
      return submitAtOnce(.fulfill, amount, command, ticket, now)
    default:
      return submitInOrder(command, ticket, now)
    }
  }

  /// Nothing stands in a command's way: none waits before it, nothing is due, no key has to be known.
  @inline(__always)
  private func isClear(for command: borrowing Command, _ now: Now) -> Bool {
    takesChanges && command.idempotency == nil && due.next > now.wall && backlog.isEmpty
      && !open.isFull && configuration.plantedFaults.isEmpty
  }

  /// What nearly all commands are: as `submitInOrder`, without asking what `isClear` has answered. The
  /// outcome is made where it waits, and not handed from function to function.
  @inline(__always)
  private mutating func submitAtOnce(
    _ kind: Move, _ amount: EntryAmount, _ command: borrowing Command, _ ticket: Ticket, _ now: Now
  ) -> Outcome? {
    cause.begin(command.actor)
    switch move(kind, amount, command.scope, now) {
    case .moved(let row):
      open.waiting.append(
        Answer(ticket: ticket, outcome: .entry(snapshot(entry: row)), shard: id, sequence: 0))
      return nil
    case .decided(let decision):
      return settle(decision, nil, ticket: ticket, now: now)
    }
  }

  /// Any command: behind those that wait, and what is due before it.
  private mutating func submitInOrder(
    _ command: Command, _ ticket: Ticket, _ now: Now
  ) -> Outcome? {
    if let outcome = read(command) { return outcome }
    guard takesChanges else { return answered(command) ?? .unavailable(.storeUnavailable) }
    if !backlog.isEmpty || open.isFull {
      guard backlog.count < Bounds.maxBacklogPerShard else { return .unavailable(.overloaded) }
      backlog.append((command, ticket))
      return nil
    }
    return decide(command, ticket: ticket, since: now.monotonic, now: now)
  }

  /// What was answered to the command's key before: of that it cannot be said that nothing has changed.
  private mutating func answered(_ command: Command) -> Outcome? {
    guard let key = command.idempotency, case .recorded = keys.find(key) else { return nil }
    return outcome(known: key)
  }

  /// Takes commands that waited for room, in their order.
  mutating func drainBacklog(now: Now) {
    guard !backlog.isEmpty else { return }
    var taken = 0
    while taken < backlog.count, !open.isFull {
      let (command, ticket) = backlog[taken]
      taken += 1
      if let outcome = decide(command, ticket: ticket, since: now.monotonic, now: now) {
        answers.append(
          Answer(ticket: ticket, outcome: outcome, shard: id, sequence: committedSequence))
      }
    }
    backlog.removeFirst(taken)
  }

  /// - Parameter since: when its client began to wait, on the monotonic clock.
  mutating func decide(
    _ command: Command, ticket: Ticket, since: Int64, now: Now
  ) -> Outcome? {
    if let key = command.idempotency, let outcome = outcome(known: key) { return outcome }
    cause.begin(command.actor)
    expireDue(now)
    guard var decision = judge(command, ticket: ticket, since: since, now: now) else { return nil }
    // Before somebody is told that there is nothing left, all that is due has to be over.
    while decision.isShort, hasDue(now), !open.isFull {
      expireDue(now)
      guard let again = judge(command, ticket: ticket, since: since, now: now) else { return nil }
      decision = again
    }
    return settle(decision, command.idempotency, ticket: ticket, now: now)
  }

  /// - Returns: nil where other shards have to be asked first.
  private mutating func judge(
    _ command: Command, ticket: Ticket, since: Int64, now: Now
  ) -> Decision? {
    let decision: Decision
    switch command.operation {
    case .reserve(let amount):
      decision = decide(.reserve, amount, command.scope, now)
    case .release(let amount):
      decision = decide(.release, amount, command.scope, now)
    case .fulfill(let amount):
      decision = decide(.fulfill, amount, command.scope, now)
    case .set(let set):
      decision = self.set(set, command.scope, now)
    case .adjust(let adjust):
      decision = self.adjust(adjust, command.scope, now)
    case .transfer(let transfer):
      decision = self.transfer(transfer, command.scope, now)
    case .putEntry(let put):
      decision = putEntry(put, command.scope, now)
    case .deleteEntry(let entry, let expectedVersions):
      decision = deleteEntry(entry, expectedVersions, command.scope, now)
    case .putProduct(let put):
      decision = putProduct(put, now)
    case .allocate(let allocate):
      decision = self.allocate(allocate, command.scope, now)
    case .applyPart(let request):
      cause.note.reference = request.hold
      decision = applyPart(request, command.scope, now)
    case .checkKey(let key):
      return Decision(outcome: outcome(known: key) ?? .keyUnknown, saw: .committed)
    case .hold, .extendHold, .fulfillHold, .releaseHold, .reserveTogether:
      return judgeHold(command, ticket: ticket, since: since, now: now)
    case .readEntry, .readProduct, .readSummary, .readHold:
      preconditionFailure("reads are answered before")
    }
    return decision
  }

  /// As `move`, for who wants the outcome in hand.
  private mutating func decide(
    _ kind: Move, _ amount: EntryAmount, _ scope: StoreScope, _ now: Now
  ) -> Decision {
    switch move(kind, amount, scope, now) {
    case .moved(let row): Decision(outcome: .entry(snapshot(entry: row)), saw: .open)
    case .decided(let decision): decision
    }
  }

  private mutating func judgeHold(
    _ command: Command, ticket: Ticket, since: Int64, now: Now
  ) -> Decision? {
    var caller = Caller(
      scope: command.scope, actor: command.actor,
      waiter: Waiter(ticket: ticket, key: command.idempotency, since: since))
    switch command.operation {
    case .hold(let request):
      caller.allocation = request.allocation
      // The hold that it will be, or is already.
      let known = orders[OrderKey(store: command.scope.store, order: request.order)]
      cause.note.reference = known ?? request.id
      return makeHold(request, caller, now)
    case .extendHold(let hold, let timeToLive):
      return extendHold(hold, timeToLive, caller, now)
    case .fulfillHold(let hold, let amounts):
      cause.note.reference = hold
      return fulfillHold(hold, amounts, caller, now)
    case .releaseHold(let hold, let amounts):
      cause.note.reference = hold
      return releaseHold(hold, amounts, caller, now)
    case .reserveTogether(let together):
      cause.note.reference = together.id
      return reserveTogether(together, caller, now)
    default:
      preconditionFailure("\(command.operation) is not about a hold")
    }
  }

  /// Answers a decision, or lets its ticket wait for what it saw.
  private mutating func settle(
    _ decision: Decision, _ key: IdempotencyKey?, ticket: Ticket, now: Now
  ) -> Outcome? {
    var waits =
      configuration.plantedFaults.isEmpty
      ? decision.saw
      : configuration.plantedFaults.contains(.answerEarly) ? .committed : decision.saw
    if let key, decision.outcome.isKept {
      // The answer goes into the batch of its effect; one without effect makes a batch for itself.
      noteOpened(now, weight: decision.outcome.weight)
      open.idempotency.append(IdempotencyRecord(key: key, outcome: decision.outcome))
      keys.begin(key)
      waits = .open
    }
    switch waits {
    case .committed:
      return decision.outcome
    case .inFlight:
      // Only the count: a copy of the list would be copied again by the append.
      guard let waiting = inFlight?.contents.waiting.count else {
        preconditionFailure("saw a batch in flight that is not there")
      }
      // Nothing was changed, so it may be refused: the batch came with as many tickets as it can have.
      guard waiting < Bounds.maxTicketsInFlight else {
        return .unavailable(.overloaded)
      }
      inFlight?.contents.waiting.append(
        Answer(ticket: ticket, outcome: decision.outcome, shard: id, sequence: 0))
      return nil
    case .open:
      open.waiting.append(
        Answer(ticket: ticket, outcome: decision.outcome, shard: id, sequence: 0))
      return nil
    }
  }

  // MARK: What a decision rests on

  /// An outcome, and the youngest state that it rests on.
  struct Decision {
    var outcome: Outcome
    var saw: Saw

    static func refused(_ refusal: Refusal, _ saw: Saw = .committed) -> Decision {
      Decision(outcome: .refused(refusal), saw: saw)
    }

    /// There is not enough, which can change when holds end.
    var isShort: Bool {
      switch outcome {
      case .refused(.insufficientStock), .refused(.linesRefused), .refused(.purchaseLimit): true
      case .part(let part): !part.refused.isEmpty
      default: false
      }
    }
  }

  enum Saw: Int, Comparable {
    case committed, inFlight, open

    static func < (left: Saw, right: Saw) -> Bool { left.rawValue < right.rawValue }
  }

  @inline(__always)
  func saw(entry row: Int32) -> Saw {
    let place = books.entries[Int(row)].pending
    if place == Books.none { return .committed }
    return pendingEntries[Int(place)].openChange == Books.none ? .inFlight : .open
  }

  @inline(__always)
  func saw(product row: Int32) -> Saw {
    if pendingProducts.isEmpty { return .committed }
    guard let pending = pendingProducts[row] else { return .committed }
    return pending.openChange == Books.none ? .inFlight : .open
  }

  /// What rests on all of a product's entries: that there is none at a location (a pending batch may
  /// have deleted it or moved it away), or what their quantities add up to.
  func saw(entriesOf product: Int32) -> Saw {
    var seen = saw(product: product)
    var row = books.products.rows[Int(product)].firstEntry
    while row != Books.none, seen != .open {
      seen = max(seen, saw(entry: row))
      row = books.entries[Int(row)].next
    }
    return seen
  }

  // MARK: Touching rows

  /// Notes that the open batch changes an entry's row. To be called before the change.
  @inline(__always)
  mutating func touch(entry row: Int32, now: Now) {
    let index = Int(row)
    if books.entries[index].pending == Books.none {
      let pending = PendingEntry(
        row: row, committed: books.entries[index].value, inFlightChange: Books.none,
        openChange: Books.none)
      books.entries[index].pending = insertPending(pending)
    }
    let place = Int(books.entries[index].pending)
    if pendingEntries[place].openChange == Books.none {
      pendingEntries[place].openChange = Int32(open.entryChanges.count)
      appendChange(row: row, before: books.entries[index].value, now: now)
    }
  }

  /// Notes what an entry's `available` must not be below after a change in the open batch: the lowest
  /// of its changes' floors counts. What the entry is then, its row says (`closeBatch`).
  @inline(__always)
  mutating func record(entry row: Int32, floor: Int64 = 0) {
    let change = Int(pendingEntries[Int(books.entries[Int(row)].pending)].openChange)
    if floor < open.entryChanges[change].floor { open.entryChanges[change].floor = floor }
  }

  /// Notes that the open batch has something to say that is not an entry's or a product's.
  ///
  /// - Parameter weight: how much of a batch's room it takes.
  mutating func noteOpened(_ now: Now, weight: Int = 1) {
    if !open.hasChanges { open.openedAt = now.monotonic }
    open.records += weight
  }

  mutating func insertPending(_ pending: PendingEntry) -> Int32 {
    if let free = freePendingEntries.popLast() {
      pendingEntries[Int(free)] = pending
      return free
    }
    pendingEntries.append(pending)
    return Int32(pendingEntries.count - 1)
  }

  mutating func appendChange(row: Int32, before: EntryValue?, now: Now) {
    if !open.hasChanges { open.openedAt = now.monotonic }
    let entry = books.entries[Int(row)]
    open.entryChanges.append(
      EntryChange(
        id: entry.id, product: books.products.rows[Int(entry.product)].id, before: before,
        after: nil,
        floor: .max))
    open.entryRows.append(row)
  }

  /// Makes an entry in the open batch.
  mutating func makeEntry(product: Int32, value: EntryValue, now: Now) -> Int32 {
    lastEntryNumber += 1
    let entryID = map.entryID(number: lastEntryNumber, of: id)
    let row = books.insertEntry(entryID, product: product, value)
    let pending = PendingEntry(
      row: row, committed: nil, inFlightChange: Books.none,
      openChange: Int32(open.entryChanges.count))
    books.entries[Int(row)].pending = insertPending(pending)
    appendChange(row: row, before: nil, now: now)
    record(entry: row)
    return row
  }

  /// Makes a product in the open batch.
  mutating func makeProduct(_ product: ProductID, _ value: ProductValue, now: Now) -> Int32 {
    let row = books.insertProduct(product, value)
    if !open.hasChanges { open.openedAt = now.monotonic }
    pendingProducts[row] = PendingProduct(
      committed: nil, inFlightChange: Books.none, openChange: Int32(open.productChanges.count))
    open.productChanges.append(ProductChange(id: product, before: nil, after: value))
    open.productRows.append(row)
    return row
  }

  /// Replaces a product's fields in the open batch.
  mutating func changeProduct(_ row: Int32, to value: ProductValue, now: Now) {
    let before = books.products.value(of: row)
    var pending =
      pendingProducts[row]
      ?? PendingProduct(committed: before, inFlightChange: Books.none, openChange: Books.none)
    if pending.openChange == Books.none {
      if !open.hasChanges { open.openedAt = now.monotonic }
      pending.openChange = Int32(open.productChanges.count)
      open.productChanges.append(
        ProductChange(id: books.products.rows[Int(row)].id, before: before, after: value))
      open.productRows.append(row)
    } else {
      open.productChanges[Int(pending.openChange)].after = value
    }
    books.replaceProduct(row, value)
    pendingProducts[row] = pending
  }

  func snapshot(entry row: Int32, unlimited: Bool = false) -> EntrySnapshot {
    let entry = books.entries[Int(row)]
    let product = Int(entry.product)
    return EntrySnapshot(
      id: entry.id, product: books.products.rows[product].id,
      store: books.products.rows[product].store,
      location: books.locations.name(entry.value.location), value: entry.value,
      unlimited: unlimited)
  }
}
