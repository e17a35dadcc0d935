import NIOCore
import StockCore
import StockEngine
import StockLoop
import StockRedis
import Testing

@Suite("Idempotency keys over a real Redis")
struct IdempotencyTests {
  private func key(_ number: UInt64, _ fingerprint: UInt64 = 1) -> IdempotencyKey {
    IdempotencyKey(
      high: ShardMap.mix(number), low: ShardMap.mix(number + 99), fingerprint: fingerprint)
  }

  @Test func aKeyHasOneEffectAlsoAfterARestart() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(3)
      let reserve = Command.Operation.reserve(products[0], "MAIN", 5)
      let first = await fixture.ask(reserve, key: key(1))
      let hold = await fixture.hold("A-1", products.map { ($0, 2) }, key: key(2))
      let refused = await fixture.ask(.reserve(products[1], "MAIN", 1_000), key: key(3))
      #expect(!first.isReplay && !hold.isReplay)

      func check(_ fixture: EngineFixture) async throws {
        for client in 0..<2 {
          let again = await fixture.ask(reserve, key: key(1), client: client)
          #expect(again.isReplay && again.sequence == first.sequence && again.shard == first.shard)
          guard case .entry(let entry) = again.outcome, case .entry(let was) = first.outcome else {
            throw Failure("\(again)")
          }
          #expect(entry.value.reserved == was.value.reserved && entry.location == was.location)
          let sameHold = await fixture.hold(
            "A-1", products.map { ($0, 2) }, key: key(2), client: client)
          #expect(sameHold.isReplay && sameHold.outcome == hold.outcome)
          let sameRefusal = await fixture.ask(
            .reserve(products[1], "MAIN", 1_000), key: key(3), client: client)
          #expect(sameRefusal.isReplay && sameRefusal.outcome == refused.outcome)

          // The same key with another request: on the same shard, and on another.
          for product in products {
            let misused = await fixture.ask(
              .reserve(product, "MAIN", 1), key: key(1, 2), client: client)
            #expect(misused.outcome == .refused(.idempotencyMismatch))
          }
        }
        #expect(await fixture.reserved(products[0]) == 7)
        #expect(await fixture.reserved(products[1]) == 2)
      }
      try await check(fixture)
      await fixture.engine.stop()
      let second = try await fixture.restarted(loops: 2)
      try await check(second)
      await second.stopEngine()
    }
  }

  /// The hold's home was another order's... shard when the key was first used: the first answer still
  /// comes from there.
  @Test func aKeyIsFoundWhereverItsOrderWentSince() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(2)
      let first = try #require(await fixture.hold("A-1", [(products[0], 1)]).hold)
      // Under the first hold's home, although its line is on another shard.
      let replaced = await fixture.hold("A-1", [(products[1], 2)], key: key(1))
      #expect(replaced.hold?.id == first.id)
      _ = await fixture.ask(.releaseHold(first.id, nil), scope: .only(1))
      let again = await fixture.hold("A-1", [(products[1], 2)], key: key(1), client: 1)
      #expect(again.isReplay && again.outcome == replaced.outcome)
      #expect(await fixture.reserved(products[1]) == 0)
      // The index does not hold the order back for that.
      let next = await fixture.hold("A-1", [(products[1], 2)], key: key(2), client: 1)
      guard case .holdCreated = next.outcome else { throw Failure("\(next)") }
      #expect(next.shard == fixture.engine.shardMap.shard(ofProduct: products[1]))
    }
  }

  @Test func aKeyThatWasNeverJudgedMayGoToAnotherShard() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(2)
      // Not judged: reads keep nothing, so the shard of first use does not know the key.
      _ = await fixture.ask(.readSummary(products[0]), key: key(1))
      let made = await fixture.ask(.reserve(products[1], "MAIN", 1), key: key(1, 2))
      guard case .entry = made.outcome else { throw Failure("\(made)") }
      let again = await fixture.ask(.reserve(products[1], "MAIN", 1), key: key(1, 2), client: 1)
      #expect(again.isReplay)
      #expect(await fixture.reserved(products[1]) == 1)
    }
  }

  @Test func oldBucketsAreDroppedWhole() async throws {
    var configuration = ShardConfiguration()
    configuration.idempotencyAge = 600
    try await EngineFixture.with(shards: 1, configuration: configuration) { fixture in
      _ = await fixture.ask(.set(1, "MAIN", 100))
      _ = await fixture.ask(.reserve(1, "MAIN", 1), key: key(1))
      let connection = try await RedisConnection.connect(
        to: fixture.redis.address, on: fixture.group.nextLoop(), loadScripts: false
      ).get()
      func buckets() async throws -> [String] {
        try await connection.call(["KEYS", "stock:{0}:idem:*"]).elements.compactMap(\.text).sorted()
      }
      let first = try await buckets()
      #expect(first.count == 1)
      for number in UInt64(2)..<40 {
        _ = await fixture.ask(.reserve(1, "MAIN", 1), key: key(number))
        try await Task.sleep(for: .milliseconds(60))
      }
      let last = try await buckets()
      #expect(last.count < 12, "\(last)")
      #expect(!last.contains(first[0]))
      let anew = await fixture.ask(.reserve(1, "MAIN", 1), key: key(1))
      #expect(!anew.isReplay, "its time is over")
      await connection.disconnect()
    }
  }
}
