import StockProcesses
import StockTools

/// Five times as many requests as the engine can do, from clients that do not wait for answers. What it
/// takes is as much as before, the rest is refused quickly; who gives stock back, and other stores,
/// hardly notice; and when it is over, it is over.
///
/// Once as it is, where a core is what there is too little of, and generator and engine share it; and once
/// before a Redis that answers late, where most of what is asked for has to be refused.
public struct Overload: Sendable {
  /// How many times the peak is asked for.
  public var factor = 5.0
  /// Of the flood.
  public var seconds = 10.0
  public var connections = 4_000
  /// Requests that a connection of the flood has under way at most.
  public var pipeline = 8
  /// How late the slow Redis answers a commit.
  public var slowness = Duration.milliseconds(200)

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("overload")
    let engine = try scene.engine()
    try await scene.with(engine) {
      try await run(scene, engine, depth: 1, &report)
    }
    let redis = try RedisProcess()
    try await redis.start()
    let proxy = try await FaultProxy.start(before: .unix(path: redis.socketPath))
    let late = try scene.engine(redis: proxy.url)
    try await scene.with(late) {
      report.facts.append("before a Redis that answers \(slowness.short) late:")
      proxy.set(Fault(.delayReply(slowness), times: nil))
      // As many under way as are taken: with fewer it would idle.
      try await run(scene, late, depth: max(1, 8_000 / connections), &report)
      proxy.lift()
    }
    try await proxy.stop()
    try await redis.stop()
    return report
  }

  /// - Parameter depth: requests that a connection has under way while the peak is looked for.
  private func run(
    _ scene: Scene, _ engine: EngineProcess, depth: Int, _ report: inout Report
  ) async throws {
    let crowd = try await Crowd(engine)
    scene.progress("overload: the peak")
    let peak = try await crowd.load(options(seconds: min(5, seconds), depth: depth))
    let peakRate = Double(peak.accepted) / peak.load.seconds
    report.facts.append(
      "peak: \(Int(peakRate))/s on \(connections) connections, p99 \(Self.text(peak.latency?.p99))")

    scene.progress("overload: \(factor) times as much")
    var flood = options(seconds: seconds, depth: pipeline)
    flood.load.rate = peakRate * factor
    let (result, others, releases, reads) = try await crowd.beside(flood)
    note(result, peakRate, &report)
    report.facts.append("another store's reserves beside it: \(others.text)")
    report.facts.append("releases beside it: \(releases.text)")
    report.facts.append("reads beside it: \(reads.text)")
    if others.accepted < others.asked {
      report.violations.append(Violation(.wrongAnswer, "another store's reserves were refused"))
    }
    if releases.accepted < releases.asked {
      report.violations.append(Violation(.wrongAnswer, "releases were refused"))
    }

    let over = ContinuousClock.now
    // Shorter ones would tell more of how a load begins and ends.
    var after = try await crowd.load(options(seconds: 3, depth: depth))
    while Double(after.accepted) / after.load.seconds < 0.9 * peakRate,
      ContinuousClock.now - over < .seconds(30)
    {
      after = try await crowd.load(options(seconds: 3, depth: depth))
    }
    let took = ContinuousClock.now - over
    report.facts.append(
      "after it: \(Int(Double(after.accepted) / after.load.seconds))/s, p99 \(Self.text(after.latency?.p99)), \(took.short) later"
    )
    if took > .seconds(30) {
      report.violations.append(Violation(.tooSlow, "half a minute later it is still slow"))
    }
    await crowd.close()
  }

  private func options(seconds: Double, depth: Int) -> BenchOptions {
    var options = BenchOptions(.hot)
    options.load.connections = connections
    options.load.pipeline = depth
    options.load.seconds = seconds
    options.load.warmup = min(1, seconds)
    return options
  }

  private func note(_ result: BenchReport, _ peak: Double, _ report: inout Report) {
    let seconds = result.load.seconds
    let accepted = Double(result.accepted) / seconds
    let refused = result.refused.values.reduce(0, +)
    let kind = result.kinds.first
    report.facts.append(
      "asked for \(Int(result.load.rate ?? 0))/s: \(Int(accepted))/s accepted "
        + "(\(Int(accepted / peak * 100)) % of the peak), \(Int(Double(refused) / seconds))/s refused, "
        + "\(Int(Double(result.neverSent) / seconds))/s never sent: the generator had no room for them"
    )
    report.facts.append(
      "of the accepted p50 \(Self.text(kind?.acceptedLatency?.p50)), "
        + "p99 \(Self.text(kind?.acceptedLatency?.p99)); of the refused p50 "
        + "\(Self.text(kind?.refusedLatency?.p50)), p99 \(Self.text(kind?.refusedLatency?.p99))")
    if result.errors > 0 {
      report.violations.append(
        Violation(.wrongAnswer, "\(result.errors) errors, the first: \(result.firstError ?? "")"))
    }
    if let wrong = result.refused.keys.first(where: { $0 != "overloaded" }) {
      report.violations.append(Violation(.wrongAnswer, "refused as \(wrong)"))
    }
    for difference in result.books?.differences ?? [] {
      report.violations.append(Violation(.wrongTotal, difference))
    }
  }

  private static func text(_ microseconds: UInt64?) -> String {
    microseconds.map { Duration.microseconds(Int64($0)).fine } ?? "none"
  }
}

/// An engine with what the flood needs, and two stores that have nothing to do with it.
private struct Crowd: Sendable {
  private static let product: [Int64] = [0, 11, 22]

  private let url: EngineURL
  private let admin: HTTPClient
  /// Of stores 1 and 2.
  private let stores: [HTTPClient]

  init(_ engine: EngineProcess) async throws {
    url = try await engine.url
    admin = try await HTTPClient.start(
      url: url, configuration: .init(connections: 4, key: engine.adminKey))
    let exchange = RetryingExchange(admin)
    var clients: [HTTPClient] = []
    for store in 1...2 {
      let product = Self.product[store]
      try await exchange.expect(
        HTTPRequest(.put, "/api/v1/admin/stores/\(store)", json: "{\"name\":\"Store \(store)\"}"))
      try await exchange.expect(
        HTTPRequest(
          .put, "/api/v1/admin/products/\(product)",
          json: "{\"store_id\":\(store),\"title\":\"Product\"}"))
      struct Key: Decodable { var key: String }
      let key: Key = try await exchange.expect(
        HTTPRequest(
          .post, "/api/v1/admin/keys",
          json: "{\"role\":\"store\",\"store_id\":\(store),\"name\":\"probe\"}")
      ).decoded()
      let client = try await HTTPClient.start(
        url: url,
        configuration: .init(connections: 4, depth: 1, timeout: .seconds(60), key: key.key))
      let entry = EntryKey(product, "MAIN")
      for change in [Change.set(1_000_000, expectedVersion: nil), .reserve(500_000)] {
        try await RetryingExchange(client).expect(change.request(on: entry))
      }
      clients.append(client)
    }
    stores = clients
  }

  func load(_ options: BenchOptions) async throws -> BenchReport {
    try await BenchRunner(url: url, exchange: RetryingExchange(admin), options: options).run()
  }

  /// Runs a load with the probes beside it.
  func beside(
    _ options: BenchOptions
  ) async throws -> (BenchReport, others: Probe.Seen, releases: Probe.Seen, reads: Probe.Seen) {
    let probes = [
      Probe(stores[1]) { _ in Change.reserve(1).request(on: EntryKey(Self.product[2], "MAIN")) },
      Probe(stores[0]) { _ in Change.release(1).request(on: EntryKey(Self.product[1], "MAIN")) },
      Probe(stores[0]) { _ in
        HTTPRequest(.get, "/api/v1/store/inventory/product/\(Self.product[1])")
      },
    ]
    let tasks = probes.map { probe in Task { await probe.run() } }
    let result: Result<BenchReport, any Error>
    do { result = .success(try await load(options)) } catch { result = .failure(error) }
    for task in tasks { task.cancel() }
    return (
      try result.get(), others: await tasks[0].value, releases: await tasks[1].value,
      reads: await tasks[2].value
    )
  }

  func close() async {
    for client in stores + [admin] { await client.close() }
  }
}
