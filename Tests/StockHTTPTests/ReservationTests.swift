import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// Reservations: what a request becomes, and what an outcome.
@Suite struct ReservationTests {
  private func hold(
    _ status: HoldStatus = .held, customer: String = "", store: StoreID = 7
  ) -> Hold {
    Hold(
      id: "r3-0a", order: "ORD-1", customer: customer, store: store, status: status,
      lines: [
        HoldLine(product: 5, location: "A", quantity: 6, held: 1, fulfilled: 3),
        HoldLine(product: 9, location: "", quantity: 1, unlimited: true),
      ], createdAt: 1_795_411_800_123, updatedAt: 1_795_411_801_004, expiresAt: 1_795_412_700_123)
  }

  private func submitted(_ body: String, keys token: String? = nil) throws -> HoldRequest? {
    let wire = try Wire(keys: token != nil)
    let response = try wire.ask(request("POST", reservations, body, token: token))
    guard case .hold(let hold)? = wire.gateway.submitted.first?.command.operation else {
      Issue.record("not a hold: \(response.body)")
      return nil
    }
    return hold
  }

  @Test func linesAreSummedAndSorted() throws {
    let body = """
      {"order_id":"O 1","lines":[
        {"product_id":2,"location":"b","quantity":1},{"product_id":2,"location":"A","quantity":2},
        {"product_id":1,"quantity":3},{"quantity":4,"location":" a ","product_id":2},
        {"product_id":1,"location":"c","quantity":5},{"product_id":1,"quantity":6}]}
      """
    let hold = try #require(try submitted(body))
    #expect(
      hold.lines == [
        HoldLine(product: 1, location: "", quantity: 9),
        HoldLine(product: 1, location: "C", quantity: 5),
        HoldLine(product: 2, location: "A", quantity: 6),
        HoldLine(product: 2, location: "B", quantity: 1),
      ])
    #expect(hold.id.isEmpty && !hold.isClientID)
    #expect(hold.order == "O 1" && hold.customer.isEmpty)
    #expect(hold.timeToLive == 900_000)
  }

  @Test func whatTheClientChooses() throws {
    let hold = try #require(
      try submitted(
        #"{"lines":[{"product_id":1,"quantity":1}],"ttl_seconds":30,"customer_id":"c","#
          + #""strategy":"highest_stock","reservation_id":"A-z_0.9:b","order_id":"o"}"#))
    #expect(hold.id == "A-z_0.9:b" && hold.isClientID)
    #expect(hold.customer == "c" && hold.timeToLive == 30_000)
    #expect(hold.allocation.strategy == .highestStock)
  }

  /// The store's settings stand where the caller says nothing; an admin has no store.
  @Test func allocation() throws {
    let body = #"{"order_id":"o","lines":[{"product_id":1,"quantity":1}]}"#
    for (token, strategy, expected) in [
      ("checkout", nil, Allocation(strategy: .singleLocation, priority: ["B", "A"])),
      (
        "checkout", "highest_stock", Allocation(strategy: .highestStock, priority: ["B", "A"])
      ),
      ("admin", nil, Allocation()),
    ] as [(String, String?, Allocation)] {
      let wire = try Wire(keys: true)
      wire.engine.fakeControl.addStore(
        7, locationPriority: ["B", "A"], strategy: .singleLocation)
      let more = strategy.map { #","strategy":"\#($0)""# } ?? ""
      _ = try wire.ask(
        request(
          "POST", reservations, body.replacing("\"o\"", with: "\"o\"" + more), token: token))
      _ = try wire.ask(
        request(
          "POST", base + "/reserve", #"{"product_id":1,"quantity":2\#(more)}"#, token: token))
      let found = wire.gateway.submitted.map { submitted -> Allocation? in
        switch submitted.command.operation {
        case .hold(let hold): hold.allocation
        case .allocate(let allocate): allocate.allocation
        default: nil
        }
      }
      #expect(found == [expected, expected])
      #expect(wire.gateway.submitted.allSatisfy { $0.command.actor == (token == "admin" ? 1 : 3) })
    }
  }

  @Test(arguments: [
    ("{}", ["order_id: is required", "lines: is required"]),
    (
      #"{"order_id":"","lines":[]}"#,
      ["order_id: must have 1 to 128 bytes", "lines: must have 1 to 2000 elements"]
    ),
    (#"{"order_id":"o","lines":{}}"#, ["lines: must be an array"]),
    (
      #"{"order_id":"o","lines":[{"product_id":1,"quantity":1},7,{"product_id":0,"quantity":0}]}"#,
      [
        "lines[1]: must be an object",
        "lines[2].product_id: must be from 1 to 9007199254740991",
        "lines[2].quantity: must be from 1 to 9007199254740991",
      ]
    ),
    (
      #"{"order_id":"o","lines":[{"product_id":1,"quantity":1.0},{"location":"?","amount":1}]}"#,
      [
        "lines[0].quantity: must be an integer, without fraction or exponent",
        "lines[1].location: \(JSONReader.locationMessage)",
        "lines[1].amount: is not a known field here",
        "lines[1].product_id: is required", "lines[1].quantity: is required",
      ]
    ),
    (
      #"{"order_id":"o","lines":[{"product_id":1,"quantity":9007199254740991},"#
        + #"{"product_id":2,"quantity":1},{"product_id":1,"quantity":1}]}"#,
      ["lines[2].quantity: makes more than 9007199254740991 of this product and location"]
    ),
    (
      #"{"order_id":"o","ttl_seconds":29,"lines":[{"product_id":1,"quantity":1}]}"#,
      ["ttl_seconds: must be from 30 to 604800"]
    ),
    (
      #"{"order_id":"o\u0007","customer_id":"","reservation_id":"a b","#
        + #""lines":[{"product_id":1,"quantity":1}]}"#,
      [
        "order_id: must have no control characters", "customer_id: must have 1 to 128 bytes",
        "reservation_id: \(HoldIDText.message)",
      ]
    ),
    (
      #"{"order_id":"o","strategy":"any","lines":[{"product_id":1,"quantity":1}]}"#,
      ["strategy: must be priority, highest_stock or single_location"]
    ),
    (
      #"{"order_id":"o","lines":[{"product_id":1,"quantity":1,"quantity":1}]}"#,
      ["lines[0].quantity: is given more than once"]
    ),
    (#"{"order_id":"o","lines":[{"product_id":1,"#, ["body: ends too early, at byte 41"]),
  ])
  func badForms(_ body: String, _ errors: [String]) throws {
    let wire = try Wire()
    let response = try wire.ask(request("POST", reservations, body))
    #expect(response.status == 400 && response.code == "invalid_request")
    #expect(response.errors == errors)
    #expect(wire.gateway.submitted.isEmpty)
  }

  @Test func asManyLinesAsMayBe() throws {
    func body(_ count: Int) -> String {
      let lines = (1...count).map { #"{"product_id":\#($0),"location":"a","quantity":1}"# }
      return #"{"order_id":"o","lines":["# + lines.joined(separator: ",") + "]}"
    }
    #expect(try #require(try submitted(body(2_000))).lines.count == 2_000)
    let refused = try Wire().ask(request("POST", reservations, body(2_001)))
    #expect(refused.errors == ["lines: must have 1 to 2000 elements"])
  }

  @Test func answers() throws {
    let hold = hold()
    for (outcome, status) in [(Outcome.holdCreated(hold), 201), (.hold(hold), 200)] {
      let wire = try Wire(judge: { _ in outcome })
      let response = try wire.ask(
        request(
          "POST", reservations, #"{"order_id":"o","lines":[{"product_id":1,"quantity":1}]}"#))
      #expect(response.status == status)
      #expect(
        response.fields["location"]
          == (status == 201 ? "/api/v1/store/reservations/r3-0a" : nil))
      #expect(response.fields["x-stock-shard"] == "3")
      #expect(response.fields["x-stock-sequence"] == "12")
      #expect(
        response.body
          == #"{"reservation_id":"r3-0a","order_id":"ORD-1","customer_id":null,"store_id":7,"#
          + #""status":"held","expires_at":"2026-11-23T05:45:00.123Z","#
          + #""created_at":"2026-11-23T05:30:00.123Z","updated_at":"2026-11-23T05:30:01.004Z","#
          + #""lines":[{"product_id":5,"location":"A","quantity":6,"held_quantity":1,"#
          + #""fulfilled_quantity":3,"released_quantity":2},{"product_id":9,"location":null,"#
          + #""quantity":1,"held_quantity":1,"fulfilled_quantity":0,"released_quantity":0,"#
          + #""unlimited":true}]}"#)
    }
  }

  @Test func laterCalls() throws {
    let hold = hold(.released, customer: "c", store: 0)
    let wire = try Wire(judge: { _ in .hold(hold) })
    let path = reservations + "/r3-0a"
    let read = try wire.ask(request("GET", path))
    #expect(read.status == 200 && read.json["status"] as? String == "released")
    #expect(read.json["customer_id"] as? String == "c" && read.body.contains(#""store_id":null"#))
    #expect(read.fields["x-stock-sequence"] == nil)
    let some = #"{"lines":[{"product_id":5,"quantity":1},{"product_id":5,"quantity":2}]}"#
    for (action, body) in [
      ("extend", #"{"ttl_seconds":604800}"#), ("fulfill", nil), ("fulfill", "{}"),
      ("fulfill", some), ("release", ""), ("release", some),
    ] as [(String, String?)] {
      let response = try wire.ask(request("POST", path + "/" + action, body))
      #expect(response.status == 200 && response.fields["x-stock-sequence"] == "12")
    }
    let operations = wire.gateway.submitted.map { submitted -> String in
      switch submitted.command.operation {
      case .readHold(let id): "read \(id)"
      case .extendHold(let id, let ttl): "extend \(id) \(ttl)"
      case .fulfillHold(let id, let lines): "fulfill \(id) \(Self.text(lines))"
      case .releaseHold(let id, let lines): "release \(id) \(Self.text(lines))"
      default: "?"
      }
    }
    #expect(
      operations == [
        "read r3-0a", "extend r3-0a 604800000", "fulfill r3-0a all", "fulfill r3-0a all",
        "fulfill r3-0a 5@ 3", "release r3-0a all", "release r3-0a 5@ 3",
      ])
  }

  private static func text(_ amounts: [HoldAmount]?) -> String {
    amounts?.map { "\($0.product)@\($0.location) \($0.quantity)" }.joined(separator: ", ") ?? "all"
  }

  @Test(arguments: [
    ("extend", "{}", ["ttl_seconds: is required"]),
    ("extend", #"{"ttl_seconds":604801}"#, ["ttl_seconds: must be from 30 to 604800"]),
    ("fulfill", #"{"lines":[]}"#, ["lines: must have 1 to 2000 elements"]),
    ("release", #"{"lines":null}"#, ["lines: must be an array"]),
    ("release", #"{"lines":[{"product_id":1}]}"#, ["lines[0].quantity: is required"]),
    ("fulfill", "[]", ["body: must be a JSON object, at byte 0"]),
    ("fulfill", #"{"all":true}"#, ["all: is not a known field here"]),
  ])
  func badLaterCalls(_ action: String, _ body: String, _ errors: [String]) throws {
    let response = try Wire().ask(request("POST", reservations + "/r1/" + action, body))
    #expect(response.status == 400 && response.errors == errors)
  }

  @Test func closed() throws {
    let wire = try Wire(judge: { _ in .refused(.holdClosed(.expired)) })
    let response = try wire.ask(request("POST", reservations + "/r1/fulfill"))
    #expect(response.status == 409 && response.code == "reservation_closed")
    #expect(response.json["status"] as? Int == 409)
    #expect(response.json["reservation_status"] as? String == "expired")
  }

  /// Every short line is told; the status is that of the gravest.
  @Test(
    arguments: [
      ([.insufficientStock(requested: 5, available: 2)], 409, "insufficient_stock"),
      (
        [.insufficientStock(requested: 5, available: 2), .productNotFound], 404,
        "product_not_found"
      ),
      (
        [.insufficientStock(requested: 5, available: 2), .entryNotFound, .productNotFound], 404,
        "product_not_found"
      ),
      (
        [
          .insufficientStock(requested: 1, available: 0),
          .purchaseLimit(requested: 3, limit: 2, had: 0),
        ], 409, "purchase_limit"
      ),
      ([.entryNotFound, .customerRequired], 400, "invalid_request"),
      ([.capacityReached(.linesOfHold)], 409, "too_many_locations"),
      ([.capacityReached(.holds)], 503, "overloaded"),
    ] as [([Refusal], Int, String)])
  func refusedLines(_ refusals: [Refusal], _ status: Int, _ code: String) throws {
    let lines = refusals.enumerated().map { place, refusal in
      LineRefusal(
        product: ProductID(place + 1), location: place == 0 ? "" : "A", refusal: refusal)
    }
    let wire = try Wire(judge: { _ in .refused(.linesRefused(lines)) })
    let response = try wire.ask(
      request("POST", reservations, #"{"order_id":"o","lines":[{"product_id":1,"quantity":1}]}"#))
    #expect(response.status == status && response.code == code)
    let told = response.json["lines"] as? [[String: Any]] ?? []
    #expect(told.map { $0["product_id"] as? Int } == refusals.indices.map { $0 + 1 })
    #expect(told.map { $0["code"] as? String } == refusals.map { $0.code.name.description })
    if case .insufficientStock(let requested, let available) = refusals[0] {
      #expect(told[0]["requested"] as? Int64 == requested)
      #expect(told[0]["available"] as? Int64 == available)
    }
    #expect(told[0]["location"] is String == false)
  }

  @Test func allocatedLines() throws {
    let lines = [
      AllocatedLine(quantity: 3, entry: entry(id: 1, location: "A")),
      AllocatedLine(quantity: 2, entry: entry(id: 2, location: "B")),
    ]
    let wire = try Wire(judge: { _ in .allocated(lines) })
    let response = try wire.ask(
      request("POST", base + "/reserve", #"{"product_id":123,"quantity":5}"#))
    #expect(response.status == 200)
    #expect(response.json["requested_quantity"] as? Int == 5)
    #expect(response.json["product_id"] as? Int == 123)
    let told = response.json["lines"] as? [[String: Any]] ?? []
    #expect(told.map { $0["allocated_quantity"] as? Int } == [3, 2])
    #expect(told.map { $0["location"] as? String } == ["A", "B"])
    #expect(told.map { $0["quantity"] as? Int } == [100, 100])

    let batch = try wire.ask(
      request(
        "POST", base + "/batch",
        #"{"operations":[{"op":"reserve","product_id":123,"quantity":5,"strategy":"priority"}]}"#))
    let line = (batch.json["results"] as? [[String: Any]])?.first
    #expect(line?["status"] as? Int == 200 && line?["sequence"] as? Int == 12)
    #expect((line?["lines"] as? [[String: Any]])?.count == 2)

    let both = try wire.ask(
      request(
        "POST", base + "/reserve",
        #"{"product_id":1,"location":"a","quantity":5,"strategy":"priority"}"#))
    #expect(both.errors == ["strategy: is for requests without a location"])
  }

  @Test(
    arguments: [
      ("null", nil), ("3", PurchaseLimit(quantity: 3)),
      (
        #"{"quantity":2,"starts_at":"1970-01-01T00:00:01Z","ends_at":"1970-01-01T00:00:02Z"}"#,
        PurchaseLimit(quantity: 2, startsAt: 1_000, endsAt: 2_000)
      ),
      (#"{"quantity":2,"starts_at":null,"ends_at":null}"#, PurchaseLimit(quantity: 2)),
    ] as [(String, PurchaseLimit?)])
  func policies(_ text: String, _ limit: PurchaseLimit?) throws {
    let wire = try Wire(judge: { command in
      guard case .putProduct(let put) = command.operation else { return .deleted }
      let value = ProductValue(
        store: 7, type: .physical, policy: put.policy, createdAt: 0, updatedAt: 0)
      return .product(ProductSnapshot(id: 5, value: value))
    })
    let first = try wire.ask(
      request(
        "PUT", "/api/v1/admin/products/5",
        #"{"store_id":7,"low_stock_threshold":4,"safety_stock":5,"backorder_limit":6,"#
          + #""purchase_limit":\#(text)}"#))
    guard case .putProduct(let put)? = wire.gateway.submitted.last?.command.operation else {
      Issue.record("not a put: \(first.body)")
      return
    }
    #expect(
      put.policy
        == StockPolicy(
          lowStockThreshold: 4, safetyStock: 5, backorderLimit: 6, purchaseLimit: limit))
    // What is answered can be put again.
    let shown = try #require(
      first.body.firstRange(of: #"low_stock_threshold":"#).map { range in
        let start = first.body.index(before: range.lowerBound)
        let end = first.body.firstRange(of: #","version""#)?.lowerBound ?? start
        return String(first.body[start..<end])
      })
    _ = try wire.ask(
      request("PUT", "/api/v1/admin/products/5", #"{"store_id":7,\#(shown)}"#))
    guard case .putProduct(let again)? = wire.gateway.submitted.last?.command.operation else {
      return
    }
    #expect(wire.gateway.submitted.count == 2 && again.policy == put.policy)
    // And what is left out is cleared.
    _ = try wire.ask(request("PUT", "/api/v1/admin/products/5", #"{"store_id":7}"#))
    guard case .putProduct(let cleared)? = wire.gateway.submitted.last?.command.operation else {
      return
    }
    #expect(cleared.policy == StockPolicy())
  }

  @Test(arguments: [
    (#""purchase_limit":"2""#, "purchase_limit: must be null, an integer or an object"),
    (#""purchase_limit":0"#, "purchase_limit: must be from 1 to 9007199254740991"),
    (#""purchase_limit":{}"#, "purchase_limit.quantity: is required"),
    (
      #""purchase_limit":{"quantity":1,"starts_at":5}"#,
      "purchase_limit.starts_at: must be a string"
    ),
    (
      #""purchase_limit":{"quantity":1,"ends_at":"soon"}"#,
      "purchase_limit.ends_at: \(CivilTime.message)"
    ),
    (
      #""purchase_limit":{"quantity":1,"starts_at":"2026-01-02T00:00:00Z","#
        + #""ends_at":"2026-01-02T00:00:00Z"}"#,
      "purchase_limit.ends_at: must be after starts_at"
    ),
    (#""safety_stock":-1"#, "safety_stock: must be from 0 to 9007199254740991"),
    (#""backorder_limit":null"#, "backorder_limit: must be an integer"),
  ])
  func badPolicies(_ field: String, _ error: String) throws {
    let response = try Wire().ask(
      request("PUT", "/api/v1/admin/products/5", #"{"store_id":7,\#(field)}"#))
    #expect(response.status == 400 && response.errors == [error])
  }
}
