import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// Server-Sent Events, over real sockets.
@Suite(.timeLimit(.minutes(15))) struct EventTests {
  private let path = base + "/events"

  /// `count` movements of a shard, as one commit.
  private func batch(
    _ shard: ShardID, from number: Int64, count: Int = 1, product: ProductID = 5,
    store: StoreID = 7, edges: Movement.Edges = [], kind: Movement.Kind = .reserve
  ) -> LedgerBatch {
    LedgerBatch(
      shard: shard, sequence: 40 + number,
      entries: (0..<Int64(count)).map { place in
        LedgerEntry(
          number: number + place, kind: kind, edges: edges, product: product, store: store,
          location: "A", quantityChange: 0, reservedChange: 1, quantityAfter: 10, reservedAfter: 8,
          actor: 3, occurredAt: 1_795_411_800_123, note: MovementNote(reference: "r1"))
      })
  }

  private func open(
    _ server: HTTPServer, _ group: any EventLoopGroup, _ query: String = "",
    token: String = "store", path: String? = nil, fields: String = ""
  ) async throws -> EventClient {
    let client = try await EventClient(server.localAddress, group: group)
    try await client.send(
      request("GET", (path ?? self.path) + query, token: token, fields))
    return client
  }

  @Test func followsWhatIsCommitted() async throws {
    try await withServer { server, engine, group in
      engine.commit([batch(0, from: 1, count: 12), batch(3, from: 1, count: 5)])
      let client = try await open(server, group)
      let head = try await client.head()
      #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(head.contains("\r\nContent-Type: text/event-stream\r\n"))
      #expect(head.contains("\r\nConnection: close"))
      #expect(!head.contains("Content-Length"))
      #expect(try await client.event() == "retry: 2000\nid: 12.0.0.5")
      engine.commit([batch(3, from: 6), batch(0, from: 13, count: 2)])
      engine.commit([batch(1, from: 1, store: 8), batch(2, from: 1, product: 6)])
      var events: [String] = []
      for _ in 0..<4 { events.append(try await client.event()) }
      let ids = events.map { $0.split(separator: "\n")[0] }
      // In each shard's order; another store's are passed over.
      #expect(ids.last?.hasSuffix(".6") == true)
      #expect(Set(ids).count == 4)
      let first = try #require(events.first { $0.contains(#""shard":3"#) })
      #expect(
        first.hasSuffix(
          "\nevent: movement\ndata: "
            + #"{"shard":3,"number":6,"sequence":46,"product_id":5,"store_id":7,"location":"A","#
            + #""kind":"reserve","quantity_change":0,"reserved_change":1,"quantity_after":10,"#
            + #""reserved_after":8,"reason":null,"reference":"r1","actor":"key:3","#
            + #""occurred_at":"2026-11-23T05:30:00.123Z"}"#))
      #expect(!events.joined().contains(#""store_id":8"#))
      await client.close()
    }
  }

  /// Every event's id is a place to go on from, without loss or repeat.
  @Test func goesOnAnywhere() async throws {
    try await withServer(loops: 1) { server, engine, group in
      engine.commit([batch(1, from: 1, count: 2, edges: [.lowStock, .outOfStock])])
      engine.commit([batch(2, from: 1, count: 3, edges: [.backInStock])])
      // A reader from the beginning.
      let all = try await open(server, group, "?last_event_id=0.0.0.0")
      _ = try await all.head()
      var blocks: [String] = []
      while blocks.count < 1 + 6 + 6 { blocks.append(try await all.event()) }
      await all.close()
      let events = blocks.dropFirst().map { block -> (id: String, rest: String) in
        let lines = block.split(separator: "\n", maxSplits: 1)
        return (String(lines[0].dropFirst(4)), String(lines[1]))
      }
      let names = events.map { $0.rest.split(separator: "\n")[0] }
      #expect(names.count { $0 == "event: movement" } == 5)
      #expect(names.count { $0 == "event: low_stock" } == 2)
      #expect(names.count { $0 == "event: back_in_stock" } == 3)
      #expect(events.map(\.id).count == Set(events.map(\.id)).count)
      #expect(
        events[1].rest
          == #"event: low_stock\#ndata: {"product_id":5,"store_id":7,"location":"A","available":2,"#
          + #""shard":1,"number":1,"occurred_at":"2026-11-23T05:30:00.123Z"}"#)
      // A reader that was cut off behind each of them gets exactly the rest.
      for (place, event) in events.enumerated() {
        let client = try await open(server, group, fields: "Last-Event-ID: \(event.id)\r\n")
        _ = try await client.head()
        #expect(try await client.event() == "retry: 2000\nid: \(event.id)")
        for rest in events.dropFirst(place + 1) {
          #expect(try await client.event() == "id: \(rest.id)\n\(rest.rest)")
        }
        await client.close()
      }
    }
  }

  @Test func filters() async throws {
    try await withServer { server, engine, group in
      let admin = "/api/v1/admin/inventory/events"
      var clients: [(EventClient, Int64)] = []
      for (query, wanted) in [
        ("?product_id=6", 2), ("?kind=fulfill", 3), ("?location=b", 4), ("?store_id=8", 5),
      ] as [(String, Int64)] {
        let client = try await open(server, group, query, token: "admin", path: admin)
        _ = try await client.head()
        _ = try await client.event()
        clients.append((client, wanted))
      }
      // Product 6 is on the shard that the map says; the others may be anywhere.
      let own = engine.shardMap.shard(ofProduct: 6)
      let other = (own + 1) % 4
      var elsewhere = batch(other, from: 4)
      elsewhere.entries[0].location = "B"
      engine.commit([
        batch(other, from: 1, count: 2), batch(own, from: 1), batch(own, from: 2, product: 6),
        batch(other, from: 3, kind: .fulfill), elsewhere, batch(other, from: 5, store: 8),
      ])
      for (client, wanted) in clients {
        #expect(try await client.event().contains(#""number":\#(wanted),"#))
        await client.close()
      }
    }
  }

  @Test(arguments: [
    ("?last_event_id=1.2.3", "last_event_id"), ("?last_event_id=1.2.3.4.5", "last_event_id"),
    ("?last_event_id=1.2.3.x", "last_event_id"), ("?last_event_id=1.2.3.4-4.1", "last_event_id"),
    ("?last_event_id=1.2.3.4-1.0", "last_event_id"), ("?last_event_id=1.2.3.-4", "last_event_id"),
    ("?kind=sold", "kind"), ("?location=%3F", "location"), ("?store_id=8", "store_id"),
    ("?since=1", "since"),
  ])
  func badQueries(_ query: String, _ field: String) async throws {
    try await withServer { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let response = try await client.ask(request("GET", path + query, token: "store"))
      #expect(response.status == 400 && response.errorFields == [field])
      // It was no stream, so the connection goes on.
      #expect(try await client.ask(request("GET", "/healthz")).status == 200)
      await client.close()
    }
  }

  /// What the ledger no longer has is told, and what comes behind it follows.
  @Test func gaps() async throws {
    try await withServer(loops: 1) { server, engine, group in
      engine.commit([batch(2, from: 50, count: 3)])
      let client = try await open(server, group, "?last_event_id=0.0.10.0")
      _ = try await client.head()
      _ = try await client.event()
      #expect(
        try await client.event()
          == "id: 0.0.49.0\nevent: gap\ndata: "
          + #"{"shard":2,"missing_from":11,"continues_at":50}"#)
      for number in 50...52 {
        #expect(try await client.event().hasPrefix("id: 0.0.\(number).0\n"))
      }
      await client.close()
      // A position that no ledger has reached: from another life of the data.
      let ahead = try await open(server, group, "?last_event_id=0.0.99.0")
      _ = try await ahead.head()
      _ = try await ahead.event()
      #expect(try await ahead.event().hasPrefix("id: 0.0.52.0\nevent: gap\n"))
      engine.commit([batch(2, from: 53)])
      #expect(try await ahead.event().hasPrefix("id: 0.0.53.0\nevent: movement\n"))
      await ahead.close()
    }
  }

  /// Many readers that want the same of Redis ask for it once.
  @Test func catchesUpTogether() async throws {
    try await withServer(loops: 1) { server, engine, group in
      engine.commit([batch(0, from: 1, count: 3_000)], feeds: false)
      var clients: [EventClient] = []
      for _ in 0..<20 { clients.append(try await open(server, group, "?last_event_id=0.0.0.0")) }
      for client in clients {
        _ = try await client.head()
        _ = try await client.event()
        for number in 1...3_000 {
          let event = try await client.event()
          guard event.hasPrefix("id: \(number).0.0.0\n") else {
            Issue.record("\(event) is not \(number)")
            break
          }
        }
      }
      for client in clients { await client.close() }
      #expect(engine.pages.withLockedValue { $0.fetches.count } < 20)
    }
  }

  /// A reader of one product is told of gaps in its shard, and nothing of other products: gaps before
  /// what is kept, in its middle, and behind it.
  @Test func gapsOfAProduct() async throws {
    try await withServer(loops: 1) { server, engine, group in
      let shard = engine.shardMap.shard(ofProduct: 5)
      func id(_ number: Int64) -> String {
        (0..<4).map { $0 == shard ? "\(number)" : "0" }.joined(separator: ".")
      }
      func gap(_ from: Int64, _ to: Int64) -> String {
        "id: \(id(to - 1))\nevent: gap\ndata: "
          + #"{"shard":\#(shard),"missing_from":\#(from),"continues_at":\#(to)}"#
      }
      engine.commit([
        batch(shard, from: 50, count: 3), batch(shard, from: 53, product: 6),
        batch(shard, from: 60, product: 6), batch(shard, from: 61),
      ])
      let client = try await open(server, group, "?product_id=5&last_event_id=\(id(10))")
      _ = try await client.head()
      _ = try await client.event()
      #expect(try await client.event() == gap(11, 50))
      for number in 50...52 as ClosedRange<Int64> {
        #expect(try await client.event().hasPrefix("id: \(id(number))\n"))
      }
      #expect(try await client.event() == gap(54, 60))
      #expect(try await client.event().hasPrefix("id: \(id(61))\n"))
      // Lost by the feed, and no longer kept by Redis.
      engine.commit([batch(shard, from: 62, count: 3)], feeds: false)
      engine.pages.withLockedValue { $0.ledgers[shard] = [] }
      engine.commit([batch(shard, from: 65)])
      #expect(try await client.event() == gap(62, 65))
      #expect(try await client.event().hasPrefix("id: \(id(65))\n"))
      await client.close()
    }
  }

  /// Movements that were committed, but are gone from memory and from the end of the ledger.
  @Test func gapsAtTheEnd() async throws {
    try await withServer(loops: 1, configure: { $0.eventRingBytes = 2_000 }) {
      server, engine, group in
      let shard = engine.shardMap.shard(ofProduct: 5)
      let other = (shard + 1) % 4
      func id(_ number: Int64, _ second: Int64) -> String {
        (0..<4).map { $0 == shard ? "\(number)" : $0 == other ? "\(second)" : "0" }
          .joined(separator: ".")
      }
      engine.commit([batch(shard, from: 1, count: 3)])
      let witness = try await open(server, group)
      _ = try await witness.head()
      _ = try await witness.event()
      engine.commit([batch(shard, from: 4, count: 2), batch(other, from: 1, count: 50, product: 6)])
      for _ in 0..<52 { _ = try await witness.event() }
      engine.pages.withLockedValue { _ = $0.ledgers[shard].removeLast() }
      let late = try await open(server, group, "?product_id=5&last_event_id=\(id(2, 50))")
      _ = try await late.head()
      _ = try await late.event()
      #expect(try await late.event().hasPrefix("id: \(id(3, 50))\nevent: movement\n"))
      #expect(
        try await late.event() == "id: \(id(5, 50))\nevent: gap\ndata: "
          + #"{"shard":\#(shard),"missing_from":4,"continues_at":6}"#)
      engine.commit([batch(shard, from: 6)])
      #expect(try await late.event().hasPrefix("id: \(id(6, 50))\nevent: movement\n"))
      await late.close()
      await witness.close()
    }
  }

  /// Readers of one product at many places of the ledger ask for the same parts of it.
  @Test func catchesUpFromManyPlaces() async throws {
    try await withServer(loops: 1) { server, engine, group in
      let shard = engine.shardMap.shard(ofProduct: 5)
      // Movement 10, 20, 30 … is of product 5.
      for first in stride(from: 1, through: 5_000, by: 10) as StrideThrough<Int64> {
        engine.commit([
          batch(shard, from: first, count: 9, product: 6), batch(shard, from: first + 9),
        ])
      }
      engine.pages.withLockedValue { $0.holdsLedgers = true }
      var clients: [(EventClient, Int64)] = []
      for place in 0..<30 as Range<Int64> {
        let from = 1 + place * 131
        let id = (0..<4).map { $0 == shard ? "\(from)" : "0" }.joined(separator: ".")
        clients.append(
          (try await open(server, group, "?product_id=5&last_event_id=\(id)"), from))
        _ = try await clients[clients.count - 1].0.head()
      }
      // Long enough for all to have had a turn.
      try await Task.sleep(for: .milliseconds(500))
      engine.pages.withLockedValue { $0.holdsLedgers = false }
      for (client, from) in clients {
        _ = try await client.event()
        for number in stride(from: (from / 10 + 1) * 10, through: 5_000, by: 10) {
          let event = try await client.event()
          guard event.contains(#""number":\#(number),"#) else {
            Issue.record("\(event) is not \(number)")
            break
          }
        }
        await client.close()
      }
      #expect(engine.pages.withLockedValue { $0.fetches.count } <= 9)
    }
  }

  /// The feed lost something and nothing follows it: the reader gets it all the same.
  @Test func feedsThatLose() async throws {
    try await withServer(loops: 1) { server, engine, group in
      let client = try await open(server, group)
      _ = try await client.head()
      _ = try await client.event()
      engine.commit([batch(0, from: 1)])
      #expect(try await client.event().hasPrefix("id: 1.0.0.0\n"))
      engine.commit([batch(0, from: 2, count: 2)], feeds: false)
      engine.commit([batch(0, from: 4)])
      for number in 2...4 {
        #expect(try await client.event().hasPrefix("id: \(number).0.0.0\n"))
      }
      engine.commit([batch(0, from: 5)], feeds: false)
      #expect(try await client.event().hasPrefix("id: 5.0.0.0\n"))
      await client.close()
    }
  }

  @Test func revokedKeysStopReading() async throws {
    try await withServer { server, engine, group in
      let client = try await open(server, group, token: "checkout")
      _ = try await client.head()
      for (id, key) in engine.control.snapshot.keys where key.role == .checkout {
        #expect(engine.fakeControl.removeKey(id))
      }
      try await client.closed()
    }
  }

  /// Behind other responses, in their order; and nothing behind it.
  @Test func isTheLastOfItsConnection() async throws {
    try await withServer(loops: 1) { server, engine, group in
      let client = try await EventClient(server.localAddress, group: group)
      try await client.send(
        request("GET", base + "/41", token: "store") + request("GET", path, token: "store")
          + request("GET", "/healthz"))
      #expect(try await client.head().contains("ETag"))
      _ = try await client.take(json: true)
      #expect(try await client.head().contains("text/event-stream"))
      _ = try await client.event()
      engine.commit([batch(0, from: 1)])
      #expect(try await client.event().hasPrefix("id: 1.0.0.0\n"))
      await client.close()
    }
  }

  @Test func drainingEndsStreams() async throws {
    try await withServer { server, _, group in
      let client = try await open(server, group)
      _ = try await client.head()
      _ = try await client.event()
      let start = ContinuousClock.now
      await server.stop(within: .seconds(120))
      #expect(ContinuousClock.now - start < .seconds(60))
      try await client.closed()
    }
  }

  /// Who does not read is cut off when what it misses is no longer kept, and takes no memory until then.
  @Test func slowReadersAreCutOff() async throws {
    try await withServer(loops: 1) { server, engine, group in
      let slow = try await open(server, group)
      _ = try await slow.head()
      try await slow.stopReading()
      let good = try await open(server, group)
      _ = try await good.head()
      // More than sockets and ring hold together.
      var number: Int64 = 1
      let ended = Task { try await slow.closedWithoutReading() }
      let received = Task {
        _ = try await good.event()
        for wanted in 1...100_000 {
          let event = try await good.event()
          guard event.hasPrefix("id: \(wanted).0.0.0\n") else {
            Issue.record("\(event) is not \(wanted)")
            return
          }
        }
      }
      for _ in 0..<100 {
        engine.commit([batch(0, from: number, count: 1_000)])
        number += 1_000
        try await Task.sleep(for: .milliseconds(20))
      }
      try await received.value
      try await ended.value
      await good.close()
    }
  }

  @Test func positions() {
    var position = EventPosition(numbers: [12, 0, 5])
    func text(_ position: EventPosition) -> String {
      var writer = ByteWriter()
      writer.append(position)
      return String(decoding: writer.bytes, as: UTF8.self)
    }
    #expect(text(position) == "12.0.5")
    #expect(EventPosition("12.0.5", shardCount: 3) == position)
    position.partial = EventPosition.Partial(shard: 2, events: 3)
    #expect(text(position) == "12.0.5-2.3")
    #expect(EventPosition("12.0.5-2.3", shardCount: 3) == position)
    for bad in [
      "", "1", "1.2", "1.2.3-", "1.2.3-1", "1.2.3-1.5", "1.2.3-1.1-1.1", "01.2.3", "1..3",
    ] {
      #expect(EventPosition(bad, shardCount: 3) == nil, "\(bad)")
    }
  }

  /// The rings keep what fits, and know where they begin.
  @Test func rings() {
    var rings = EventRings(shardCount: 2, limit: 20_000)
    rings.know(end: 7, of: 0)
    #expect(rings.shards[0].start == 8 && rings.shards[0].batch(with: 8) == nil)
    rings.append(EventBatch(batch(0, from: 6, count: 2)))
    #expect(rings.shards[0].batches.isEmpty, "known before")
    for place in 0..<10 {
      rings.append(EventBatch(batch(place % 2, from: Int64(8 + place / 2 * 10), count: 10)))
    }
    #expect(rings.size <= 20_000)
    #expect(rings.shards[0].end == 57 && rings.shards[1].end == 57)
    #expect(rings.shards[0].batch(with: 57)?.first == 48)
    #expect(rings.shards[0].batch(with: 58) == nil)
    #expect(rings.shards[0].batch(with: rings.shards[0].start - 1) == nil)
    // One that does not follow: what was before is left to Redis.
    rings.append(EventBatch(batch(0, from: 60)))
    #expect(rings.shards[0].start == 60 && rings.shards[0].end == 60)
    rings.skip(to: 99, of: 1)
    #expect(rings.shards[1].start == 100 && rings.shards[1].batches.isEmpty)
    rings.append(EventBatch(batch(1, from: 100, count: 1_000)))
    #expect(rings.shards[1].batches.count == 1, "the newest is kept")
    #expect(rings.shards[0].batches.isEmpty && rings.shards[0].start == 61)
  }
}
