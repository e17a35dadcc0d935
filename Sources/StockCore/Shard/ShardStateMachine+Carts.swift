/// Holds over several shards, seen from the home shard. Its record says how far an operation is, and
/// what other shards are to do follows from the record alone: so whoever loads the shard can go on.
///
/// An operation's way: recorded as `preparing` → the others are asked to take their lines → decided in
/// one commit: `finishing` (they let go what the hold lets go) or `undoing` (they go back) → done.
extension ShardStateMachine {
  /// What is under way with a hold, beside what its record says. Lost with the process.
  struct Work {
    /// Which messages are the latest: answers to earlier ones are ignored.
    var attempt: Int64 = 0
    /// Who has not answered them.
    var awaited: Set<ShardID> = []
    var answers: [ShardID: PartAnswer] = [:]
    var refusals: [LineRefusal] = []
    /// A shard could not say: nothing is decided against the hold's stock.
    var isUnavailable = false
    /// Only asking why: the home itself has refused.
    var isProbe = false
    /// The commit that the home's refusal rests on. If that is undone, nothing is known any more.
    var restsOn: Sequence64 = 0
    /// Entries of this shard, for the answer of an atomic batch.
    var ownEntries: [EntrySnapshot] = []
    var caller: Caller?
    /// The client waited too long, and was told that nothing is known.
    var isAnswered = false
    /// What the client is told at the end, and the commit that it rests on.
    var conclusion: (outcome: Outcome, sequence: Sequence64)?
    /// Lines in the order that the client asked for, for an atomic batch.
    var asked: [HoldLine] = []
    var isNew = false
    /// Requests that wait for it to end.
    var parked: [(command: Command, waiter: Waiter)] = []
    /// When those are asked again who could not answer; nil: nobody is to be asked.
    var retryAt: Int64?
  }

  // MARK: Beginning

  /// Brings a hold to other lines, all or none.
  ///
  /// - Returns: nil where other shards have to be asked; then it is answered at the end.
  mutating func start(
    _ kind: HoldOperation.Kind, _ hold: Hold, target: [HoldLine], expiresAt: Timestamp,
    _ caller: Caller, _ now: Now
  ) -> Decision? {
    let isNew = holds[hold.id] == nil
    if kind != .fulfill, let refusal = bound(hold, kind, target) {
      return .refused(refusal, max(holds.saw(hold.id), isNew ? saw(endOf: hold) : .committed))
    }
    let change = lineChange(hold, kind, caller)
    let ownOld = own(hold.lines)
    let verdict = judge(ownOld, to: own(target), change, isForced: false, now)
    let others = participants(hold.lines, target)
    switch verdict {
    case .refused(let refusals, let seen):
      // While more is due than has ended so far, nobody is asked: it is judged again.
      let isFinal = !hasDue(now) || open.isFull
      if others.isEmpty || kind == .fulfill || !isFinal {
        let rests = max(holds.saw(hold.id), isNew ? saw(endOf: hold) : .committed)
        return .refused(.linesRefused(refusals), max(seen, rests))
      }
      let rests = max(seen, holds.saw(hold.id), isNew ? saw(endOf: hold) : .committed)
      probe(hold, kind, target, others, refusals, rests, isNew: isNew, caller)
      return nil
    case .possible(let plan):
      let lines = plan.lines + target.filter { map.shard(ofProduct: $0.product) != id }
      if others.isEmpty {
        carryOut(plan, change, now)
        return conclude(hold, kind, lines, expiresAt, isNew: isNew, asked: target, now)
      }
      var prepared = hold
      prepared.operation = HoldOperation(
        kind: kind, phase: .preparing, target: lines, expiresAt: expiresAt, participants: others)
      let wanted = own(Hold.prepared(hold.lines, for: lines, kind))
      move(from: ownOld, to: wanted, change, now)
      write(prepared, now)
      var work = Work()
      work.caller = caller
      work.asked = target
      work.isNew = isNew
      works[hold.id] = work
      if let key = caller.waiter.key { keys.begin(key) }
      let (shards, home) = (self.map, self.id)
      send(prepared.id, to: Set(others), now) { shard in
        PartRequest(
          mode: .prepare, hold: hold.id, home: home, customer: hold.customer, cause: kind,
          lines: lines.filter { shards.shard(ofProduct: $0.product) == shard },
          allocation: caller.allocation)
      }
      return nil
    }
  }

  /// The bound that keeps a hold from having these lines, wherever they are.
  private func bound(
    _ hold: Hold, _ kind: HoldOperation.Kind, _ target: [HoldLine]
  ) -> Refusal? {
    let tooLarge = Hold.tooLarge(target)
    if !tooLarge.isEmpty { return .linesRefused(tooLarge).sorted }
    let growth = kind == .take ? target.count - hold.lines.count : 0
    if growth > 0, target.count > Bounds.maxLinesPerHold, let line = target.last {
      return Self.tooManyLines(line)
    }
    return growth > 0 && holdLineCount > Bounds.maxHoldLinesPerShard - growth
      ? .capacityReached(.holds) : nil
  }

  private static func tooManyLines(_ line: HoldLine) -> Refusal {
    .linesRefused([
      LineRefusal(product: line.product, location: "", refusal: .capacityReached(.linesOfHold))
    ])
  }

  /// What rests on that the hold's order has no other hold any more.
  private func saw(endOf hold: Hold) -> Saw {
    sawEnd(of: OrderKey(store: hold.store, order: hold.order))
  }

  /// All lines are here: done in this batch.
  private mutating func conclude(
    _ hold: Hold, _ kind: HoldOperation.Kind, _ lines: [HoldLine], _ expiresAt: Timestamp,
    isNew: Bool, asked: [HoldLine], _ now: Now
  ) -> Decision {
    if kind == .reserve {
      // Products that never run out change nothing; that they are such may be news.
      let seen: Saw = open.hasChanges ? .open : inFlight == nil ? .committed : .inFlight
      return Decision(outcome: .reservedTogether(entries(of: asked, [:])), saw: seen)
    }
    var hold = hold
    hold.lines = lines.sorted { ($0.product, $0.location) < ($1.product, $1.location) }
    hold.expiresAt = expiresAt
    hold.status = kind == .fulfill && !hold.holdsUnits ? .fulfilled : .held
    write(hold, now)
    guard let written = self.hold(hold.id) else { preconditionFailure("a hold was not written") }
    return Decision(
      outcome: isNew && kind == .take ? .holdCreated(written) : .hold(written), saw: .open)
  }

  /// The home cannot have its own lines: the others are asked which of theirs could not be had either.
  private mutating func probe(
    _ hold: Hold, _ kind: HoldOperation.Kind, _ target: [HoldLine], _ others: [ShardID],
    _ refusals: [LineRefusal], _ rests: Saw, isNew: Bool, _ caller: Caller
  ) {
    var work = works[hold.id] ?? Work()
    work.caller = caller
    work.isProbe = true
    work.restsOn = sequence(of: rests)
    work.isNew = isNew
    work.refusals = refusals
    works[hold.id] = work
    if let key = caller.waiter.key { keys.begin(key) }
    let id = id
    let map = map
    emit(hold.id, to: Set(others), caller, rests: .committed) { shard in
      PartRequest(
        mode: .probe, hold: hold.id, home: id, customer: hold.customer, cause: kind,
        lines: target.filter { map.shard(ofProduct: $0.product) == shard },
        allocation: caller.allocation)
    }
  }

  /// Gives units back, or all of an expired hold's: that cannot be refused, so it is decided at once.
  mutating func letGo(
    _ hold: Hold, to target: [HoldLine], _ kind: HoldOperation.Kind, _ caller: Caller?, _ now: Now
  ) -> Decision? {
    let change = lineChange(hold, kind, caller)
    move(from: own(hold.lines), to: own(target), change, now)
    let others = participants(hold.lines, target)
    var hold = hold
    hold.lines = target
    if !hold.holdsUnits { hold.status = kind == .expire ? .expired : .released }
    guard !others.isEmpty else {
      write(hold, now)
      guard let written = self.hold(hold.id) else { preconditionFailure("a hold was not written") }
      return Decision(outcome: .hold(written), saw: .open)
    }
    hold.operation = HoldOperation(
      kind: kind, phase: .finishing, target: [], expiresAt: hold.expiresAt, participants: others)
    write(hold, now)
    var work = Work()
    work.caller = caller
    works[hold.id] = work
    if let key = caller?.waiter.key { keys.begin(key) }
    conclude(hold.id, outcome(of: hold.id), now)
    follow(hold.id, now)
    return nil
  }

  // MARK: Answers of other shards

  /// Another shard answered a `ShardMessage` of this one.
  public mutating func partAnswered(_ answer: Answer, now: Now) {
    guard let hold = attempts[answer.ticket.attempt], var work = works[hold],
      work.attempt == answer.ticket.attempt, work.awaited.contains(answer.shard)
    else { return }
    switch phase {
    case .idle, .committing, .resolving, .pausing, .replaying, .yielding: break
    case .recovering, .suspended, .damaged, .fenced, .failed:
      // Nothing can be written now: the shard is asked again when something can.
      works[hold]?.retryAt = now.monotonic + configuration.partRetry
      return
    }
    cause = cause(of: hold)
    let isUndecided = work.isProbe || self.hold(hold)?.operation?.phase == .preparing
    switch answer.outcome {
    case .part(let part):
      work.awaited.remove(answer.shard)
      if part.refused.isEmpty {
        work.answers[answer.shard] = part
      } else {
        work.refusals += part.refused
      }
    default:
      if isUndecided {
        work.awaited.remove(answer.shard)
        work.isUnavailable = true
      } else {
        // It has to be done: asked again in a while.
        work.retryAt = now.monotonic + configuration.partRetry
      }
    }
    works[hold] = work
    guard work.awaited.isEmpty else { return }
    attempts[work.attempt] = nil
    if work.isProbe {
      endProbe(hold, now)
    } else if isUndecided {
      decideHold(hold, now)
    } else {
      finish(hold, now)
    }
  }

  private mutating func endProbe(_ id: HoldID, _ now: Now) {
    guard let work = works[id] else { return }
    var refusals = work.refusals
    refusals.sort { ($0.product, $0.location) < ($1.product, $1.location) }
    conclude(id, work.isUnavailable ? nil : .refused(.linesRefused(refusals)), now)
    end(id, now)
  }

  /// All have answered: the hold's fate, in one commit.
  private mutating func decideHold(_ id: HoldID, _ now: Now) {
    guard let work = works[id], var hold = hold(id), var operation = hold.operation else { return }
    let change = lineChange(hold, operation.kind, work.caller)
    let prepared = own(hold.appliedLines)
    guard work.refusals.isEmpty, !work.isUnavailable else {
      return undo(hold, why: work.isUnavailable ? nil : .linesRefused(work.refusals), now)
    }
    let target = own(operation.target) + work.answers.values.flatMap(\.lines)
    // Each shard has bounded its own lines; all together are bounded here.
    if operation.kind != .fulfill, target.count > Bounds.maxLinesPerHold, let line = target.last {
      return undo(hold, why: Self.tooManyLines(line), now)
    }
    move(from: prepared, to: own(target), change, now)
    let old = hold.lines
    hold.lines = target.sorted { ($0.product, $0.location) < ($1.product, $1.location) }
    if configuration.plants(.homeForgetsLine), hold.lines.count > 1 { hold.lines.removeLast() }
    hold.expiresAt = operation.expiresAt
    var isFinal = true
    switch operation.kind {
    case .take:
      hold.status = .held
      let kept = Dictionary(
        target.map { (LineKey($0), $0.held) }, uniquingKeysWith: { first, _ in first })
      isFinal = old.allSatisfy {
        // A line that is to go is told to its shard also where it holds nothing any more.
        map.shard(ofProduct: $0.product) == self.id || $0.held <= kept[LineKey($0)] ?? -1
      }
    case .fulfill:
      hold.status = hold.holdsUnits ? .held : .fulfilled
      isFinal = hold.holdsUnits
    case .reserve:
      hold.lines = []
      isFinal = false
    case .release, .expire:
      preconditionFailure("what is given back is not prepared")
    }
    operation.phase = .finishing
    operation.target = []
    hold.operation = isFinal ? nil : operation
    if operation.kind == .reserve {
      let ownEntries = entries(of: own(work.asked), [:])
      works[id]?.ownEntries = ownEntries
    }
    // One that is made has not changed since it was asked for.
    write(hold, isNews: !work.isNew, now)
    conclude(id, outcome(of: id), now)
    if isFinal { end(id, now) } else { follow(id, now) }
  }

  /// Decides against an operation: everyone goes back to the hold's lines.
  ///
  /// - Parameter why: nil: a shard was not there, so that nothing is known against the lines.
  mutating func undo(_ hold: Hold, why: Refusal?, _ now: Now) {
    guard var operation = hold.operation else { return }
    var hold = hold
    let change = lineChange(hold, operation.kind, works[hold.id]?.caller)
    move(from: own(hold.appliedLines), to: own(hold.lines), change, now)
    operation.phase = .undoing
    operation.target = []
    hold.operation = operation
    write(hold, isNews: false, now)
    conclude(hold.id, why.map { .refused($0.sorted) }, now)
    follow(hold.id, now)
  }

  /// The others have followed.
  private mutating func finish(_ id: HoldID, _ now: Now) {
    guard var hold = hold(id), let operation = hold.operation else { return }
    let isNothing =
      operation.kind == .reserve || (operation.phase == .undoing && hold.status == .preparing)
    if isNothing {
      write(id, nil, now)
    } else {
      hold.operation = nil
      write(hold, isNews: false, now)
    }
    end(id, now)
  }

  // MARK: The end

  /// What the client will be told, and is told again for the same key. nil: it cannot be said.
  mutating func conclude(_ id: HoldID, _ outcome: Outcome?, _ now: Now) {
    guard let waiter = works[id]?.caller?.waiter else { return }
    guard let outcome else {
      works[id]?.conclusion = (.unavailable(.storeUnavailable), committedSequence)
      if let key = waiter.key {
        // From now on another request may have it, which must not lose it with this one's end.
        keys.forget(key)
        works[id]?.caller?.waiter.key = nil
      }
      return
    }
    if let key = waiter.key {
      if outcome.isKept {
        noteOpened(now, weight: outcome.weight)
        open.idempotency.append(IdempotencyRecord(key: key, outcome: outcome))
      } else {
        keys.forget(key)
        works[id]?.caller?.waiter.key = nil
      }
    }
    let sequence = youngestSequence
    works[id]?.conclusion = (outcome, sequence)
  }

  func outcome(of id: HoldID) -> Outcome {
    guard var hold = hold(id), let work = works[id] else { return .refused(.holdNotFound) }
    if let operation = hold.operation, operation.kind == .reserve {
      return .reservedTogether(entries(of: work.asked, work.answers, own: work.ownEntries))
    }
    hold.operation = nil
    return work.isNew ? .holdCreated(hold) : .hold(hold)
  }

  /// The client hears with the open batch; then those have their turn who waited.
  private mutating func end(_ id: HoldID, _ now: Now) {
    guard let work = works.removeValue(forKey: id) else { return }
    attempts[work.attempt] = nil
    scheduleAfter(work, of: id)
    if let waiter = work.caller?.waiter, !work.isAnswered, let conclusion = work.conclusion {
      let waiting = Answer(
        ticket: waiter.ticket, outcome: conclusion.outcome, shard: self.id, sequence: 0)
      if conclusion.sequence <= committedSequence {
        answers.append(
          Answer(
            ticket: waiter.ticket, outcome: conclusion.outcome, shard: self.id,
            sequence: conclusion.sequence))
      } else if conclusion.sequence == inFlight?.batch.sequence {
        inFlight?.contents.waiting.append(waiting)
      } else {
        open.waiting.append(waiting)
      }
    }
    for (place, one) in work.parked.enumerated() {
      if works[id] != nil {
        // Behind the one before, which may wait for the hold's expiry.
        works[id]?.parked += work.parked[place...]
        return
      }
      if let key = one.waiter.key { keys.forget(key) }
      let outcome = decide(
        one.command, ticket: one.waiter.ticket, since: one.waiter.since, now: now)
      if let outcome {
        answers.append(
          Answer(
            ticket: one.waiter.ticket, outcome: outcome, shard: self.id,
            sequence: committedSequence))
      }
    }
  }

  // MARK: Lines

  private mutating func move(
    from old: [HoldLine], to new: [HoldLine], _ change: LineChange, _ now: Now
  ) {
    if case .possible(let plan) = judge(old, to: new, change, isForced: true, now) {
      carryOut(plan, change, now)
    }
  }

  private func lineChange(
    _ hold: Hold, _ kind: HoldOperation.Kind, _ caller: Caller?
  ) -> LineChange {
    LineChange(
      hold: hold.id, customer: hold.customer, scope: caller?.scope ?? .any,
      giveBack: kind == .expire ? .expire : .release,
      allocation: caller?.allocation ?? Allocation(), isCounted: kind != .reserve)
  }

  func own(_ lines: [HoldLine]) -> [HoldLine] {
    lines.filter { map.shard(ofProduct: $0.product) == id }
  }

  private func participants(_ old: [HoldLine], _ new: [HoldLine]) -> [ShardID] {
    var shards: Set<ShardID> = []
    for line in old { shards.insert(map.shard(ofProduct: line.product)) }
    for line in new { shards.insert(map.shard(ofProduct: line.product)) }
    shards.remove(id)
    return shards.sorted()
  }

  /// The entries of an atomic batch's lines, in the order asked.
  private func entries(
    of asked: [HoldLine], _ answers: [ShardID: PartAnswer], own: [EntrySnapshot]? = nil
  ) -> [EntrySnapshot] {
    var known: [LineKey: EntrySnapshot] = [:]
    for entry in answers.values.flatMap(\.entries) + (own ?? []) {
      known[LineKey(product: entry.product, location: entry.location)] = entry
    }
    return asked.compactMap { line in
      if let entry = known[LineKey(line)] { return entry }
      return map.shard(ofProduct: line.product) == id ? entrySnapshot(of: line) : nil
    }
  }

  /// The commit that carries all that is decided so far.
  var youngestSequence: Sequence64 { sequence(of: open.hasChanges ? .open : .inFlight) }

  /// The commit that carries what was seen.
  private func sequence(of saw: Saw) -> Sequence64 {
    let flying = inFlight?.batch.sequence ?? committedSequence
    switch saw {
    case .committed: return committedSequence
    case .inFlight: return flying
    case .open: return flying + 1
    }
  }

  /// Batches were undone: what a home saw in them, and refused for, is not so.
  mutating func doubtProbes() {
    guard !works.isEmpty else { return }
    let last = sequence(of: .inFlight)
    for (id, work) in works where work.isProbe && work.restsOn > last {
      works[id]?.isUnavailable = true
    }
  }
}

extension Refusal {
  /// With lines in the order of their products.
  fileprivate var sorted: Refusal {
    guard case .linesRefused(let lines) = self else { return self }
    return .linesRefused(
      lines.sorted { ($0.product, $0.location) < ($1.product, $1.location) })
  }
}
