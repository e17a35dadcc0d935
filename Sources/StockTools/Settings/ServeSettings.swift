public import Configuration
import Foundation
public import Logging
import StockCore

/// What `stock serve` was told, by flags, environment and config file.
///
/// A setting's name is its flag without the dashes (`log-level`), its key in the config file too, and
/// its environment variable with STOCK_ before it (`STOCK_LOG_LEVEL`). The first that has it counts:
/// flag, environment, file, default.
public struct ServeSettings: Equatable, Sendable {
  /// When a change counts as safe.
  public enum Durability: Equatable, Sendable {
    /// Redis has taken it; it is on disk within a second or two.
    case everysec
    /// It is on disk.
    case always
    /// So many replicas have received it.
    case replicas(Int)
  }

  /// Who may read `/metrics`: bearers of an admin key, everybody who reaches the port, nobody.
  public enum Metrics: String, CaseIterable, Sendable {
    case admin, open, off
  }

  public enum LogFormat: String, CaseIterable, Sendable {
    /// A line for people.
    case console
    /// One JSON object a line.
    case json
  }

  public enum Authentication: String, CaseIterable, Sendable {
    case keys, none
  }

  /// Requests that each key may make, but for admins' keys.
  public struct RateLimit: Equatable, Sendable {
    /// The least and the largest of both.
    public static let range = 1...1_000_000

    /// A second.
    public var rate: Int
    /// At once.
    public var burst: Int

    public init(rate: Int, burst: Int) {
      self.rate = rate
      self.burst = burst
    }
  }

  /// Where to listen.
  public var host: String
  /// 0 takes a free one.
  public var port: Int
  /// Where the engine's own Redis keeps its files.
  public var data: String
  /// The user's own Redis; nil: the engine starts one.
  public var redis: String?
  public var durability: Durability
  public var authentication: Authentication
  public var logLevel: Logger.Level
  public var logFormat: LogFormat
  public var metrics: Metrics
  /// Open connections of clients; nil: the front's default.
  public var maxConnections: Int?
  /// Of them, those from one address; nil: the front's default.
  public var maxConnectionsPerAddress: Int?
  /// nil: keys may ask as often as they like.
  public var rateLimit: RateLimit?
  /// Event loops; nil: the engine's default.
  public var loops: Int?
  /// Shards of a new namespace; nil: the engine's default, or what the namespace has.
  public var shards: Int?
  /// Tokens that others sign; nil: there are only keys.
  public var tokens: Tokens?
  /// nil: no TLS.
  public var tls: TLS?
  /// Starts even on a Redis that may drop or lose data.
  public var allowUnsafeRedis: Bool
  /// The `redis-server` to start, by path or by name.
  public var redisServer: String
  /// The first admin key's token (STOCK_ADMIN_KEY); nil: one is made and shown once.
  public var adminKey: String?
  /// Milliseconds by which reservations live on that ended while the engine was away, counted from its
  /// start.
  public var expiryGrace: Int64
  /// Milliseconds for which the first answer to an idempotency key is kept, at least.
  public var idempotencyAge: Int64
  /// Milliseconds for which a reservation that has ended is remembered.
  public var closedHoldAge: Int64
  /// Movements that each shard's ledger keeps, about.
  public var ledgerLength: Int64
  /// The shortest time to live that a reservation may ask for, in milliseconds. Less than the contract's
  /// 30 s only for tests, which cannot wait that long.
  public var shortestTimeToLive: Int64

  /// Every setting that has a flag.
  public static let names = [
    "host", "port", "data", "redis", "durability", "auth", "log-level", "log-format",
    "metrics", "max-connections", "max-connections-per-address", "rate-limit", "loops", "shards",
    "allow-unsafe-redis", "redis-server", "expiry-grace", "idempotency-age", "closed-hold-age",
    "ledger-length", "min-ttl",
    "jwt-keys", "jwt-issuer", "jwt-audience", "jwt-role-claim", "jwt-store-claim", "jwt-leeway",
    "tls-cert", "tls-key", "tls-port",
  ]

  /// - Parameters:
  ///   - flags: the settings given on the command line, by name.
  ///   - environment: all of it.
  ///   - file: the path of a JSON file with one object.
  /// - Throws: `ToolError` that names the flag whose value cannot be, wherever it came from.
  public static func load(
    flags: [String: ConfigValue], environment: [String: String], file: String?
  ) async throws -> ServeSettings {
    var providers: [any ConfigProvider] = [
      InMemoryProvider(
        name: "flags",
        values: Dictionary(
          uniqueKeysWithValues: flags.map { (AbsoluteConfigKey([$0.key]), $0.value) })),
      EnvironmentVariablesProvider(
        environmentVariables: environment,
        secretsSpecifier: .specific([
          "STOCK_ADMIN_KEY", "STOCK_KEY", "STOCK_REDIS", "STOCK_JWT_SECRET",
        ])
      ).prefixKeys(with: "stock"),
    ]
    if let file { providers.append(try await configFile(file)) }
    return try ServeSettings(
      SettingReader(config: ConfigReader(providers: providers)), environment: environment)
  }

  private init(_ read: SettingReader, environment: [String: String]) throws {
    host = try read.string("host") ?? "127.0.0.1"
    port = try read.int("port", in: 0...65_535) ?? 8080
    data = try read.string("data") ?? Self.defaultData(environment)
    redis = try read.string("redis")
    durability =
      try read.parsed("durability", "everysec, always or replicas:N (N from 1 to 16)") {
        Durability($0)
      } ?? .everysec
    if case .replicas = durability, redis == nil {
      throw ToolError(
        "--durability replicas:N needs --redis: no replica can reach the engine's own Redis")
    }
    authentication =
      try read.parsed("auth", "keys or none") { Authentication(rawValue: $0) } ?? .keys
    logLevel =
      try read.parsed(
        "log-level", Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
      ) { Logger.Level(rawValue: $0) } ?? .info
    logFormat =
      try read.parsed("log-format", "console or json") { LogFormat(rawValue: $0) } ?? .console
    metrics = try read.parsed("metrics", "admin, open or off") { Metrics(rawValue: $0) } ?? .admin
    let connections = 1...1_048_576
    maxConnections = try read.int("max-connections", in: connections)
    maxConnectionsPerAddress = try read.int("max-connections-per-address", in: connections)
    rateLimit = try read.parsed(
      "rate-limit", "RATE or RATE:BURST, requests a second and at once, from 1 to 1000000"
    ) { RateLimit($0) }
    loops = try read.int("loops", in: 1...Ticket.maxLoops)
    shards = try read.int("shards", in: 1...Bounds.maxShards)
    allowUnsafeRedis = try read.bool("allow-unsafe-redis") ?? false
    redisServer = try read.string("redis-server") ?? "redis-server"
    adminKey = try read.string("admin-key").map(AdminKey.trimmed)
    let shard = ShardConfiguration()
    expiryGrace = try read.milliseconds("expiry-grace", from: "0s", to: "1d") ?? shard.expiryGrace
    idempotencyAge =
      try read.milliseconds("idempotency-age", from: "1m", to: "30d") ?? shard.idempotencyAge
    closedHoldAge =
      try read.milliseconds("closed-hold-age", from: "1m", to: "365d") ?? shard.closedHoldAge
    ledgerLength =
      try read.int("ledger-length", in: 1_000...1_000_000_000).map(Int64.init)
      ?? shard.ledgerLength
    shortestTimeToLive =
      try read.milliseconds("min-ttl", from: "1s", to: "30s") ?? Bounds.timeToLive.lowerBound
    tokens = try Tokens(read, authentication)
    tls = try TLS(read)
    if let redis, !["redis://", "unix://"].contains(where: redis.hasPrefix) {
      throw ToolError("--redis must be redis://[user:pass@]host:port/db or unix:///path")
    }
    if authentication == .none, !["127.0.0.1", "::1", "localhost"].contains(host) {
      throw ToolError(
        "--auth none is for loopback addresses only, and --host is \(host): "
          + "anyone who reaches it could change the stock")
    }
  }

  /// `$XDG_DATA_HOME/stock`, or `~/.local/share/stock`.
  public static func defaultData(_ environment: [String: String]) -> String {
    if let base = environment["XDG_DATA_HOME"], base.hasPrefix("/") { return "\(base)/stock" }
    return "\(environment["HOME"] ?? NSHomeDirectory())/.local/share/stock"
  }

  /// - Throws: `ToolError` where it cannot be read, or names a setting that there is not.
  private static func configFile(_ path: String) async throws -> FileProvider<JSONSnapshot> {
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let object = try JSONSerialization.jsonObject(with: data)
      for (name, value) in (object as? [String: Any] ?? [:]).sorted(by: { $0.key < $1.key }) {
        guard names.contains(name) else {
          throw ToolError("--config \(path): there is no setting \"\(name)\"")
        }
        // The reader would pass these over without a word.
        if value is [Any] || value is [String: Any] || value is NSNull {
          throw ToolError("--\(name) must be a single value, and is not in \(path)")
        }
      }
      try BooleanCheck.run(data, path)
      let place = InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)]
      )
      return try await FileProvider<JSONSnapshot>(config: ConfigReader(provider: place))
    } catch let error as ToolError {
      throw error
    } catch {
      throw ToolError("--config \(path): \(error.localizedDescription)")
    }
  }
}

/// Without what is secret: whatever prints settings must not tell keys and passwords.
extension ServeSettings: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String {
    "settings of \(host):\(port), data \(data), \(redis == nil ? "own redis" : "given redis")"
  }

  public var debugDescription: String { description }
}

extension ServeSettings.RateLimit {
  /// - Returns: nil unless it is "RATE" or "RATE:BURST"; with the first, as many may come at once as in
  ///   a second.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }.filter(Self.range.contains)
    guard (1...2).contains(parts.count), numbers.count == parts.count else { return nil }
    self.init(rate: numbers[0], burst: numbers[numbers.count - 1])
  }
}

extension ServeSettings.Durability {
  /// - Returns: nil unless it is "everysec", "always" or "replicas:N".
  public init?(_ text: String) {
    switch text {
    case "everysec": self = .everysec
    case "always": self = .always
    default:
      guard text.hasPrefix("replicas:"), let count = Int(text.dropFirst("replicas:".count)),
        (1...16).contains(count)
      else { return nil }
      self = .replicas(count)
    }
  }
}
