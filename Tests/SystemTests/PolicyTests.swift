import StockFaults
import StockTools
import Testing

@Suite("Safety stock, backorders, allocation, atomic batches, over HTTP")
struct PolicyTests {
  private func line(_ product: Int64, _ units: Int64, _ place: String? = "MAIN") -> String {
    CartLine(product, place, units).json
  }

  // MARK: Policies

  @Test("A product's policies are told, and cleared when left out")
  func record() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product(
      #""low_stock_threshold": 5, "safety_stock": 3, "backorder_limit": 2, "purchase_limit": 4"#)
    let path = "/api/v1/admin/products/\(a)"
    let read = try await engine.call(.get, path, as: .admin)
    #expect(
      read.numbers("low_stock_threshold", "safety_stock", "backorder_limit")
        == "low_stock_threshold=5 safety_stock=3 backorder_limit=2")
    #expect(read.bodyText.contains("\"purchase_limit\""))
    try await engine.describe(a, "")
    let cleared = try await engine.call(.get, path, as: .admin)
    #expect(cleared.isNull("low_stock_threshold") && cleared.isNull("purchase_limit"))
    #expect(
      cleared.numbers("safety_stock", "backorder_limit") == "safety_stock=0 backorder_limit=0")
  }

  @Test("Safety stock is kept out of what can be reserved")
  func safetyStock() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product("\"safety_stock\": 3")
    #expect(try await engine.inventory("reserve", line(a, 8)).code == "insufficient_stock")
    let short = try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 8)])
    #expect(short.shortLines.count == 1)
    #expect(try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 4)]).status == 201)
    #expect(try await engine.inventory("reserve", line(a, 4)).code == "insufficient_stock")
    #expect(try await engine.inventory("reserve", line(a, 3)).status == 200)
    #expect(try await engine.inventory("reserve", line(a, 1)).code == "insufficient_stock")
    #expect(try await engine.counters(a) == "MAIN 10/7")
    // It is stock all the same: it may be taken out by hand.
    #expect(try await engine.inventory("adjust", line(a, -3)).status == 200)
  }

  @Test("A backorder limit lets so much more be reserved; fulfil needs what is really there")
  func backorder() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product("\"backorder_limit\": 3", stock: ["MAIN": 2])
    let hold = try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 4)])
    #expect(hold.status == 201, "\(hold.bodyText)")
    let one = try await engine.inventory("reserve", line(a, 1))
    #expect(one.numbers("quantity", "available_quantity") == "quantity=2 available_quantity=-3")
    #expect(try await engine.inventory("reserve", line(a, 1)).code == "insufficient_stock")
    #expect(try await engine.counters(a) == "MAIN 2/5")
    let ship = try await engine.reservation(hold.id, "fulfill")
    #expect(ship.status == 409, "two are there: \(ship.bodyText)")
    #expect(try await engine.reservation(hold.id).cart == hold.cart)
    let some = try await engine.reservation(hold.id, "fulfill", [CartLine(a, "MAIN", 2)].json)
    #expect(some.status == 200, "\(some.bodyText)")
    #expect(try await engine.counters(a) == "MAIN 0/3")
    #expect(try await engine.inventory("fulfill", line(a, 1)).status == 409)
    // They have come.
    #expect(try await engine.inventory("adjust", line(a, 3)).status == 200)
    #expect(try await engine.reservation(hold.id, "fulfill").text("status") == "fulfilled")
    #expect(try await engine.inventory("fulfill", line(a, 1)).status == 200)
    #expect(try await engine.counters(a) == "MAIN 0/0")
  }

  // MARK: Allocation

  @Test("Without a location the engine allocates, by the strategy, and tells the lines")
  func allocation() async throws {
    let engine = try await TestEngine.shared
    for (strategy, units, expected) in [
      ("priority", 7, ["MAIN 5", "NORTH 2"]), ("highest_stock", 7, ["WEST 6", "MAIN 1"]),
      ("single_location", 6, ["WEST 6"]), ("priority", 15, ["MAIN 5", "NORTH 4", "WEST 6"]),
    ] as [(String, Int64, [String])] {
      // In the order of their entries' ids where the store has no order of its own.
      let a = try await engine.product(stock: ["MAIN": 5, "NORTH": 4, "WEST": 6])
      let seen = try await engine.inventory(
        "reserve", #"{"product_id": \#(a), "quantity": \#(units), "strategy": "\#(strategy)"}"#)
      #expect(seen.status == 200, "\(seen.bodyText)")
      #expect(seen.int("product_id") == a)
      let lines = seen.items("lines").map {
        "\($0["location"] ?? "-") \($0["allocated_quantity"] ?? "-")"
      }
      #expect(lines == expected, "\(strategy)")
      // A reservation does the same, and shows it in its lines.
      let b = try await engine.product(stock: ["MAIN": 5, "NORTH": 4, "WEST": 6])
      let held = try await engine.hold(
        TestEngine.newOrder(), [CartLine(b, nil, units)], "\"strategy\": \"\(strategy)\"")
      #expect(held.status == 201, "\(held.bodyText)")
      let places = held.items("lines").map { "\($0["location"] ?? "-") \($0["quantity"] ?? "-")" }
      #expect(Set(places) == Set(expected))
      #expect(try await engine.counters(b) == engine.counters(a))
    }
  }

  @Test("What no allocation can give is refused, and nothing is taken")
  func allocationRefused() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product(stock: ["MAIN": 5, "WEST": 6])
    expect(
      try await engine.inventory(
        "reserve", #"{"product_id": \#(a), "quantity": 12, "strategy": "priority"}"#),
      "409 insufficient_stock requested=12 available=11")
    expect(
      try await engine.inventory(
        "reserve", #"{"product_id": \#(a), "quantity": 7, "strategy": "single_location"}"#),
      "409 insufficient_stock requested=7 available=6")
    let held = try await engine.hold(TestEngine.newOrder(), [CartLine(a, nil, 12)])
    #expect(held.shortLines == ["\(a)@- insufficient_stock 12>11"], "\(held.bodyText)")
    #expect(try await engine.counters(a) == "MAIN 5/0, WEST 6/0")
    let empty = try await engine.product(stock: [:])
    expect(
      try await engine.inventory("reserve", #"{"product_id": \#(empty), "quantity": 1}"#),
      "404 entry_not_found")
  }

  @Test("The store's own order of locations and strategy are what counts without one")
  func storesOrder() async throws {
    let engine = try await TestEngine.shared
    let store = TestEngine.newProduct()
    let put = try await engine.call(
      .put, "/api/v1/admin/stores/\(store)",
      #"{"name": "Ordered", "location_priority": ["WEST", "MAIN"], "allocation_strategy": "priority"}"#,
      as: .admin)
    #expect(put.status == 201, "\(put.bodyText)")
    let client = try await engine.newClient(role: .store, store: store)
    let a = TestEngine.newProduct()
    for (place, units) in [("MAIN", 5), ("NORTH", 5), ("WEST", 5)] {
      let set = try await client.send(
        HTTPRequest(
          .post, "/api/v1/store/inventory/set", json: CartLine(a, place, Int64(units)).json))
      #expect(set.status == 200)
    }
    let seen = Seen(
      try await client.send(
        HTTPRequest(
          .post, "/api/v1/store/inventory/reserve", json: #"{"product_id": \#(a), "quantity": 12}"#)
      ))
    let lines = seen.items("lines").map {
      "\($0["location"] ?? "-") \($0["allocated_quantity"] ?? "-")"
    }
    #expect(lines == ["WEST 5", "MAIN 5", "NORTH 2"], "\(seen.bodyText)")
    await client.close()
  }

  // MARK: Atomic batches

  private func atomic(_ lines: [String]) -> String {
    let operations = lines.map { "{\"op\": \"reserve\", " + $0.dropFirst() }
    return "{\"atomic\": true, \"operations\": [\(operations.joined(separator: ","))]}"
  }

  @Test("An atomic batch reserves all of its lines, whatever shards they are on")
  func atomicDone() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    let seen = try await engine.inventory("batch", atomic([line(b, 2), line(a, 1), line(b, 3)]))
    #expect(seen.status == 200, "\(seen.bodyText)")
    let results = seen.items("results")
    #expect(results.map { $0["status"] as? Int } == [200, 200, 200])
    #expect(results.map { $0["product_id"] as? Int64 } == [b, a, b])
    #expect(results.map { $0["reserved_quantity"] as? Int } == [5, 1, 5])
    #expect(try await engine.counters(a) == "MAIN 10/1")
    #expect(try await engine.counters(b) == "MAIN 10/5")
    // They belong to no reservation.
    #expect(try await engine.inventory("release", line(b, 5)).status == 200)
  }

  @Test("Or none of them: 409 batch_refused, with what each line lacked")
  func atomicRefused() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    let stranger = TestEngine.newProduct()
    let seen = try await engine.inventory(
      "batch", atomic([line(a, 1), line(b, 11), line(stranger, 1), line(a, 2)]))
    #expect(seen.status == 409, "\(seen.bodyText)")
    #expect(seen.code == "batch_refused")
    let results = seen.items("results").map { "\($0["status"] ?? "-") \($0["code"] ?? "-")" }
    #expect(
      results == [
        "409 batch_refused", "409 insufficient_stock", "404 product_not_found",
        "409 batch_refused",
      ])
    #expect(try await engine.counters(a) == "MAIN 10/0")
    #expect(try await engine.counters(b) == "MAIN 10/0")
  }

  @Test("Only reserves can be atomic")
  func atomicOthers() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    let body =
      #"{"atomic": true, "operations": [{"op": "reserve", "product_id": \#(a), "location": "MAIN", "#
      + #""quantity": 1}, {"op": "release", "product_id": \#(a), "location": "MAIN", "quantity": 1}]}"#
    expect(try await engine.inventory("batch", body), "400 invalid_request operations[1].op")
    let malformed =
      #"{"atomic": true, "operations": [{"op": "reserve", "product_id": \#(a), "location": "MAIN", "quantity": 0}]}"#
    expect(
      try await engine.inventory("batch", malformed), "400 invalid_request operations[0].quantity")
    #expect(try await engine.counters(a) == "MAIN 10/0")
  }
}
