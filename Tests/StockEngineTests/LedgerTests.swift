import NIOCore
import StockCore
import StockEngine
import StockLoop
import StockRedis
import Testing

@Suite("The ledger over a real Redis")
struct LedgerTests {
  /// Some hundred changes on all shards.
  private func work(_ fixture: EngineFixture, products: [ProductID], orders: Int) async {
    await withTaskGroup(of: Void.self) { group in
      for buyer in 0..<10 {
        group.addTask {
          for cart in 0..<orders {
            let lines = products.map { ($0, Int64(1)) }
            let answer = await fixture.hold("\(buyer)-\(cart)", lines, client: buyer)
            if let hold = answer.hold {
              _ = await fixture.ask(.fulfillHold(hold.id, nil), scope: .only(1), client: buyer)
            }
            _ = await fixture.ask(.reserve(products[0], "MAIN", 1), client: buyer)
            _ = await fixture.ask(.release(products[0], "MAIN", 1), client: buyer)
          }
        }
      }
    }
  }

  private func allMovements(
    _ fixture: EngineFixture, _ query: MovementQuery
  ) async throws -> [MovementItem] {
    var query = query
    var items: [MovementItem] = []
    for _ in 0..<10_000 {
      let page = try await fixture.engine.movements(query)
      #expect(page.items.count <= query.limit)
      items += page.items
      guard let next = page.next else { return items }
      query.after = next
    }
    throw Failure("the list has no end")
  }

  @Test func movementsAreListedNewestFirstAndOnce() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(3)
      await work(fixture, products: products, orders: 3)
      let ends = await fixture.engine.ledgerEnds()
      let all = try await allMovements(fixture, MovementQuery(scope: .any, limit: 7))
      #expect(Int64(all.count) == ends.reduce(0, +))
      #expect(Set(all.map { "\($0.shard)-\($0.entry.number)" }).count == all.count)
      #expect(all.map(\.entry.occurredAt) == all.map(\.entry.occurredAt).sorted(by: >))
      for shard in 0..<3 {
        let numbers = all.filter { $0.shard == shard }.map(\.entry.number)
        #expect(numbers == Array((1...ends[shard]).reversed()))
      }
      // The counters are what the movements add up to.
      for product in products {
        let own = all.filter { $0.entry.product == product }
        let summary = try #require(await fixture.summary(product))
        #expect(own.reduce(0) { $0 + $1.entry.quantityChange } == summary.totalQuantity)
        #expect(own.reduce(0) { $0 + $1.entry.reservedChange } == summary.totalReserved)
        #expect(own.first?.entry.quantityAfter == summary.totalQuantity)
      }

      var query = MovementQuery(scope: .only(1), product: products[0], kind: .fulfill, limit: 4)
      let fulfilled = try await allMovements(fixture, query)
      #expect(fulfilled.count == 30)
      #expect(fulfilled.allSatisfy { $0.entry.kind == .fulfill && $0.entry.product == products[0] })
      query = MovementQuery(scope: .only(1), reference: fulfilled[0].entry.note.reference)
      let ofHold = try await allMovements(fixture, query)
      #expect(ofHold.count == 6, "three lines taken, three shipped")
      let since = all[all.count / 2].entry.occurredAt
      let young = try await allMovements(
        fixture, MovementQuery(scope: .any, since: since, limit: 9))
      #expect(young.count == all.count { $0.entry.occurredAt >= since })
      #expect(try await allMovements(fixture, MovementQuery(scope: .only(2))).isEmpty)
      #expect(
        try await allMovements(fixture, MovementQuery(scope: .any, location: "WEST")).isEmpty)
    }
  }

  @Test func aPageEndsWhenItHasLookedLongEnough() async throws {
    try await EngineFixture.with(loops: 1, shards: 1) { fixture in
      _ = await fixture.ask(.set(1, "MAIN", 1))
      await withTaskGroup(of: Void.self) { group in
        for buyer in 0..<250 {
          group.addTask {
            for step in 0..<100 {
              _ = await fixture.ask(.set(2, "MAIN", Int64(1 + 2 * buyer + step % 2)))
            }
          }
        }
      }
      let ends = await fixture.engine.ledgerEnds()
      #expect(ends[0] > Int64(MovementQuery.lookedAtMost) + 1)
      // A cursor may have any number: beyond the last movement it is as none.
      let beyond = MovementCursor(positions: [.max])
      #expect(
        try await fixture.engine.movements(MovementQuery(scope: .any, after: beyond)).items
          == fixture.engine.movements(MovementQuery(scope: .any)).items)
      let query = MovementQuery(scope: .any, location: "NOWHERE")
      let first = try await fixture.engine.movements(query)
      #expect(first.items.isEmpty)
      let next = try #require(first.next)
      #expect(next.positions == [ends[0] - Int64(MovementQuery.lookedAtMost)])
      var rest = query
      rest.after = next
      rest.location = "MAIN"
      rest.limit = 3
      let second = try await fixture.engine.movements(rest)
      #expect(second.items.map(\.entry.number) == [0, 1, 2].map { next.positions[0] - $0 })
    }
  }

  @Test func readersCatchUpFromAnywhere() async throws {
    var configuration = ShardConfiguration()
    configuration.ledgerLength = 20_000
    try await EngineFixture.with(configuration: configuration) { fixture in
      let products = try await fixture.products(3)
      await work(fixture, products: products, orders: 3)
      let ends = await fixture.engine.ledgerEnds()
      for shard in 0..<3 {
        var number: Int64 = 0
        while number < ends[shard] {
          let batches = try await fixture.engine.ledger(of: shard, after: number, limit: 10)
          let numbers = batches.flatMap { $0.entries.map(\.number) }
          #expect(numbers.first == number + 1, "nothing is left out")
          #expect(numbers == Array(number + 1...number + Int64(numbers.count)))
          #expect(batches.map(\.sequence) == batches.map(\.sequence).sorted())
          number = try #require(numbers.last)
        }
        #expect(number == ends[shard])
        let middle = try await fixture.engine.ledger(of: shard, after: ends[shard] - 1, limit: 10)
        #expect(middle.flatMap { $0.entries.map(\.number) } == [ends[shard]])
        #expect(try await fixture.engine.ledger(of: shard, after: number, limit: 10).isEmpty)
      }
      // What was trimmed away shows as a gap.
      let shard = fixture.engine.shardMap.shard(ofProduct: products[0])
      let connection = try await RedisConnection.connect(
        to: fixture.redis.address, on: fixture.group.nextLoop(), loadScripts: false
      ).get()
      _ = try await connection.call(["XTRIM", "stock:{\(shard)}:log", "MINID", "20"])
      await connection.disconnect()
      let kept = try await fixture.engine.ledger(of: shard, after: 3, limit: 10)
      let first = try #require(kept.first?.entries.first)
      #expect(first.number > 4)
      let query = MovementQuery(scope: .any, product: products[0], limit: 11)
      let listed = try await allMovements(fixture, query)
      #expect(listed.last?.entry.number == first.number)
    }
  }

  @Test func theColdConnectionIsMadeAnew() async throws {
    try await EngineFixture.with(loops: 1, shards: 1) { fixture in
      _ = await fixture.ask(.set(1, "MAIN", 100))
      #expect(try await fixture.engine.ledger(of: 0, after: 0, limit: 10).count == 1)
      let connection = try await RedisConnection.connect(
        to: fixture.redis.address, on: fixture.group.nextLoop(), loadScripts: false
      ).get()
      _ = try await connection.call(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"])
      await connection.disconnect()
      #expect(try await fixture.engine.ledger(of: 0, after: 0, limit: 10).count == 1)
      // Many at once: some wait for their turn, all get theirs.
      try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<200 {
          group.addTask {
            try await fixture.engine.ledger(of: 0, after: 0, limit: 10).count
          }
        }
        for try await count in group { #expect(count == 1) }
      }
    }
  }

  @Test func subscribersGetWhatIsCommittedOnAllShards() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(3)
      func batches(_ client: Int) async throws -> [LedgerBatch] {
        let bound = fixture.clients[client]
        return try await bound.eventLoop.submit { bound.value.batches }.get()
      }
      func subscribe(_ client: Int, _ wants: Bool) async throws {
        let bound = fixture.clients[client]
        try await bound.eventLoop.submit { bound.value.setSubscribed(wants) }.get()
      }
      await work(fixture, products: products, orders: 1)
      try await Task.sleep(for: .milliseconds(150))
      #expect(try await batches(0).isEmpty, "nobody has asked for it")

      try await subscribe(0, true)
      let begin = await fixture.engine.ledgerEnds()
      await work(fixture, products: products, orders: 2)
      let end = await fixture.engine.ledgerEnds()
      var fed = try await batches(0)
      func isFed() -> Bool {
        (0..<3).allSatisfy { shard in
          fed.last { $0.shard == shard }?.entries.last?.number == end[shard]
        }
      }
      for _ in 0..<600 where !isFed() {
        try await Task.sleep(for: .milliseconds(100))
        fed = try await batches(0)
      }
      for shard in 0..<3 {
        let numbers = fed.filter { $0.shard == shard }.flatMap { $0.entries.map(\.number) }
        #expect(numbers.filter { $0 > begin[shard] } == Array(begin[shard] + 1...end[shard]))
        let read = try await fixture.engine.ledger(of: shard, after: begin[shard], limit: 10_000)
        #expect(
          read.flatMap(\.entries)
            == fed.filter { $0.shard == shard }.flatMap(\.entries).filter {
              $0.number > begin[shard]
            })
      }
      #expect(try await batches(1).isEmpty, "only to loops that have subscribed")

      try await subscribe(0, false)
      _ = await fixture.engine.ledgerEnds()
      try await Task.sleep(for: .milliseconds(100))
      let count = try await batches(0).count
      await work(fixture, products: products, orders: 1)
      try await Task.sleep(for: .milliseconds(150))
      #expect(try await batches(0).count == count)
    }
  }
}
