import NIOConcurrencyHelpers
import NIOCore
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// The lists of reservations and of movements.
@Suite(.timeLimit(.minutes(15))) struct LedgerTests {
  private let movements = base + "/movements"

  @Test func holds() async throws {
    try await withServer { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      let hold = Hold(
        id: "a:b", order: "o", customer: "c", store: 7, status: .held,
        lines: [HoldLine(product: 1, location: "A", quantity: 2)], createdAt: 5, updatedAt: 6,
        expiresAt: 7)
      let next = HoldCursor(createdAt: 5, id: "a:b")
      engine.pages.withLockedValue {
        $0.holds = HoldPage(items: [hold], total: 3, next: next)
      }
      let first = try await client.ask(
        request(
          "GET", reservations + "?order_id=o%20%C3%BC&status=expired&product_id=4&limit=1",
          token: "read"))
      #expect(first.status == 200)
      let items = first.json["items"] as? [[String: Any]]
      #expect(items?.map { $0["reservation_id"] as? String } == ["a:b"])
      #expect(first.json["total"] as? Int == 3 && first.json["limit"] as? Int == 1)
      let asked = try #require(engine.pages.withLockedValue { $0.lastHoldQuery })
      #expect(asked.order == "o ü" && asked.status == .expired && asked.product == 4)
      #expect(asked.limit == 1 && asked.scope == .only(7) && asked.after == nil)

      let cursor = try #require(first.json["next_cursor"] as? String)
      _ = try await client.ask(
        request("GET", reservations + "?cursor=" + cursor, token: "admin"))
      let again = try #require(engine.pages.withLockedValue { $0.lastHoldQuery })
      #expect(again.after == next && again.scope == .any && again.limit == 50)
      await client.close()
    }
  }

  @Test func movementsOfAStore() async throws {
    try await withServer { server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      let entry = LedgerEntry(
        number: 9, kind: .transferIn, edges: .lowStock, product: 5, store: 7, location: "A",
        quantityChange: 4, reservedChange: 0, quantityAfter: 10, reservedAfter: 8, actor: 0,
        occurredAt: 1_795_411_800_123, note: MovementNote(reason: "r\"", reference: "x"))
      let next = MovementCursor(positions: [0, 200, 3, 9_007_199_254_740_991])
      engine.pages.withLockedValue {
        $0.movements = MovementPage(
          items: [MovementItem(shard: 2, sequence: 40, entry: entry)], next: next)
      }
      let query =
        "?product_id=5&location=a&kind=transfer_in&reference=x&since=1970-01-01T00:00:05Z&limit=500"
      let first = try await client.ask(request("GET", movements + query, token: "read"))
      #expect(
        first.body.hasPrefix(
          #"{"items":[{"shard":2,"number":9,"sequence":40,"product_id":5,"store_id":7,"#
            + #""location":"A","kind":"transfer_in","quantity_change":4,"reserved_change":0,"#
            + #""quantity_after":10,"reserved_after":8,"reason":"r\"","reference":"x","#
            + #""actor":"engine","occurred_at":"2026-11-23T05:30:00.123Z"}],"limit":500,"#))
      let asked = try #require(engine.pages.withLockedValue { $0.lastMovementQuery })
      #expect(asked.scope == .only(7) && asked.product == 5 && asked.location == "A")
      #expect(asked.kind == .transferIn && asked.reference == "x" && asked.since == 5_000)
      #expect(asked.limit == 500 && asked.after == nil)

      let cursor = try #require(first.json["next_cursor"] as? String)
      let admin = "/api/v1/admin/inventory/movements?store_id=8&cursor="
      let second = try await client.ask(request("GET", admin + cursor, token: "admin"))
      #expect(second.status == 200)
      let again = try #require(engine.pages.withLockedValue { $0.lastMovementQuery })
      #expect(again.after == next && again.scope == .only(8))
      // A query for one product goes on in one shard only.
      let other = try await client.ask(
        request("GET", movements + "?product_id=5&cursor=" + cursor, token: "read"))
      #expect(other.status == 400 && other.errorFields == ["cursor"])
      engine.pages.withLockedValue { $0.movements.next = nil }
      let last = try await client.ask(request("GET", movements, token: "read"))
      #expect(last.body.hasSuffix(#""next_cursor":null}"#))
      await client.close()
    }
  }

  @Test(arguments: [
    (reservations, "status=preparing", "status"), (reservations, "status=sold", "status"),
    (reservations, "order_id=", "order_id"), (reservations, "cursor=abc", "cursor"),
    (reservations, "limit=501", "limit"), (reservations, "kind=set", "kind"),
    (base + "/movements", "kind=sell", "kind"), (base + "/movements", "since=today", "since"),
    (base + "/movements", "cursor=abc", "cursor"), (base + "/movements", "store_id=8", "store_id"),
    (base + "/movements", "location=%3F", "location"), (base + "/movements", "status=x", "status"),
    (base + "/movements", "reference=", "reference"),
  ])
  func badQueries(_ path: String, _ query: String, _ field: String) throws {
    let wire = try Wire(keys: true)
    let response = try wire.ask(request("GET", path + "?" + query, token: "store"))
    #expect(response.status == 400 && response.errorFields == [field])
  }

  @Test func cursors() {
    for cursor in [HoldCursor(createdAt: 0, id: "a"), HoldCursor(createdAt: .max, id: "r3-0.:_")] {
      #expect(Cursor.hold(Cursor.text(cursor)) == cursor)
      #expect(Cursor.movements(Cursor.text(cursor), count: 1) == nil)
      #expect(Cursor.product(Cursor.text(cursor)) == nil)
    }
    let cursor = MovementCursor(positions: [0, 127, 128, Bounds.maxID])
    let text = Cursor.text(cursor)
    #expect(Cursor.movements(text, count: 4) == cursor)
    #expect(Cursor.movements(text, count: 3) == nil && Cursor.movements(text, count: 5) == nil)
    #expect(Cursor.movements("", count: 0) == nil && Cursor.hold(text) == nil)
    // Numbers that no movement has: what follows one of them could not be counted.
    for number in [Bounds.maxID + 1, .max] {
      #expect(Cursor.movements(Cursor.text(MovementCursor(positions: [number])), count: 1) == nil)
    }
    // A number that does not end.
    #expect(Cursor.movements(Base64URL.encode([5, 0x80]), count: 1) == nil)
    #expect(
      Cursor.movements(Base64URL.encode([5] + Array(repeating: 0xFF, count: 12)), count: 1) == nil)
  }
}
