import StockCore

/// What a client asks: the same again if it hears nothing, where it has a key.
struct SimulatedRequest {
  var command: Command
  var attempts = 0
  /// When it was sent first.
  var since: Int64
  /// The client knows how it ended.
  var isDone = false
}

extension Simulation {
  func clientsWake() {
    let isDone = steps >= options.steps
    if !isDone { queue.add(.clientsWake, at: clock.monotonic + random.within(1...profile.pause)) }
    let living = engines.filter { $0.isAlive && $0.isListening }
    guard !living.isEmpty, !isDone else {
      // Nobody listens: that is a step too, or a simulation could go on for ever.
      steps += 1
      return
    }
    for _ in 0..<(1 + random.below(profile.burst)) where steps < options.steps {
      let engine = random.chance(85) ? living[living.count - 1] : random.pick(living)
      guard engine.stalledUntil <= clock.monotonic, engine.isAlive else {
        steps += 1
        continue
      }
      ask(engine)
    }
  }

  private func ask(_ engine: SimulatedEngine) {
    steps += 1
    var command = nextCommand()
    switch command.operation {
    case .readEntry, .readProduct, .readSummary, .readHold:
      return read(command, engine)
    case .reserve, .release, .fulfill, .set, .adjust, .transfer, .putEntry, .deleteEntry,
      .putProduct, .allocate, .hold, .extendHold, .fulfillHold, .releaseHold, .reserveTogether,
      .applyPart, .checkKey:
      break
    }
    if random.chance(profile.keys) {
      let number = UInt64(requests.count + 1)
      command.idempotency = IdempotencyKey(
        high: ShardMap.mix(number), low: number, fingerprint: ShardMap.mix(~number))
    }
    requests.append(SimulatedRequest(command: command, since: clock.monotonic))
    attempt(requests.count - 1, engine)
    // Some send everything twice.
    if command.idempotency != nil, random.chance(30) {
      scheduleRepeat(requests.count - 1, within: random.pick([3, 200, 4_000]))
    }
  }

  private func nextCommand() -> Command {
    if random.chance(profile.carts) { return carts.next(open: witness.openHolds) }
    let shard = random.below(map.shardCount)
    let held = redis.shards[shard].entries
    return generators[shard].next { product, location in
      // The lowest id: a dictionary's order differs from run to run.
      held.filter { $0.value.product == product && $0.value.location == location }
        .min { $0.key < $1.key }
        .map {
          .init(id: $0.key, version: $0.value.value.version, quantity: $0.value.value.quantity)
        }
    }
  }

  private func read(_ command: Command, _ engine: SimulatedEngine) {
    let shard = engine.shards[map.shard(of: command)]
    let outcome = shard.machine.submit(
      command, ticket: Ticket(rawValue: 0), now: engine.now(clock))
    if let outcome { witness.wasRead(outcome, by: shard) } else { witness.report("a read waits") }
  }

  // MARK: Attempts

  private func attempt(_ number: Int, _ engine: SimulatedEngine) {
    ticketCount += 1
    let ticket = ticketCount
    requests[number].attempts += 1
    requestNumbers[ticket] = number
    let now = engine.stamp(&clock)
    var command = requests[number].command
    command.actor = ActorID(ticket)
    let target = nameHold(&command, ticket: ticket, engine)
    say("ticket \(ticket), request \(number), to \(engine.name): \(command.operation.words)")
    witness.ask(
      ticket,
      Witness.Asked(
        command: command, request: number, engine: engine.number, wall: now.wall,
        at: clock.monotonic, engineStalls: engine.stalledInAll))
    submit(command, to: target, ticket: ticket, engine, now: now)
  }

  /// What an engine's gateway does: it says where a hold has its home, by the id that it makes; but
  /// requests for one order go to one shard.
  ///
  /// - Returns: the shard that decides.
  private func nameHold(
    _ command: inout Command, ticket: UInt64, _ engine: SimulatedEngine
  ) -> ShardID {
    switch command.operation {
    case .hold(var request):
      let order = OrderKey(store: command.scope.ownStore, order: request.order)
      let preferred =
        request.isClientID
        ? map.shard(ofHold: request.id) : map.shard(ofProduct: request.lines[0].product)
      let home = engine.gateway.home(of: order, otherwise: preferred, ticket: ticket)
      if !request.isClientID {
        request.id = map.holdID(home: home, random: (random.next(), random.next()))
      }
      command.operation = .hold(request)
      return home
    case .reserveTogether(var together):
      let home = map.shard(ofProduct: together.lines[0].product)
      together.id = map.holdID(home: home, random: (random.next(), random.next()))
      command.operation = .reserveTogether(together)
      return home
    default: return map.shard(of: command)
    }
  }

  func scheduleRepeat(_ number: Int, within milliseconds: Int64) {
    repeatsUnderWay += 1
    queue.add(.clientRepeats(number), at: clock.monotonic + random.within(0...milliseconds))
  }

  func repeatRequest(_ number: Int) {
    repeatsUnderWay -= 1
    guard requests[number].attempts < 8 else { return }
    // Its key may be forgotten.
    let age = clock.monotonic - requests[number].since
    guard !hasShortMemory || age < configuration.idempotencyAge - 1_000 else { return }
    guard let engine = engines.last, engine.isAlive, engine.isListening,
      engine.stalledUntil <= clock.monotonic
    else {
      requests[number].attempts += 1
      return scheduleRepeat(number, within: 2_000)
    }
    count("repeated request")
    attempt(number, engine)
  }

  /// A client hears how its request ended.
  func finish(_ answer: Answer, _ engine: SimulatedEngine) {
    guard engine.isAlive else { return }
    let ticket = answer.ticket.rawValue
    say("ticket \(ticket) is answered by \(answer.sequence): \(answer.outcome.words)")
    engine.gateway.answered(ticket) { order, home in
      engine.shards[home].machine.hasOpenHold(of: order)
    }
    witness.answered(
      answer, by: engine.shards[answer.shard], at: clock.monotonic,
      engineStalls: engine.stalledInAll)
    guard let number = requestNumbers[ticket] else { return }
    switch answer.outcome {
    case .unavailable, .refused(.idempotencyRunning): wasNotAnswered(number)
    default: requests[number].isDone = true
    }
  }

  /// A client does not know how its request ended: with a key it may ask again.
  func wasNotAnswered(_ number: Int) {
    guard !requests[number].isDone, requests[number].command.idempotency != nil,
      random.chance(75)
    else { return }
    scheduleRepeat(number, within: 3_000)
  }
}

extension StoreScope {
  /// Whose holds a caller makes: 0 for an admin's.
  var ownStore: StoreID {
    switch self {
    case .any: 0
    case .only(let store): store
    }
  }
}
