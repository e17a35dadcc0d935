import Logging
import NIOCore
import StockCore
import StockEngine
import StockLoop
import StockRedis
import Synchronization
import Testing

@Suite("Redis's settings while it runs", .timeLimit(.minutes(5)))
struct SettingsWatchTests {
  @Test("what an operator sets wrong is said once for each change, and sales go on")
  func changed() async throws {
    let log = SaidLines()
    try await EngineFixture.with(
      shards: 1, logger: log.logger, configure: { $0.settingsInterval = .milliseconds(20) }
    ) { fixture in
      let redis = try await RedisConnection.connect(
        to: fixture.redis.address, on: fixture.group.nextLoop(), loadScripts: false
      ).get()
      func set(_ name: String, _ value: String) async throws {
        #expect(try await redis.call(["CONFIG", "SET", name, value]) == .text("OK"))
      }
      try await Self.until(fixture.engine, areRight: true)
      #expect(log.said == [])

      try await set("appendonly", "no")
      try await Self.until(fixture.engine, areRight: false)
      guard case .entry = await fixture.ask(.set(1, "MAIN", 10)).outcome else {
        throw Failure("it does not sell any more")
      }
      #expect(await fixture.engine.health().isServing)
      #expect(log.said == ["error appendonly"])

      try await set("appendfsync", "no")
      try await set("maxmemory-policy", "allkeys-lru")
      try await log.wait(count: 3)
      #expect(Set(log.said) == ["error appendonly", "error appendfsync", "error maxmemory-policy"])

      // Who may not look does not know, and is not told the same again later.
      _ = try await redis.call(["ACL", "SETUSER", "default", "-config"])
      try await Self.until(fixture.engine, areRight: nil)
      _ = try await redis.call(["ACL", "SETUSER", "default", "+config"])
      try await Self.until(fixture.engine, areRight: false)
      #expect(log.said.count == 3)

      try await set("appendonly", "yes")
      try await set("appendfsync", "always")
      #expect(await fixture.engine.figures().areSettingsRight == false)
      try await set("maxmemory-policy", "noeviction")
      try await Self.until(fixture.engine, areRight: true)
      try await log.wait(count: 4)
      #expect(log.said.last == "notice ")
      try await set("maxmemory-policy", "volatile-ttl")
      try await log.wait(count: 5)
      #expect(log.said.last == "error maxmemory-policy")
      try await Self.untilFileIsWritten(redis)
      await redis.disconnect()
    }
  }

  /// Redis does not stop before it has written the file that `appendonly yes` asks for.
  private static func untilFileIsWritten(_ redis: RedisConnection) async throws {
    for _ in 0..<6_000 {
      let info = try await redis.call(["INFO", "persistence"]).text ?? ""
      if info.contains("aof_rewrite_in_progress:0"), info.contains("aof_rewrite_scheduled:0") {
        return
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw Failure("redis does not end writing its file")
  }

  private static func until(_ engine: ShardedEngine, areRight: Bool?) async throws {
    for _ in 0..<6_000 {
      if await engine.figures().areSettingsRight == areRight { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw Failure("the settings are not seen to be \(areRight.map { "\($0)" } ?? "unknown")")
  }
}

/// What the engine's log says of Redis's settings: the level, and the name of the setting.
private final class SaidLines: Sendable {
  private let lines = Mutex<[String]>([])

  var said: [String] { lines.withLock { $0 } }
  var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

  func wait(count: Int) async throws {
    for _ in 0..<6_000 {
      if said.count >= count { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw Failure("it said no more than \(said)")
  }

  private struct Handler: LogHandler {
    let lines: SaidLines
    var logLevel = Logger.Level.notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      guard "\(event.message)".hasPrefix("redis is ") else { return }
      let why = event.metadata?["why"].map { "\($0)" } ?? ""
      lines.lines.withLock { $0.append("\(event.level) \(why.prefix { $0 != " " })") }
    }
  }
}
