import NIOCore
import StockCore
import StockEngine
import StockLoop
import StockRedis
import Testing

/// `verify` that mends, over a real redis-server.
@Suite("repair")
struct RepairTests {
  private static func redis(
    of fixture: EngineFixture
  ) async throws -> RedisConnection {
    try await RedisConnection.connect(
      to: fixture.redis.address, on: fixture.group.nextLoop(), loadScripts: false
    ).get()
  }

  /// Everything in Redis but what each take of a shard changes.
  private static func contents(_ connection: RedisConnection) async throws -> [String: [String]] {
    var all: [String: [String]] = [:]
    for key in try await connection.call(["KEYS", "stock:*"]).elements.compactMap(\.text) {
      guard try await connection.call(["TYPE", key]).text == "hash" else { continue }
      let fields = try await connection.call(["HGETALL", key]).elements.compactMap(\.text)
      all[key] = stride(from: 0, to: fields.count - 1, by: 2).map {
        fields[$0] + "=" + fields[$0 + 1]
      }
      .filter { !$0.hasPrefix("owner=") && !$0.hasPrefix("epoch=") && !$0.hasPrefix("created_at=") }
      .sorted()
    }
    return all
  }

  private static func untilServing(_ fixture: EngineFixture) async throws {
    for _ in 0..<1_200 {
      if await fixture.engine.health().isServing { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw Failure("\(await fixture.engine.health())")
  }

  /// Some of everything: entries, a hold over shards, stores, keys.
  private static func fill(_ fixture: EngineFixture) async throws -> [ProductID] {
    let products = try await fixture.products(3)
    _ = try await fixture.engine.control.putStore(
      id: 1, name: "Tea", locationPriority: [], strategy: .priority)
    _ = try await fixture.engine.control.createKey(
      role: .checkout, store: 1, name: "till", digest: Array(0..<32), expiresAt: nil,
      rateLimit: nil)
    let held = await fixture.hold("o-1", products.map { ($0, 2) })
    #expect(held.hold != nil, "\(held)")
    _ = try await fixture.settled(products)
    return products
  }

  @Test func whatWasAlteredByHandIsWrittenBackAndNothingElse() async throws {
    try await EngineFixture.with { fixture in
      let products = try await Self.fill(fixture)
      let connection = try await Self.redis(of: fixture)
      let before = try await Self.contents(connection)
      for shard in 0..<3 {
        let entries = try await connection.call(["HKEYS", "stock:{\(shard)}:entries"]).elements
        let id = try #require(entries.first?.text)
        if shard == 0 {
          _ = try await connection.call(["HDEL", "stock:{0}:entries", id])
        } else {
          _ = try await connection.call(
            ["HSET", "stock:{\(shard)}:entries", id, "9 0 1 \(products[0]) 5 5 - MAIN"])
        }
        _ = try await connection.call(["HSET", "stock:{\(shard)}:entries", "nonsense", "1"])
        _ = try await connection.call(["HSET", "stock:{\(shard)}:products", "999999", "store=1"])
        _ = try await connection.call(["DEL", "stock:{\(shard)}:holds"])
        _ = try await connection.call(["HSET", "stock:{\(shard)}:purchases", "1 c", "x"])
        _ = try await connection.call(["HSET", "stock:{\(shard)}:meta", "oldest_bucket", "3"])
      }
      _ = try await connection.call(["HDEL", "stock:{control}:stores", "1"])
      _ = try await connection.call(["DEL", "stock:manifest"])

      let seen = try await fixture.engine.verify()
      #expect(seen.differenceCount >= 3 * 6 + 2 && seen.repairedCount == 0, "\(seen)")
      let repaired = try await fixture.engine.verify(repair: true)
      #expect(repaired.differenceCount == seen.differenceCount, "\(repaired)")
      // A meta is more than one field, of which one differed.
      #expect(repaired.repairedCount == seen.differenceCount, "\(repaired)")
      #expect(try await fixture.engine.verify().differenceCount == 0)
      #expect(try await Self.contents(connection) == before)
      // Twice is as once, at the same time too.
      async let other = fixture.engine.verify(repair: true)
      #expect(try await fixture.engine.verify(repair: true).repairedCount == 0)
      #expect(try await other.repairedCount == 0)
      #expect(await fixture.ask(.reserve(products[0], "MAIN", 1)).outcome.isEntry)
      await connection.disconnect()
    }
  }

  @Test func alteredEntriesAreMendedUnderLoad() async throws {
    try await EngineFixture.with(shards: 1) { fixture in
      for product in Int64(1)...40 { _ = await fixture.ask(.set(product, "MAIN", 1_000_000)) }
      let connection = try await Self.redis(of: fixture)
      // Products 1 to 20 are bought all the time, the others are altered meanwhile.
      let accepted = try await withThrowingTaskGroup(of: Int64.self) { group in
        for buyer in 0..<20 {
          group.addTask {
            var accepted: Int64 = 0
            for _ in 0..<300
            where await fixture.ask(.reserve(Int64(buyer + 1), "MAIN", 1), client: buyer).outcome
              .isEntry
            {
              accepted += 1
            }
            return accepted
          }
        }
        for round in 0..<10 {
          for entry in 21...40 {
            _ = try await connection.call(
              round.isMultiple(of: 2)
                ? ["HDEL", "stock:{0}:entries", "\(entry)"]
                : ["HSET", "stock:{0}:entries", "\(entry)", "7 0 1 \(entry) 5 5 - MAIN"])
          }
          let report = try await fixture.engine.verify(repair: true)
          #expect(report.differenceCount == 20 && report.repairedCount == 20, "\(report)")
        }
        return try await group.reduce(0, +)
      }
      #expect(accepted == 20 * 300)
      #expect(try await fixture.engine.verify().differenceCount == 0)
      let second = try await fixture.restarted()
      #expect(try await second.engine.verify().differenceCount == 0)
      var reserved: Int64 = 0
      for product in Int64(1)...20 { reserved += try #require(await second.reserved(product)) }
      #expect(reserved == accepted)
      for product in Int64(21)...40 {
        #expect(await second.summary(product)?.totalAvailable == 1_000_000)
      }
      await second.stopEngine()
      await connection.disconnect()
    }
  }

  @Test func flushAllUnderLoadIsWrittenBack() async throws {
    try await EngineFixture.with { fixture in
      let products = try await Self.fill(fixture)
      let key = IdempotencyKey(high: 1, low: 2, fingerprint: 3)
      let first = await fixture.ask(.reserve(products[0], "MAIN", 1), key: key)
      #expect(first.outcome.isEntry)
      _ = await fixture.ask(.set(900, "MAIN", 1_000_000))
      let connection = try await Self.redis(of: fixture)
      let (accepted, unknown) = try await withThrowingTaskGroup(of: (Int64, Int64).self) { group in
        for buyer in 0..<10 {
          group.addTask {
            var sum: (Int64, Int64) = (0, 0)
            for _ in 0..<600 {
              switch await fixture.ask(.reserve(900, "MAIN", 1), client: buyer).outcome {
              case .entry: sum.0 += 1
              case .unavailable(.outcomeUnknown): sum.1 += 1
              case .unavailable: try await Task.sleep(for: .milliseconds(5))
              default: throw Failure("neither accepted nor unavailable")
              }
            }
            return sum
          }
        }
        for _ in 0..<3 {
          try await Task.sleep(for: .milliseconds(100))
          _ = try await connection.call(["FLUSHALL"])
          let report = try await fixture.engine.verify(repair: true)
          #expect(report.repairedCount > 0, "\(report)")
          try await Self.untilServing(fixture)
        }
        return try await group.reduce(into: (0, 0)) { sum, one in
          sum = (sum.0 + one.0, sum.1 + one.1)
        }
      }
      #expect(accepted > 0)
      let before = try #require(await fixture.reserved(900))
      // What was in flight when it was lost was never confirmed, and is not there.
      #expect(before == accepted, "unknown: \(unknown)")
      #expect(await fixture.ask(.reserve(900, "MAIN", 1)).outcome.isEntry)
      #expect(try await fixture.engine.verify().differenceCount == 0)
      // The hold goes on, and so do stores and keys.
      let hold = try #require(await fixture.engine.holds(HoldQuery(scope: .only(1))).items.first)
      #expect(hold.lines.map(\.held) == [2, 2, 2])
      #expect(fixture.engine.control.snapshot.keys.count == 1)

      let second = try await fixture.restarted()
      #expect(try await second.engine.verify().differenceCount == 0)
      #expect(await second.reserved(900) == accepted + 1)
      #expect(second.engine.control.snapshot.stores.keys.sorted() == [1])
      #expect(second.engine.control.snapshot.keys.count == 1)
      // The key's answer was young enough to be written back too.
      let again = await second.ask(.reserve(products[0], "MAIN", 1), key: key)
      #expect(again.isReplay && again.outcome == first.outcome, "\(again)")
      await second.stopEngine()
      await connection.disconnect()
    }
  }

  @Test func anEngineDoesNotStartOnAHalfRestoredNamespace() async throws {
    try await EngineFixture.with(shards: 1) { fixture in
      _ = try await Self.fillOne(fixture)
      let connection = try await Self.redis(of: fixture)
      // As `begin` leaves it.
      _ = try await connection.call(["HDEL", "stock:{0}:meta", "sequence"])
      await #expect(throws: RedisSetupError.self) { _ = try await fixture.restarted() }
      _ = try await fixture.engine.verify(repair: true)
      try await Self.untilServing(fixture)
      let second = try await fixture.restarted()
      #expect(await second.summary(1)?.totalAvailable == 10)
      await second.stopEngine()
      await connection.disconnect()
    }
  }

  @Test func anotherNamespaceIsNotMended() async throws {
    try await EngineFixture.with(shards: 1) { fixture in
      _ = try await Self.fillOne(fixture)
      let connection = try await Self.redis(of: fixture)
      _ = try await connection.call(["FLUSHALL"])
      let second = try await fixture.restarted()
      _ = await second.ask(.set(5, "MAIN", 3))
      await #expect(throws: EngineError.self) { try await fixture.engine.verify(repair: true) }
      #expect(await second.summary(5)?.totalAvailable == 3)
      #expect(try await second.engine.verify().differenceCount == 0)
      await second.stopEngine()
      await connection.disconnect()
    }
  }

  private static func fillOne(_ fixture: EngineFixture) async throws {
    guard await fixture.ask(.set(1, "MAIN", 10)).outcome.isEntry else { throw Failure("set") }
  }
}

extension Outcome {
  fileprivate var isEntry: Bool { if case .entry = self { true } else { false } }
}
