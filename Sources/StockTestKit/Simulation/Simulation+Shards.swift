import StockCore

/// What happens inside an engine: between its shards, and between them and its front.
extension Simulation {
  /// Hands on what came out of a shard.
  func settle(_ engine: SimulatedEngine, _ shard: SimulatedShard) {
    for one in shard.machine.takeAnswers() { answer(one, engine) }
    post(engine, shard)
    for order in shard.machine.takeClosedOrders() {
      engine.gateway.closed(order, home: shard.id)
    }
    let dropped = shard.machine.takeDroppedBuckets()
    if !dropped.isEmpty {
      count("dropped buckets")
      send(.drop(dropped, shard.machine.currentOwnership), engine, shard)
    }
    guard engine.isAlive else { return }
    let wrong = shard.machine.checkInvariants()
    if let first = wrong.first { witness.report("\(engine.name) shard \(shard.id): \(first)") }
    if shard.machine.hasFailed, !hasLostTooMuch {
      witness.report("\(engine.name) shard \(shard.id) \(shard.machine.state)")
    }
  }

  /// What a batch forgets, which must have been over for long enough.
  func countForgotten(_ request: CommitRequest) {
    for change in request.purchases where change.after == nil {
      let isOfHold = request.holds.contains {
        ($0.before ?? $0.after)?.customer == change.key.customer
      }
      if !isOfHold { count("forgotten purchases") }
    }
    for change in request.holds {
      guard case .hold(let hold)? = change.before, hold.status.isClosed, change.after == nil else {
        continue
      }
      count("forgotten hold")
      // Engines do not agree to the millisecond.
      if hasShortMemory, clock.wall < hold.updatedAt + configuration.closedHoldAge - 1_000 {
        witness.report("\(hold.words) was forgotten too early")
      }
    }
  }

  func scheduleEndOfTick(_ engine: SimulatedEngine) {
    guard !engine.isEndOfTickDue else { return }
    engine.isEndOfTickDue = true
    queue.add(.endOfTick(engine), at: clock.monotonic)
  }

  // MARK: Between shards

  private func post(_ engine: SimulatedEngine, _ shard: SimulatedShard) {
    for message in shard.machine.takeMessages() {
      say("\(engine.name) shard \(shard.id) to \(message.to): \(message.request.words)")
      let at = engine.arrival(from: shard.id, to: message.to, at: clock.monotonic + mailDelay())
      engine.mailCount += 1
      queue.add(.messageArrives(engine, message), at: at)
      protocolStep("a message was sent")
    }
  }

  private func mailDelay() -> Int64 { random.chance(85) ? 0 : random.within(0...30) }

  func messageArrives(_ engine: SimulatedEngine, _ message: ShardMessage) {
    guard engine.isAlive else { return }
    engine.mailCount -= 1
    protocolStep("a message comes")
    guard engine.isAlive else { return }
    let shard = engine.shards[message.to]
    let ticket = Ticket(home: message.request.home, attempt: message.attempt)
    let command = Command(
      scope: message.scope, operation: .applyPart(message.request), actor: message.actor)
    let outcome = shard.machine.submit(command, ticket: ticket, now: engine.now(clock))
    if let outcome {
      answer(
        Answer(
          ticket: ticket, outcome: outcome, shard: shard.id,
          sequence: shard.machine.committedSequence), engine)
    }
    settle(engine, shard)
    scheduleEndOfTick(engine)
    protocolStep("a message was judged")
  }

  private func mail(_ answer: Answer, _ engine: SimulatedEngine) {
    say("shard \(answer.shard) to \(answer.ticket.home): \(answer.outcome.words)")
    if case .refused(let refusal) = answer.outcome {
      witness.report("shard \(answer.shard) refused a message: \(refusal)")
    }
    let at = engine.arrival(
      from: answer.shard, to: answer.ticket.home, at: clock.monotonic + mailDelay())
    engine.mailCount += 1
    queue.add(.partAnswered(engine, answer), at: at)
  }

  func partAnswered(_ engine: SimulatedEngine, _ answer: Answer) {
    guard engine.isAlive else { return }
    engine.mailCount -= 1
    protocolStep("a part is answered")
    guard engine.isAlive else { return }
    let shard = engine.shards[answer.ticket.home]
    shard.machine.partAnswered(answer, now: engine.now(clock))
    settle(engine, shard)
    scheduleEndOfTick(engine)
    protocolStep("a part's answer was taken")
  }

  /// A step of a hold's protocol: the one that was chosen is the last that the engine sees.
  func protocolStep(_ what: String) {
    protocolSteps += 1
    guard protocolSteps == dyingStep, let engine = engines.last, engine.isAlive, mayLoseEngine
    else { return }
    dyingStep = nil
    count("crash in a protocol")
    say("step \(protocolSteps), \(what): the engine dies")
    kill(engine)
    queue.add(.engineStarts, at: clock.monotonic + random.within(1...1_500))
  }

  /// A loaded shard tells for which orders it has open holds.
  func learnOrders(_ engine: SimulatedEngine, _ shard: SimulatedShard) {
    engine.gateway.forgetHolds(of: shard.id) { shard.machine.hasOpenHold(of: $0) }
    _ = shard.machine.visitHolds(from: 0, count: .max) { hold in
      guard !hold.status.isClosed, !hold.order.isEmpty else { return }
      engine.gateway.opened(OrderKey(store: hold.store, order: hold.order), home: shard.id)
    }
  }

  // MARK: Between shards and clients

  /// Sends a client's command to its shard; or first to the shard that knows its key.
  func submit(
    _ command: Command, to target: ShardID, ticket: UInt64, _ engine: SimulatedEngine, now: Now
  ) {
    if let key = command.idempotency,
      let other = engine.gateway.shardToAsk(key, target: target)
    {
      engine.gateway.checking[ticket] = .init(command: command, target: target)
      say("ticket \(ticket) asks shard \(other) for its key")
      let check = Command(scope: command.scope, operation: .checkKey(key), actor: command.actor)
      return submit(check, to: engine.shards[other], ticket: ticket, engine, now)
    }
    submit(command, to: engine.shards[target], ticket: ticket, engine, now)
  }

  private func submit(
    _ command: Command, to shard: SimulatedShard, ticket: UInt64, _ engine: SimulatedEngine,
    _ now: Now
  ) {
    let outcome = shard.machine.submit(command, ticket: Ticket(rawValue: ticket), now: now)
    if let outcome {
      answer(
        Answer(
          ticket: Ticket(rawValue: ticket), outcome: outcome, shard: shard.id,
          sequence: shard.machine.committedSequence), engine)
    }
    settle(engine, shard)
    scheduleEndOfTick(engine)
  }

  func answer(_ answer: Answer, _ engine: SimulatedEngine) {
    guard engine.isAlive else { return }
    if answer.ticket.isOfShard { return mail(answer, engine) }
    let ticket = answer.ticket.rawValue
    let shard = engine.shards[answer.shard]
    if let checking = engine.gateway.checking.removeValue(forKey: ticket),
      case .keyUnknown = answer.outcome
    {
      if let key = checking.command.idempotency {
        engine.gateway.used(key, on: checking.target)
      }
      return submit(
        checking.command, to: engine.shards[checking.target], ticket: ticket, engine,
        engine.now(clock))
    }
    if case .replay(let key, let bucket) = answer.outcome {
      guard witness.asked[ticket]?.command.idempotency == key else {
        return witness.report("ticket \(ticket) is answered for a key that is not its own")
      }
      shard.replaying.append((ticket, key))
      guard engine.connection?.isOpen == true else { return dropReplays(engine, shard) }
      return send(.readAnswer(bucket, key), engine, shard)
    }
    finish(answer, engine)
  }

  /// A first answer was read from Redis, or could not be.
  func replayRead(
    _ stored: StoredAnswer?, _ key: IdempotencyKey, _ engine: SimulatedEngine,
    _ shard: SimulatedShard
  ) {
    guard let place = shard.replaying.firstIndex(where: { $0.key == key }) else { return }
    let ticket = shard.replaying.remove(at: place).ticket
    var answer = Answer(
      ticket: Ticket(rawValue: ticket),
      outcome: stored?.outcome ?? .unavailable(.outcomeUnknown), shard: shard.id,
      sequence: stored?.sequence ?? shard.machine.committedSequence)
    answer.isReplay = stored != nil
    finish(answer, engine)
  }

  func dropReplays(_ engine: SimulatedEngine, _ shard: SimulatedShard) {
    let dropped = shard.replaying
    shard.replaying = []
    for (ticket, _) in dropped {
      finish(
        Answer(
          ticket: Ticket(rawValue: ticket), outcome: .unavailable(.outcomeUnknown),
          shard: shard.id, sequence: shard.machine.committedSequence), engine)
    }
  }
}

extension PartRequest {
  var words: String {
    "\(mode) \(hold) (\(cause)) [\(lines.words)]"
  }
}
