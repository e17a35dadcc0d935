import ArgumentParser
import Configuration
import Foundation
import StockTools

/// The flags of `stock serve`. None has a default here: `ServeSettings` knows them, and where else a
/// setting may come from.
struct ServeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where to listen (default: 127.0.0.1).", valueName: "address"))
  var host: String?

  @Option(help: ArgumentHelp("Port; 0 takes a free one (default: 8080).", valueName: "number"))
  var port: Int?

  @Option(
    help: ArgumentHelp(
      "Folder of the engine's own Redis "
        + "(default: \(ServeSettings.defaultData(ProcessInfo.processInfo.environment))).",
      valueName: "folder"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Your own Redis: redis://[user:pass@]host:port/db or unix:///path (default: one is started).",
      valueName: "url"))
  var redis: String?

  @Option(
    help: ArgumentHelp("everysec, always or replicas:N (default: everysec).", valueName: "mode"))
  var durability: String?

  @Option(help: ArgumentHelp("keys, or none on loopback only (default: keys).", valueName: "mode"))
  var auth: String?

  @Option(
    help: ArgumentHelp(
      "trace, debug, info, notice, warning, error or critical (default: info).", valueName: "level")
  )
  var logLevel: String?

  @Option(
    help: ArgumentHelp(
      "console, or json: one object a line (default: console).", valueName: "format"))
  var logFormat: String?

  @Option(
    help: ArgumentHelp(
      "Who may read /metrics: admin (with an admin key), open (everybody who reaches the port) or "
        + "off (default: admin).", valueName: "who"))
  var metrics: String?

  @Option(help: ArgumentHelp("Event loops (default: by the number of cores).", valueName: "number"))
  var loops: Int?

  @Option(help: ArgumentHelp("Shards, when the namespace is made.", valueName: "number"))
  var shards: Int?

  @Flag(help: "Start even on a Redis that may evict or lose data.")
  var allowUnsafeRedis = false

  @Option(
    help: ArgumentHelp(
      "Open connections of clients; one more gets a 503 (default: 16384).", valueName: "number"))
  var maxConnections: Int?

  @Option(
    help: ArgumentHelp(
      "Of them, those from one address (default: 12288).", valueName: "number"))
  var maxConnectionsPerAddress: Int?

  @Option(
    help: ArgumentHelp(
      "Requests that each key may make a second, and at once, but for admins' keys; one more gets a 429 (default: none).",
      valueName: "rate[:burst]"))
  var rateLimit: String?

  @Option(
    help: ArgumentHelp("The redis-server to start (default: redis-server).", valueName: "path"))
  var redisServer: String?

  @Option(
    help: ArgumentHelp(
      "How long an idempotency key's first answer is kept, at least (default: 24h).",
      valueName: "time"))
  var idempotencyAge: String?

  @Option(
    help: ArgumentHelp(
      "How much longer reservations live that ended while the engine was away (default: 0s).",
      valueName: "time"))
  var expiryGrace: String?

  @Option(
    help: ArgumentHelp(
      "How long a reservation that has ended is remembered (default: 24h).", valueName: "time"))
  var closedHoldAge: String?

  @Option(
    help: ArgumentHelp(
      "Movements that each shard's ledger keeps, about (default: 5000000).", valueName: "number"))
  var ledgerLength: Int?

  @OptionGroup(title: "Access") var access: AccessOptions

  // Below the contract's 30 s only for tests.
  @Option(help: .hidden)
  var minTtl: String?

  @Option(
    help: ArgumentHelp("JSON file with settings, named as the flags are.", valueName: "file"))
  var config: String?

  /// The settings that were given, by name.
  private var given: [String: ConfigValue] {
    let contents: [String: ConfigContent?] = [
      "host": host.map(ConfigContent.string), "port": port.map(ConfigContent.int),
      "data": data.map(ConfigContent.string), "redis": redis.map(ConfigContent.string),
      "durability": durability.map(ConfigContent.string), "auth": auth.map(ConfigContent.string),
      "log-level": logLevel.map(ConfigContent.string),
      "log-format": logFormat.map(ConfigContent.string),
      "max-connections": maxConnections.map(ConfigContent.int),
      "max-connections-per-address": maxConnectionsPerAddress.map(ConfigContent.int),
      "rate-limit": rateLimit.map(ConfigContent.string),
      "metrics": metrics.map(ConfigContent.string), "loops": loops.map(ConfigContent.int),
      "shards": shards.map(ConfigContent.int),
      "allow-unsafe-redis": allowUnsafeRedis ? .bool(true) : nil,
      "redis-server": redisServer.map(ConfigContent.string),
      "idempotency-age": idempotencyAge.map(ConfigContent.string),
      "expiry-grace": expiryGrace.map(ConfigContent.string),
      "closed-hold-age": closedHoldAge.map(ConfigContent.string),
      "ledger-length": ledgerLength.map(ConfigContent.int),
      "min-ttl": minTtl.map(ConfigContent.string),
    ]
    return contents.merging(access.given) { first, _ in first }
      .compactMapValues { $0 }.mapValues { ConfigValue($0, isSecret: false) }
  }

  /// - Throws: `ValidationError`, which is exit code 64.
  func settings() async throws -> ServeSettings {
    let environment = ProcessInfo.processInfo.environment
    do {
      return try await ServeSettings.load(
        flags: given, environment: environment, file: config ?? environment["STOCK_CONFIG"])
    } catch let error as ToolError {
      throw ValidationError(error.description)
    }
  }
}
