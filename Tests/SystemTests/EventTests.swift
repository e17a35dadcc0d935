import Foundation
import StockProcesses
import StockTools
import Testing

@testable import StockFaults

@Suite("Movements and events, over HTTP")
struct EventTests {
  private static let movements = "/api/v1/store/inventory/movements"
  private static let events = "/api/v1/store/inventory/events"

  /// "reserve 0 +3 → 10/3": what changed, and the counters after it.
  private func text(_ movement: [String: Any]) -> String {
    func signed(_ name: String) -> String {
      let value = movement[name] as? Int ?? 0
      return value > 0 ? "+\(value)" : "\(value)"
    }
    return "\(movement["kind"] ?? "-") \(signed("quantity_change")) \(signed("reserved_change")) → "
      + "\(movement["quantity_after"] ?? "-")/\(movement["reserved_after"] ?? "-")"
  }

  private func object(_ event: ServerEvent) -> [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(event.data.utf8))) as? [String: Any] ?? [:]
  }

  /// A day in the life of a product, and what its ledger has to tell.
  private func live(_ engine: TestEngine) async throws -> (product: Int64, story: [String]) {
    let a = try await engine.product(stock: [:])
    let line = { (units: Int) in
      #"{"product_id": \#(a), "location": "MAIN", "quantity": \#(units)}"#
    }
    let noted = #"{"product_id": \#(a), "location": "MAIN", "#
    _ = try await engine.inventory("set", noted + #""quantity": 10, "reason": "import"}"#)
    _ = try await engine.inventory("reserve", line(3))
    _ = try await engine.inventory("release", line(1))
    _ = try await engine.inventory("fulfill", line(2))
    _ = try await engine.inventory(
      "adjust", noted + #""quantity": 4, "reason": "return", "reference": "C-1"}"#)
    _ = try await engine.inventory(
      "transfer", #"{"product_id": \#(a), "from": "MAIN", "to": "WEST", "quantity": 5}"#)
    let held = try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 2)])
    _ = try await engine.reservation(held.id, "fulfill", [CartLine(a, "MAIN", 1)].json)
    _ = try await engine.reservation(held.id, "release")
    _ = try await engine.inventory("set", line(6))
    // To the same value: no movement.
    _ = try await engine.inventory("set", line(6))
    let west = try await engine.inventory(
      "set", #"{"product_id": \#(a), "location": "WEST", "quantity": 0}"#)
    _ = try await engine.call(
      .delete, "/api/v1/store/inventory/\(try #require(west.int("id")))")
    // Last of all: on a busy machine a second may be over before the next call is made.
    let short = try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 1)], ttl: 1)
    let isExpired = try await eventually(within: .seconds(60)) {
      try await engine.reservation(short.id).text("status") == "expired"
    }
    try #require(isExpired)
    return (
      a,
      [
        "import +10 0 → 10/0", "reserve 0 +3 → 10/3", "release 0 -1 → 10/2",
        "fulfill -2 -2 → 8/0", "adjust +4 0 → 12/0", "transfer_out -5 0 → 7/0",
        "transfer_in +5 0 → 5/0", "reserve 0 +2 → 7/2", "fulfill -1 -1 → 6/1",
        "release 0 -1 → 6/0", "set -5 0 → 0/0", "delete 0 0 → 0/0", "reserve 0 +1 → 6/1",
        "expire 0 -1 → 6/0",
      ]
    )
  }

  @Test("Every change of a counter is a movement; they are told newest first, and filtered")
  func query() async throws {
    let engine = try await TestEngine.shared
    let began = Date()
    let (a, story) = try await live(engine)
    func list(_ query: String) async throws -> [[String: Any]] {
      let seen = try await engine.call(.get, "\(Self.movements)?product_id=\(a)&\(query)")
      try #require(seen.status == 200, "\(seen.bodyText)")
      return seen.items("items")
    }
    let all = try await list("limit=100")
    // A deleted entry with nothing in it changes no counter: told or not.
    let told = all.map(text).reversed().filter { !$0.hasPrefix("delete") }
    #expect(Array(told) == story.filter { !$0.hasPrefix("delete") })
    let numbers = all.compactMap { $0["number"] as? Int }
    #expect(numbers == numbers.sorted(by: >) && Set(numbers).count == numbers.count)
    let back = try #require(all.first { $0["reason"] as? String == "return" })
    #expect(back["reference"] as? String == "C-1")
    #expect(back["location"] as? String == "MAIN")
    #expect(back["store_id"] as? Int == 1)
    #expect((back["actor"] as? String)?.hasPrefix("key:") == true)
    #expect(back["sequence"] != nil && back["shard"] != nil)
    let occurred = try #require((back["occurred_at"] as? String).flatMap(Seen.parse))
    #expect(abs(occurred.timeIntervalSince(began)) < 60)
    #expect(all.first { $0["kind"] as? String == "expire" }?["actor"] as? String == "engine")

    #expect(try await list("kind=reserve").count == 3)
    #expect(try await list("location=west").allSatisfy { $0["location"] as? String == "WEST" })
    #expect(try await list("reference=C-1").count == 1)
    let ofHold = try #require(all.first { text($0) == "reserve 0 +2 → 7/2" })
    let hold = try #require(ofHold["reference"] as? String)
    #expect(try await list("reference=\(hold)").count == 3)
    #expect(try await list("since=2099-01-01T00:00:00Z").isEmpty)
    #expect(try await list("since=2020-01-01T00:00:00Z&limit=100").count == all.count)
    var paged: [Int] = []
    var cursor = ""
    for _ in 0..<20 {
      let page = try await engine.call(.get, "\(Self.movements)?product_id=\(a)&limit=4\(cursor)")
      paged += page.items("items").compactMap { $0["number"] as? Int }
      guard let next = page.text("next_cursor") else { break }
      cursor = "&cursor=\(next)"
    }
    #expect(paged == numbers)
    for (query, field) in [
      ("kind=lost", "kind"), ("since=yesterday", "since"), ("cursor=x", "cursor"),
      ("limit=0", "limit"), ("colour=red", "colour"),
    ] {
      expect(
        try await engine.call(.get, "\(Self.movements)?\(query)"), "400 invalid_request \(field)")
    }
  }

  @Test("Another store's movements are told neither in the list nor as events")
  func otherStore() async throws {
    let engine = try await TestEngine.shared
    let store = TestEngine.newProduct()
    _ = try await engine.call(
      .put, "/api/v1/admin/stores/\(store)", #"{"name": "Quiet"}"#, as: .admin)
    let otherStore = try await engine.newClient(role: .store, store: store)
    let other = try await engine.newKey(role: .read, store: store)
    let stream = try await EventStream.open(engine.url, Self.events, key: other)
    #expect(stream.status == 200)
    let a = try await engine.product()
    let list = Seen(
      try await otherStore.send(HTTPRequest(.get, "\(Self.movements)?product_id=\(a)")))
    #expect(list.items("items").isEmpty)
    // One of its own behind it: what comes first is that.
    let theirs = TestEngine.newProduct()
    _ = try await otherStore.send(
      HTTPRequest(.post, "/api/v1/store/inventory/set", json: CartLine(theirs, "MAIN", 1).json))
    let first = await stream.first()
    #expect(first.map { object($0)["product_id"] as? Int64 } == theirs)
    await stream.close()
    await otherStore.close()
    let admin = try await engine.call(
      .get, "/api/v1/admin/inventory/movements?product_id=\(theirs)", as: .admin)
    #expect(admin.items("items").count == 1)
  }

  @Test("Events tell the movements as they come, and the edges of stock")
  func edges() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product("\"low_stock_threshold\": 3")
    let key = try await engine.newKey(role: .read, store: 1)
    let stream = try await EventStream.open(
      engine.url, "\(Self.events)?product_id=\(a)", key: key)
    #expect(stream.status == 200)
    #expect(
      stream.headers.first { $0.name.lowercased() == "content-type" }?.value
        .hasPrefix("text/event-stream") == true)
    for units in [6, 1, 1, 2] {
      _ = try await engine.inventory("reserve", CartLine(a, "MAIN", Int64(units)).json)
    }
    for units in [2, 3, 5] {
      _ = try await engine.inventory("release", CartLine(a, "MAIN", Int64(units)).json)
    }
    _ = try await engine.inventory("adjust", CartLine(a, "MAIN", -9).json)
    let events = await stream.first(12)
    let told = events.map { event in
      let object = object(event)
      return event.name == "movement" ? text(object) : "\(event.name) \(object["available"] ?? "-")"
    }
    #expect(
      told == [
        "reserve 0 +6 → 10/6", "reserve 0 +1 → 10/7", "low_stock 3", "reserve 0 +1 → 10/8",
        "reserve 0 +2 → 10/10", "out_of_stock 0", "release 0 -2 → 10/8", "back_in_stock 2",
        "release 0 -3 → 10/5", "release 0 -5 → 10/0", "adjust -9 0 → 1/0", "low_stock 1",
      ])
    #expect(Set(events.map(\.id)).count == events.count)
    await stream.close()

    // From anywhere in between it goes on without loss or repeat.
    for place in events.indices {
      let rest = try await EventStream.open(
        engine.url, "\(Self.events)?product_id=\(a)", key: key, lastEventID: events[place].id)
      let wanted = events[(place + 1)...]
      // Their ids also tell how far other products' shards have come meanwhile.
      #expect(
        await rest.first(wanted.count).map { [$0.name, $0.data] }
          == wanted.map { [$0.name, $0.data] })
      await rest.close()
    }
  }

  @Test("What is no position, and whoever has no key, is refused")
  func refused() async throws {
    let engine = try await TestEngine.shared
    let bad = try await engine.call(.get, "\(Self.events)?last_event_id=nonsense")
    expect(bad, "400 invalid_request last_event_id")
    let open = try await EventStream.open(engine.url, Self.events, key: nil)
    #expect(open.status == 401)
    await open.close()
  }

  @Test("A reader who does not read is cut off, and not waited for")
  func silent() async throws {
    let engine = try await TestEngine()
    let a = try await engine.product(stock: ["MAIN": 1_000_000_000])
    let key = try await engine.newKey(role: .read, store: 1)
    let audience = try await Audience.open(
      engine.url, key: key, [(path: Self.events, reads: false)])
    #expect(try await eventually(within: .seconds(60)) { audience.states[0].isOpen })
    // More than sockets and the engine keep for it, and never sold out: where nothing happens any more, who
    // is behind is noticed by being idle alone.
    let line = #"{"op": "reserve", "product_id": \#(a), "location": "MAIN", "quantity": 1}"#
    let body = "{\"operations\": [\(Array(repeating: line, count: 5_000).joined(separator: ","))]}"
    let isCut = try await eventually(within: .seconds(900)) {
      if audience.states[0].isClosed { return true }
      return try await engine.inventory("batch", body).status != 200
    }
    #expect(isCut && audience.states[0].isClosed)
    await audience.close()
    try await engine.stop()
  }

  @Test("A reader who comes too late is told which movements the ledger no longer has")
  func gap() async throws {
    let engine = try await TestEngine(["--ledger-length", "1000"])
    let a = try await engine.product(stock: ["MAIN": 1_000_000])
    let key = try await engine.newKey(role: .read, store: 1)
    let path = "\(Self.events)?product_id=\(a)"
    let before = try await EventStream.open(engine.url, path, key: key)
    let line = #"{"op": "reserve", "product_id": \#(a), "location": "MAIN", "quantity": 1}"#
    let body = "{\"operations\": [\(Array(repeating: line, count: 500).joined(separator: ","))]}"
    // Redis is told to forget now and then only.
    for _ in 0..<12 { #expect(try await engine.inventory("batch", body).status == 200) }
    // Who was there all the time has all of them.
    let all = await before.first(6_000)
    await before.close()
    let shard = try #require(all.first.flatMap { object($0)["shard"] as? Int })
    let numbers = all.compactMap { object($0)["number"] as? Int64 }
    let first = try #require(numbers.first)
    #expect(numbers == Array(first..<(first + 6_000)))

    // Memory has them for as long as the engine takes the reader for one: then Redis is asked.
    var late = try await EventStream.open(engine.url, path, key: key, lastEventID: all[9].id)
    var told = await late.first()
    for _ in 0..<20 where told?.name != "gap" {
      await late.close()
      try await Task.sleep(for: .milliseconds(100))
      late = try await EventStream.open(engine.url, path, key: key, lastEventID: all[9].id)
      told = await late.first()
    }
    let gap = try #require(told)
    #expect(gap.name == "gap")
    #expect(object(gap)["shard"] as? Int == shard)
    #expect(object(gap)["missing_from"] as? Int64 == first + 10)
    let next = try #require(object(gap)["continues_at"] as? Int64)
    // About so many are kept: whole commits.
    #expect(next > first + 10 && next <= first + 5_000)
    let rest = await late.first(Int(first + 6_000 - next))
    #expect(rest.compactMap { object($0)["number"] as? Int64 } == Array(next..<(first + 6_000)))
    #expect(Array(rest.map(\.data)) == all.suffix(rest.count).map(\.data))
    await late.close()
    // From the gap's own id it goes on without another.
    let again = try await EventStream.open(engine.url, path, key: key, lastEventID: gap.id)
    #expect(await again.first() == rest.first)
    await again.close()
    try await engine.stop()
  }

  @Test("The admin's events are those of all stores, or of the one that is asked for")
  func admin() async throws {
    let engine = try await TestEngine.shared
    let path = "/api/v1/admin/inventory/events"
    // Nothing that other tests do is of these stores and of this location.
    let (one, other) = (TestEngine.newProduct(), TestEngine.newProduct())
    var clients: [HTTPClient] = []
    for store in [one, other] {
      _ = try await engine.call(
        .put, "/api/v1/admin/stores/\(store)", #"{"name": "Store"}"#, as: .admin)
      clients.append(try await engine.newClient(role: .store, store: store))
    }
    let location = "L\(one)"
    func open(_ query: String) async throws -> EventStream {
      let stream = try await EventStream.open(
        engine.url, "\(path)?location=\(location)\(query)", key: engine.adminKey)
      #expect(stream.status == 200)
      return stream
    }
    let all = try await open("")
    let ofOther = try await open("&store_id=\(other)")
    let products = [TestEngine.newProduct(), TestEngine.newProduct()]
    let ofProduct = try await open("&product_id=\(products[0])")
    for units in 1...3 {
      for (client, product) in zip(clients, products) {
        let made = try await client.send(
          HTTPRequest(
            .post, "/api/v1/store/inventory/set",
            json: CartLine(product, location, Int64(units)).json))
        #expect(made.isSuccess)
      }
    }
    func told(_ stream: EventStream, _ count: Int) async -> [String] {
      var told: [String] = []
      // Stock that comes back is an event too.
      while told.count < count, let event = await stream.first() {
        let object = object(event)
        guard event.name == "movement" else { continue }
        told.append(
          "\(object["store_id"] ?? "-") \(object["product_id"] ?? "-") "
            + "\(object["quantity_after"] ?? "-")")
      }
      return told
    }
    let ofOne = (1...3).map { "\(one) \(products[0]) \($0)" }
    let theirs = (1...3).map { "\(other) \(products[1]) \($0)" }
    let both = await told(all, 6)
    // In their order; shards are not in step with each other.
    #expect(both.filter { $0.hasPrefix("\(one) ") } == ofOne)
    #expect(both.filter { $0.hasPrefix("\(other) ") } == theirs)
    #expect(await told(ofOther, 3) == theirs)
    #expect(await told(ofProduct, 3) == ofOne)
    for stream in [all, ofOther, ofProduct] { await stream.close() }
    for client in clients { await client.close() }
    // It is the admin's alone.
    let key = try await engine.newKey(role: .store, store: one)
    let refused = try await EventStream.open(engine.url, path, key: key)
    #expect(refused.status == 403)
    await refused.close()
  }

  @Test("A reader that goes on where it was misses nothing and gets nothing twice, kills and all")
  func overKills() async throws {
    let process = try EngineProcess(.init(binary: StockBinary.find(), port: Port.free()))
    try await process.start(within: .seconds(120))
    let plan = Scene(binary: "", seed: 7).plan
    let history = History()
    let site = try await Site.prepare(
      process, products: plan.products, locations: plan.locations, opening: 100, history: history)
    let url = try await process.url
    let reader = ResumingReader(url: url, path: Self.events, key: site.storeKey)
    try await reader.start()
    let http = try await site.client(connections: 8, depth: 2)
    try await Load(plan, RecordingClient(http, history: history)).run {
      for _ in 0..<3 {
        try await Task.sleep(for: .milliseconds(400))
        try await process.kill()
        try await process.start(within: .seconds(120))
        try await site.settle()
      }
      try await Task.sleep(for: .milliseconds(300))
    }
    await http.close()
    try await site.settle()
    let wanted = try await site.movementKeys()
    let isThere = try await eventually(within: .seconds(60), every: .milliseconds(100)) {
      reader.keys.count >= wanted.count
    }
    let got = reader.keys
    await reader.stop()
    #expect(isThere)
    #expect(Set(got).count == got.count, "movements came twice")
    #expect(Set(got) == Set(wanted))
    #expect(Set(wanted).count == wanted.count, "the list tells movements twice")
    #expect(got.count > 100)
    #expect(reader.odd.isEmpty)
    #expect(reader.connections >= 2)
    await site.close()
    try await process.stop()
  }
}

extension EventStream {
  func first() async -> ServerEvent? { await first(1).first }

  /// The next events, or those that came within 60 s.
  func first(_ count: Int) async -> [ServerEvent] {
    guard count > 0 else { return [] }
    return await withTaskGroup(of: [ServerEvent]?.self) { group in
      group.addTask {
        var events: [ServerEvent] = []
        for await event in self.events {
          events.append(event)
          if events.count == count || Task.isCancelled { break }
        }
        return events
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(60))
        if !Task.isCancelled { await self.close() }
        return nil
      }
      for await events in group {
        if let events {
          group.cancelAll()
          return events
        }
      }
      return []
    }
  }
}
