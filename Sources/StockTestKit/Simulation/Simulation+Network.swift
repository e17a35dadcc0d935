import StockCore

/// Between engines and Redis.
extension Simulation {
  func send(_ request: RedisRequest, _ engine: SimulatedEngine, _ shard: SimulatedShard) {
    guard let connection = engine.connection, connection.isOpen else { return }
    say("\(engine.name) shard \(shard.id) sends \(request.words)")
    connection.requests.append(
      .init(shard: shard.id, request: request, loading: shard.loading))
    let at = max(connection.lastRequestAt, clock.monotonic + delay())
    connection.lastRequestAt = at
    queue.add(.requestArrives(connection), at: at)
  }

  func delay() -> Int64 { random.chance(95) ? random.within(0...2) : random.within(0...80) }

  func requestArrives(_ connection: SimulatedConnection) {
    let until = max(redis.stalledUntil, connection.heldUntil)
    if until > clock.monotonic { return queue.add(.requestArrives(connection), at: until) }
    // Fewer than were announced: the connection was cut meanwhile.
    guard !connection.requests.isEmpty else { return }
    let sent = connection.requests.removeFirst()
    let reply = redis.execute(sent.request, shard: sent.shard, at: clock.monotonic)
    say(
      "redis: \(connection.engine.name) shard \(sent.shard) \(sent.request.words): \(reply.words)")
    if case .commit = sent.request { protocolStep("redis got a batch") }
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
  func duplicate(_ sent: SimulatedConnection.Sent, _ engine: SimulatedEngine) {
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

  func lostConnection(_ engine: SimulatedEngine, _ connection: SimulatedConnection) {
    guard engine.isAlive, engine.connection === connection else { return }
    engine.connection = nil
    if connection.isOpen { cut(connection) }
    say("\(engine.name) sees that its connection is gone")
    for shard in engine.shards {
      shard.machine.connectionLost(now: engine.now(clock))
      shard.loadingMeta = nil
      dropReplays(engine, shard)
      settle(engine, shard)
    }
    queue.add(.connects(engine), at: clock.monotonic + random.within(1...300))
  }

  func connect(_ engine: SimulatedEngine) {
    guard engine.isAlive, engine.connection == nil else { return }
    engine.connection = newConnection(engine)
    say("\(engine.name) connects")
    for shard in engine.shards {
      perform(shard.machine.connectionReady(now: engine.now(clock)), engine, shard)
      settle(engine, shard)
    }
  }
}
