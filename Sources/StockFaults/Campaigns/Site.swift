public import StockProcesses
import StockRedis
public import StockTools

/// An engine with a store, products and stock, and the ways to look at all of it.
public struct Site: Sendable {
  /// Where `settle` changes something; left out of every comparison.
  static let probeLocation = "PROBE"

  public let engine: EngineProcess
  public let products: [Int64]
  /// The token of a key of the store's.
  public let storeKey: String
  /// The key's id: whom the ledger names.
  let storeKeyID: Int64
  private let admin: RetryingExchange<HTTPClient>
  let store: HTTPClient
  private let connections: [HTTPClient]

  /// Makes store 1, a key for it, the products, and `opening` units of each at each location, which
  /// are the first attempts of the history.
  public static func prepare(
    _ engine: EngineProcess, products: [Int64], locations: [String], opening: Int64,
    history: History
  ) async throws -> Site {
    let url = try await engine.url
    let adminClient = try await HTTPClient.start(
      url: url, configuration: .init(connections: 4, key: engine.adminKey))
    let admin = RetryingExchange(adminClient)
    try await admin.expect(HTTPRequest(.put, "/api/v1/admin/stores/1", json: "{\"name\":\"One\"}"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for product in products {
        group.addTask {
          try await admin.expect(
            HTTPRequest(
              .put, "/api/v1/admin/products/\(product)",
              json: "{\"store_id\":1,\"title\":\"Product \(product)\"}"))
        }
      }
      try await group.waitForAll()
    }
    struct Key: Decodable {
      var id: Int64
      var key: String
    }
    let key: Key = try await admin.expect(
      HTTPRequest(
        .post, "/api/v1/admin/keys", json: "{\"role\":\"store\",\"store_id\":1,\"name\":\"load\"}")
    ).decoded()
    let site = try await Site(
      engine, url: url, products, key: key.key, id: key.id, admin, adminClient)
    let recording = RecordingClient(site.store, history: history)
    let entries = products.flatMap { product in locations.map { EntryKey(product, $0) } }
    let endings = await recording.send(
      entries.map { ($0, .set(opening, expectedVersion: nil)) })
    guard endings.allSatisfy(\.isAccepted) else {
      throw FaultError("the opening stock was not taken")
    }
    return site
  }

  /// The same stock seen through another engine.
  public func through(_ other: EngineProcess) async throws -> Site {
    let url = try await other.url
    let client = try await HTTPClient.start(
      url: url, configuration: .init(connections: 4, key: other.adminKey))
    return try await Site(
      other, url: url, products, key: storeKey, id: storeKeyID, RetryingExchange(client), client)
  }

  private init(
    _ engine: EngineProcess, url: EngineURL, _ products: [Int64], key: String, id: Int64,
    _ admin: RetryingExchange<HTTPClient>, _ adminClient: HTTPClient
  ) async throws {
    self.engine = engine
    self.products = products
    self.storeKey = key
    self.storeKeyID = id
    self.admin = admin
    self.store = try await HTTPClient.start(
      url: url, configuration: .init(connections: 2, key: key))
    self.connections = [adminClient, store]
  }

  /// A client of the store's that asks each thing once.
  public func client(connections: Int, depth: Int = 1) async throws -> HTTPClient {
    try await HTTPClient.start(
      url: await engine.url,
      configuration: .init(
        connections: connections, depth: depth, timeout: .seconds(60), key: storeKey))
  }

  public func close() async {
    for one in connections { await one.close() }
  }

  // MARK: Looking

  /// Waits until every product's shard takes a change again: whatever was under way before is then
  /// decided, for batches go one after the other.
  ///
  /// - Returns: how long it took.
  @discardableResult
  public func settle(within limit: Duration = .seconds(60)) async throws -> Duration {
    let begin = ContinuousClock.now
    let request = Change.batch(
      products.map { (EntryKey($0, Self.probeLocation), .adjust(1)) })
    let isSettled = try await eventually(within: limit, every: .milliseconds(20)) {
      guard let answer = try? await store.send(request), answer.status == 200 else { return false }
      let body: BatchBody = try answer.decoded()
      return body.results.allSatisfy { $0.status == 200 }
    }
    guard isSettled else {
      throw FaultError("after \(limit) there are still shards that take no change")
    }
    return ContinuousClock.now - begin
  }

  /// Waits until nothing has changed for a while: what is left of a reservation is looked at ten times
  /// a second.
  func rest(quiet: Duration = .seconds(2), within limit: Duration = .seconds(120)) async throws {
    let end = ContinuousClock.now + limit
    var before = try await state()
    while ContinuousClock.now < end {
      try await Task.sleep(for: quiet)
      let now = try await state()
      if now == before { return }
      before = now
    }
    throw FaultError("after \(limit) there are still changes that nobody asks for")
  }

  /// What `/readyz` says of each shard's state: "serving", "stopped: …".
  ///
  /// - Returns: none where it does not answer.
  public func shardStates() async throws -> [String] {
    struct Readiness: Decodable {
      struct Shard: Decodable {
        var serving: Bool
        var state: String
      }
      var shards: [Shard]
    }
    guard let answer = try? await store.send(HTTPRequest(.get, "/readyz")),
      let body: Readiness = try? answer.decoded()
    else { return [] }
    let isReady = body.shards.allSatisfy(\.serving)
    guard isReady == (answer.status == 200) else {
      throw FaultError("/readyz answers \(answer.status) with shards \(body.shards)")
    }
    return body.shards.map(\.state)
  }

  /// All entries as the engine answers them.
  public func state() async throws -> [EntryKey: EntryState] {
    var state: [EntryKey: EntryState] = [:]
    let exchange = RetryingExchange(store)
    for product in products {
      let answer = try await exchange.expect(HTTPRequest(.get, StockPath.summary(product)))
      let body: SummaryBody = try answer.decoded()
      for entry in body.locations where entry.location != Self.probeLocation {
        state[EntryKey(entry.productId, entry.location)] = entry.state
      }
    }
    return state
  }

  /// All entries as Redis holds them, read past the engine: `docs/redis-layout.md` has the form.
  public func stateInRedis() async throws -> [EntryKey: EntryState] {
    let redis = try await RedisAccess.open(engine.redisURL)
    defer { Task { await redis.disconnect() } }
    let keys = RedisKeys()
    guard let shards = try await redis.call(["HGET", keys.manifest, "shards"]).integer else {
      throw FaultError("Redis has no manifest with a number of shards")
    }
    let wanted = Set(products)
    var state: [EntryKey: EntryState] = [:]
    for shard in 0..<Int(shards) {
      let elements = try await redis.call(["HGETALL", keys.entries(shard)]).elements
      for index in stride(from: 0, to: elements.count - 1, by: 2) {
        let fields = (elements[index + 1].text ?? "").split(
          separator: " ", maxSplits: 7, omittingEmptySubsequences: false)
        guard let id = elements[index].integer, fields.count == 8,
          let available = Int64(fields[0]), let reserved = Int64(fields[1]),
          let version = Int64(fields[2]), let product = Int64(fields[3])
        else {
          throw FaultError("shard \(shard) holds an entry that nobody can read: \(elements[index])")
        }
        guard wanted.contains(product), fields[7] != Self.probeLocation else { continue }
        state[EntryKey(product, String(fields[7]))] = EntryState(
          id: id, version: version, quantity: available + reserved, reserved: reserved)
      }
    }
    return state
  }

  /// Holds everything that came after `mark` against what is there now. Nothing may be under way.
  ///
  /// - Parameters:
  ///   - base: the state at `mark`.
  ///   - others: entries whose changes are not in the history.
  ///   - rests: how long nothing may change before it begins; nil: it does not wait. Reservations over
  ///     shards that were broken off come to their ends by themselves, a moment later.
  /// - Returns: the state now, and what is wrong.
  public func inspect(
    _ history: History, since mark: History.Mark = .init(), base: [EntryKey: EntryState] = [:],
    ignoring others: [EntryKey] = [], rests: Duration? = nil
  ) async throws -> (state: [EntryKey: EntryState], violations: [Violation]) {
    try await settle()
    if let rests { try await rest(quiet: rests) }
    let state = try await state()
    let (attempts, readings) = history.since(mark)
    var violations = Checker.check(
      attempts.filter { !others.contains($0.key) }, readings: readings, base: base,
      end: state.filter { !others.contains($0.key) })
    violations += try await agreement()
    return (state, violations)
  }

  /// Whether the engine's answers, Redis, and the engine's own comparison of both agree. Nothing may be
  /// under way.
  public func agreement() async throws -> [Violation] {
    var violations: [Violation] = []
    let state = try await state()
    let held = try await stateInRedis()
    for key in Set(state.keys).union(held.keys).sorted() where state[key] != held[key] {
      violations.append(
        Violation(
          .redisDiffers,
          "\(key): the engine has \(describe(state[key])), Redis \(describe(held[key]))"))
    }
    struct Report: Decodable {
      var differenceCount: Int
    }
    let report: Report = try await admin.expect(
      HTTPRequest(.post, "/api/v1/admin/verify", isIdempotent: true)
    ).decoded()
    if report.differenceCount != 0 {
      violations.append(Violation(.verifyDiffers, "\(report.differenceCount) differences"))
    }
    return violations
  }

  /// Lets the engine write to Redis what it should hold.
  public func repair() async throws {
    try await admin.expect(
      HTTPRequest(
        .post, "/api/v1/admin/verify", body: Array(#"{"repair": true}"#.utf8), isIdempotent: true))
  }

  private func describe(_ state: EntryState?) -> String { state?.description ?? "nothing" }
}

extension HTTPRequest {
  /// A request with a body as it stands.
  public init(_ method: Method, _ path: String, json: String) {
    self.init(method, path, body: Array(json.utf8))
  }
}

extension RetryingExchange {
  /// - Throws: `FaultError` unless it is a 2xx.
  @discardableResult
  func expect(_ request: HTTPRequest) async throws -> HTTPAnswer {
    let answer = try await send(request)
    guard answer.isSuccess else {
      throw FaultError("\(request.method.rawValue) \(request.path): \(answer.complaint)")
    }
    return answer
  }
}
