import StockCore
import StockProcesses
import StockTools

/// Load from many clients while the engine is killed, its Redis is killed, and the connections between
/// them are cut at the worst moments. Then the whole history is played again through the reference
/// model, in the order of shard and commit (`Replay`).
public struct Histories: Sendable {
  public var engineKills = 20
  public var redisKills = 20
  public var cuts = 60

  public init() {}

  public init(engineKills: Int, redisKills: Int, cuts: Int) {
    self.engineKills = engineKills
    self.redisKills = redisKills
    self.cuts = cuts
  }

  private enum Blow {
    case engine, redis, cut
  }

  /// What the proxy does to commits.
  private static let cutKinds: [Fault.Kind] = [
    .cutBefore, .cutAfter, .cutInReply(bytes: 1), .cutInReply(bytes: 5),
    .answer("-TRYAGAIN not now\r\n"), .answer("-OOM command not allowed\r\n"),
    .replaceReply("-ERR upstream failure\r\n"), .delayReply(.milliseconds(150)),
  ]

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("history")
    var random = SeededRandom(seed: scene.seed)
    let blows =
      (Array(repeating: Blow.engine, count: engineKills)
      + Array(repeating: Blow.redis, count: redisKills) + Array(repeating: Blow.cut, count: cuts))
      .shuffled(using: &random)
    let redis = try RedisProcess()
    try await redis.start()
    let proxy = try await FaultProxy.start(before: .unix(path: redis.socketPath))
    // The whole ledger is needed.
    let engine = try scene.engine(redis: proxy.url) {
      $0.arguments += ["--ledger-length", "1000000000"]
    }
    let history = History()
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      for (round, blow) in blows.enumerated() {
        var plan = scene.plan
        plan.seed = random.next()
        plan.namesReservations = true
        let before = Duration.milliseconds(Int.random(in: 20...200, using: &random))
        let after = Duration.milliseconds(Int.random(in: 20...100, using: &random))
        let times = Int.random(in: 1...3, using: &random)
        let fault = Fault(Self.cutKinds[round % Self.cutKinds.count], times: times)
        let http = try await site.client(connections: 12, depth: 2)
        try await Load(plan, RecordingClient(http, history: history)).run {
          try await Task.sleep(for: before)
          switch blow {
          case .engine:
            try await engine.kill()
            try await engine.start()
          case .redis:
            try await redis.kill()
            try await redis.start()
          case .cut:
            proxy.set(fault)
          }
          try await site.settle()
          proxy.lift()
          try await Task.sleep(for: after)
        }
        await http.close()
        if (round + 1) % 20 == 0 {
          scene.progress(
            "history: \(round + 1) of \(blows.count), \(history.tally.accepted) accepted so far")
        }
      }
      let found = try await site.inspect(history, rests: .seconds(2))
      report.violations += found.violations
      let ledger = try await Replay.Ledger.read(redis.url)
      let verdict = Replay.check(
        history.attempts, readings: history.readings, ledger: ledger,
        setting: .init(
          products: scene.plan.products, actor: site.storeKeyID,
          unrecorded: [Site.probeLocation]),
        end: found.state)
      report.violations += verdict.violations
      let commits = ledger.batches.joined().count
      let movements = ledger.batches.joined().reduce(0) { $0 + $1.entries.count }
      report.facts.append(
        """
        \(movements) movements of \(commits) commits on \(ledger.batches.count) shards replayed: \
        \(verdict.borneOut) answers as the model gives them; \(verdict.untold) changes were done whose \
        clients were not told so
        """)
      await site.close()
    }
    try await proxy.stop()
    try await redis.stop()
    report.facts.insert(
      """
      seed \(scene.seed), \(engineKills) kills of the engine, \(redisKills) of redis-server, \(cuts) \
      cuts and wrong replies between them
      """, at: 0)
    report.add(history)
    return report
  }
}
