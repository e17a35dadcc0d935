import StockCore

/// Engines, their clients, a network and Redis, all simulated: one thread, one queue of events, and
/// everything decided by one seed.
public final class Simulation {
  enum Event {
    case clientsWake
    case requestArrives(SimulatedConnection)
    case replyArrives(SimulatedConnection)
    case connectionNoticed(SimulatedEngine, SimulatedConnection)
    case connects(SimulatedEngine)
    case loadsAgain(SimulatedEngine, SimulatedShard)
    case tick(SimulatedEngine)
    case endOfTick(SimulatedEngine)
    case engineStarts
    case engineDies(SimulatedEngine)
    case fault
  }

  let options: SimulationOptions
  let map: ShardMap
  let configuration: ShardConfiguration
  var random: SeededRandom
  var clock = SimulatedClock()
  var queue = EventQueue<Event>()
  let redis: SimulatedRedis
  let witness: Witness
  var generators: [CommandGenerator] = []
  /// The last one is the one that shall serve; the others are dying or dead.
  var engines: [SimulatedEngine] = []
  var steps = 0
  var isFaulty = true
  /// Redis lost more than can be played again: shards may fail now, and must not give wrong answers.
  var hasLostTooMuch = false
  /// The highest commit of each shard that a lost tail took away and that is not there again.
  var lostSequences: [Sequence64]
  /// The same for epochs: that of each shard before the last loss.
  var lostEpochs: [Epoch]
  let profile: FaultProfile
  var report = SimulationReport()
  /// Connections that may still have something under way.
  var connections: [SimulatedConnection] = []
  private var connectionCount = 0
  private var ticketCount: UInt64 = 0
  private let trace: ((String) -> Void)?

  /// - Parameter trace: gets every event in words; nil: nobody looks.
  public init(_ options: SimulationOptions, trace: ((String) -> Void)? = nil) {
    self.options = options
    self.trace = trace
    var random = SeededRandom(seed: options.seed)
    let map = ShardMap(shardCount: 1 + random.below(2))
    self.map = map
    var configuration = ShardConfiguration()
    configuration.plantedFaults = options.plantedFaults
    self.configuration = configuration
    self.redis = SimulatedRedis(shardCount: map.shardCount, faults: options.plantedFaults)
    self.witness = Witness(shardCount: map.shardCount, configuration: configuration)
    self.lostSequences = Array(repeating: 0, count: map.shardCount)
    self.lostEpochs = Array(repeating: 0, count: map.shardCount)
    self.profile = FaultProfile(&random)
    for shard in 0..<map.shardCount {
      let products = (1...40).map(ProductID.init).filter { map.shard(ofProduct: $0) == shard }
      var generator = CommandGenerator(
        seed: random.next(), products: Array(products.prefix(1 + random.below(3))))
      generator.edges = 1
      generators.append(generator)
    }
    self.random = random
  }

  /// Runs to the end: the clients' commands under faults, then calm, until everything is at rest.
  public func run() throws(SimulationFailure) -> SimulationReport {
    redis.onCommit = { [unowned self] shard, request, before in
      lostSequences[shard] = request.sequence >= lostSequences[shard] ? 0 : lostSequences[shard]
      witness.executed(request, shard: shard, before: before)
    }
    queue.add(.engineStarts, at: clock.monotonic)
    queue.add(.clientsWake, at: clock.monotonic + 50)
    queue.add(.fault, at: clock.monotonic + 100)
    var calmSince: Int64?
    while let (at, event) = queue.next() {
      clock.advance(to: at)
      handle(event)
      if let what = witness.violation { throw failure(what) }
      guard steps >= options.steps else { continue }
      guard let since = calmSince else {
        calmSince = clock.monotonic
        calmDown()
        continue
      }
      if isAtRest { break }
      if clock.monotonic - since > 30_000 {
        throw failure("after 30 s without faults: \(stateInWords)")
      }
    }
    checkEnd()
    if let what = witness.violation { throw failure(what) }
    report.seeds = 1
    report.steps = steps
    report.commits = witness.commits
    report.simulatedMilliseconds = clock.monotonic
    report.answers = witness.answerCounts
    return report
  }

  private func failure(_ what: String) -> SimulationFailure {
    say("FAILED: \(what)")
    return SimulationFailure(seed: options.seed, what: what, lastSteps: [])
  }

  func say(_ what: @autoclosure () -> String) {
    if let trace { trace("\(clock.monotonic) ms: \(what())") }
  }

  // MARK: Events

  private func handle(_ event: Event) {
    // A process that stands still handles its events later, in their order.
    if let engine = engine(of: event), engine.isAlive, engine.stalledUntil > clock.monotonic {
      queue.add(event, at: engine.stalledUntil)
      return
    }
    switch event {
    case .clientsWake: clientsWake()
    case .requestArrives(let connection): requestArrives(connection)
    case .replyArrives(let connection): replyArrives(connection)
    case .connectionNoticed(let engine, let connection): lostConnection(engine, connection)
    case .connects(let engine): connect(engine)
    case .loadsAgain(let engine, let shard):
      guard engine.isAlive, engine.connection != nil else { return }
      perform(shard.machine.connectionReady(now: clock.now), engine, shard)
    case .tick(let engine):
      guard engine.isAlive else { return }
      for shard in engine.shards {
        perform(shard.machine.tick(now: clock.now), engine, shard)
        settle(engine, shard)
      }
      queue.add(.tick(engine), at: clock.monotonic + 50)
      watch(engine)
    case .endOfTick(let engine):
      engine.isEndOfTickDue = false
      guard engine.isAlive else { return }
      for shard in engine.shards {
        perform(shard.machine.endOfTick(now: clock.now), engine, shard)
        settle(engine, shard)
      }
    case .engineStarts: if engines.last?.isAlive != true { startEngine() }
    case .engineDies(let engine): kill(engine)
    case .fault: makeFault()
    }
  }

  private func engine(of event: Event) -> SimulatedEngine? {
    switch event {
    case .replyArrives(let connection): connection.engine
    case .connectionNoticed(let engine, _), .connects(let engine), .tick(let engine),
      .endOfTick(let engine), .loadsAgain(let engine, _):
      engine
    case .clientsWake, .requestArrives, .engineStarts, .engineDies, .fault: nil
    }
  }

  // MARK: Clients

  private func clientsWake() {
    let isDone = steps >= options.steps
    if !isDone { queue.add(.clientsWake, at: clock.monotonic + random.within(1...profile.pause)) }
    let living = engines.filter(\.isAlive)
    guard !living.isEmpty, !isDone else {
      // Nobody listens: that is a step too, or a simulation could go on for ever.
      steps += 1
      return
    }
    for _ in 0..<(1 + random.below(profile.burst)) where steps < options.steps {
      let engine = random.chance(85) ? living[living.count - 1] : random.pick(living)
      guard engine.stalledUntil <= clock.monotonic else {
        steps += 1
        continue
      }
      ask(engine, engine.shards[random.below(map.shardCount)])
    }
  }

  private func ask(_ engine: SimulatedEngine, _ shard: SimulatedShard) {
    steps += 1
    ticketCount += 1
    let held = redis.shards[shard.id].entries
    let command = generators[shard.id].next { product, location in
      // The lowest id: a dictionary's order differs from run to run.
      held.filter { $0.value.product == product && $0.value.location == location }
        .min { $0.key < $1.key }
        .map {
          .init(id: $0.key, version: $0.value.value.version, quantity: $0.value.value.quantity)
        }
    }
    let now = clock.stamp()
    say("ticket \(ticketCount) to \(engine.name) shard \(shard.id): \(command.operation)")
    let outcome = shard.machine.submit(command, ticket: Ticket(rawValue: ticketCount), now: now)
    switch command.operation {
    case .readEntry, .readProduct, .readSummary:
      if let outcome { witness.wasRead(outcome, by: shard) } else { witness.report("a read waits") }
      return
    case .reserve, .release, .fulfill, .set, .adjust, .transfer, .putEntry, .deleteEntry,
      .putProduct, .allocate, .hold, .extendHold, .fulfillHold, .releaseHold, .reserveTogether,
      .applyPart, .checkKey, .readHold:
      break
    }
    witness.ask(
      ticketCount,
      Witness.Asked(
        command: command, engine: engine.number, shard: shard.id, wall: now.wall,
        at: clock.monotonic, engineStalls: engine.stalledInAll))
    if let outcome {
      answer(
        Answer(
          ticket: Ticket(rawValue: ticketCount), outcome: outcome, shard: shard.id,
          sequence: shard.machine.committedSequence), engine, shard)
    }
    if !engine.isEndOfTickDue {
      engine.isEndOfTickDue = true
      queue.add(.endOfTick(engine), at: clock.monotonic)
    }
  }

  private func answer(_ answer: Answer, _ engine: SimulatedEngine, _ shard: SimulatedShard) {
    say("ticket \(answer.ticket.rawValue) is answered by \(answer.sequence): \(answer.outcome)")
    witness.answered(
      answer.ticket.rawValue, answer.outcome, sequence: answer.sequence, by: shard,
      at: clock.monotonic, engineStalls: engine.stalledInAll)
  }

  func settle(_ engine: SimulatedEngine, _ shard: SimulatedShard) {
    for one in shard.machine.takeAnswers() { answer(one, engine, shard) }
    let wrong = shard.machine.checkInvariants()
    if let first = wrong.first { witness.report("\(engine.name) shard \(shard.id): \(first)") }
    if shard.machine.hasFailed, !hasLostTooMuch {
      witness.report("\(engine.name) shard \(shard.id) \(shard.machine.state)")
    }
  }

  // MARK: Carrying out what shards ask for

  func perform(_ action: ShardAction, _ engine: SimulatedEngine, _ shard: SimulatedShard) {
    switch action {
    case .none: break
    case .send(let batch, let withScript):
      let request = CommitRequest(
        batch, ownership: shard.machine.currentOwnership, locations: shard.machine.locations)
      send(.commit(request, withScript: withScript), engine, shard)
    case .readMeta: send(.readMeta, engine, shard)
    case .retake:
      count("retake")
      send(.retake(shard.machine.currentOwnership), engine, shard)
    case .dropConnection:
      guard let connection = engine.connection else { return }
      say("\(engine.name) drops its connection")
      cut(connection)
      queue.add(.connectionNoticed(engine, connection), at: clock.monotonic)
    case .recover:
      shard.loadedSequence = nil
      shard.loading += 1
      let minimum = shard.machine.currentOwnership.epoch
      send(.take(owner: engine.name, minimum: minimum), engine, shard)
    }
  }

  private func replyArrives(_ connection: SimulatedConnection) {
    guard !connection.replies.isEmpty else { return }
    let arrived = connection.replies.removeFirst()
    let (id, reply) = (arrived.shard, arrived.reply)
    let engine = connection.engine
    guard engine.isAlive, connection.isOpen else { return }
    let shard = engine.shards[id]
    guard arrived.loading == shard.loading else { return }
    let now = clock.now
    switch reply {
    case .commit(let reply):
      say("\(engine.name) shard \(id) hears \(reply)")
      if case .invalid(let what) = reply { witness.report("redis refused as invalid: \(what)") }
      perform(
        shard.machine.replied(reply, now: now, jitter: Int64(random.below(100))), engine, shard)
    case .meta(let meta):
      say("\(engine.name) shard \(id) reads \(String(describing: meta))")
      perform(shard.machine.metaRead(meta, now: now), engine, shard)
    case .taken, .products, .entries:
      load(reply, engine, shard)
    case .error(let why):
      say("\(engine.name) shard \(id) hears \(why)")
      if shard.loadedSequence == nil {
        shard.machine.loadingFailed(why)
        queue.add(.loadsAgain(engine, shard), at: clock.monotonic + 500)
      }
    }
    settle(engine, shard)
  }

  private func load(_ reply: RedisReply, _ engine: SimulatedEngine, _ shard: SimulatedShard) {
    do {
      switch reply {
      case .taken(let meta):
        guard let meta else { return }
        say("\(engine.name) took shard \(shard.id) with epoch \(meta.ownership.epoch)")
        shard.machine.beginLoading(meta)
        shard.loadingMeta = meta
        send(.readProducts, engine, shard)
      case .products(let products):
        guard shard.loadingMeta != nil else { return }
        for (id, value) in products.sorted(by: { $0.key < $1.key }) {
          try shard.machine.load(product: id, value)
        }
        send(.readEntries(half: 0), engine, shard)
      case .entries(let entries, let half):
        guard let meta = shard.loadingMeta else { return }
        for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
          try shard.machine.load(
            entry: id, product: entry.product, location: entry.location, entry.value)
        }
        if half == 0 { return send(.readEntries(half: 1), engine, shard) }
        try shard.machine.finishLoading()
        shard.loadingMeta = nil
        shard.loadedSequence = meta.sequence
        say("\(engine.name) shard \(shard.id) is loaded at \(meta.sequence)")
        perform(shard.machine.endOfTick(now: clock.now), engine, shard)
      case .commit, .meta, .error: break
      }
    } catch {
      witness.report("loading shard \(shard.id): \(error)")
    }
  }

  // MARK: The network

  private func send(_ request: RedisRequest, _ engine: SimulatedEngine, _ shard: SimulatedShard) {
    guard let connection = engine.connection, connection.isOpen else { return }
    say("\(engine.name) shard \(shard.id) sends \(request.words)")
    connection.requests.append(
      .init(shard: shard.id, request: request, loading: shard.loading))
    let at = max(connection.lastRequestAt, clock.monotonic + delay())
    connection.lastRequestAt = at
    queue.add(.requestArrives(connection), at: at)
  }

  private func delay() -> Int64 { random.chance(95) ? random.within(0...2) : random.within(0...80) }

  private func requestArrives(_ connection: SimulatedConnection) {
    let until = max(redis.stalledUntil, connection.heldUntil)
    if until > clock.monotonic { return queue.add(.requestArrives(connection), at: until) }
    // Fewer than were announced: the connection was cut meanwhile.
    guard !connection.requests.isEmpty else { return }
    let sent = connection.requests.removeFirst()
    let reply = redis.execute(sent.request, shard: sent.shard, at: clock.monotonic)
    say(
      "redis: \(connection.engine.name) shard \(sent.shard) \(sent.request.words): \(reply.words)")
    if case .commit(.committed) = reply, isFaulty, random.permille(profile.duplicates) {
      duplicate(sent, connection.engine)
    }
    guard connection.isOpen else { return }
    connection.replies.append(.init(shard: sent.shard, reply: reply, loading: sent.loading))
    let at = max(connection.lastReplyAt, clock.monotonic + delay())
    connection.lastReplyAt = at
    queue.add(.replyArrives(connection), at: at)
  }

  /// Something between engine and Redis sends a request a second time, later.
  private func duplicate(_ sent: SimulatedConnection.Sent, _ engine: SimulatedEngine) {
    count("duplicate")
    let ghost = newConnection(engine)
    ghost.isOpen = false
    ghost.requests = [sent]
    queue.add(.requestArrives(ghost), at: clock.monotonic + random.within(0...1_500))
  }

  func newConnection(_ engine: SimulatedEngine) -> SimulatedConnection {
    connectionCount += 1
    let connection = SimulatedConnection(number: connectionCount, engine: engine)
    connections.removeAll { !$0.isOpen && $0.requests.isEmpty }
    connections.append(connection)
    return connection
  }

  /// Cuts a connection. Some of what is on its way to Redis may still get there, and be executed.
  func cut(_ connection: SimulatedConnection) {
    connection.isOpen = false
    connection.replies = []
    guard !connection.requests.isEmpty else { return }
    if random.chance(40) {
      connection.requests = []
    } else if random.chance(50) {
      count("late request")
      connection.heldUntil = clock.monotonic + random.within(1...5_000)
    }
  }

  private func lostConnection(_ engine: SimulatedEngine, _ connection: SimulatedConnection) {
    guard engine.isAlive, engine.connection === connection else { return }
    engine.connection = nil
    if connection.isOpen { cut(connection) }
    say("\(engine.name) sees that its connection is gone")
    for shard in engine.shards {
      shard.machine.connectionLost(now: clock.now)
      shard.loadingMeta = nil
      settle(engine, shard)
    }
    queue.add(.connects(engine), at: clock.monotonic + random.within(1...300))
  }

  private func connect(_ engine: SimulatedEngine) {
    guard engine.isAlive, engine.connection == nil else { return }
    engine.connection = newConnection(engine)
    say("\(engine.name) connects")
    for shard in engine.shards {
      perform(shard.machine.connectionReady(now: clock.now), engine, shard)
      settle(engine, shard)
    }
  }

  func count(_ fault: String) { report.faults[fault, default: 0] += 1 }
}
