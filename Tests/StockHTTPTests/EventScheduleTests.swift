import Foundation
import NIOCore
import StockCore
import StockEngine
import StockTestKit
import Testing

@testable import StockHTTP

/// Readers who come, go and come again while movements come faster than is kept of them, beside a plain
/// list of what there was.
@Suite(.timeLimit(.minutes(15))) struct EventScheduleTests {
  /// One event, by its place and name.
  private struct Told: Hashable {
    var shard: ShardID
    var number: Int64
    var name: String
  }

  private final class Listener {
    let product: ProductID?
    var client: EventClient
    var lastID: String
    var got: [Told] = []

    init(product: ProductID?, client: EventClient, lastID: String) {
      self.product = product
      self.client = client
      self.lastID = lastID
    }

    func read() async throws {
      var event = try await client.event()
      // Says only that the connection lives.
      while event.hasPrefix(":") { event = try await client.event() }
      let lines = event.split(separator: "\n")
      try #require(lines.count == 3, "\(event)")
      let data = try JSONSerialization.jsonObject(with: Data(lines[2].dropFirst(6).utf8))
      let object = try #require(data as? [String: Any])
      lastID = String(lines[0].dropFirst(4))
      got.append(
        Told(
          shard: try #require(object["shard"] as? Int),
          number: try #require(object["number"] as? Int64), name: String(lines[1].dropFirst(7))))
    }
  }

  private func open(
    _ server: HTTPServer, _ group: any EventLoopGroup, _ product: ProductID?, _ lastID: String
  ) async throws -> EventClient {
    let client = try await EventClient(server.localAddress, group: group)
    let query = product.map { "?product_id=\($0)" } ?? ""
    try await client.send(
      request("GET", base + "/events" + query, token: "store", "Last-Event-ID: \(lastID)\r\n"))
    _ = try await client.head()
    #expect(try await client.event().hasSuffix("id: \(lastID)"))
    return client
  }

  @Test(arguments: 1...6)
  func nothingIsLostOrRepeated(_ seed: UInt64) async throws {
    var random = SeededRandom(seed: seed)
    // Some ten movements: of a burst nearly all are gone before anybody has had a turn.
    let ringBytes = [2_000, 20_000, 1 << 20][Int(seed) % 3]
    try await withServer(loops: 1, configure: { $0.eventRingBytes = ringBytes }) {
      server, engine, group in
      let products = (1...40).filter { engine.shardMap.shard(ofProduct: $0) < 2 }.prefix(8)
        .map { ProductID($0) }
      var ledger: [LedgerEntry] = []
      var shardOf: [ProductID: ShardID] = [:]
      for product in products { shardOf[product] = engine.shardMap.shard(ofProduct: product) }
      var ends: [Int64] = [0, 0, 0, 0]

      func burst() {
        var batches: [LedgerBatch] = []
        for _ in 0..<Int.random(in: 1...20, using: &random) {
          let shard = Int.random(in: 0..<2, using: &random)
          let own = products.filter { shardOf[$0] == shard }
          let entries = (1...Int64.random(in: 1...16, using: &random)).map { place in
            LedgerEntry(
              number: ends[shard] + place, kind: .reserve,
              edges: Movement.Edges(
                rawValue: UInt8(max(0, Int.random(in: -8...7, using: &random)))),
              product: own.randomElement(using: &random) ?? 0, store: 7, location: "A",
              quantityChange: 0, reservedChange: 1, quantityAfter: 10, reservedAfter: 8, actor: 3,
              occurredAt: 1_000, note: MovementNote())
          }
          ends[shard] += Int64(entries.count)
          batches.append(LedgerBatch(shard: shard, sequence: ends[shard], entries: entries))
          ledger += entries
        }
        engine.commit(batches, feeds: Int.random(in: 0..<12, using: &random) > 0)
      }

      func wanted(_ listener: Listener) -> [Told] {
        ledger.filter { listener.product ?? $0.product == $0.product }.flatMap { entry in
          let edges: [(Movement.Edges, String)] = [
            (.lowStock, "low_stock"), (.outOfStock, "out_of_stock"),
            (.backInStock, "back_in_stock"),
          ]
          let names = ["movement"] + edges.filter { entry.edges.contains($0.0) }.map(\.1)
          let shard = shardOf[entry.product] ?? -1
          return names.map { Told(shard: shard, number: entry.number, name: $0) }
        }
      }

      var listeners: [Listener] = []
      for product in [nil, nil] + products.map(Optional.some) + [products[0], products[1]] {
        let client = try await open(server, group, product, "0.0.0.0")
        listeners.append(Listener(product: product, client: client, lastID: "0.0.0.0"))
      }
      for _ in 0..<40 {
        burst()
        if Bool.random(using: &random) {
          try await Task.sleep(for: .milliseconds(Int.random(in: 0...80, using: &random)))
        }
        guard let listener = listeners.randomElement(using: &random) else { break }
        // It reads some of what is due to it, and leaves, perhaps in the middle of a movement.
        let due = wanted(listener).count - listener.got.count
        for _ in 0..<Int.random(in: 0...due, using: &random) { try await listener.read() }
        await listener.client.close()
        listener.client = try await open(server, group, listener.product, listener.lastID)
      }
      for listener in listeners {
        let all = wanted(listener)
        while listener.got.count < all.count { try await listener.read() }
      }
      // Nobody has more than that: what comes next is new.
      burst()
      for listener in listeners {
        let all = wanted(listener)
        while listener.got.count < all.count { try await listener.read() }
        for shard in 0..<2 {
          #expect(listener.got.filter { $0.shard == shard } == all.filter { $0.shard == shard })
        }
        await listener.client.close()
      }
      #expect(ends[0] + ends[1] > 2_000)
    }
  }
}
