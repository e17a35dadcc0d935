import StockCore
import StockRedis
import Testing

@Suite("Opening a namespace")
struct NamespaceTests {
  private let keys = RedisKeys(namespace: "shop")

  private func open(_ connection: RedisConnection, _ shards: Int = 4) async throws -> Namespace {
    try await Namespace.open(keys, on: connection, newShardCount: shards, now: 1_700_000_000_000)
  }

  @Test("makes it in an empty Redis, and finds it again with its own number of shards")
  func fresh() async throws {
    try await TestRedis.with { _, connection in
      let made = try await open(connection)
      #expect(made.isNew && made.shardCount == 4)
      #expect(
        try await connection.call(["HMGET", "shop:manifest", "version", "shards", "created_at"])
          == .array([.text("1"), .text("4"), .text("1700000000000")]))
      for shard in ["0", "3", "control"] {
        #expect(
          try await connection.call(["HGETALL", "shop:{\(shard)}:meta"])
            == .array([.text("epoch"), .text("0"), .text("sequence"), .text("0")]))
      }
      #expect(try await connection.call(["DBSIZE"]) == .integer(6))
      let again = try await open(connection, 9)
      #expect(!again.isNew && again.shardCount == 4)
      #expect(try await connection.call(["DBSIZE"]) == .integer(6))
    }
  }

  @Test("goes on where a crash stopped it being made")
  func halfMade() async throws {
    try await TestRedis.with { _, connection in
      _ = try await connection.call(["HSET", "shop:{0}:meta", "epoch", "0", "sequence", "0"])
      _ = try await connection.call(["HSET", "shop:{1}:meta", "epoch", "0"])
      let made = try await open(connection)
      #expect(made.isNew && made.shardCount == 4)
      #expect(
        try await connection.call(["HGET", "shop:{1}:meta", "sequence"]) == .text("0"))
    }
  }

  @Test("two at once agree on one number of shards")
  func race() async throws {
    try await TestRedis.with { redis, connection in
      let other = try await redis.connect()
      async let first = open(connection, 4)
      async let second = open(other, 8)
      let counts = [try await first.shardCount, try await second.shardCount]
      #expect(counts[0] == counts[1])
      #expect(
        try await connection.call(["HGET", "shop:manifest", "shards"]) == .text("\(counts[0])"))
      await other.disconnect()
    }
  }

  @Test(
    "refuses to go on without what must be there",
    arguments: [
      ("a lost meta", ["DEL", "shop:{2}:meta"], RedisSetupError.Code.dataLoss, "shop:{2}:meta"),
      ("a lost sequence", ["HDEL", "shop:{2}:meta", "sequence"], .dataLoss, "shop:{2}:meta"),
      ("lost control", ["DEL", "shop:{control}:meta"], .dataLoss, "control"),
      ("no shards", ["HDEL", "shop:manifest", "shards"], .dataLoss, "number of shards"),
      ("too many shards", ["HSET", "shop:manifest", "shards", "5000"], .dataLoss, "4096"),
      ("no version", ["HDEL", "shop:manifest", "version"], .dataLoss, "no version"),
      ("a later version", ["HSET", "shop:manifest", "version", "2"], .otherVersion, "version 2"),
    ])
  func refuses(
    _ name: String, _ damage: [String], _ code: RedisSetupError.Code, _ word: String
  ) async throws {
    try await TestRedis.with { _, connection in
      _ = try await open(connection)
      _ = try await connection.call(damage)
      let error = try await #require(throws: RedisSetupError.self, "\(name)") {
        try await open(connection)
      }
      #expect(error.code == code)
      #expect(error.message.contains(word), "\(error)")
    }
  }

  @Test(
    "does not make a new one over the remains of another",
    arguments: [
      ["HSET", "shop:{3}:meta", "sequence", "12"],
      ["HSET", "shop:{4095}:meta", "sequence", "1"],
      ["HSET", "shop:{1}:entries", "8", "1 0 1 5 1 1 - B"],
      ["HSET", "shop:{1}:products", "8", "x"],
      ["HSET", "shop:{1}:holds", "h", "x"],
      ["HSET", "shop:{1}:purchases", "8 c", "x"],
      ["XADD", "shop:{1}:log", "1-1", "v", "1"],
      ["HSET", "shop:{control}:keys", "1", "x"],
    ])
  func lostManifest(_ remains: [String]) async throws {
    try await TestRedis.with { _, connection in
      _ = try await open(connection)
      _ = try await connection.call(["DEL", "shop:manifest"])
      _ = try await connection.call(remains)
      let error = try await #require(throws: RedisSetupError.self) { try await open(connection) }
      #expect(error.code == .dataLoss)
      #expect(error.message.contains("manifest"))
      #expect(try await connection.call(["EXISTS", "shop:manifest"]) == .integer(0))
    }
  }

  @Test("names and numbers out of bounds are refused")
  func bounds() async throws {
    try await TestRedis.with { _, connection in
      for (name, shards) in [("a{b", 4), ("", 4), ("shop", 0), ("shop", 4097)] {
        let error = try await #require(throws: RedisSetupError.self) {
          try await Namespace.open(
            RedisKeys(namespace: name), on: connection, newShardCount: shards, now: 0)
        }
        #expect(error.code == .invalid)
      }
      #expect(try await connection.call(["DBSIZE"]) == .integer(0))
    }
  }
}

@Suite("Redis's settings")
struct SettingsCheckTests {
  @Test("safe ones pass without a word")
  func safe() async throws {
    try await TestRedis.with(["--appendonly", "yes"]) { _, connection in
      let warnings = try await SettingsCheck.run(on: connection, durability: .everysec)
      #expect(warnings.isEmpty)
    }
  }

  @Test("every unsafe one is named with its remedy; or is a warning, if that is allowed")
  func unsafe() async throws {
    try await TestRedis.with(["--maxmemory-policy", "allkeys-lru"]) { _, connection in
      let error = try await #require(throws: RedisSetupError.self) {
        _ = try await SettingsCheck.run(on: connection, durability: .always)
      }
      #expect(error.code == .unsafeSettings)
      for line in [
        "redis-cli CONFIG SET maxmemory-policy noeviction", "redis-cli CONFIG SET appendonly yes",
        "redis-cli CONFIG SET appendfsync always",
      ] {
        #expect(error.message.contains(line))
        #expect(
          try await connection.call(line.split(separator: " ").dropFirst().map(String.init))
            == .text("OK"))
      }
      #expect(try await SettingsCheck.run(on: connection, durability: .always).isEmpty)
      #expect(try await SettingsCheck.run(on: connection, durability: .everysec).isEmpty)
      _ = try await connection.call(["CONFIG", "SET", "appendfsync", "no"])
      let unsynced = try await SettingsCheck.run(
        on: connection, durability: .everysec, allowUnsafe: true)
      #expect(unsynced.count == 1 && unsynced[0].contains("must be \"everysec\""))
      _ = try await connection.call(["CONFIG", "SET", "appendfsync", "always"])
      _ = try await connection.call(["CONFIG", "SET", "appendonly", "no"])
      let warnings = try await SettingsCheck.run(
        on: connection, durability: .everysec, allowUnsafe: true)
      #expect(warnings.count == 1 && warnings[0].contains("appendonly"))
    }
  }

  @Test("a Redis that does not let us look is refused too")
  func forbidden() async throws {
    try await TestRedis.with(["--appendonly", "yes"]) { _, connection in
      _ = try await connection.call(["ACL", "SETUSER", "default", "-config"])
      let error = try await #require(throws: RedisSetupError.self) {
        _ = try await SettingsCheck.run(on: connection, durability: .everysec)
      }
      #expect(error.message.contains("CONFIG GET is refused"))
      #expect(
        try await SettingsCheck.run(on: connection, durability: .everysec, allowUnsafe: true).count
          == 3)
    }
  }
}
