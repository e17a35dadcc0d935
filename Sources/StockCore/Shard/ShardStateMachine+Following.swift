/// How an operation on a hold gets to other shards, and goes on when something went wrong on the way:
/// the record says what is to be done, so it can be said again and again.
extension ShardStateMachine {
  // MARK: Messages

  /// Tells the others what the record says that they have to do.
  mutating func follow(_ id: HoldID, _ now: Now) {
    guard let operation = hold(id)?.operation else { return }
    works[id]?.answers = [:]
    send(id, to: Set(operation.participants), now)
  }

  mutating func send(_ id: HoldID, to shards: Set<ShardID>, _ now: Now) {
    guard let hold = hold(id), let operation = hold.operation else { return }
    let (map, home) = (map, self.id)
    send(id, to: shards, now) { shard in
      PartRequest(
        mode: operation.phase == .finishing && operation.kind == .reserve ? .detach : .settle,
        hold: id, home: home, customer: hold.customer, cause: operation.kind,
        lines: hold.status == .held
          ? hold.lines.filter { map.shard(ofProduct: $0.product) == shard } : [],
        allocation: Allocation())
    }
  }

  mutating func send(
    _ id: HoldID, to shards: Set<ShardID>, _ now: Now, _ request: (ShardID) -> PartRequest
  ) {
    emit(id, to: shards, works[id]?.caller, rests: holds.saw(id), request)
  }

  /// Sends messages as soon as Redis has what they rest on.
  mutating func emit(
    _ id: HoldID, to shards: Set<ShardID>, _ caller: Caller?, rests: Saw,
    _ request: (ShardID) -> PartRequest
  ) {
    guard var work = works[id] else { return }
    attempts[work.attempt] = nil
    attemptCount += 1
    work.attempt = attemptCount
    work.awaited = shards
    work.retryAt = nil
    works[id] = work
    attempts[attemptCount] = id
    var messages: [ShardMessage] = []
    for shard in shards.sorted() {
      messages.append(
        ShardMessage(
          to: shard, request: request(shard), scope: caller?.scope ?? .any,
          actor: caller?.actor ?? 0, attempt: attemptCount))
    }
    switch rests {
    case .open: open.messages += messages
    case .inFlight: inFlight?.contents.messages += messages
    case .committed: outbox += messages
    }
  }

  /// What is to be sent to other shards now, in this order.
  public mutating func takeMessages() -> [ShardMessage] {
    if outbox.isEmpty { return [] }
    defer { outbox = [] }
    return outbox
  }

  // MARK: Going on

  /// Goes on with operations whose shards could not answer, or that were left over by an engine before.
  mutating func drive(_ now: Now) {
    guard !undriven.isEmpty || !works.isEmpty else { return }
    for id in undriven where works[id] == nil { works[id] = Work() }
    for id in undriven { works[id]?.retryAt = now.monotonic }
    undriven = []
    let due = works.filter { $0.value.retryAt.map { $0 <= now.monotonic } ?? false }.keys.sorted()
    for id in due {
      guard !open.isFull else { return }
      cause = cause(of: id)
      guard let hold = hold(id), let operation = hold.operation else {
        giveUp(id)
        continue
      }
      switch operation.phase {
      case .preparing:
        undo(hold, why: nil, now)
      case .finishing, .undoing:
        let awaited = works[id]?.awaited ?? []
        send(id, to: awaited.isEmpty ? Set(operation.participants) : awaited, now)
      }
    }
  }

  /// Batches were undone: what was said about holds in them is void.
  mutating func wasUndone(_ changes: [Change<HoldID, HoldRecord>], _ why: Unavailability) {
    for change in changes.reversed() { index(change.key, from: nil, to: change.before) }
    for change in changes {
      if let order = change.after?.openOrder, orders[order] == nil { closedOrders.append(order) }
    }
    for change in changes {
      guard let work = works[change.key] else {
        if case .hold(let hold)? = change.before, hold.operation != nil {
          undriven.append(change.key)
        }
        continue
      }
      // Whoever is waiting began what is undone now, or after it: an operation whose decision stays has
      // answered its client when its end was decided.
      attempts[work.attempt] = nil
      if let waiter = work.caller?.waiter {
        if let key = waiter.key { keys.forget(key) }
        if !work.isAnswered { answerNow(waiter, .unavailable(why)) }
      }
      if hold(change.key)?.operation != nil {
        // What is there again goes on from its record, and those who wait for it wait on.
        works[change.key] = Work()
        works[change.key]?.parked = work.parked
        undriven.append(change.key)
      } else {
        works[change.key] = nil
        dismiss(work.parked)
      }
    }
  }

  /// Nobody is to wait for a hold any more.
  mutating func abandonWorks() {
    for id in works.keys.sorted() {
      guard let work = works[id] else { continue }
      if let waiter = work.caller?.waiter {
        // What is undecided will be undone, by nobody who would tell of its key.
        if let key = waiter.key { keys.forget(key) }
        if !work.isAnswered { answerNow(waiter, .unavailable(.outcomeUnknown)) }
      }
      dismiss(work.parked)
    }
    works = [:]
    attempts = [:]
    undriven = []
    outbox = []
  }

  /// Tells those who waited too long for other shards that nothing is known; the operation goes on.
  mutating func giveUpOnWorks(_ now: Now) {
    guard !works.isEmpty else { return }
    let late = now.monotonic - configuration.answerTimeout
    // In the same order in every process.
    for id in works.keys.sorted() {
      guard let work = works[id] else { continue }
      if let waiter = work.caller?.waiter, !work.isAnswered, waiter.since <= late {
        // Its key stays, for the answer that will come.
        answerNow(waiter, .unavailable(.outcomeUnknown))
        works[id]?.isAnswered = true
      }
      // Those who wait behind it as well, also those who came after its client had given up.
      let parked = work.parked.filter { $0.waiter.since <= late }
      guard !parked.isEmpty else { continue }
      works[id]?.parked.removeAll { $0.waiter.since <= late }
      dismiss(parked)
    }
  }

  mutating func answerNow(_ waiter: Waiter, _ outcome: Outcome) {
    answers.append(
      Answer(
        ticket: waiter.ticket, outcome: outcome, shard: id, sequence: committedSequence))
  }

  /// Only asking was under way, and the answers came when nothing could be done with them.
  private mutating func giveUp(_ id: HoldID) {
    guard let work = works.removeValue(forKey: id) else { return }
    attempts[work.attempt] = nil
    scheduleAfter(work, of: id)
    if let waiter = work.caller?.waiter {
      if let key = waiter.key { keys.forget(key) }
      if !work.isAnswered { answerNow(waiter, .unavailable(.storeUnavailable)) }
    }
    dismiss(work.parked)
  }

  /// Requests that waited for a hold's operation are not judged any more.
  mutating func dismiss(_ parked: [(command: Command, waiter: Waiter)]) {
    for (_, waiter) in parked {
      if let key = waiter.key { keys.forget(key) }
      answerNow(waiter, .unavailable(.storeUnavailable))
    }
  }

  /// Whom and what the movements of an operation name: also an atomic batch has its id, so that who
  /// reads them sees what belongs together.
  func cause(of id: HoldID) -> Cause {
    Cause(actor: works[id]?.caller?.actor ?? 0, note: MovementNote(reference: id))
  }
}
