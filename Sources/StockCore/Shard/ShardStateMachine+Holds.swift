/// Holds: what a checkout asks of a hold's home shard. A hold whose lines are all here is one batch;
/// what other shards have to do for the others is in `+Carts`.
extension ShardStateMachine {
  /// Who asked.
  struct Caller {
    var scope: StoreScope
    var actor: ActorID
    var allocation = Allocation()
    /// Who waits for the answer.
    var waiter: Waiter
  }

  /// A client's ticket, and what its outcome is to be kept under.
  struct Waiter {
    var ticket: Ticket
    var key: IdempotencyKey?
    /// On the monotonic clock.
    var since: Int64
  }

  // MARK: Reading and writing records

  func hold(_ id: HoldID) -> Hold? {
    if case .hold(let hold)? = holds[id] { hold } else { nil }
  }

  func part(_ id: HoldID) -> HoldPart? {
    if case .part(let part)? = holds[id] { part } else { nil }
  }

  /// A hold as its callers may see it.
  private func visibleHold(_ id: HoldID, _ scope: StoreScope) -> Hold? {
    guard let hold = hold(id), hold.status != .preparing, !hold.order.isEmpty,
      scope.allows(hold.store)
    else { return nil }
    return hold
  }

  /// Writes a record in the open batch, and what is found by it. nil: it is removed.
  mutating func write(_ id: HoldID, _ record: HoldRecord?, _ now: Now) {
    noteOpened(now, weight: 1 + (record?.appliedLines.count ?? 0) / 16)
    let before = holds[id]
    holds.write(id, record)
    if let order = before?.openOrder, record?.openOrder == nil { open.closedOrders.append(order) }
    index(id, from: before, to: record)
  }

  /// - Parameter isNews: something that clients see has changed.
  mutating func write(_ hold: Hold, isNews: Bool = true, _ now: Now) {
    var hold = hold
    hold.revision += 1
    if isNews { hold.updatedAt = now.wall }
    write(hold.id, .hold(hold), now)
  }

  /// What is known of holds beside their records.
  mutating func index(_ id: HoldID, from before: HoldRecord?, to after: HoldRecord?) {
    if let before { noteHeld(before.appliedLines, sign: -1) }
    if let after { noteHeld(after.appliedLines, sign: 1) }
    holdLineCount += (after?.lineCount ?? 0) - (before?.lineCount ?? 0)
    let (was, isNow) = (before?.openOrder, after?.openOrder)
    if was != isNow {
      if let was, orders[was] == id { orders[was] = nil }
      if let isNow { orders[isNow] = id }
    }
    if case .hold(let hold)? = after, hold.operation == nil { schedule(hold) }
  }

  // MARK: Commands

  mutating func makeHold(_ request: HoldRequest, _ caller: Caller, _ now: Now) -> Decision? {
    let store = caller.scope.store
    // Others may be asked just now about a hold of this id, of which there is no record yet.
    if let wait = park(request.id, .hold(request), caller) { return wait.decision }
    let known = hold(request.id).map(\.id) ?? orders[OrderKey(store: store, order: request.order)]
    if let known, let open = hold(known), !open.status.isClosed || known == request.id {
      if let wait = park(known, .hold(request), caller) { return wait.decision }
      expireIfDue(known, now)
      guard let open = hold(known), open.operation == nil else {
        return park(known, .hold(request), caller)?.decision
      }
      if open.order != request.order || open.store != store {
        return .refused(.holdIDTaken, holds.saw(known))
      }
      switch open.status {
      case .preparing, .held:
        if open.wasMadeFor(request.lines) {
          return Decision(outcome: .hold(open), saw: holds.saw(known))
        }
        return start(
          .take, open, target: open.lines(replacedBy: request.lines),
          expiresAt: now.wall + request.timeToLive, caller, now)
      case .fulfilled, .released, .expired:
        if request.isClientID, known == request.id {
          return .refused(.holdClosed(open.status), holds.saw(known))
        }
      }
    } else if holds[request.id] != nil {
      return .refused(.holdIDTaken, holds.saw(request.id))
    }
    guard map.shard(ofHold: request.id) == id else {
      // It came here for its order's hold, which has ended meanwhile, and a hold with the client's id
      // has another home: asked again, the request goes there.
      return Decision(outcome: .unavailable(.overloaded), saw: .committed)
    }
    guard holds.count < Bounds.maxHoldsPerShard else {
      return .refused(.capacityReached(.holds))
    }
    // The order's hold before it may have expired just now.
    cause.note.reference = request.id
    cause.notePlace = -1
    let hold = Hold(
      id: request.id, order: request.order, customer: request.customer, store: store,
      status: .preparing, lines: [], createdAt: now.wall, updatedAt: now.wall,
      expiresAt: now.wall + request.timeToLive, revision: 0)
    return start(.take, hold, target: request.lines, expiresAt: hold.expiresAt, caller, now)
  }

  mutating func reserveTogether(
    _ together: AtomicReserve, _ caller: Caller, _ now: Now
  ) -> Decision? {
    guard holds[together.id] == nil else { return .refused(.holdIDTaken, holds.saw(together.id)) }
    let hold = Hold(
      id: together.id, order: "", customer: "", store: caller.scope.store, status: .preparing,
      lines: [], createdAt: now.wall, updatedAt: now.wall, expiresAt: .max, revision: 0)
    return start(.reserve, hold, target: together.lines, expiresAt: .max, caller, now)
  }

  mutating func extendHold(
    _ id: HoldID, _ timeToLive: Int64, _ caller: Caller, _ now: Now
  ) -> Decision? {
    let operation = Command.Operation.extendHold(id, timeToLive: timeToLive)
    switch openHold(id, operation, caller, now) {
    case .answered(let decision): return decision
    case .closed(let hold): return .refused(.holdClosed(hold.status), holds.saw(id))
    case .open(var hold):
      hold.expiresAt = now.wall + timeToLive
      write(hold, now)
      return answer(id, now)
    }
  }

  mutating func releaseHold(
    _ id: HoldID, _ amounts: [HoldAmount]?, _ caller: Caller, _ now: Now
  ) -> Decision? {
    switch openHold(id, .releaseHold(id, amounts), caller, now) {
    case .answered(let decision): return decision
    case .closed(let hold):
      if hold.status == .released, hold.hasLost(amounts, shipped: false) { return answer(id, now) }
      return .refused(.holdClosed(hold.status), holds.saw(id))
    case .open(let hold):
      switch Self.taking(amounts, from: hold, shipped: false) {
      case .failure(let error): return .refused(error.refusal, holds.saw(id))
      case .success(let target): return letGo(hold, to: target, .release, caller, now)
      }
    }
  }

  mutating func fulfillHold(
    _ id: HoldID, _ amounts: [HoldAmount]?, _ caller: Caller, _ now: Now
  ) -> Decision? {
    switch openHold(id, .fulfillHold(id, amounts), caller, now) {
    case .answered(let decision): return decision
    case .closed(let hold):
      if hold.status == .fulfilled, hold.hasLost(amounts, shipped: true) { return answer(id, now) }
      return .refused(.holdClosed(hold.status), holds.saw(id))
    case .open(let hold):
      switch Self.taking(amounts, from: hold, shipped: true) {
      case .failure(let error): return .refused(error.refusal, holds.saw(id))
      case .success(let target):
        return start(.fulfill, hold, target: target, expiresAt: hold.expiresAt, caller, now)
      }
    }
  }

  // MARK: What they share

  private enum Opened {
    /// nil: it waits for what is under way with the hold.
    case answered(Decision?)
    case open(Hold)
    case closed(Hold)
  }

  private mutating func openHold(
    _ id: HoldID, _ operation: Command.Operation, _ caller: Caller, _ now: Now
  ) -> Opened {
    if let wait = park(id, operation, caller) { return .answered(wait.decision) }
    guard visibleHold(id, caller.scope) != nil else {
      return .answered(.refused(.holdNotFound, holds.saw(id)))
    }
    expireIfDue(id, now)
    // Its expiry may be under way now.
    if let wait = park(id, operation, caller) { return .answered(wait.decision) }
    guard let hold = visibleHold(id, caller.scope) else {
      return .answered(.refused(.holdNotFound, holds.saw(id)))
    }
    if configuration.plants(.holdClosedTwice) { return .open(hold) }
    return hold.status.isClosed ? .closed(hold) : .open(hold)
  }

  private static func taking(
    _ amounts: [HoldAmount]?, from hold: Hold, shipped: Bool
  ) -> Result<[HoldLine], RefusalError> {
    do {
      return .success(try hold.lines(taking: amounts, shipped: shipped))
    } catch {
      switch error {
      case .noSuchLine(let amount):
        return .failure(
          RefusalError(.lineNotFound(product: amount.product, location: amount.location)))
      case .tooMany(let amount, let held):
        let refusal = Refusal.insufficientReserved(requested: amount.quantity, reserved: held)
        return .failure(
          RefusalError(
            .linesRefused([
              LineRefusal(product: amount.product, location: amount.location, refusal: refusal)
            ])))
      }
    }
  }

  /// The hold as it now is; it rests on the batch that made it so.
  private func answer(_ id: HoldID, _ now: Now) -> Decision {
    guard let hold = hold(id) else { return .refused(.holdNotFound, holds.saw(id)) }
    return Decision(outcome: .hold(hold), saw: holds.saw(id))
  }

  /// Lets a command wait for what is under way with a hold.
  ///
  /// - Returns: nil where nothing is under way.
  private mutating func park(
    _ id: HoldID, _ operation: Command.Operation, _ caller: Caller
  ) -> Parked? {
    if works[id] == nil {
      // An operation that is left over goes on at the next look (`undriven`).
      guard hold(id)?.operation != nil else { return nil }
      works[id] = Work()
    }
    guard let count = works[id]?.parked.count, count < Bounds.maxWaitingPerHold else {
      return Parked(decision: Decision(outcome: .unavailable(.overloaded), saw: .committed))
    }
    // A repeated request is not to be parked as well: it would be done twice.
    if let key = caller.waiter.key { keys.begin(key) }
    works[id]?.parked.append(
      (
        Command(
          scope: caller.scope, operation: operation, actor: caller.actor,
          idempotency: caller.waiter.key), caller.waiter
      ))
    return Parked(decision: nil)
  }

  struct Parked {
    /// nil: it is answered later.
    var decision: Decision?
  }
}

struct RefusalError: Error {
  var refusal: Refusal

  init(_ refusal: Refusal) { self.refusal = refusal }
}

extension StoreScope {
  /// Whose holds a caller makes: 0 for an admin's.
  public var store: StoreID {
    switch self {
    case .any: 0
    case .only(let store): store
    }
  }
}

extension HoldRecord {
  var appliedLines: [HoldLine] {
    switch self {
    case .hold(let hold): hold.appliedLines
    case .part(let part): part.lines
    }
  }

  /// Those that are to be as well.
  var lineCount: Int {
    switch self {
    case .hold(let hold): hold.lines.count + (hold.operation?.target.count ?? 0)
    case .part(let part): part.lines.count
    }
  }

  var openOrder: OrderKey? {
    switch self {
    case .hold(let hold): hold.openOrder
    case .part: nil
    }
  }
}
