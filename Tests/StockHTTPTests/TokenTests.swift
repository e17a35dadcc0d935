import NIOConcurrencyHelpers
import NIOCore
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// Tokens of others: checked away from the loop, once, while what comes behind them waits.
@Suite struct TokenTests {
  private static let subject = ActorID(1 << 52 + 5)

  private static func token(
    _ role: Role = .store, store: StoreID? = 7, expiresAt: Timestamp = .max
  ) -> VerifiedToken {
    VerifiedToken(
      subject: "alice", role: role, store: store, actor: subject, expiresAt: expiresAt)
  }

  /// Knows tokens by their text, and waits with its answer as long as the test wants.
  final class Verifier: TokenVerifier {
    struct State {
      var generation = 0
      var good: [String: VerifiedToken] = [:]
      var asked: [String] = []
      var holds = false
    }

    let state = NIOLockedValueBox(State())

    init(_ good: [String: VerifiedToken]) { state.withLockedValue { $0.good = good } }

    var generation: Int { state.withLockedValue { $0.generation } }
    var asked: [String] { state.withLockedValue { $0.asked } }
    func hold(_ holds: Bool) { state.withLockedValue { $0.holds = holds } }

    func verify(_ token: [UInt8], now: Timestamp) async -> VerifiedToken? {
      let text = String(decoding: token, as: UTF8.self)
      state.withLockedValue { $0.asked.append(text) }
      while state.withLockedValue({ $0.holds }) { try? await Task.sleep(for: .milliseconds(2)) }
      return state.withLockedValue { $0.good[text] }
    }

    func wait(forCount count: Int) async throws {
      for _ in 0..<6_000 {
        if asked.count >= count { return }
        try await Task.sleep(for: .milliseconds(10))
      }
      Issue.record("asked \(asked.count) times, not \(count)")
    }
  }

  private let good = "eyJ.alice.x"

  private func ask(_ token: String, _ fields: String = "") -> String {
    request("POST", base + "/reserve", reserveBody, token: token, fields)
  }

  private func chunked(_ token: String) -> String {
    request("POST", base + "/reserve", nil, token: token, "Transfer-Encoding: chunked\r\n")
      + String(reserveBody.utf8.count, radix: 16) + "\r\n\(reserveBody)\r\n0\r\n\r\n"
  }

  // MARK: Over a connection

  @Test("a good token is checked once, and then as quick as a key")
  func once() async throws {
    let verifier = Verifier([good: Self.token()])
    try await withServer(loops: 1, configure: { $0.tokens = verifier }) { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      for _ in 0..<3 { #expect(try await client.ask(ask(good)).status == 200) }
      let other = try await Client(server.localAddress, group: group)
      #expect(try await other.ask(chunked(good)).status == 200)
      #expect(verifier.asked == [good])
      // Keys go on, and are asked of nobody.
      #expect(try await client.ask(ask("checkout")).status == 200)
      #expect(try await client.ask(ask("nobody")).status == 401)
      #expect(verifier.asked.count == 1)
      await client.close()
      await other.close()
    }
  }

  @Test("a token that is not good is a 401 like any other", arguments: [false, true])
  func bad(_ isChunked: Bool) async throws {
    let verifier = Verifier([good: Self.token(), "eyJ.lost.x": Self.token(store: 8)])
    try await withServer(loops: 1, configure: { $0.tokens = verifier }) { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      for token in ["eyJ.mallory.x", "eyJ.lost.x", "eyJ.a", "eyJ", "a.b.c"] {
        let response = try await client.ask(isChunked ? chunked(token) : ask(token))
        #expect(response.status == 401, "\(token)")
        #expect(response.fields["www-authenticate"] == "Bearer")
      }
      #expect(Set(verifier.asked) == ["eyJ.mallory.x", "eyJ.lost.x"])
      #expect(try await client.ask(ask(good)).status == 200)
      await client.close()
    }
  }

  @Test("what comes behind an unknown token waits, and is answered in order")
  func pipelined() async throws {
    let verifier = Verifier([good: Self.token(), "eyJ.bob.x": Self.token(.read)])
    verifier.hold(true)
    try await withServer(loops: 1, configure: { $0.tokens = verifier }) { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      try await client.send(request("GET", "/healthz") + ask(good) + request("GET", "/healthz"))
      #expect(try await client.response().json["status"] as? String == "ok")
      try await verifier.wait(forCount: 1)
      // Another token, then no plain request, then one in pieces.
      try await client.send(ask("eyJ.bob.x") + chunked(good))
      let last = chunked("eyJ.bob.x")
      try await client.send(String(last.prefix(40)))
      verifier.hold(false)
      try await client.send(String(last.dropFirst(40)) + request("GET", "/healthz"))
      let responses = try await client.responses(6)
      #expect(responses.map(\.status) == [200, 200, 403, 200, 403, 200])
      #expect(Set(verifier.asked) == [good, "eyJ.bob.x"])
      await client.close()
    }
  }

  @Test("decoded requests wait too: in pieces, with garbage behind", arguments: [1, 7, 64, 4_096])
  func decoded(_ piece: Int) async throws {
    let verifier = Verifier([good: Self.token()])
    verifier.hold(true)
    try await withServer(loops: 1, configure: { $0.tokens = verifier }) { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      var rest = Substring(chunked(good) + chunked(good) + "GET / HTTP/1.1\r\nHost : x\r\n\r\n")
      while !rest.isEmpty {
        try await client.send(String(rest.prefix(piece)))
        rest = rest.dropFirst(piece)
      }
      try await verifier.wait(forCount: 1)
      verifier.hold(false)
      #expect(try await client.responses(3).map(\.status) == [200, 200, 400])
      try await client.closed()
    }
  }

  @Test("who closes its side while its token is checked gets its answer", arguments: [false, true])
  func halfClosed(_ isChunked: Bool) async throws {
    let verifier = Verifier([good: Self.token()])
    verifier.hold(true)
    try await withServer(loops: 1, configure: { $0.tokens = verifier }) { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      try await client.send(isChunked ? chunked(good) : ask(good))
      try await verifier.wait(forCount: 1)
      try await client.closeOutput()
      verifier.hold(false)
      #expect(try await client.response().status == 200)
      try await client.closed()
    }
  }

  @Test("who leaves while its token is checked is forgotten")
  func left() async throws {
    let verifier = Verifier([good: Self.token()])
    verifier.hold(true)
    try await withServer(loops: 1, configure: { $0.tokens = verifier }) { server, engine, group in
      for _ in 0..<10 {
        let client = try await Client(server.localAddress, group: group)
        try await client.send(ask(good) + chunked(good))
        await client.close()
      }
      try await verifier.wait(forCount: 1)
      verifier.hold(false)
      let client = try await Client(server.localAddress, group: group)
      #expect(try await client.ask(ask(good)).status == 200)
      await client.close()
    }
  }

  @Test("when the keys change, what was good is checked again")
  func changedKeys() async throws {
    let verifier = Verifier([good: Self.token()])
    try await withServer(loops: 1, configure: { $0.tokens = verifier }) { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      #expect(try await client.ask(ask(good)).status == 200)
      verifier.state.withLockedValue {
        $0.good = [:]
        $0.generation += 1
      }
      var status = 200
      for _ in 0..<600 where status == 200 {
        status = try await client.ask(ask(good)).status
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(status == 401)
      await client.close()
    }
  }

  @Test("a token signs nobody in to the page: it could not be revoked")
  func page() async throws {
    let verifier = Verifier([good: Self.token(.admin, store: nil)])
    try await withServer(loops: 1, configure: { $0.tokens = verifier }) { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      #expect(
        try await client.ask(request("GET", "/api/v1/admin/keys", token: good)).status == 200)
      let answer = try await client.ask(request("POST", "/admin/session", "", token: good))
      #expect(answer.status == 403)
      #expect(answer.fields["set-cookie"] == nil)
      await client.close()
    }
  }

  // MARK: Time and bounds

  private func look(
    _ credentials: inout Credentials, _ keys: KeyCache, _ token: String, now: Timestamp
  ) -> Principal? {
    credentials.begin()
    return Array("Bearer \(token)".utf8).withUnsafeBufferPointer {
      credentials.principal(for: $0, in: keys, now: now)
    }
  }

  @Test("no token is good for longer than it says, wherever it is cached")
  func expiry() throws {
    let control = FakeControl()
    addKeys(to: control)
    let keys = KeyCache(control, verifier: Verifier([:]))
    var first = Credentials()
    #expect(look(&first, keys, good, now: 1_000) == nil)
    let value = try #require(first.unverified)
    let principal = keys.learn(Array(good.utf8), Self.token(expiresAt: 2_000), now: 1_000)
    first.learn(value, principal, in: keys, now: 1_000)
    #expect(look(&first, keys, good, now: 1_999)?.scope == .only(7))
    #expect(look(&first, keys, good, now: 2_000) == nil)
    var second = Credentials()
    #expect(look(&second, keys, good, now: 1_999) != nil)
    #expect(look(&second, keys, good, now: 2_000) == nil)
    #expect(keys.learn(Array(good.utf8), Self.token(expiresAt: 2_000), now: 2_000) == nil)
  }

  @Test("one that is not good is not asked about for a second, then again")
  func refusal() throws {
    let keys = KeyCache(FakeControl(), verifier: Verifier([:]))
    var credentials = Credentials()
    #expect(look(&credentials, keys, good, now: 1_000) == nil)
    let value = try #require(credentials.unverified)
    credentials.learn(value, nil, in: keys, now: 1_000)
    #expect(look(&credentials, keys, good, now: 1_999) == nil)
    #expect(credentials.unverified == nil)
    #expect(look(&credentials, keys, good, now: 2_000) == nil)
    #expect(credentials.unverified == value)
  }

  @Test("the cache is bounded")
  func bounded() {
    let control = FakeControl()
    addKeys(to: control)
    let keys = KeyCache(control, verifier: Verifier([:]))
    for number in 0..<(TokenCache.maxTokens + 10) {
      _ = keys.learn(Array("eyJ.\(number).x".utf8), Self.token(expiresAt: 5_000), now: 1_000)
    }
    #expect(keys.tokens.count == TokenCache.maxTokens)
    _ = keys.learn(Array("eyJ.new.x".utf8), Self.token(), now: 5_000)
    #expect(keys.tokens.count == 1)
  }

  @Test("a key's use is told once a minute by each connection, a token's never")
  func uses() throws {
    let control = FakeControl()
    addKeys(to: control)
    let keys = KeyCache(control, verifier: Verifier([:]))
    let id = try #require(control.snapshot.keys.values.first { $0.name == "read" }).id
    var credentials = Credentials()
    _ = look(&credentials, keys, "read", now: 1_000)
    #expect(keys.takeUses() == [id: 1_000])
    _ = look(&credentials, keys, "read", now: 60_999)
    #expect(keys.takeUses() == [:])
    _ = look(&credentials, keys, "read", now: 61_000)
    #expect(keys.takeUses() == [id: 61_000])
    _ = keys.learn(Array(good.utf8), Self.token(), now: 61_000)
    _ = look(&credentials, keys, good, now: 61_000)
    #expect(keys.takeUses() == [:])
  }

  @Test("a token has no rights but those of one role in one store that there is")
  func rights() {
    let stores = [StoreID(7): Store(id: 7, name: "x", createdAt: 0, updatedAt: 0)]
    #expect(Principal(Self.token(.admin, store: 7), stores: stores) == nil)
    #expect(Principal(Self.token(.admin, store: nil), stores: stores)?.scope == .any)
    #expect(Principal(Self.token(.read, store: nil), stores: stores) == nil)
    #expect(Principal(Self.token(.read, store: 8), stores: stores) == nil)
    var asKey = Self.token()
    asKey.actor = 3
    #expect(Principal(asKey, stores: stores) == nil)
  }
}
