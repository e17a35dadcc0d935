import Configuration
import Foundation
import Logging
import StockTools
import Testing

@Suite("Settings of serve")
struct SettingsTests {
  static func load(
    _ flags: [String: ConfigContent] = [:], _ environment: [String: String] = [:],
    file: String? = nil
  ) async throws -> ServeSettings {
    var path: String?
    if let file {
      path = NSTemporaryDirectory() + "settings-\(UUID().uuidString).json"
      try Data(file.utf8).write(to: URL(fileURLWithPath: path ?? ""))
    }
    defer { if let path { try? FileManager.default.removeItem(atPath: path) } }
    return try await ServeSettings.load(
      flags: flags.mapValues { ConfigValue($0, isSecret: false) },
      environment: environment.merging(["HOME": "/home/me"]) { $1 }, file: path)
  }

  @Test("the defaults")
  func defaults() async throws {
    let settings = try await Self.load()
    #expect(settings.host == "127.0.0.1" && settings.port == 8080)
    #expect(settings.data == "/home/me/.local/share/stock")
    #expect(settings.redis == nil && settings.durability == .everysec)
    #expect(settings.authentication == .keys && settings.logLevel == .info)
    #expect(settings.loops == nil && settings.shards == nil && settings.adminKey == nil)
    #expect(!settings.allowUnsafeRedis && settings.redisServer == "redis-server")
    #expect(settings.expiryGrace == 0 && settings.idempotencyAge == 86_400_000)
    #expect(settings.closedHoldAge == 86_400_000 && settings.ledgerLength == 5_000_000)
    #expect(settings.shortestTimeToLive == 30_000)
    #expect(settings.logFormat == .console && settings.metrics == .admin)
    let elsewhere = try await Self.load([:], ["XDG_DATA_HOME": "/srv"])
    #expect(elsewhere.data == "/srv/stock")
  }

  @Test("what prints settings tells no secret")
  func secrets() async throws {
    let settings = try await Self.load(
      [:],
      ["STOCK_ADMIN_KEY": "sk_secret", "STOCK_REDIS": "redis://me:secret@10.0.0.5:6379/0"])
    for text in ["\(settings)", String(reflecting: settings), String(describing: [settings])] {
      #expect(!text.contains("secret"), "\(text)")
    }
  }

  @Test("a flag wins over the environment, the environment over the file")
  func precedence() async throws {
    let file = #"{"port": 1, "log-level": "debug", "shards": 3, "allow-unsafe-redis": true}"#
    let fromFile = try await Self.load(file: file)
    #expect(fromFile.port == 1 && fromFile.logLevel == .debug && fromFile.shards == 3)
    #expect(fromFile.allowUnsafeRedis)
    let environment = [
      "STOCK_PORT": "2", "STOCK_LOG_LEVEL": "error", "PORT": "9", "STOCK_LOOPS": "4",
    ]
    let fromEnvironment = try await Self.load([:], environment, file: file)
    #expect(fromEnvironment.port == 2 && fromEnvironment.logLevel == .error)
    #expect(fromEnvironment.shards == 3 && fromEnvironment.loops == 4)
    let fromFlags = try await Self.load(["port": .int(0)], environment, file: file)
    #expect(fromFlags.port == 0 && fromFlags.logLevel == .error && fromFlags.shards == 3)
  }

  @Test("every setting can come from the environment")
  func environment() async throws {
    let settings = try await Self.load(
      [:],
      [
        "STOCK_HOST": "::1", "STOCK_DATA": "/d", "STOCK_REDIS": "unix:///tmp/r",
        "STOCK_DURABILITY": "replicas:2", "STOCK_AUTH": "none", "STOCK_ALLOW_UNSAFE_REDIS": "true",
        "STOCK_REDIS_SERVER": "/bin/r", "STOCK_ADMIN_KEY": "sk_x",
        "STOCK_EXPIRY_GRACE": "10m", "STOCK_IDEMPOTENCY_AGE": "48h", "STOCK_CLOSED_HOLD_AGE": "2d",
        "STOCK_LEDGER_LENGTH": "5000", "STOCK_MIN_TTL": "1s", "STOCK_LOG_FORMAT": "json",
        "STOCK_METRICS": "open", "STOCK_MAX_CONNECTIONS": "100",
        "STOCK_MAX_CONNECTIONS_PER_ADDRESS": "10", "STOCK_RATE_LIMIT": "50:200",
      ])
    #expect(settings.host == "::1" && settings.data == "/d" && settings.redis == "unix:///tmp/r")
    #expect(settings.durability == .replicas(2) && settings.authentication == .none)
    #expect(settings.allowUnsafeRedis && settings.redisServer == "/bin/r")
    #expect(settings.adminKey == "sk_x")
    #expect(settings.expiryGrace == 600_000 && settings.idempotencyAge == 172_800_000)
    #expect(settings.closedHoldAge == 172_800_000 && settings.ledgerLength == 5_000)
    #expect(settings.shortestTimeToLive == 1_000)
    #expect(settings.logFormat == .json && settings.metrics == .open)
    #expect(settings.maxConnections == 100 && settings.maxConnectionsPerAddress == 10)
    #expect(settings.rateLimit == ServeSettings.RateLimit(rate: 50, burst: 200))
    #expect(
      try await Self.load([:], ["STOCK_RATE_LIMIT": "70"]).rateLimit
        == ServeSettings.RateLimit(rate: 70, burst: 70))
    #expect(try await Self.load([:], ["STOCK_EXPIRY_GRACE": "0s"]).expiryGrace == 0)
  }

  @Test(
    "a value that cannot be is refused by its flag's name",
    arguments: [
      ("STOCK_PORT", "65536", "--port must be a number from 0 to 65535, and 65536 is not"),
      ("STOCK_PORT", "http", "--port must be a number from 0 to 65535"),
      ("STOCK_DURABILITY", "replicas:0", "--durability must be"),
      ("STOCK_DURABILITY", "never", "--durability must be"),
      ("STOCK_DURABILITY", "replicas:1", "--durability replicas:N needs --redis"),
      ("STOCK_AUTH", "some", "--auth must be keys or none, and \"some\" is not"),
      ("STOCK_LOG_LEVEL", "loud", "--log-level must be"),
      ("STOCK_LOG_FORMAT", "xml", "--log-format must be console or json"),
      ("STOCK_METRICS", "yes", "--metrics must be admin, open or off"),
      ("STOCK_SHARDS", "0", "--shards must be"), ("STOCK_LOOPS", "257", "--loops must be"),
      // Tickets have no number for it.
      ("STOCK_LOOPS", "256", "--loops must be a number from 1 to 255"),
      ("STOCK_REDIS", "localhost:6379", "--redis must be"),
      ("STOCK_DATA", "", "--data must not be empty"),
      ("STOCK_EXPIRY_GRACE", "2d", "--expiry-grace must be a time from 0s to 1d"),
      ("STOCK_IDEMPOTENCY_AGE", "0s", "--idempotency-age must be a time from 1m to 30d"),
      ("STOCK_CLOSED_HOLD_AGE", "soon", "--closed-hold-age must be a time"),
      ("STOCK_LEDGER_LENGTH", "999", "--ledger-length must be a number from 1000"),
      ("STOCK_MAX_CONNECTIONS", "0", "--max-connections must be a number from 1"),
      ("STOCK_RATE_LIMIT", "0", "--rate-limit must be RATE or RATE:BURST"),
      ("STOCK_RATE_LIMIT", "1:2:3", "--rate-limit must be"),
      ("STOCK_RATE_LIMIT", "10:", "--rate-limit must be"),
      ("STOCK_RATE_LIMIT", "1000001", "--rate-limit must be"),
      ("STOCK_MIN_TTL", "31s", "--min-ttl must be a time from 1s to 30s"),
      ("STOCK_ALLOW_UNSAFE_REDIS", "maybe", "--allow-unsafe-redis must be true or false"),
    ])
  func refused(name: String, value: String, words: String) async {
    let error = await #expect(throws: ToolError.self) { try await Self.load([:], [name: value]) }
    #expect(error?.description.hasPrefix(words) == true)
  }

  @Test("as many loops as there may be")
  func mostLoops() async throws {
    #expect(try await Self.load([:], ["STOCK_LOOPS": "255"]).loops == 255)
  }

  @Test("no authentication is for loopback only")
  func openToAll() async throws {
    let flags: [String: ConfigContent] = ["auth": .string("none"), "host": .string("0.0.0.0")]
    await #expect(throws: ToolError.self) { try await Self.load(flags) }
    _ = try await Self.load(["auth": .string("none")])
  }

  @Test("a config file with an unknown name, a wrong kind, or no JSON is refused")
  func badFiles() async {
    for (file, words) in [
      (#"{"prot": 1}"#, "there is no setting \"prot\""), (#"{"port": "1"}"#, "--port must be"),
      (#"{"port": [1]}"#, "--port must be"), (#"{"host": 5}"#, "--host must be"),
      (#"{"port": {"a": 1}}"#, "--port must be"), (#"{"port": null}"#, "--port must be"),
      (#"{"loops": true}"#, "--loops must not be true or false"),
      (#"{"shards": false}"#, "--shards must not be true or false"),
      (#"{"allow-unsafe-redis": 1}"#, "--allow-unsafe-redis must be true or false"),
      ("port = 1", "--config"), ("[]", "--config"),
    ] {
      let error = await #expect(throws: ToolError.self) { try await Self.load(file: file) }
      #expect(error?.description.contains(words) == true, "\(file): \(error?.description ?? "")")
    }
  }

  @Test(
    "lifetimes",
    arguments: [
      ("90s", 90), ("15m", 900), ("12h", 43_200), ("30d", 2_592_000), ("4w", 2_419_200),
      ("0d", nil), ("-1d", nil), ("+1d", nil), ("d", nil), ("", nil), ("12", nil), ("1y", nil),
      ("9223372036854775807w", nil), ("40000d", nil),
    ] as [(String, Int64?)])
  func lifetimes(text: String, seconds: Int64?) {
    #expect(Lifetime.seconds(text) == seconds)
  }
}
