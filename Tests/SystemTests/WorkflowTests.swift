import StockTools
import Testing

@Suite("Workflow of a store, over HTTP")
struct WorkflowTests {
  private let counters = ["quantity", "reserved_quantity", "available_quantity", "version"]

  private func show(_ seen: Seen) -> String {
    "\(seen.status) "
      + counters.map { seen.int($0).map(String.init) ?? "-" }.joined(separator: " ")
  }

  @Test("Set, reserve, release, fulfill, adjust: each answer shows the entry as it now is")
  func counters() async throws {
    let engine = try await TestEngine.shared
    let product = TestEngine.newProduct()
    // Status, quantity, reserved, available, version.
    let steps = [
      ("set", 100, "200 100 0 100 1"),
      ("reserve", 5, "200 100 5 95 2"),
      ("release", 5, "200 100 0 100 3"),
      ("reserve", 5, "200 100 5 95 4"),
      ("fulfill", 5, "200 95 0 95 5"),
      ("adjust", -10, "200 85 0 85 6"),
      ("adjust", 15, "200 100 0 100 7"),
      // The same again makes no version.
      ("set", 100, "200 100 0 100 7"),
    ]
    for (call, quantity, expected) in steps {
      let seen = try await engine.inventory(
        call, #"{"product_id": \#(product), "location": " warehouse_a ", "quantity": \#(quantity)}"#
      )
      #expect(show(seen) == expected, "\(call) \(quantity): \(seen.bodyText)")
      #expect(seen.text("location") == "WAREHOUSE_A")
      #expect(seen.int("product_id") == product)
      #expect(seen.int("store_id") == 1)
      #expect(seen.isNull("gtin"))
      #expect(seen.answer.header("X-Stock-Shard") != nil)
      #expect(seen.answer.header("X-Stock-Sequence") != nil)
      #expect(seen.answer.header("X-Request-Id") != nil)
    }
  }

  @Test("A summary adds up three locations: 175 there, 15 reserved, 160 available")
  func summary() async throws {
    let engine = try await TestEngine.shared
    let product = TestEngine.newProduct()
    let stock: [(String, Int64, Int64)] = [
      ("WAREHOUSE_MAIN", 100, 10), ("WAREHOUSE_WEST", 50, 0), ("STORE_FRONT", 25, 5),
    ]
    for (location, quantity, reserved) in stock {
      let set = try await engine.inventory(
        "set", #"{"product_id": \#(product), "location": "\#(location)", "quantity": \#(quantity)}"#
      )
      try #require(set.status == 200)
      guard reserved > 0 else { continue }
      let reserve = try await engine.inventory(
        "reserve",
        #"{"product_id": \#(product), "location": "\#(location)", "quantity": \#(reserved)}"#)
      try #require(reserve.status == 200)
    }
    let seen = try await engine.call(.get, "/api/v1/store/inventory/product/\(product)")
    #expect(
      seen.numbers("product_id", "total_quantity", "total_reserved", "total_available")
        == "product_id=\(product) total_quantity=175 total_reserved=15 total_available=160")
    #expect(seen.bool("unlimited") == false)
    #expect(seen.text("product_type") == "physical")
    let shown = seen.items("locations").map { $0["location"] as? String ?? "" }
    #expect(shown == ["WAREHOUSE_MAIN", "WAREHOUSE_WEST", "STORE_FRONT"])
  }

  @Test("A digital product never runs out, needs no entry and moves no counter")
  func digital() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    for call in ["reserve", "release", "fulfill"] {
      let seen = try await engine.inventory(
        call, stage.fill(#"{"product_id": {D}, "quantity": 1000000}"#))
      #expect(seen.status == 200, "\(call): \(seen.bodyText)")
      #expect(seen.int("available_quantity") == 999_999)
      #expect(seen.bool("unlimited") == true)
    }
    let summary = try await engine.call(
      .get, stage.fill("/api/v1/store/inventory/product/{D}"))
    #expect(
      summary.numbers("total_quantity", "total_reserved", "total_available")
        == "total_quantity=0 total_reserved=0 total_available=999999")
    #expect(summary.bool("unlimited") == true)
    // Licence keys may be counted all the same.
    let set = try await engine.inventory(
      "set", stage.fill(#"{"product_id": {D}, "location": "KEYS", "quantity": 7}"#))
    #expect(set.numbers("quantity", "version") == "quantity=7 version=1")
    let reserve = try await engine.inventory(
      "reserve", stage.fill(#"{"product_id": {D}, "location": "KEYS", "quantity": 100}"#))
    #expect(
      reserve.numbers("quantity", "reserved_quantity", "version")
        == "quantity=7 reserved_quantity=0 version=1")
  }

  @Test("A transfer moves units and shows both entries")
  func transfer() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let seen = try await engine.inventory(
      "transfer", stage.fill(#"{"product_id": {P}, "from": "main", "to": "east", "quantity": 70}"#))
    #expect(seen.status == 200, "\(seen.bodyText)")
    #expect(seen.object("from")["quantity"] as? Int == 30)
    #expect(seen.object("from")["available_quantity"] as? Int == 0)
    #expect(seen.object("to")["quantity"] as? Int == 70)
    #expect(seen.object("to")["location"] as? String == "EAST")
  }

  @Test("A batch judges each operation on its own, in order")
  func batch() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let seen = try await engine.inventory(
      "batch",
      stage.fill(
        #"""
        {"operations": [
          {"op": "reserve", "product_id": {P}, "location": "MAIN", "quantity": 70},
          {"op": "reserve", "product_id": {P}, "location": "MAIN", "quantity": 1},
          {"op": "release", "product_id": {P}, "location": "MAIN", "quantity": 100},
          {"op": "adjust", "product_id": {P}, "location": "WEST", "quantity": 0},
          {"op": "fulfill", "product_id": {X}, "location": "MAIN", "quantity": 1},
          {"op": "adjust", "product_id": {P}, "location": "MAIN", "quantity": -100},
          {"op": "transfer", "product_id": {P}, "from": "WEST", "to": "MAIN", "quantity": 50},
          {"op": "set", "product_id": {P}, "location": "WEST", "quantity": 8},
          {"op": "reserve", "product_id": {D}, "quantity": 5}
        ]}
        """#))
    #expect(seen.status == 200, "\(seen.bodyText)")
    let lines = seen.items("results").map { line in
      "\(line["status"] ?? "-") \(line["code"] ?? "ok")"
    }
    #expect(
      lines == [
        "200 ok", "409 insufficient_stock", "200 ok", "400 invalid_request",
        "404 product_not_found", "200 ok", "200 ok", "200 ok", "200 ok",
      ])
    let summary = try await engine.call(.get, stage.fill("/api/v1/store/inventory/product/{P}"))
    #expect(
      summary.numbers("total_quantity", "total_reserved") == "total_quantity=58 total_reserved=0")
  }

  @Test("An entry is read, corrected with If-Match, and deleted")
  func entry() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let path = stage.fill("/api/v1/store/inventory/{W}")
    let read = try await engine.call(.get, path)
    #expect(read.status == 200)
    #expect(read.answer.header("ETag") == "\"1\"")
    let put = try await engine.call(
      .put, path, #"{"quantity": 40, "reserved_quantity": 2, "location": "south"}"#,
      headers: [("If-Match", "\"1\"")])
    #expect(put.text("location") == "SOUTH")
    #expect(
      put.numbers("quantity", "reserved_quantity", "version")
        == "quantity=40 reserved_quantity=2 version=2")
    let cleared = try await engine.call(.put, path, #"{"reserved_quantity": 0}"#)
    #expect(cleared.status == 200)
    let deleted = try await engine.call(.delete, path)
    #expect(deleted.status == 204)
    #expect(deleted.answer.body.isEmpty)
    #expect(try await engine.call(.get, path).code == "entry_not_found")
  }

  @Test("A list pages through everything once, with filters")
  func list() async throws {
    let engine = try await TestEngine.shared
    let product = TestEngine.newProduct()
    for number in 1...5 {
      _ = try await engine.inventory(
        "set", #"{"product_id": \#(product), "location": "L\#(number)", "quantity": \#(number)}"#)
    }
    var shown: [String] = []
    var path = "/api/v1/store/inventory?product_id=\(product)&limit=2&sort=-quantity"
    for page in 1...3 {
      let seen = try await engine.call(.get, path)
      #expect(seen.int("total") == 5)
      shown += seen.items("items").map { $0["location"] as? String ?? "" }
      guard page < 3 else {
        #expect(seen.isNull("next_cursor"))
        break
      }
      let cursor = try #require(seen.text("next_cursor"))
      path =
        "/api/v1/store/inventory?product_id=\(product)&limit=2&sort=-quantity&cursor=\(cursor)"
    }
    #expect(shown == ["L5", "L4", "L3", "L2", "L1"])
    let low = try await engine.call(
      .get, "/api/v1/store/inventory?product_id=\(product)&location=l2&low_stock=2")
    #expect(low.items("items").count == 1)
  }
}
