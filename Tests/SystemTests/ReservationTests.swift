import Foundation
import StockTools
import Testing

@Suite("Reservations, over HTTP")
struct ReservationTests {
  @Test("Holds all lines, whatever shards they are on, and shows them")
  func held() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    let order = TestEngine.newOrder()
    let made = try await engine.hold(
      order, [CartLine(a, " main ", 2), CartLine(b, "MAIN", 3)], #""customer_id": "C-7""#)
    #expect(made.status == 201, "\(made.bodyText)")
    let (low, high) = a < b ? ("\(a)@MAIN 2=2+0+0", "\(b)@MAIN 3=3+0+0") : ("", "")
    #expect(a > b || made.cart == "held \(low) \(high)")
    #expect(made.text("order_id") == order)
    #expect(made.text("customer_id") == "C-7")
    #expect(made.int("store_id") == 1)
    #expect(made.seconds(from: "created_at", to: "expires_at") == 900)
    #expect(try #require(made.seconds(from: "created_at", to: "updated_at")) >= 0)
    #expect(made.answer.header("Location") == "\(TestEngine.reservations)/\(made.id)")
    #expect(made.answer.header("X-Stock-Shard") != nil)
    #expect(made.answer.header("X-Stock-Sequence") != nil)
    #expect(try await engine.counters(a) == "MAIN 10/2")
    #expect(try await engine.counters(b) == "MAIN 10/3")
    let read = try await engine.reservation(made.id)
    #expect(read.status == 200)
    #expect(read.bodyText == made.bodyText)
  }

  @Test("Lines of the same product and location are summed first")
  func summed() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product(stock: ["MAIN": 5, "WEST": 5])
    let made = try await engine.hold(
      TestEngine.newOrder(),
      [CartLine(a, "MAIN", 2), CartLine(a, "WEST", 1), CartLine(a, "main", 3)])
    #expect(made.cart == "held \(a)@MAIN 5=5+0+0 \(a)@WEST 1=1+0+0")
    // Each of them could be had, but not both.
    let short = try await engine.hold(
      TestEngine.newOrder(), [CartLine(a, "WEST", 3), CartLine(a, "WEST", 3)])
    #expect(short.status == 409)
    #expect(short.shortLines == ["\(a)@WEST insufficient_stock 6>4"])
    #expect(try await engine.counters(a) == "MAIN 5/5, WEST 5/1")
  }

  @Test("A refusal names every short line, and holds none of the others")
  func everyShortLine() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    let (c, d) = try await engine.productsOnTwoShards()
    let short = try await engine.hold(
      TestEngine.newOrder(),
      [
        CartLine(a, "MAIN", 11), CartLine(b, "MAIN", 12), CartLine(c, "MAIN", 1),
        CartLine(d, "MAIN", 13),
      ])
    #expect(short.status == 409, "\(short.bodyText)")
    #expect(short.code == "insufficient_stock")
    #expect(
      Set(short.shortLines) == [
        "\(a)@MAIN insufficient_stock 11>10", "\(b)@MAIN insufficient_stock 12>10",
        "\(d)@MAIN insufficient_stock 13>10",
      ])
    #expect(short.items("lines").count == 3)
    for product in [a, b, c, d] {
      #expect(try await engine.counters(product) == "MAIN 10/0")
    }
    // A product and a location that are not there are named with them.
    let stranger = TestEngine.newProduct()
    let missing = try await engine.hold(
      TestEngine.newOrder(),
      [CartLine(a, "MAIN", 11), CartLine(b, "NOWHERE", 1), CartLine(stranger, "MAIN", 1)])
    #expect(missing.status == 404)
    #expect(missing.code == "product_not_found")
    #expect(
      Set(missing.shortLines) == [
        "\(a)@MAIN insufficient_stock 11>10", "\(b)@NOWHERE entry_not_found",
        "\(stranger)@MAIN product_not_found",
      ])
  }

  @Test("The same order with the same lines is the same reservation")
  func sameLines() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    let order = TestEngine.newOrder()
    let made = try await engine.hold(order, [CartLine(a, "MAIN", 2), CartLine(b, "MAIN", 3)])
    #expect(made.status == 201)
    for lines in [
      [CartLine(a, "MAIN", 2), CartLine(b, "MAIN", 3)],
      [CartLine(b, "main", 1), CartLine(a, "MAIN", 2), CartLine(b, "MAIN", 2)],
    ] {
      let again = try await engine.hold(order, lines)
      #expect(again.status == 200)
      #expect(again.bodyText == made.bodyText)
    }
    #expect(try await engine.counters(a) == "MAIN 10/2")
    #expect(try await engine.counters(b) == "MAIN 10/3")
  }

  @Test(
    "The same order with other lines replaces them in one step; its own units count as available")
  func otherLines() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    let order = TestEngine.newOrder()
    let made = try await engine.hold(order, [CartLine(a, "MAIN", 8)])
    #expect(made.status == 201)
    let more = try await engine.hold(order, [CartLine(a, "MAIN", 10)])
    #expect(more.status == 200, "\(more.bodyText)")
    #expect(more.cart == "held \(a)@MAIN 10=10+0+0")
    #expect(more.id == made.id)
    #expect(try await engine.counters(a) == "MAIN 10/10")
    // Refused: what was held stays held.
    let short = try await engine.hold(order, [CartLine(a, "MAIN", 11), CartLine(b, "MAIN", 1)])
    #expect(short.status == 409)
    #expect(short.shortLines == ["\(a)@MAIN insufficient_stock 11>10"])
    #expect(try await engine.counters(a) == "MAIN 10/10")
    #expect(try await engine.counters(b) == "MAIN 10/0")
    #expect(try await engine.reservation(made.id).cart == more.cart)
    // To another shard altogether.
    let moved = try await engine.hold(order, [CartLine(b, "MAIN", 4)])
    #expect(moved.status == 200, "\(moved.bodyText)")
    #expect(moved.cart == "held \(b)@MAIN 4=4+0+0")
    #expect(try await engine.counters(a) == "MAIN 10/0")
    #expect(try await engine.counters(b) == "MAIN 10/4")
    let list = try await engine.call(.get, "\(TestEngine.reservations)?order_id=\(order)")
    #expect(list.items("items").count == 1)
  }

  @Test("Some lines are shipped or given back, the rest stays held")
  func partial() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    let id = try await engine.hold(
      TestEngine.newOrder(), [CartLine(a, "MAIN", 5), CartLine(b, "MAIN", 4)]
    ).id
    let shipped = try await engine.reservation(
      id, "fulfill", [CartLine(a, "MAIN", 2), CartLine(b, nil, 4)].json)
    #expect(shipped.status == 200, "\(shipped.bodyText)")
    #expect(Set(shipped.items("lines").map { $0["product_id"] as? Int64 }) == [a, b])
    #expect(shipped.text("status") == "held")
    #expect(shipped.cart.contains("\(a)@MAIN 5=3+2+0"))
    #expect(shipped.cart.contains("\(b)@MAIN 4=0+4+0"))
    #expect(try await engine.counters(a) == "MAIN 8/3")
    #expect(try await engine.counters(b) == "MAIN 6/0")
    let back = try await engine.reservation(id, "release", [CartLine(a, "MAIN", 1)].json)
    #expect(back.cart.contains("\(a)@MAIN 5=2+2+1"))
    #expect(try await engine.counters(a) == "MAIN 8/2")
    // More than is held, of what is not in it.
    let before = try await engine.reservation(id).bodyText
    expect(
      try await engine.reservation(id, "fulfill", [CartLine(a, "MAIN", 3)].json),
      "409 insufficient_reserved requested=3 reserved=2")
    expect(
      try await engine.reservation(id, "release", [CartLine(a, "WEST", 1)].json),
      "400 invalid_request lines")
    #expect(try await engine.reservation(id).bodyText == before)
    // The rest.
    let rest = try await engine.reservation(id, "release")
    #expect(rest.status == 200)
    #expect(rest.text("status") != "held", "nothing is left in it: \(rest.bodyText)")
    #expect(rest.cart.contains("\(a)@MAIN 5=0+2+3"))
    #expect(try await engine.counters(a) == "MAIN 8/0")
  }

  @Test("A reservation ends once; asked for what happened it answers the same, else how it ended")
  func closed() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    let lines = [CartLine(a, "MAIN", 1), CartLine(b, "MAIN", 1)]
    for (ending, other, status) in [
      ("fulfill", "release", "fulfilled"), ("release", "fulfill", "released"),
    ] {
      let order = TestEngine.newOrder()
      let id = try await engine.hold(order, lines).id
      let ended = try await engine.reservation(id, ending)
      #expect(ended.status == 200)
      #expect(ended.text("status") == status)
      let counters = try await engine.counters(a) + engine.counters(b)
      let again = try await engine.reservation(id, ending)
      #expect(again.status == 200)
      #expect(again.bodyText == ended.bodyText)
      for (call, members) in [(other, ""), ("extend", "\"ttl_seconds\": 60")] {
        let refused = try await engine.reservation(id, call, members)
        expect(refused, "409 reservation_closed")
        #expect(refused.text("reservation_status") == status)
      }
      #expect(try await engine.counters(a) + engine.counters(b) == counters)
      #expect(try await engine.reservation(id).bodyText == ended.bodyText)
      // The order may have a new one.
      let next = try await engine.hold(order, lines)
      #expect(next.status == 201)
      #expect(next.id != id)
    }
  }

  @Test("Extended, it lives so long from now on")
  func extended() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    let made = try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 1)], ttl: 60)
    #expect(made.seconds(from: "created_at", to: "expires_at") == 60)
    for ttl in [3_600, 30] {
      let longer = try await engine.reservation(made.id, "extend", "\"ttl_seconds\": \(ttl)")
      #expect(longer.status == 200, "\(longer.bodyText)")
      #expect(longer.seconds(from: "updated_at", to: "expires_at") == Double(ttl))
      #expect(longer.text("created_at") == made.text("created_at"))
      #expect(longer.cart == made.cart)
    }
  }

  @Test("A client may choose the id; another order cannot have the same")
  func ownID() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    let (order, id) = (TestEngine.newOrder(), "cart:\(TestEngine.newProduct())_A.b-c")
    let member = "\"reservation_id\": \"\(id)\""
    let made = try await engine.hold(order, [CartLine(a, "MAIN", 1)], member)
    #expect(made.status == 201, "\(made.bodyText)")
    #expect(made.id == id)
    #expect(try await engine.reservation(id).status == 200)
    let again = try await engine.hold(order, [CartLine(a, "MAIN", 1)], member)
    #expect(again.status == 200)
    #expect(again.bodyText == made.bodyText)
    expect(
      try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 1)], member),
      "409 reservation_exists")
    #expect(try await engine.counters(a) == "MAIN 10/1")
    #expect(try await engine.reservation(id, "fulfill").text("status") == "fulfilled")
  }

  @Test("What never runs out is held too, and moves no counter")
  func unlimited() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    let digital = try await engine.product("\"product_type\": \"digital\"", stock: [:])
    let made = try await engine.hold(
      TestEngine.newOrder(), [CartLine(a, "MAIN", 1), CartLine(digital, nil, 5_000_000)])
    #expect(made.status == 201, "\(made.bodyText)")
    #expect(made.cart == "held \(a)@MAIN 1=1+0+0 \(digital)@- 5000000=5000000+0+0")
    #expect(made.items("lines").map { $0["unlimited"] as? Bool } == [nil, true])
    let shipped = try await engine.reservation(made.id, "fulfill")
    #expect(shipped.text("status") == "fulfilled")
    #expect(try await engine.counters(a) == "MAIN 9/0")
    #expect(try await engine.counters(digital) == "")
  }

  @Test("Units that reservations keep are nobody else's to release, fulfil or delete")
  func kept() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    let id = try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 3)]).id
    let line = { (units: Int) in
      #"{"product_id": \#(a), "location": "MAIN", "quantity": \#(units)}"#
    }
    _ = try await engine.inventory("reserve", line(2))
    for call in ["release", "fulfill"] {
      expect(
        try await engine.inventory(call, line(3)),
        "409 insufficient_reserved requested=3 reserved=2")
    }
    let summary = try await engine.call(.get, "/api/v1/store/inventory/product/\(a)")
    let entry = try #require(summary.items("locations").first?["id"] as? Int64)
    let path = "/api/v1/store/inventory/\(entry)"
    let put = try await engine.call(.put, path, #"{"reserved_quantity": 2}"#)
    #expect(put.status == 409, "\(put.bodyText)")
    #expect(try await engine.call(.put, path, #"{"reserved_quantity": 3}"#).status == 200)
    expect(try await engine.call(.delete, path), "409 entry_in_use reserved=3")
    expect(
      try await engine.inventory("set", line(2)), "409 below_reserved requested=2 reserved=3")
    #expect(try await engine.reservation(id, "fulfill").status == 200)
    #expect(try await engine.counters(a) == "MAIN 7/0")
  }

  @Test("A list by order, status and product, page by page")
  func list() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards()
    var ids: [String] = []
    for place in 0..<5 {
      let product = place < 3 ? a : b
      ids.append(try await engine.hold(TestEngine.newOrder(), [CartLine(product, "MAIN", 1)]).id)
    }
    _ = try await engine.reservation(ids[0], "fulfill")
    _ = try await engine.reservation(ids[1], "release")
    func list(_ query: String) async throws -> [String] {
      let seen = try await engine.call(.get, "\(TestEngine.reservations)?\(query)")
      try #require(seen.status == 200, "\(seen.bodyText)")
      return seen.items("items").map { $0["reservation_id"] as? String ?? "-" }
    }
    #expect(try await Set(list("product_id=\(a)")) == Set(ids[0..<3]))
    #expect(try await list("product_id=\(a)&status=fulfilled") == [ids[0]])
    #expect(try await list("product_id=\(a)&status=released") == [ids[1]])
    #expect(try await list("product_id=\(a)&status=held") == [ids[2]])
    #expect(try await list("order_id=\(TestEngine.newOrder())") == [])
    var paged: [String] = []
    var path = "\(TestEngine.reservations)?product_id=\(b)&limit=1"
    for _ in 0..<2 {
      let page = try await engine.call(.get, path)
      paged += page.items("items").map { $0["reservation_id"] as? String ?? "-" }
      guard let cursor = page.text("next_cursor") else { break }
      path = "\(TestEngine.reservations)?product_id=\(b)&limit=1&cursor=\(cursor)"
    }
    #expect(paged.count == 2 && Set(paged) == Set(ids[3...]))
    expect(
      try await engine.call(.get, "\(TestEngine.reservations)?status=lost"),
      "400 invalid_request status")
    expect(
      try await engine.call(.get, "\(TestEngine.reservations)?colour=red"),
      "400 invalid_request colour")
  }

  @Test("Another store's reservations and products are not there")
  func otherStore() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    let order = TestEngine.newOrder()
    let id = try await engine.hold(order, [CartLine(a, "MAIN", 1)]).id
    let before = try await engine.reservation(id).bodyText
    func ask(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws -> Seen
    {
      try await Seen(
        engine.otherStore.send(
          HTTPRequest(method, TestEngine.reservations + path, body: Array(body.utf8))))
    }
    expect(try await ask(.get, "/\(id)"), "404 reservation_not_found")
    expect(try await ask(.post, "/\(id)/fulfill"), "404 reservation_not_found")
    expect(try await ask(.post, "/\(id)/release"), "404 reservation_not_found")
    expect(
      try await ask(.post, "/\(id)/extend", #"{"ttl_seconds": 60}"#), "404 reservation_not_found")
    #expect(try await ask(.get, "?order_id=\(order)").items("items").isEmpty)
    let foreign = try await ask(
      .post, "", #"{"order_id": "\#(order)", \#([CartLine(a, "MAIN", 1)].json)}"#)
    #expect(foreign.status == 404)
    #expect(foreign.shortLines == ["\(a)@MAIN product_not_found"])
    #expect(try await engine.reservation(id).bodyText == before)
    #expect(try await engine.counters(a) == "MAIN 10/1")
    for path in ["/no-such", "/r0-00000000000000000000000000000000", "/r9999-x"] {
      expect(
        try await engine.call(.get, TestEngine.reservations + path), "404 reservation_not_found")
    }
  }

  @Test("A cart of 1,114 lines is held, fulfilled and released whole, in one request each")
  func largeCart() async throws {
    let engine = try await TestEngine.shared
    let products = (0..<1_114).map { _ in TestEngine.newProduct() }
    let place = "BIG \(products[0])"
    let sets = products.map {
      #"{"op": "set", "product_id": \#($0), "location": "\#(place)", "quantity": 10}"#
    }.joined(separator: ",")
    _ = try await engine.inventory("batch", "{\"operations\": [\(sets)]}")
    let cart = products.enumerated().map { CartLine($1, place, Int64($0 % 5 + 1)) }
    let units = cart.reduce(0) { $0 + $1.quantity }

    func totals() async throws -> (Int64, Int64) {
      var (quantity, reserved): (Int64, Int64) = (0, 0)
      var path = "/api/v1/store/inventory?location=\(place.replacing(" ", with: "%20"))&limit=500"
      let first = path
      while true {
        let page = try await engine.call(.get, path)
        for entry in page.items("items") {
          quantity += entry["quantity"] as? Int64 ?? 0
          reserved += entry["reserved_quantity"] as? Int64 ?? 0
        }
        guard let cursor = page.text("next_cursor") else { return (quantity, reserved) }
        path = "\(first)&cursor=\(cursor)"
      }
    }
    #expect(try await totals() == (11_140, 0))
    for ending in ["fulfill", "release"] {
      let before = try await totals()
      let made = try await engine.hold(TestEngine.newOrder(), cart)
      #expect(made.status == 201, "\(made.bodyText.prefix(500))")
      #expect(made.items("lines").count == 1_114)
      #expect(try await totals() == (before.0, units))
      let ended = try await engine.reservation(made.id, ending)
      #expect(ended.status == 200, "\(ended.bodyText.prefix(500))")
      #expect(try await totals() == (ending == "fulfill" ? before.0 - units : before.0, 0))
    }
    // One line more than there is, and none is held.
    var tooMuch = cart
    tooMuch[777].quantity = 100
    let short = try await engine.hold(TestEngine.newOrder(), tooMuch)
    #expect(short.status == 409)
    #expect(short.items("lines").count == 1)
    #expect(try await totals().1 == 0)
  }
}
