import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import StockCore
import StockEngine
import StockLoop
import Testing

@testable import StockHTTP

/// The whole server over real sockets: what needs tasks, several loops, or the kernel.
@Suite struct ServerTests {
  private func get(_ path: String, _ token: String? = "admin") -> String {
    request("GET", path, nil, token: token)
  }

  // MARK: Cold requests

  @Test func stores() async throws {
    try await withServer { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      func put(_ id: Int, _ body: String) async throws -> Response {
        try await client.ask(
          request("PUT", "/api/v1/admin/stores/\(id)", body, token: "admin"))
      }
      let made = try await put(9, #"{"name":"N","location_priority":[" b","a "]}"#)
      #expect(made.status == 201)
      #expect(
        made.body
          == #"{"id":9,"name":"N","location_priority":["B","A"],"allocation_strategy":"priority","#
          + #""created_at":"1970-01-01T00:00:01.000Z","updated_at":"1970-01-01T00:00:02.000Z"}"#)
      let again = try await put(9, #"{"name":"M","allocation_strategy":"single_location"}"#)
      #expect(again.status == 200)
      #expect(again.json["allocation_strategy"] as? String == "single_location")

      for (body, field) in [
        ("{}", "name"), (#"{"name":""}"#, "name"), (#"{"name":"a\u0007"}"#, "name"),
        (#"{"name":"a","location_priority":"A"}"#, "location_priority"),
        (#"{"name":"a","location_priority":["A","a"]}"#, "location_priority"),
        (#"{"name":"a","location_priority":["?"]}"#, "location_priority"),
        (#"{"name":"a","allocation_strategy":"best"}"#, "allocation_strategy"),
      ] {
        let response = try await put(9, body)
        #expect(response.status == 400 && response.errorFields == [field], "\(body)")
      }

      let one = try await client.ask(get("/api/v1/admin/stores/9"))
      #expect(one.json["name"] as? String == "M")
      let none = try await client.ask(get("/api/v1/admin/stores/10"))
      #expect(none.status == 404 && none.code == "store_not_found")

      let first = try await client.ask(get("/api/v1/admin/stores?limit=1"))
      #expect(first.json["total"] as? Int == 2)
      #expect((first.json["items"] as? [[String: Any]])?.first?["id"] as? Int == 7)
      let cursor = try #require(first.json["next_cursor"] as? String)
      let second = try await client.ask(get("/api/v1/admin/stores?limit=1&cursor=\(cursor)"))
      #expect((second.json["items"] as? [[String: Any]])?.first?["id"] as? Int == 9)
      #expect(second.body.hasSuffix(#""next_cursor":null}"#))
    }
  }

  @Test func keysAreMadeShownOnceAndRevoked() async throws {
    try await withServer { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      // On the other loop.
      let other = try await Client(server.localAddress, group: group)
      func make(_ body: String) async throws -> Response {
        try await client.ask(request("POST", "/api/v1/admin/keys", body, token: "admin"))
      }
      let made = try await make(
        #"{"role":"checkout","store_id":7,"name":"shop","expires_at":"2999-01-01T00:00:00Z","rate_limit":50}"#
      )
      #expect(made.status == 201)
      #expect(made.json["expires_at"] as? String == "2999-01-01T00:00:00.000Z")
      #expect(made.json["rate_limit"] as? Int == 50 && made.json["rate_burst"] as? Int == 50)
      let token = try #require(made.json["key"] as? String)
      let id = try #require(made.json["id"] as? Int)
      let key = try #require(engine.control.snapshot.keys[Int64(id)])
      #expect(key.digest == Token.digest(token.utf8), "all that is kept")

      #expect(try await other.ask(get(base + "/41", token)).status == 200)
      let list = try await client.ask(get("/api/v1/admin/keys"))
      #expect((list.json["items"] as? [[String: Any]])?.count == 5)
      #expect(!list.body.contains(token) && !list.body.contains("\"key\":"))

      let revoke = request("DELETE", "/api/v1/admin/keys/\(id)", nil, token: "admin")
      #expect(try await client.ask(revoke).status == 204)
      var last = 200
      for _ in 0..<100 where last == 200 {
        last = try await other.ask(get(base + "/41", token)).status
        if last == 200 { try await Task.sleep(for: .milliseconds(10)) }
      }
      #expect(last == 401, "within a second")
      let gone = try await client.ask(revoke)
      #expect(gone.status == 404 && gone.code == "key_not_found")

      for (body, field) in [
        (#"{"name":"a"}"#, "role"), (#"{"role":"boss","name":"a"}"#, "role"),
        (#"{"role":"read","name":"a"}"#, "store_id"),
        (#"{"role":"admin","store_id":7,"name":"a"}"#, "store_id"),
        (#"{"role":"read","store_id":8,"name":"a"}"#, "store_id"),
        (#"{"role":"read","store_id":7}"#, "name"),
        (#"{"role":"read","store_id":7,"name":"a","expires_at":"tomorrow"}"#, "expires_at"),
        (#"{"role":"read","store_id":7,"name":"a","rate_limit":0}"#, "rate_limit"),
        (#"{"role":"read","store_id":7,"name":"a","rate_burst":9}"#, "rate_limit"),
        (
          #"{"role":"read","store_id":7,"name":"a","rate_limit":9,"rate_burst":1000001}"#,
          "rate_burst"
        ),
        (#"{"role":"admin","name":"a","rate_limit":9}"#, "rate_limit"),
        (
          #"{"role":"read","store_id":7,"name":"a","expires_at":"2001-01-01T00:00:00Z"}"#,
          "expires_at"
        ),
      ] {
        let response = try await make(body)
        #expect(response.status == 400 && response.errorFields == [field], "\(body)")
      }
      #expect(try await make(#"{"role":"admin","name":"a"}"#).status == 201)
    }
  }

  @Test func listsOfEntries() async throws {
    try await withServer { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      engine.pages.withLockedValue {
        $0.entries = EntryPage(
          items: [ListedEntry(entry: entry(id: 1)), ListedEntry(entry: entry(id: 2))], total: 5,
          next: EntryCursor(key: 95, id: 2))
      }
      let path =
        base + "?product_id=3&location=ware%20house&low_stock=4&search=caf%C3%A9+bar"
        + "&sort=-available_quantity&limit=2"
      let response = try await client.ask(get(path, "read"))
      #expect(response.status == 200)
      #expect(response.json["total"] as? Int == 5 && response.json["limit"] as? Int == 2)
      #expect((response.json["items"] as? [[String: Any]])?.map { $0["id"] as? Int } == [1, 2])
      let query = try #require(engine.pages.withLockedValue { $0.lastEntryQuery })
      #expect(query.scope == .only(7) && query.product == 3 && query.location == "WARE HOUSE")
      #expect(query.lowStock == 4 && query.search == "café bar" && query.limit == 2)
      #expect(query.sort == .available && query.descending && query.after == nil)

      let cursor = try #require(response.json["next_cursor"] as? String)
      _ = try await client.ask(get(path + "&cursor=" + cursor))
      let next = try #require(engine.pages.withLockedValue { $0.lastEntryQuery })
      #expect(next.after == EntryCursor(key: 95, id: 2) && next.scope == .any)

      for (query, field) in [
        ("limit=0", "limit"), ("limit=501", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
        ("limit=5&limit=5", "limit"), ("limt=5", "limt"), ("product_id=0", "product_id"),
        ("product_id=9007199254740992", "product_id"), ("low_stock=-1", "low_stock"),
        ("location=%00", "location"), ("search=", "search"), ("search=%FF", "search"),
        ("search=%4", "search"), ("sort=name", "sort"), ("sort=--id", "sort"),
        ("cursor=abc", "cursor"), ("sort=id&cursor=\(cursor)", "cursor"), ("%=1", "query"),
      ] {
        let response = try await client.ask(get(base + "?" + query))
        #expect(response.status == 400 && response.errorFields == [field], "\(query)")
      }
      engine.pages.withLockedValue { $0.error = .unavailable("shard 2 is recovering") }
      let unavailable = try await client.ask(get(base))
      #expect(unavailable.status == 503 && unavailable.code == "store_unavailable")
      #expect(unavailable.fields["retry-after"] == "1")
    }
  }

  @Test func listsOfProducts() async throws {
    try await withServer { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      let value = ProductValue(store: 7, type: .physical, createdAt: 0, updatedAt: 0)
      engine.pages.withLockedValue {
        $0.products = ProductPage(items: [ProductSnapshot(id: 4, value: value)], total: 9, next: 4)
      }
      let path = "/api/v1/admin/products?store_id=7&search=x"
      let response = try await client.ask(get(path))
      #expect(response.json["limit"] as? Int == 50 && response.json["total"] as? Int == 9)
      let cursor = try #require(response.json["next_cursor"] as? String)
      _ = try await client.ask(get(path + "&cursor=" + cursor))
      let query = try #require(engine.pages.withLockedValue { $0.lastProductQuery })
      #expect(query.store == 7 && query.search == "x" && query.after == 4 && query.limit == 50)
      #expect(try await client.ask(get(path + "&location=A")).errorFields == ["location"])
    }
  }

  @Test func verifyAndHealth() async throws {
    try await withServer { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      func verify(_ body: String) async throws -> Response {
        try await client.ask(request("POST", "/api/v1/admin/verify", body, token: "admin"))
      }
      for body in ["", "{}"] {
        let report = try await verify(body)
        #expect(
          report.body
            == #"{"difference_count":1,"shards":[{"shard":0,"products":2,"entries":3,"#
            + #""difference_count":1,"differences":["entry 4"]}],"#
            + #""control":{"difference_count":0,"differences":[]}}"#)
      }
      let repaired = try await verify(#"{"repair":true}"#)
      #expect(
        repaired.body
          == #"{"difference_count":1,"repaired_count":1,"shards":[{"shard":0,"products":2,"#
          + #""entries":3,"difference_count":1,"repaired_count":1,"differences":["entry 4"]}],"#
          + #""control":{"difference_count":0,"repaired_count":0,"differences":[]}}"#)
      #expect(try await verify(#"{"repair":1}"#).errorFields == ["repair"])
      #expect(try await verify(#"{"mend":true}"#).errorFields == ["mend"])

      let ready = try await client.ask(get("/readyz", nil))
      #expect(ready.status == 200)
      #expect(
        ready.body
          == #"{"status":"ready","shards":[{"shard":0,"serving":true,"state":"serving","#
          + #""sequence":7,"products":1,"entries":1}]}"#)
      engine.pages.withLockedValue { $0.isServing = false }
      let not = try await client.ask(get("/readyz", nil))
      #expect(not.status == 503 && not.json["status"] as? String == "not_ready")
      #expect(not.fields["content-type"] == "application/json")
      #expect(try await client.ask(get("/healthz", nil)).status == 200)
    }
  }

  @Test func coldAnswersKeepTheirPlace() async throws {
    try await withServer { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let hot = get(base + "/41")
      try await client.send(hot + get(base) + hot + get("/healthz") + get("/readyz") + hot)
      var kinds: [String] = []
      for _ in 0..<6 {
        let json = try await client.response().json
        kinds.append(json["id"] != nil ? "entry" : json["items"] != nil ? "list" : "status")
      }
      #expect(kinds == ["entry", "list", "entry", "status", "status", "entry"])
    }
  }

  // MARK: Starting, stopping, bounds

  @Test func withoutKeysOnlyOnLoopback() async throws {
    let group = try LoopGroup(threads: 1)
    for host in ["0.0.0.0", "::"] {
      await #expect(throws: HTTPServerError.authorizationNeeded(host: host)) {
        _ = try await HTTPServer.start(
          engine: FakeEngine(), host: host, port: 0, group: group,
          configuration: HTTPConfiguration(authorization: .none))
      }
    }
    try await group.shutdownGracefully()
  }

  @Test func anAddressThatIsTaken() async throws {
    try await withServer { server, engine, group in
      let port = try #require(server.localAddress.port)
      let others = try LoopGroup(threads: 1)
      // Listening twice on one address is an error even with SO_REUSEADDR.
      await #expect(throws: HTTPServerError.self) {
        _ = try await HTTPServer.start(
          engine: FakeEngine(), host: "127.0.0.1", port: port, group: others)
      }
      try await others.shutdownGracefully()
      // The first is none the worse for it.
      let client = try await Client(server.localAddress, group: group)
      #expect(try await client.ask(get("/healthz")).status == 200)
    }
  }

  @Test func tooManyConnections() async throws {
    try await withServer(configure: { $0.maxConnections = 2 }) { server, _, group in
      let first = try await Client(server.localAddress, group: group)
      let second = try await Client(server.localAddress, group: group)
      #expect(try await first.ask(get("/healthz")).status == 200)
      #expect(try await second.ask(get("/healthz")).status == 200)
      let third = try await Client(server.localAddress, group: group)
      let response = try await third.response()
      #expect(response.status == 503 && response.code == "overloaded")
      try await third.closed()
      // One goes, another may come.
      await first.close()
      for attempt in 0... {
        let next = try await Client(server.localAddress, group: group)
        let response = try? await next.ask(get("/healthz"))
        await next.close()
        if response?.status == 200 { break }
        try #require(attempt < 100)
        try await Task.sleep(for: .milliseconds(10))
      }
    }
  }

  @Test func aRefusedBodyStillGetsItsAnswer() async throws {
    try await withServer { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let long = String(repeating: " ", count: Bounds.maxBodyBytes + 1)
      try await client.send(request("POST", base + "/reserve", long, token: "store"))
      #expect(try await client.response().status == 413)
      try await client.closed()
    }
  }

  /// More than the socket takes: the rest waits, and comes behind what went out before.
  @Test func answersThatAreReadLateKeepTheirOrder() async throws {
    let title = String(repeating: "0123456789", count: 20_000)
    let value = ProductValue(
      store: 7, type: .physical, title: title, createdAt: 0, updatedAt: 0)
    let judge: @Sendable (Command) -> Outcome = { _ in
      .product(ProductSnapshot(id: 5, value: value))
    }
    try await withServer(judge: judge) { server, _, group in
      let client = try await Client(server.localAddress, group: group, reads: false)
      let count = 50
      for number in 0..<count {
        client.sendWithoutWaiting(
          request(
            "GET", "/api/v1/admin/products/5", nil, token: "admin",
            "X-Request-Id: n\(number)\r\n"))
      }
      try await Task.sleep(for: .milliseconds(300))
      try await client.resume()
      let responses = try await client.responses(count)
      #expect(responses.map { $0.fields["x-request-id"] } == (0..<count).map { "n\($0)" })
      #expect(responses.allSatisfy { $0.status == 200 && $0.json["title"] as? String == title })
    }
  }

  @Test func closeIsSaidAndDone() async throws {
    try await withServer { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let response = try await client.ask(
        request("GET", "/healthz", nil, "Connection: close\r\n"))
      #expect(response.fields["connection"] == "close")
      try await client.closed()
    }
  }

  @Test func stoppingLetsRequestsFinish() async throws {
    let loops = try LoopGroup(threads: 1)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let engine = FakeEngine()
    let server = try await HTTPServer.start(
      engine: engine, host: "127.0.0.1", port: 0, group: loops,
      configuration: HTTPConfiguration(authorization: .none))
    let idle = try await Client(server.localAddress, group: group)
    let busy = try await Client(server.localAddress, group: group)
    #expect(try await idle.ask(get("/healthz", nil)).status == 200)
    try await busy.send(get(base + "/41", nil))
    let loop = loops.loops[0]
    func submitted() async throws -> Int {
      try await loop.submit { (engine.gateway(on: loop) as? FakeGateway)?.submitted.count ?? 0 }
        .get()
    }
    while try await submitted() == 0 { try await Task.sleep(for: .milliseconds(5)) }

    async let stopped: Void = server.stop(within: .seconds(10))
    try await idle.closed()
    let late = try await Client(server.localAddress, group: group)
    let turnedAway = try await late.response()
    #expect(turnedAway.status == 503 && turnedAway.fields["connection"] == "close")
    #expect(turnedAway.fields["retry-after"] == "1")
    try await late.closed()
    loop.execute {
      (engine.gateway(on: loop) as? FakeGateway)?.answer([(0, .entry(entry()))])
    }
    let answer = try await busy.response()
    #expect(answer.status == 200 && answer.fields["connection"] == "close")
    try await busy.closed()
    await stopped
    await #expect(throws: (any Error).self) {
      _ = try await Client(server.localAddress, group: group)
    }
    try await group.shutdownGracefully()
    try await loops.shutdownGracefully()
  }

  @Test func whatIsOnItsWayWhenTheEngineStopsIsAnswered() async throws {
    let clients = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    try await withServer(loops: 1) { server, _, _ in
      let client = try await Client(server.localAddress, group: clients)
      let front = try #require(server.fronts.first)
      #expect(try await client.ask(get("/healthz", nil)).status == 200)
      // The loop stands still until the request is in the kernel's hands.
      let (stands, sent) = (NIOLockedValueBox(false), NIOLockedValueBox(false))
      async let draining: Void = front.eventLoop.submit {
        stands.withLockedValue { $0 = true }
        while !sent.withLockedValue({ $0 }) { usleep(1_000) }
        front.value.beginDraining(within: .seconds(60))
      }.get()
      while !stands.withLockedValue({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
      try await client.send(get(base + "/41"))
      sent.withLockedValue { $0 = true }
      try await draining
      let answer = try await client.response()
      #expect(answer.status == 200 && answer.fields["connection"] == "close")
      try await client.closed()
    }
    try await clients.shutdownGracefully()
  }

  @Test func anEngineThatStopsIsNotReady() throws {
    let wire = try Wire()
    wire.front.beginDraining(within: .seconds(60))
    let answer = try wire.ask(get("/readyz", nil))
    #expect(answer.status == 503 && answer.code == "overloaded")
    #expect(answer.fields["connection"] == "close")
  }

  @Test func stoppingDoesNotWaitForEver() async throws {
    try await withServer(judge: nil) { server, _, group in
      let busy = try await Client(server.localAddress, group: group)
      try await busy.send(get(base + "/41"))
      try await Task.sleep(for: .milliseconds(50))
      let start = ContinuousClock.now
      await server.stop(within: .milliseconds(200))
      #expect(ContinuousClock.now - start < .seconds(30))
      try await busy.closed()
    }
  }
}
