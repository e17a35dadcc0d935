import NIOCore
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// What a client is told when there is too much of it, or of all.
@Suite struct OverloadTests {
  private func reserve(_ token: String = "checkout", _ path: String = "/reserve") -> String {
    request("POST", base + path, reserveBody, token: token)
  }

  /// The value of a gauge or counter.
  private func metric(_ name: String, _ client: Client) async throws -> Int {
    let text = try await client.ask(request("GET", "/metrics", token: "admin")).body
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
    return try #require(line.flatMap { Int($0.dropFirst(name.count + 1)) }, "no \(name)")
  }

  @Test("A key that asks too often is told so, and when to come again; other keys are not")
  func rateLimit() async throws {
    try await withServer(configure: { $0.rateLimit = RateLimit(rate: 1, burst: 2) }) {
      server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      // A burst of two; on a slow machine a second may pass meanwhile, and one more be let through.
      var responses: [Response] = []
      repeat {
        responses.append(try await client.ask(reserve()))
      } while responses.last?.status == 200
      let refused = try #require(responses.last)
      #expect(responses.count >= 3)
      #expect(refused.status == 429 && refused.code == "rate_limited")
      #expect(refused.fields["retry-after"] == "1")
      #expect(refused.fields["ratelimit-policy"] == #""key";q=1;w=1"#)
      #expect(refused.fields["ratelimit"] == #""key";r=0;t=1"#)
      #expect(responses[0].fields["ratelimit"] == #""key";r=1;t=0"#)
      let other = try await client.ask(request("GET", base + "/product/5", token: "read"))
      #expect(other.status == 200)
      for _ in 0..<5 {
        let admin = try await client.ask(request("GET", base + "/product/5", token: "admin"))
        #expect(admin.status == 200 && admin.fields["ratelimit"] == nil)
      }
      // Refused on its header: the engine heard of what was taken, and of nothing else.
      #expect(engine.commandCount == responses.count - 1 + 6)
    }
  }

  @Test("A key made with a rate of its own has that one, whatever the engine is set up for")
  func ownRate() async throws {
    for standard in [nil, RateLimit(rate: 1_000, burst: 1_000)] {
      try await withServer(configure: { $0.rateLimit = standard }) { server, engine, group in
        engine.fakeControl.addKey(
          role: .read, store: 7, digest: Token.digest("slow".utf8),
          rateLimit: RateLimit(rate: 1, burst: 2))
        let client = try await Client(server.localAddress, group: group)
        var responses: [Response] = []
        repeat {
          let path = base + "/product/5"
          responses.append(try await client.ask(request("GET", path, token: "slow")))
        } while responses.last?.status == 200
        #expect(responses.count >= 3 && responses.last?.code == "rate_limited")
        #expect(responses.last?.fields["ratelimit-policy"] == #""key";q=1;w=1"#)
        // What is refused for something else counts as well.
        let nowhere = try await client.ask(request("GET", "/api/v1/nope", token: "slow"))
        #expect(nowhere.fields["ratelimit"] != nil)
        let other = try await client.ask(reserve())
        #expect(other.fields["ratelimit-policy"] == standard.map { #""key";q=\#($0.rate);w=1"# })
      }
    }
  }

  @Test("Without a limit nothing is said of one")
  func noRateLimit() async throws {
    try await withServer { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let response = try await client.ask(reserve())
      #expect(response.status == 200 && response.fields["ratelimit"] == nil)
    }
  }

  @Test(
    "With too much under way reads go first, then who does not wait for answers, never who gives back"
  )
  func shedding() async throws {
    try await withServer(loops: 1, judge: nil) { server, engine, group in
      // Requests that the engine does not answer, until the loop has enough of them.
      var crowd: [Client] = []
      for _ in 0..<(Admission.busy / 64) {
        let client = try await Client(server.localAddress, group: group)
        try await client.send(String(repeating: reserve(), count: 64))
        crowd.append(client)
      }
      let watcher = try await Client(server.localAddress, group: group)
      try await eventually {
        try await metric("stock_http_requests_under_way", watcher) == Admission.busy
      }

      let client = try await Client(server.localAddress, group: group)
      let read = try await client.ask(request("GET", base + "/product/5", token: "read"))
      #expect(read.status == 503 && read.code == "overloaded")
      #expect(read.fields["retry-after"] == "1")
      // The first of a connection is taken; the second is refused, but its answer waits its turn.
      let taken = engine.commandCount
      try await client.send(reserve() + reserve() + reserve("checkout", "/release"))
      try await eventually { engine.commandCount == taken + 2 }
      #expect(try await metric("stock_http_requests_under_way", watcher) == Admission.busy + 2)

      // What is answered makes room.
      let loop = try #require(server.fronts.first).eventLoop
      try await loop.submit {
        let gateway = try #require(engine.gateway(on: loop) as? FakeGateway)
        gateway.answer(gateway.submitted.indices.map { ($0, .entry(entry())) })
      }.get()
      try await eventually { try await metric("stock_http_requests_under_way", watcher) == 0 }
    }
  }

  @Test("An address may not have all connections")
  func addresses() async throws {
    try await withServer(configure: { $0.maxConnectionsPerAddress = 2 }) { server, _, group in
      var clients: [Client] = []
      for _ in 0..<2 {
        let client = try await Client(server.localAddress, group: group)
        #expect(try await client.ask(get("/healthz")).status == 200)
        clients.append(client)
      }
      let third = try await Client(server.localAddress, group: group)
      let response = try await third.response()
      #expect(response.status == 503 && response.code == "overloaded")
      try await third.closed()
      await clients[0].close()
      try await eventually {
        let next = try await Client(server.localAddress, group: group)
        let response = try? await next.ask(get("/healthz"))
        await next.close()
        return response?.status == 200
      }
    }
  }

  private func get(_ path: String) -> String { request("GET", path) }
}
