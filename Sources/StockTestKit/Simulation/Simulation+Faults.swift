import StockCore

/// What goes wrong in one simulation, and how often. Each seed has its own mixture, so that faults
/// meet in all ways, and some run in peace.
struct FaultProfile {
  /// Milliseconds between two bursts of commands, at most; commands in a burst.
  let pause: Int64
  let burst: Int
  /// Milliseconds between two faults, at most.
  let faultPause: Int64
  /// In a thousand commits: requests that come a second time.
  let duplicates: Int
  /// In a hundred: commands about holds; commands with an idempotency key.
  let carts: Int
  let keys: Int
  let weights: [(fault: Fault, weight: Int)]

  enum Fault: CaseIterable {
    case cutConnection, restartRedis, loseTail, loseTailSilently, flushScripts, badMood, stallRedis
    case stallEngine, crashEngine, crashInProtocol, replaceEngine, jumpClock, loseTooMuch
  }

  /// Nothing but holds, in peace.
  static let carts = FaultProfile()

  private init() {
    (pause, burst, faultPause, duplicates) = (20, 2, 1_000, 0)
    (carts, keys, weights) = (80, 60, [])
  }

  init(_ random: inout SeededRandom) {
    pause = random.pick([3, 20, 60])
    burst = random.pick([1, 3, 8])
    faultPause = random.pick([150, 500, 2_000])
    duplicates = random.pick([0, 20, 120])
    carts = random.pick([15, 45, 80])
    keys = random.pick([0, 40, 80])
    var weights: [(Fault, Int)] = []
    for fault in Fault.allCases {
      // Half of the kinds, with a weight of their own.
      let weight = 1 + random.below(4)
      let isRare = fault == .loseTooMuch
      if random.chance(isRare ? 4 : 50) { weights.append((fault, isRare ? 1 : weight)) }
    }
    self.weights = weights
  }

  func pick(_ random: inout SeededRandom) -> Fault? {
    let total = weights.reduce(0) { $0 + $1.weight }
    guard total > 0 else { return nil }
    var place = random.below(total)
    for (fault, weight) in weights {
      if place < weight { return fault }
      place -= weight
    }
    return nil
  }
}

extension Simulation {
  private var newest: SimulatedEngine? { engines.last }

  /// A shard that lost its tail and has not played it again must not lose its engine as well: that is
  /// past what the durability mode promises.
  var mayLoseEngine: Bool {
    !hasLostTooMuch && lostSequences.allSatisfy { $0 == 0 }
      && zip(redis.shards, lostEpochs).allSatisfy { $0.meta?.ownership.epoch ?? 0 >= $1 }
  }

  func makeFault() {
    guard isFaulty else { return }
    queue.add(.fault, at: clock.monotonic + random.within(1...profile.faultPause))
    guard let fault = profile.pick(&random) else { return }
    switch fault {
    case .cutConnection:
      guard let engine = engines.filter(\.isAlive).randomElement(using: &random),
        let connection = engine.connection, connection.isOpen
      else { return }
      count("cut connection")
      say("the connection of \(engine.name) breaks")
      cut(connection)
      let notice = random.chance(70) ? 0 : random.within(1...6_000)
      queue.add(.connectionNoticed(engine, connection), at: clock.monotonic + notice)
    case .restartRedis:
      count("restart")
      restartRedis()
    case .loseTail:
      loseTail(isSilent: false)
    case .loseTailSilently:
      loseTail(isSilent: true)
    case .loseTooMuch:
      loseTooMuch()
    case .flushScripts:
      count("script flush")
      say("redis forgets its scripts")
      redis.flushScripts()
    case .badMood:
      let mood = random.pick(SimulatedRedis.Mood.allCases)
      count("\(mood)")
      say("redis is \(mood)")
      redis.turn(
        mood, until: clock.monotonic + random.within(10...(random.chance(85) ? 800 : 8_000)))
    case .stallRedis:
      count("stalled redis")
      let length = random.within(10...(random.chance(80) ? 1_000 : 9_000))
      say("redis stands still for \(length) ms")
      redis.stall(until: clock.monotonic + length)
    case .stallEngine:
      guard let engine = engines.filter(\.isAlive).randomElement(using: &random) else { return }
      guard engine.stalledUntil <= clock.monotonic else { return }
      count("stalled engine")
      let length = random.within(10...(random.chance(80) ? 500 : 9_000))
      say("\(engine.name) stands still for \(length) ms")
      engine.stalledUntil = clock.monotonic + length
      engine.stalledInAll += length
    case .crashEngine:
      guard let engine = newest, engine.isAlive, mayLoseEngine else { return }
      count("engine crash")
      kill(engine)
      queue.add(.engineStarts, at: clock.monotonic + random.within(1...1_500))
    case .crashInProtocol:
      guard dyingStep == nil else { return }
      dyingStep = protocolSteps + 1 + random.below(30)
    case .replaceEngine:
      // The old one lives on for a while: a zombie.
      guard let engine = newest, engine.isAlive, engine.isLoaded, mayLoseEngine else { return }
      count("zombie")
      queue.add(.engineDies(engine), at: clock.monotonic + random.within(300...6_000))
      startEngine()
    case .jumpClock:
      guard !hasShortMemory else { return }
      count("clock jump")
      // Back by so much that an engine that starts may take up the time of the one before, or may not.
      let jump = random.chance(50) ? random.within(0...3_600_000) : -random.within(1...200_000)
      setBack -= min(0, jump)
      clock.jump(by: jump)
      clock.gait = random.pick(SimulatedClock.Gait.allCases)
    }
  }

  // MARK: Redis

  private func restartRedis() {
    say("redis restarts")
    redis.flushScripts()
    redis.stall(until: clock.monotonic + random.within(0...300))
    if random.chance(50) {
      redis.turn(.loading, until: redis.stalledUntil + random.within(0...1_500))
    }
    // A server that is gone executes nothing more that was sent to it.
    for connection in connections {
      connection.isOpen = false
      connection.requests = []
      connection.replies = []
    }
    for engine in engines {
      guard let connection = engine.connection else { continue }
      queue.add(
        .connectionNoticed(engine, connection),
        at: clock.monotonic + random.within(0...(random.chance(80) ? 20 : 3_000)))
    }
  }

  /// Redis loses up to its last two seconds. Only where the one living engine can play them again.
  private func loseTail(isSilent: Bool) {
    guard let engine = newest, engine.isAlive, engine.isLoaded, mayLoseEngine,
      engines.count(where: \.isAlive) == 1, !hasLateRequests(engine),
      engine.shards.allSatisfy({ !$0.machine.isFenced })
    else { return }
    let places = redis.past.indices.filter { place in
      let isRecent =
        redis.past[place].at >= clock.monotonic - 2_000
        || redis.past.indices.contains(place + 1)
          && redis.past[place + 1].at >= clock.monotonic - 2_000
      return isRecent && canPlayAgain(engine, place)
    }
    guard let place = places.randomElement(using: &random), place < redis.past.count - 1 else {
      return
    }
    count(isSilent ? "lost tail, unnoticed" : "lost tail")
    rewind(to: place)
    if isSilent {
      // Sooner or later somebody looks.
      if let connection = engine.connection, connection.isOpen {
        queue.add(
          .connectionNoticed(engine, connection), at: clock.monotonic + random.within(1...1_500))
      }
    } else {
      restartRedis()
    }
  }

  private func canPlayAgain(_ engine: SimulatedEngine, _ place: Int) -> Bool {
    zip(engine.shards, redis.past[place].shards).allSatisfy { shard, held in
      guard let loaded = shard.loadedSequence, let sequence = held.meta?.sequence else {
        return false
      }
      return sequence >= loaded
    }
  }

  /// A late request of an ownership that is over must not come to a Redis that lost its tail, and the
  /// end of that ownership with it: those are two mishaps in one.
  private func hasLateRequests(_ engine: SimulatedEngine) -> Bool {
    connections.contains { $0 !== engine.connection && !$0.requests.isEmpty }
  }

  private func rewind(to place: Int) {
    say("redis loses all since \(redis.past[place].at) ms")
    for shard in 0..<map.shardCount {
      let before = redis.shards[shard].meta?.sequence ?? 0
      let after = redis.past[place].shards[shard].meta?.sequence ?? 0
      if after < before { lostSequences[shard] = before }
      lostEpochs[shard] = redis.shards[shard].meta?.ownership.epoch ?? 0
      witness.lost(after: after, shard: shard)
    }
    redis.rewind(to: place)
  }

  /// Redis loses more than anybody can play again.
  private func loseTooMuch() {
    guard let engine = newest, engine.isAlive, engine.isLoaded, mayLoseEngine,
      engines.count(where: \.isAlive) == 1, !hasLateRequests(engine)
    else { return }
    let places = redis.past.indices.filter { !canPlayAgain(engine, $0) }
    guard let place = places.randomElement(using: &random) else { return }
    count("lost too much")
    hasLostTooMuch = true
    rewind(to: place)
    restartRedis()
  }

  // MARK: Engines

  func startEngine() {
    let engine = SimulatedEngine(
      number: engines.count + 1, map: map, configuration: configuration,
      clock: clock)
    say("\(engine.name) starts")
    engines.append(engine)
    queue.add(.connects(engine), at: clock.monotonic)
    queue.add(.tick(engine), at: clock.monotonic + random.within(0...50))
  }

  func kill(_ engine: SimulatedEngine) {
    guard engine.isAlive else { return }
    say("\(engine.name) dies")
    engine.isAlive = false
    for ticket in witness.engineDied(engine.number) {
      if let number = requestNumbers[ticket] { wasNotAnswered(number) }
    }
    if let connection = engine.connection, connection.isOpen { cut(connection) }
  }

  /// Whoever looks after engines starts another one where the newest was fenced: a late request of
  /// an engine that is dead can do that.
  func watch(_ engine: SimulatedEngine) {
    if engine === newest {
      guard engine.shards.contains(where: { $0.machine.isFenced }) else { return }
      count("restart of a fenced engine")
      kill(engine)
      queue.add(.engineStarts, at: clock.monotonic + 10)
    } else if engine.shards.contains(where: { $0.loadedSequence == nil }) {
      // Nothing keeps an old engine from taking its shards back by loading them anew, but that
      // whoever replaces it ends it. It does.
      kill(engine)
    }
  }

  // MARK: The end

  func calmDown() {
    isFaulty = false
    say("no more faults")
    redis.recoverNow()
    if options.dyingStep == nil { dyingStep = nil }
    for engine in engines.dropLast() { kill(engine) }
  }

  /// Holds that have not ended.
  var openHoldCount: Int {
    redis.shards.reduce(0) { sum, shard in
      sum
        + shard.holds.values.count {
          if case .hold(let hold) = $0 { !hold.status.isClosed } else { false }
        }
    }
  }

  /// Nothing is under way between the shards.
  private func isQuiet(_ engine: SimulatedEngine) -> Bool {
    engine.mailCount == 0 && engine.gateway.checking.isEmpty && repeatsUnderWay == 0
      && engine.shards.allSatisfy(\.replaying.isEmpty)
      && redis.shards.allSatisfy { shard in
        shard.holds.values.allSatisfy {
          guard case .hold(let hold) = $0 else { return true }
          return hold.operation == nil && hold.status != .preparing
        }
      }
  }

  var isAtRest: Bool {
    guard let engine = newest, engine.isAlive, hasLostTooMuch || isQuiet(engine) else {
      return false
    }
    return engine.shards.allSatisfy { shard in
      shard.machine.hasFailed
        || shard.machine.isServing && shard.loadedSequence != nil
          && shard.machine.waitingCount == 0 && (hasLostTooMuch || shard.machine.isQuiet)
          && redis.shards[shard.id].meta?.sequence == shard.machine.committedSequence
          // A newer epoch: a late request of a dead engine took the shard. The next command tells.
          && redis.shards[shard.id].meta.map {
            $0.ownership.epoch >= shard.machine.currentOwnership.epoch
          } == true
    }
  }

  var stateInWords: String {
    guard let engine = newest else { return "no engine" }
    return engine.shards.map { shard in
      "\(engine.name) shard \(shard.id) is \(shard.machine.state), alive \(engine.isAlive), "
        + "\(shard.machine.waitingCount) wait, memory \(shard.machine.committedSequence), "
        + "redis \(redis.shards[shard.id].meta?.sequence ?? -1), \(engine.mailCount) messages, "
        + "loaded \(shard.loadedSequence ?? -1), epochs \(shard.machine.currentOwnership.epoch) "
        + "\(redis.shards[shard.id].meta?.ownership.epoch ?? -1), too much \(hasLostTooMuch), "
        + "holds \(redis.shards[shard.id].holds.values.filter { !$0.isAtRest }.map(\.words))"
    }.joined(separator: "; ")
  }

  func checkEnd() {
    guard let engine = newest else { return witness.report("there is no engine") }
    for shard in engine.shards {
      if shard.machine.hasFailed {
        report.failedShards += 1
        continue
      }
      for difference in redis.shards[shard.id].differences(from: shard.machine) {
        witness.report("memory and redis differ: \(difference)")
      }
      witness.checkHistory(of: shard.id)
    }
    if !hasLostTooMuch {
      witness.checkHolds(redis.shards)
      witness.checkEffects(redis.shards)
    }
    for (ticket, one) in witness.asked where one.outcome == nil && !hasLostTooMuch {
      witness.report("ticket \(ticket) to engine-\(one.engine) was never answered")
    }
  }
}

extension RedisRequest {
  var words: String {
    switch self {
    case .commit(let it, let withScript):
      "batch \(it.sequence) on \(it.previous) by \(it.ownership.owner)/\(it.ownership.epoch)"
        + (withScript ? " with script" : "")
        + " entries \(it.entries.map { "\($0.id):\($0.before?.value.version ?? 0)→\($0.after?.value.version ?? 0)" })"
        + " products \(it.products.map(\.id)) holds \(it.holds.map { $0.after?.words ?? "no \($0.key)" })"
        + " purchases \(it.purchases.map { "\($0.key.product) \($0.key.customer) \($0.after?.units ?? 0)" })"
        + " movements \(it.ledger.entries.count)"
    case .readMeta: "read meta"
    case .take(let owner, let minimum): "take for \(owner) above \(minimum)"
    case .retake(let it): "retake for \(it.owner) with \(it.epoch)"
    case .readProducts: "read products"
    case .readEntries(let half): "read entries \(half)"
    case .readHolds: "read holds"
    case .readPurchases: "read purchases"
    case .readKeys: "read keys"
    case .readAnswer(let bucket, _): "read an answer of \(bucket)"
    case .drop(let buckets, _): "drop \(buckets)"
    }
  }
}

extension RedisReply {
  var words: String {
    switch self {
    case .commit(let reply): "\(reply)"
    case .meta(let meta), .taken(let meta):
      meta.map { "\($0.ownership.owner)/\($0.ownership.epoch) at \($0.sequence)" } ?? "no meta"
    case .products(let all): "\(all.count) products"
    case .entries(let all, _): "\(all.count) entries"
    case .holds(let all): "\(all.count) holds"
    case .purchases(let all): "\(all.count) purchases"
    case .keys(let all): "\(all.count) keys"
    case .answer(let stored, _): stored.map { "\($0.outcome)" } ?? "no answer"
    case .dropped: "dropped"
    case .error(let why): why
    }
  }
}

extension HoldRecord {
  /// Nothing is under way with it, and nothing is held.
  var isAtRest: Bool {
    switch self {
    case .hold(let hold): hold.operation == nil && hold.status.isClosed
    case .part: false
    }
  }
}
