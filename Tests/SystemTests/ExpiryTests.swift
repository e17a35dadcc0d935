import Foundation
import StockFaults
import StockProcesses
import StockTools
import Testing

@Suite("Reservations expire, and limits on what one customer may have, over HTTP")
struct ExpiryTests {
  @Test("Held to the moment of expiry, anybody's right after it")
  func exact() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards(stock: 5)
    let made = try await engine.hold(
      TestEngine.newOrder(), [CartLine(a, "MAIN", 5), CartLine(b, "MAIN", 5)], ttl: 1)
    #expect(made.status == 201, "\(made.bodyText)")
    let expiry = try #require(made.time("expires_at"))
    func reserve(_ product: Int64) async throws -> Int {
      try await engine.inventory(
        "reserve", #"{"product_id": \#(product), "location": "MAIN", "quantity": 5}"#
      ).status
    }
    // Answered before it, so asked before it: nobody else may have had them.
    var isTaken = false
    while expiry.timeIntervalSinceNow > 0.2 {
      let status = try await reserve(a)
      guard Date() < expiry else {
        // It was under way for long, and may have come after the expiry.
        isTaken = status == 200
        break
      }
      #expect(status == 409, "\(expiry.timeIntervalSinceNow) s before its expiry")
      try await Task.sleep(for: .milliseconds(20))
    }
    // Its clock may differ a little from ours. The first that comes after the expiry has the units,
    // whether or not anybody has looked meanwhile.
    try await Task.sleep(for: .seconds(max(0, expiry.timeIntervalSinceNow) + 0.02))
    if !isTaken { #expect(try await reserve(a) == 200) }
    // The other shard hears of it from the first one.
    let isFree = try await eventually(within: .seconds(30)) { try await reserve(b) == 200 }
    #expect(isFree)
    let ended = try await engine.reservation(made.id)
    #expect(ended.text("status") == "expired")
    #expect(ended.items("lines").allSatisfy { $0["held_quantity"] as? Int == 0 })
    for (call, members) in [("fulfill", ""), ("release", ""), ("extend", "\"ttl_seconds\": 60")] {
      let late = try await engine.reservation(made.id, call, members)
      expect(late, "409 reservation_closed")
      #expect(late.text("reservation_status") == "expired")
    }
  }

  @Test("Extended in time it does not expire; what was shipped stays shipped")
  func extendedAndPartial() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    let order = TestEngine.newOrder()
    // Time enough for the next call, on a busy machine too.
    let long = try await engine.hold(order, [CartLine(a, "MAIN", 2)], ttl: 5)
    #expect(try await engine.reservation(long.id, "extend", "\"ttl_seconds\": 600").status == 200)
    let part = try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 3)], ttl: 5)
    _ = try await engine.reservation(part.id, "fulfill", [CartLine(a, "MAIN", 1)].json)
    try await Task.sleep(for: .milliseconds(5_500))
    #expect(try await engine.reservation(long.id).text("status") == "held")
    #expect(try await engine.reservation(part.id).cart == "expired \(a)@MAIN 3=0+1+2")
    #expect(try await engine.counters(a) == "MAIN 9/2")
  }

  // MARK: Purchase limits

  @Test("Limit 2, 100 attempts at once on 20 connections: 2 units; after expiry two more")
  func limitUnderLoad() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product("\"purchase_limit\": 2", stock: ["MAIN": 100])
    let client = try await engine.client(.checkout, connections: 20)
    for round in 1...2 {
      let seen = try await withThrowingTaskGroup(of: Seen.self) { group in
        for _ in 0..<100 {
          let body =
            #"{"order_id": "\#(TestEngine.newOrder())", "customer_id": "C-\#(a)", "ttl_seconds": 8, "#
            + #""lines": [{"product_id": \#(a), "location": "MAIN", "quantity": 1}]}"#
          group.addTask {
            try await Seen(client.send(HTTPRequest(.post, TestEngine.reservations, json: body)))
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(seen.count { $0.status == 201 } == 2, "round \(round)")
      for refused in seen where refused.status != 201 {
        expect(refused, "409 purchase_limit requested=1 limit=2 had=2")
        #expect(refused.shortLines == ["\(a)@MAIN purchase_limit"])
      }
      #expect(try await engine.counters(a) == "MAIN 100/2")
      try await Task.sleep(for: .milliseconds(8_500))
      #expect(try await engine.counters(a) == "MAIN 100/0")
    }
    await client.close()
  }

  @Test("What was bought counts, what was given back does not, and others have their own")
  func limit() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product(
      "\"purchase_limit\": {\"quantity\": 3}", stock: ["MAIN": 50, "WEST": 50])
    func buy(_ units: Int64, _ customer: String, at place: String = "MAIN") async throws -> Seen {
      try await engine.hold(
        TestEngine.newOrder(), [CartLine(a, place, units)], "\"customer_id\": \"\(customer)\"")
    }
    let bought = try await buy(2, "ANN")
    #expect(try await engine.reservation(bought.id, "fulfill").status == 200)
    expect(try await buy(2, "ANN"), "409 purchase_limit requested=2 limit=3 had=2")
    let third = try await buy(1, "ANN", at: "WEST")
    #expect(third.status == 201)
    expect(try await buy(1, "ANN"), "409 purchase_limit requested=1 limit=3 had=3")
    #expect(try await buy(3, "BOB").status == 201)
    #expect(try await engine.reservation(third.id, "release").status == 200)
    #expect(try await buy(1, "ANN").status == 201)
    // Nobody can be counted who is not named.
    let nobody = try await engine.hold(TestEngine.newOrder(), [CartLine(a, "MAIN", 1)])
    expect(nobody, "400 invalid_request customer_id")
  }

  @Test("The lines of one cart count together, and a replaced cart counts once")
  func limitOfCart() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product("\"purchase_limit\": 3", stock: ["MAIN": 50, "WEST": 50])
    let order = TestEngine.newOrder()
    let customer = "\"customer_id\": \"C\""
    let both = try await engine.hold(
      order, [CartLine(a, "MAIN", 2), CartLine(a, "WEST", 2)], customer)
    #expect(both.status == 409, "\(both.bodyText)")
    #expect(both.code == "purchase_limit")
    let made = try await engine.hold(
      order, [CartLine(a, "MAIN", 2), CartLine(a, "WEST", 1)], customer)
    #expect(made.status == 201)
    let other = try await engine.hold(order, [CartLine(a, "WEST", 3)], customer)
    #expect(other.status == 200, "\(other.bodyText)")
    #expect(try await engine.counters(a) == "MAIN 50/0, WEST 50/3")
  }

  @Test("Outside of the sale's window nothing is counted")
  func window() async throws {
    let engine = try await TestEngine.shared
    for (window, status) in [
      (#""starts_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-02T00:00:00Z""#, 201),
      (#""starts_at": "2099-01-01T00:00:00Z""#, 201),
      (#""starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-02T00:00:00Z""#, 409),
    ] {
      let a = try await engine.product("\"purchase_limit\": {\"quantity\": 1, \(window)}")
      let many = try await engine.hold(
        TestEngine.newOrder(), [CartLine(a, "MAIN", 5)], "\"customer_id\": \"C\"")
      #expect(many.status == status, "\(window): \(many.bodyText)")
    }
  }
}
