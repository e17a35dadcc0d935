import StockCore

/// Carrying out what shards ask for.
extension Simulation {
  func perform(_ action: ShardAction, _ engine: SimulatedEngine, _ shard: SimulatedShard) {
    switch action {
    case .none: break
    case .send(let batch, let withScript):
      let request = CommitRequest(
        batch, shard: shard.id, ownership: shard.machine.currentOwnership,
        locations: shard.machine.locations)
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
    case .yieldTurn: preconditionFailure("nobody asked for a turn")
    case .recover:
      shard.loadedSequence = nil
      shard.loading += 1
      let minimum = shard.machine.currentOwnership.epoch
      send(.take(owner: engine.name, minimum: minimum), engine, shard)
    }
  }

  func replyArrives(_ connection: SimulatedConnection) {
    guard !connection.replies.isEmpty else { return }
    let arrived = connection.replies.removeFirst()
    let (id, reply) = (arrived.shard, arrived.reply)
    let engine = connection.engine
    guard engine.isAlive, connection.isOpen else { return }
    let shard = engine.shards[id]
    if case .answer(let stored, let key) = reply {
      return replayRead(stored, key, engine, shard)
    }
    guard arrived.loading == shard.loading else { return }
    let now = engine.now(clock)
    switch reply {
    case .commit(let reply):
      say("\(engine.name) shard \(id) hears \(reply)")
      protocolStep("a reply comes")
      guard engine.isAlive else { return }
      if case .invalid(let what) = reply { witness.report("redis refused as invalid: \(what)") }
      perform(
        shard.machine.replied(reply, now: now, jitter: Int64(random.below(100))), engine, shard)
    case .meta(let meta):
      say("\(engine.name) shard \(id) reads \(String(describing: meta))")
      perform(shard.machine.metaRead(meta, now: now), engine, shard)
    case .taken, .products, .entries, .holds, .purchases, .keys:
      load(reply, engine, shard)
    case .answer, .dropped: break
    case .error(let why):
      say("\(engine.name) shard \(id) hears \(why)")
      if shard.loadedSequence == nil {
        shard.machine.loadingFailed(why)
        queue.add(.loadsAgain(engine, shard), at: clock.monotonic + 500)
      }
    }
    settle(engine, shard)
    if case .commit = reply { protocolStep("a reply was taken") }
  }

  func load(_ reply: RedisReply, _ engine: SimulatedEngine, _ shard: SimulatedShard) {
    do {
      switch reply {
      case .taken(let meta):
        guard let meta else { return }
        say("\(engine.name) took shard \(shard.id) with epoch \(meta.ownership.epoch)")
        shard.machine.beginLoading(meta, now: engine.now(clock))
        shard.loadingMeta = meta
        send(.readProducts, engine, shard)
      case .products(let products):
        guard shard.loadingMeta != nil else { return }
        for (id, value) in products.sorted(by: { $0.key < $1.key }) {
          try shard.machine.load(product: id, value)
        }
        send(.readEntries(half: 0), engine, shard)
      case .entries(let entries, let half):
        guard shard.loadingMeta != nil else { return }
        for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
          try shard.machine.load(
            entry: id, product: entry.product, location: entry.location, entry.value)
        }
        if half == 0 { return send(.readEntries(half: 1), engine, shard) }
        send(.readHolds, engine, shard)
      case .holds(let holds):
        guard shard.loadingMeta != nil else { return }
        for (_, record) in holds.sorted(by: { $0.key < $1.key }) {
          try shard.machine.load(hold: record)
          if case .hold(let hold) = record {
            let isAhead = hold.updatedAt > clock.wall
            let goesOn = engine.goOn(from: hold.updatedAt, clock)
            if isAhead { count(goesOn ? "time taken up" : "time too far ahead") }
          }
        }
        send(.readPurchases, engine, shard)
      case .purchases(let purchases):
        guard let meta = shard.loadingMeta else { return }
        for (key, value) in purchases { shard.machine.load(value, of: key) }
        send(.readKeys(oldest: meta.oldestBucket), engine, shard)
      case .keys(let keys):
        guard let meta = shard.loadingMeta else { return }
        for (key, bucket) in keys {
          shard.machine.load(key, in: bucket)
          engine.gateway.used(key, on: shard.id)
        }
        try shard.machine.finishLoading()
        shard.loadingMeta = nil
        shard.loadedSequence = meta.sequence
        if engine.isLoaded { engine.isListening = true }
        say("\(engine.name) shard \(shard.id) is loaded at \(meta.sequence)")
        learnOrders(engine, shard)
        perform(shard.machine.endOfTick(now: engine.now(clock)), engine, shard)
      case .commit, .meta, .error, .answer, .dropped: break
      }
    } catch {
      witness.report("loading shard \(shard.id): \(error)")
    }
  }
}
