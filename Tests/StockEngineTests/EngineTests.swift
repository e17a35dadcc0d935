import Glibc
import NIOCore
import StockCore
import StockEngine
import StockLoop
import StockRedis
import Testing

@Suite("The engine over a real Redis")
struct EngineTests {
  @Test func whatIsAnsweredIsThereAfterARestart() async throws {
    try await EngineFixture.with { fixture in
      for product in Int64(1)...20 {
        let answer = await fixture.ask(.set(product, "MAIN", 100), client: Int(product))
        guard case .entry(let entry) = answer.outcome else { throw Failure("\(answer)") }
        #expect(entry.value.quantity == 100)
        #expect(answer.sequence > 0)
      }
      _ = await fixture.ask(.reserve(7, "MAIN", 5))
      _ = await fixture.ask(.fulfill(7, "MAIN", 2))
      await fixture.engine.stop()

      let second = try await fixture.restarted()
      let summary = await second.summary(7)
      #expect(summary?.totalQuantity == 98)
      #expect(summary?.totalReserved == 3)
      #expect(try await second.engine.entries(EntryQuery(scope: .any)).total == 20)
      #expect(try await second.engine.verify().differenceCount == 0)
      await second.stopEngine()
    }
  }

  @Test func tenThousandBuyersOfFiveThousandUnits() async throws {
    try await EngineFixture.with { fixture in
      _ = await fixture.ask(.set(1, "MAIN", 5_000))
      let sold = await withTaskGroup(of: (Int, Int).self) { group in
        for buyer in 0..<100 {
          group.addTask {
            var sold = 0
            var refused = 0
            for _ in 0..<100 {
              switch await fixture.ask(.reserve(1, "MAIN", 1), client: buyer).outcome {
              case .entry: sold += 1
              case .refused(.insufficientStock(requested: 1, available: 0)): refused += 1
              default: break
              }
            }
            return (sold, refused)
          }
        }
        return await group.reduce(into: (0, 0)) { sum, one in
          sum.0 += one.0
          sum.1 += one.1
        }
      }
      #expect(sold == (5_000, 5_000))
      let summary = await fixture.summary(1)
      #expect(summary?.totalReserved == 5_000)
      #expect(summary?.totalAvailable == 0)
      let report = try await fixture.engine.verify()
      #expect(report.differenceCount == 0)
    }
  }

  @Test func aForgottenScriptIsNotNoticed() async throws {
    try await EngineFixture.with { fixture in
      let connection = try await RedisConnection.connect(
        to: fixture.redis.address, on: fixture.group.nextLoop(), loadScripts: false
      ).get()
      for quantity in Int64(1)...20 {
        _ = try await connection.call(["SCRIPT", "FLUSH"])
        let answer = await fixture.ask(.set(1, "MAIN", quantity))
        guard case .entry = answer.outcome else { throw Failure("\(answer)") }
      }
      await connection.disconnect()
    }
  }

  @Test func aSecondEngineFencesTheFirst() async throws {
    try await EngineFixture.with { fixture in
      _ = await fixture.ask(.set(1, "MAIN", 10))
      let second = try await fixture.restarted()
      #expect(await fixture.ask(.reserve(1, "MAIN", 1)).outcome == .unavailable(.storeUnavailable))
      // It knows now, and does not answer reads from old memory either.
      #expect(await fixture.ask(.readSummary(1)).outcome == .unavailable(.storeUnavailable))
      guard case .entry(let entry) = await second.ask(.reserve(1, "MAIN", 1)).outcome else {
        throw Failure("the second engine does not serve")
      }
      #expect(entry.value.reserved == 1)
      await second.stopEngine()
    }
  }

  @Test func verifyFindsWhatSomebodyElseChanged() async throws {
    try await EngineFixture.with(shards: 1) { fixture in
      _ = await fixture.ask(.set(1, "MAIN", 10))
      _ = await fixture.ask(.set(2, "MAIN", 10))
      let connection = try await RedisConnection.connect(
        to: fixture.redis.address, on: fixture.group.nextLoop(), loadScripts: false
      ).get()
      _ = try await connection.call(["HDEL", "stock:{0}:entries", "1"])
      _ = try await connection.call(["HSET", "stock:{0}:entries", "2", "9 0 1 2 5 5 - MAIN"])
      _ = try await connection.call(["HSET", "stock:{0}:entries", "3", "9 0 1 2 5 5 - WEST"])
      let report = try await fixture.engine.verify()
      #expect(report.differenceCount == 3, "\(report)")

      // A change that builds on what is no longer there is refused by Redis; the shard reads anew,
      // finds an entry that it never gave out, and stops.
      let answer = await fixture.ask(.reserve(2, "MAIN", 1))
      #expect(answer.outcome == .unavailable(.storeUnavailable))
      await connection.disconnect()
    }
  }

  @Test func aKilledRedisComesBackWithEverything() async throws {
    try await EngineFixture.with(loops: 1) { fixture in
      _ = await fixture.ask(.set(1, "MAIN", 1_000_000))
      var accepted: Int64 = 0
      var unknown: Int64 = 0
      for round in 0..<300 {
        if round.isMultiple(of: 60), let pid = await fixture.redis.pid { _ = kill(pid, SIGKILL) }
        switch await fixture.ask(.reserve(1, "MAIN", 1)).outcome {
        case .entry: accepted += 1
        case .unavailable(.outcomeUnknown): unknown += 1
        case .unavailable: break
        default: throw Failure("neither accepted nor unavailable")
        }
      }
      let reserved = try #require(await fixture.summary(1)?.totalReserved)
      #expect(accepted <= reserved && reserved <= accepted + unknown)
      #expect(accepted > 200)
      let report = try await fixture.engine.verify()
      #expect(report.differenceCount == 0)
    }
  }

  @Test func storesAndKeysAreKept() async throws {
    try await EngineFixture.with { fixture in
      let control = fixture.engine.control
      let made = try await control.putStore(
        id: 1, name: "\u{301}Tea = \"Co\"", locationPriority: ["A", "B C"], strategy: .highestStock)
      #expect(made.created)
      let key = try await control.createKey(
        role: .checkout, store: 1, name: "\u{200d}till", digest: Array(0..<32), expiresAt: 5,
        rateLimit: RateLimit(rate: 20, burst: 100))
      let gone = try await control.createKey(
        role: .admin, store: nil, name: "gone", digest: Array(1...32), expiresAt: nil,
        rateLimit: nil)
      #expect(try await control.revokeKey(id: gone.id))
      #expect(try await !control.revokeKey(id: gone.id))
      await #expect(throws: ControlError.unknownStore(9)) {
        _ = try await control.createKey(
          role: .read, store: 9, name: "", digest: Array(0..<32), expiresAt: nil, rateLimit: nil)
      }
      let second = try await fixture.restarted()
      let snapshot = second.engine.control.snapshot
      #expect(snapshot.stores == [1: made.store])
      #expect(snapshot.keys == [key.id: key])
      let third = try await second.engine.control.createKey(
        role: .admin, store: nil, name: "next", digest: Array(2...33), expiresAt: nil,
        rateLimit: nil)
      #expect(third.id == 3, "ids of revoked keys are not given again")
      await second.stopEngine()
    }
  }
}

struct Failure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// What Redis says of itself, in the figures.
@Suite struct RedisFigureTests {
  @Test func redisTellsOfItselfAndThatItIsGone() async throws {
    try await EngineFixture.with(shards: 1) { fixture in
      #expect(await fixture.engine.figures().redis == nil)
      let there = try await Self.next(fixture.engine) { $0.isConnected }
      #expect(try #require(there.usedBytes) > 100_000 && there.maxBytes == 0)
      #expect(there.isFileWritten == true && there.isFileRewritten == true)
      #expect(there.isLoading == false && there.isRewritingFile == false)
      #expect(there.delayedFsyncs != nil && there.fileBytes != nil)
      #expect(try #require(there.clients) >= 2)
      let pid = try #require(await fixture.redis.pid)
      _ = kill(pid, SIGSTOP)
      defer { _ = kill(pid, SIGCONT) }
      let gone = try await Self.next(fixture.engine) { !$0.isConnected }
      #expect(gone == RedisFigures())
    }
  }

  /// Looks until something that `fits` has been heard.
  private static func next(
    _ engine: ShardedEngine, _ fits: (RedisFigures) -> Bool
  ) async throws -> RedisFigures {
    for _ in 0..<600 {
      if let redis = await engine.figures().redis, fits(redis) { return redis }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw Failure("nothing of the kind was heard of Redis")
  }
}
