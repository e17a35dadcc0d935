import StockCore

/// Engines, their clients, a network and Redis, all simulated: one thread, one queue of events, and
/// everything decided by one seed.
public final class Simulation {
  enum Event {
    case clientsWake
    /// A client sends a request once more: its number.
    case clientRepeats(Int)
    case requestArrives(SimulatedConnection)
    case replyArrives(SimulatedConnection)
    case connectionNoticed(SimulatedEngine, SimulatedConnection)
    case connects(SimulatedEngine)
    case loadsAgain(SimulatedEngine, SimulatedShard)
    case tick(SimulatedEngine)
    case endOfTick(SimulatedEngine)
    /// From one shard to another.
    case messageArrives(SimulatedEngine, ShardMessage)
    case partAnswered(SimulatedEngine, Answer)
    case engineStarts
    case engineDies(SimulatedEngine)
    case fault
  }

  let options: SimulationOptions
  let map: ShardMap
  let configuration: ShardConfiguration
  /// What has ended, and first answers, are forgotten while it runs.
  let hasShortMemory: Bool
  /// How far the wall clock was set back, in all.
  var setBack: Int64 = 0
  var random: SeededRandom
  var clock = SimulatedClock()
  var queue = EventQueue<Event>()
  let redis: SimulatedRedis
  let witness: Witness
  var generators: [CommandGenerator] = []
  var carts: CartGenerator
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
  var connectionCount = 0
  var requests: [SimulatedRequest] = []
  /// Of which request each ticket is.
  var requestNumbers: [UInt64: Int] = [:]
  var repeatsUnderWay = 0
  var ticketCount: UInt64 = 0
  /// Steps of holds' protocols so far, and the one at which the engine dies.
  var protocolSteps = 0
  var dyingStep: Int?
  private let trace: ((String) -> Void)?

  /// - Parameter trace: gets every event in words; nil: nobody looks.
  public init(_ options: SimulationOptions, trace: ((String) -> Void)? = nil) {
    self.options = options
    self.trace = trace
    var random = SeededRandom(seed: options.seed)
    let map = ShardMap(shardCount: 1 + random.below(4))
    self.map = map
    var configuration = ShardConfiguration()
    configuration.plantedFaults = options.plantedFaults
    // Some forget soon, by a clock that is left alone: so no client asks for what it may have forgotten.
    hasShortMemory = options.dyingStep == nil && random.chance(30)
    if hasShortMemory {
      configuration.closedHoldAge = 3_000
      configuration.endedSaleAge = 0
      configuration.idempotencyAge = 6_000
    }
    self.configuration = configuration
    self.redis = SimulatedRedis(shardCount: map.shardCount, faults: options.plantedFaults)
    self.witness = Witness(shardCount: map.shardCount, configuration: configuration)
    self.lostSequences = Array(repeating: 0, count: map.shardCount)
    self.lostEpochs = Array(repeating: 0, count: map.shardCount)
    self.profile = options.dyingStep == nil ? FaultProfile(&random) : FaultProfile.carts
    self.dyingStep = options.dyingStep
    var all: [ProductID] = []
    for shard in 0..<map.shardCount {
      let products = (1...60).map(ProductID.init).filter { map.shard(ofProduct: $0) == shard }
      var generator = CommandGenerator(
        seed: random.next(), products: Array(products.prefix(1 + random.below(3))))
      generator.edges = 1
      generators.append(generator)
      all += generator.products
    }
    self.carts = CartGenerator(seed: random.next(), products: all.sorted())
    self.clock.gait =
      hasShortMemory || random.chance(60) ? .steady : random.pick(SimulatedClock.Gait.allCases)
    self.random = random
  }

  /// Runs to the end: the clients' commands under faults, then calm, until everything is at rest, and
  /// until every hold has ended.
  public func run() throws(SimulationFailure) -> SimulationReport {
    // Engine and connection hold each other, and there are many runs in a process.
    defer { for engine in engines { engine.connection = nil } }
    redis.onCommit = { [unowned self] shard, request, before in
      countForgotten(request)
      lostSequences[shard] = request.sequence >= lostSequences[shard] ? 0 : lostSequences[shard]
      witness.executed(request, shard: shard, before: before)
    }
    queue.add(.engineStarts, at: clock.monotonic)
    queue.add(.clientsWake, at: clock.monotonic + 50)
    queue.add(.fault, at: clock.monotonic + 100)
    var calmSince: Int64?
    var hasRested = false
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
      if isAtRest {
        if !hasRested {
          hasRested = true
          calmSince = clock.monotonic
          checkEnd()
          if let what = witness.violation { throw failure(what) }
        }
        if hasLostTooMuch || openHoldCount == 0 { break }
      }
      if clock.monotonic - since > 2 * CartGenerator.longestTime + 30_000 + 2 * setBack {
        throw failure("long after the last fault: \(stateInWords)")
      }
    }
    checkEnd()
    if let what = witness.violation { throw failure(what) }
    let forgottenOrders = engines.reduce(0) { $0 + $1.gateway.forgottenCount }
    if forgottenOrders > 0 { report.faults["forgotten order"] = forgottenOrders }
    report.seeds = 1
    report.steps = steps
    report.protocolSteps = protocolSteps
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
    case .clientRepeats(let number): repeatRequest(number)
    case .requestArrives(let connection): requestArrives(connection)
    case .replyArrives(let connection): replyArrives(connection)
    case .connectionNoticed(let engine, let connection): lostConnection(engine, connection)
    case .connects(let engine): connect(engine)
    case .loadsAgain(let engine, let shard):
      guard engine.isAlive, engine.connection != nil else { return }
      perform(shard.machine.connectionReady(now: engine.now(clock)), engine, shard)
    case .tick(let engine):
      guard engine.isAlive else { return }
      for shard in engine.shards {
        perform(shard.machine.tick(now: engine.now(clock)), engine, shard)
        settle(engine, shard)
      }
      queue.add(.tick(engine), at: clock.monotonic + (isFaulty ? 50 : 200))
      watch(engine)
    case .endOfTick(let engine):
      engine.isEndOfTickDue = false
      guard engine.isAlive else { return }
      for shard in engine.shards {
        perform(shard.machine.endOfTick(now: engine.now(clock)), engine, shard)
        settle(engine, shard)
      }
    case .messageArrives(let engine, let message): messageArrives(engine, message)
    case .partAnswered(let engine, let answer): partAnswered(engine, answer)
    case .engineStarts: if engines.last?.isAlive != true { startEngine() }
    case .engineDies(let engine): kill(engine)
    case .fault: makeFault()
    }
  }

  private func engine(of event: Event) -> SimulatedEngine? {
    switch event {
    case .replyArrives(let connection): connection.engine
    case .connectionNoticed(let engine, _), .connects(let engine), .tick(let engine),
      .endOfTick(let engine), .loadsAgain(let engine, _), .messageArrives(let engine, _),
      .partAnswered(let engine, _):
      engine
    case .clientsWake, .clientRepeats, .requestArrives, .engineStarts, .engineDies, .fault: nil
    }
  }

  func count(_ fault: String) { report.faults[fault, default: 0] += 1 }
}
