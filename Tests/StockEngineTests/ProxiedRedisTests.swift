import NIOCore
import StockCore
import StockEngine
import StockFaults
import StockRedis
import Testing

/// Something between the engine and its Redis that keeps back what they say, or says something else.
@Suite("An engine whose Redis is silent, or refuses", .timeLimit(.minutes(5)))
struct ProxiedRedisTests {
  /// A proxy before the fixture's Redis.
  private static func withProxy(
    of fixture: EngineFixture, _ body: (FaultProxy, RedisAddress) async throws -> Void
  ) async throws {
    let proxy = try await FaultProxy.start(before: .unix(path: "\(fixture.folder)/redis.sock"))
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(proxy, RedisAddress(proxy.url)))
    } catch {
      result = .failure(error)
    }
    try await proxy.stop()
    try result.get()
  }

  /// The taking of the shard, the numbers of its rows, its rows, the search for its buckets.
  @Test(
    "A Redis that falls silent while shards are loaded is not waited for without end",
    arguments: ["EVAL", "HLEN", "HSCAN", "SCAN"])
  func silentWhileLoading(_ command: String) async throws {
    try await EngineFixture.with(loops: 1, shards: 1) { fixture in
      let key = IdempotencyKey(high: 1, low: 2, fingerprint: 3)
      _ = await fixture.ask(.set(1, "MAIN", 10), key: key)
      await fixture.engine.stop()
      try await Self.withProxy(of: fixture) { proxy, address in
        // The connection stays, and nobody ever answers on it: as from a host that has lost its power.
        proxy.set(Fault(.delay(.seconds(86_400)), on: .commands(named: command)))
        let second = try await fixture.restarted {
          $0.address = address
          $0.loadTimeout = .seconds(1)
        }
        #expect(proxy.hits == 1)
        #expect(await second.summary(1)?.totalQuantity == 10)
        let figures = await second.engine.figures()
        #expect(figures.commits.troubles[RedisTrouble.timeout.rawValue] >= 1)
        await second.stopEngine()
      }
    }
  }

  @Test("A shard whose commits are refused as INVALID eight times in a row stops, and is read")
  func invalidForEver() async throws {
    try await EngineFixture.with(loops: 1, shards: 1) { fixture in
      _ = await fixture.ask(.set(1, "MAIN", 10))
      await fixture.engine.stop()
      try await Self.withProxy(of: fixture) { proxy, address in
        let second = try await fixture.restarted { $0.address = address }
        let words = ["INVALID", "entries", "1", "9 1 1 1 5 5 - MAIN"]
        let reply = words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        proxy.set(Fault(.answer("*4\r\n\(reply)"), on: .commits, times: nil))
        var health = await second.engine.health()
        for _ in 0..<12_000 where !health.shards[0].state.hasPrefix("failed") {
          let outcome = await second.ask(.reserve(1, "MAIN", 1)).outcome
          guard case .unavailable = outcome else { throw Failure("\(outcome)") }
          try await Task.sleep(for: .milliseconds(5))
          health = await second.engine.health()
        }
        #expect(health.shards[0].state.hasPrefix("failed: redis refuses"), "\(health)")
        #expect(health.shards[0].state.contains("entries field 1"))
        #expect(!health.isServing)
        #expect(await second.engine.figures().shards[0].hasEnded)
        #expect(proxy.hits == 8)
        #expect(await second.summary(1)?.totalReserved == 0)
        // Not even when Redis would take it again: until somebody has looked.
        proxy.lift()
        #expect(await second.ask(.reserve(1, "MAIN", 1)).outcome == .unavailable(.storeUnavailable))
        _ = try await second.engine.verify(repair: true)
        let isBack = try await Self.eventually { await second.engine.health().isServing }
        #expect(isBack)
        #expect(await second.reserved(1) == 0)
        await second.stopEngine()
      }
    }
  }

  private static func eventually(_ condition: () async -> Bool) async throws -> Bool {
    for _ in 0..<12_000 {
      if await condition() { return true }
      try await Task.sleep(for: .milliseconds(5))
    }
    return false
  }
}
