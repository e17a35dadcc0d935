import NIOCore
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// The stream that the web page listens to.
@Suite struct LiveTests {
  private let path = "/api/v1/admin/inventory/live"

  @Test func secondsAreCounted() {
    let activity = Activity()
    activity.add(ActivityCount(asked: 3, refused: 1), now: 10_200)
    activity.add(ActivityCount(asked: 2, refused: 0), now: 10_900)
    activity.add(ActivityCount(asked: 1, refused: 1), now: 12_000)
    // The present second is not over.
    #expect(
      activity.seconds(from: 0, now: 12_500) == [.init(second: 10, asked: 5, refused: 1)])
    #expect(
      activity.seconds(from: 11, now: 13_000) == [.init(second: 12, asked: 1, refused: 1)])
    // A clock that was set back.
    activity.add(ActivityCount(asked: 4, refused: 0), now: 5_000)
    #expect(activity.seconds(from: 12, now: 13_000).map(\.asked) == [5])
    #expect(activity.seconds(from: 0, now: 320_000).isEmpty)
  }

  @Test func onlyShortageIsARefusal() {
    var count = ActivityCount()
    count.note(.refused(.insufficientStock(requested: 2, available: 1)))
    count.note(.refused(.productNotFound))
    count.note(.entry(entry()))
    #expect(count.refused == 1)
  }

  @Test func entriesAreToldOnce() {
    var changes = LiveChanges()
    changes.note([ledgerBatch(1, quantities: [5, 4]), ledgerBatch(3, quantities: [3])])
    #expect(changes.movements == 3)
    #expect(changes.entries.values.map(\.quantityAfter) == [3])
    #expect(!changes.isCut)
    for product in 0...Int64(LiveChanges.maxEntries) {
      changes.note([ledgerBatch(10, product: product + 1_000, quantities: [1])])
    }
    #expect(changes.entries.count == LiveChanges.maxEntries && changes.isCut)
  }

  private func ledgerBatch(
    _ number: Int64, product: ProductID = 123, quantities: [Int64]
  ) -> LedgerBatch {
    let entries = quantities.enumerated().map { place, quantity in
      LedgerEntry(
        number: number + Int64(place), kind: .reserve, edges: [], product: product, store: 1,
        location: "WAREHOUSE_A", quantityChange: 0, reservedChange: 1, quantityAfter: quantity,
        reservedAfter: 1, actor: 1, occurredAt: 1_795_411_800_000, note: MovementNote())
    }
    return LedgerBatch(shard: 1, sequence: number, entries: entries)
  }

  @Test func pageIsToldWhatChanged() async throws {
    try await withServer { server, engine, group in
      let client = try await EventClient(server.localAddress, group: group)
      try await client.send(request("GET", path, nil, token: "admin"))
      let head = try await client.head()
      #expect(head.contains("text/event-stream"))
      _ = try await client.event()
      let buyer = try await Client(server.localAddress, group: group)
      _ = try await buyer.ask(request("POST", base + "/reserve", reserveBody, token: "store"))
      engine.commit([ledgerBatch(1, quantities: [9])])
      var seen: [String] = []
      // Which second tells of which, the clock decides.
      while !(seen.contains { $0.contains("\"product_id\":123,\"store_id\":1") }
        && seen.contains { $0.contains(",1,0]]") })
      {
        seen.append(try await client.event())
      }
      #expect(seen.allSatisfy { $0.hasPrefix("event: second\ndata: {\"now\":") })
      #expect(seen.contains { $0.contains("\"quantity\":9,\"reserved_quantity\":1}") })
      await client.close()
      await buyer.close()
    }
  }

  @Test func signingOutEndsTheStream() async throws {
    try await withServer { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let answer = try await client.ask(request("POST", "/admin/session", nil, token: "admin"))
      let cookie = try #require(answer.fields["set-cookie"]?.split(separator: ";").first)
      let csrf = try #require(answer.json["csrf_token"] as? String)
      let fields = "Cookie: \(cookie)\r\n"
      let reader = try await EventClient(server.localAddress, group: group)
      try await reader.send(request("GET", path, nil, fields))
      _ = try await reader.event()
      let out = try await client.ask(
        request("DELETE", "/admin/session", nil, fields + "X-CSRF-Token: \(csrf)\r\n"))
      #expect(out.status == 204)
      try await reader.closed()
      await client.close()
    }
  }

  @Test(arguments: ["store", "checkout", "read"])
  func isForAdmins(_ token: String) throws {
    #expect(try Wire(keys: true).ask(request("GET", path, nil, token: token)).status == 403)
  }
}
