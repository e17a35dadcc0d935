import Crypto
import Foundation
import Logging
import Metrics
import NIOCore
import ServiceLifecycle
import StockCore
import StockEngine
import StockHTTP
import StockLoop
import StockRedis
import StockTools
import UnixSignals

/// Runs the engine and its front until it is told to stop (SIGTERM, SIGINT, SIGHUP).
func serve(_ settings: ServeSettings) async throws {
  LoggingSystem.bootstrap { label in
    var handler: any LogHandler =
      switch settings.logFormat {
      case .console: ConsoleLogHandler(label: label)
      case .json: JSONLogHandler(label: label)
      }
    handler.logLevel = settings.logLevel
    return handler
  }
  let registry = MetricRegistry()
  MetricsSystem.bootstrap(registry)
  let logger = Logger(label: "stock")
  let group = ServiceGroup(
    configuration: .init(
      services: [
        .init(service: EngineService(settings: settings, logger: logger, registry: registry))
      ],
      gracefulShutdownSignals: stopSignals, logger: logger))
  do {
    try await group.run()
  } catch let error as RedisSetupError {
    throw ToolError(error.message)
  } catch let error as RedisConnectionError {
    throw ToolError("redis: \(error)")
  } catch EngineError.unavailable(let why) {
    throw ToolError(why)
  }
}

/// What stops it in order. SIGHUP, a terminal that is closed, not where nohup keeps that from us.
private var stopSignals: [UnixSignal] {
  let before = signal(SIGHUP, SIG_IGN)
  if unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
    return [.sigterm, .sigint]
  }
  signal(SIGHUP, SIG_DFL)
  return [.sigterm, .sigint, .sighup]
}

/// Everything that serves, from start to stop: Redis, engine, front; and back.
private struct EngineService: Service, CustomStringConvertible {
  /// The service group writes its services into the log: nothing of the settings may be told there.
  let description = "engine"

  /// Half the cores: the others are Redis's and the kernel's. Measured: docs/adr/0009.
  private static var defaultLoops: Int { min(max(1, System.coreCount / 2), Ticket.maxLoops) }
  /// Few shards make large batches; each loop needs one, also on a larger machine later.
  private static var defaultShards: Int { max(2, System.coreCount) }

  let settings: ServeSettings
  let logger: Logger
  let registry: MetricRegistry

  func run() async throws {
    takeFiles()
    let managed: ManagedRedis?
    do {
      managed = try await cancelWhenGracefulShutdown { try await startRedis() }
    } catch is CancellationError {
      logger.info("stopped before redis-server answered")
      return
    }
    let group = try LoopGroup(threads: settings.loops ?? Self.defaultLoops)
    do {
      try await run(managed: managed, group: group)
    } catch is CancellationError {
      logger.info("told to stop before it served")
    } catch {
      try? await group.shutdownGracefully()
      try? await managed?.stop()
      throw error
    }
    try await group.shutdownGracefully()
    try await managed?.stop()
    logger.info("stopped")
  }

  private func run(managed: ManagedRedis?, group: LoopGroup) async throws {
    let configuration = try engineConfiguration(managed)
    let engine = try await cancelWhenGracefulShutdown {
      try await ShardedEngine.start(
        configuration: configuration, loops: group.loops, logger: logger)
    }
    do {
      try await prepareKeys(engine.control)
      var configuration = HTTPConfiguration(
        authorization: settings.authentication == .none ? .none : .keys)
      configuration.metricsAccess =
        switch settings.metrics {
        case .admin: .admins
        case .open: .everybody
        case .off: .nobody
        }
      configuration.limit(by: settings)
      configuration.metrics = registry
      configuration.logger = logger
      configuration.auditLogger = Logger(label: "stock.audit")
      let access = try await Access.start(settings, logger: logger)
      configuration.tokens = access.tokens
      configuration.timeToLive = settings.shortestTimeToLive...Bounds.timeToLive.upperBound
      let server = try await HTTPServer.start(
        engine: engine, host: settings.plainHost, port: settings.port, group: group,
        configuration: configuration)
      do {
        try await access.listen(before: server)
      } catch {
        await server.stop(within: .zero)
        throw error
      }
      announce(server, access.secureAddress)
      ServiceManager.tell("READY=1")
      try await gracefulShutdown()
      ServiceManager.tell("STOPPING=1")
      logger.info("stopping")
      await server.stop()
      await access.stop()
      await engine.stop()
    } catch {
      await engine.stop()
      throw error
    }
  }

  /// Before anything is open, so that redis-server inherits it too.
  private func takeFiles() {
    let connections = settings.maxConnections ?? HTTPConfiguration().maxConnections
    let most = FileLimit.raise(to: settings.neededFiles)
    guard most < settings.neededFiles else { return }
    logger.warning(
      "fewer files may be open than connections may come",
      metadata: ["files": "\(most)", "max-connections": "\(connections)"])
  }

  private func startRedis() async throws -> ManagedRedis? {
    guard settings.redis == nil else { return nil }
    let logger = logger
    let managed = try await ManagedRedis.start(
      dataFolder: settings.data, durability: durability,
      executable: settings.redisServer == "redis-server" ? nil : settings.redisServer,
      progress: { logger.info("\($0)") })
    logger.info(
      managed.wasRunning ? "found redis-server" : "started redis-server",
      metadata: ["folder": "\(managed.folderPath)"])
    if managed.isFolderOpen {
      logger.warning(
        "others can look into the data folder: chmod 700 it",
        metadata: ["folder": "\(managed.folderPath)"])
    }
    return managed
  }

  private var durability: StockRedis.Durability {
    switch settings.durability {
    case .everysec: .everysec
    case .always: .always
    case .replicas(let count): .replicas(count)
    }
  }

  private func engineConfiguration(_ managed: ManagedRedis?) throws -> EngineConfiguration {
    let address: RedisAddress
    if let managed {
      address = managed.address
    } else {
      do {
        address = try RedisAddress(settings.redis ?? "")
      } catch {
        throw ToolError("--redis: \(error)")
      }
    }
    let logger = logger
    var revive: (@Sendable () async -> Void)?
    if let managed {
      revive = {
        do {
          if try await managed.restartIfDead() {
            Counter(label: "stock_redis_restarts_total").increment()
            logger.warning("redis-server was gone: started again")
          }
        } catch {
          logger.error("redis-server cannot be started again: \(error)")
        }
      }
    }
    var shard = ShardConfiguration()
    shard.expiryGrace = settings.expiryGrace
    shard.idempotencyAge = settings.idempotencyAge
    shard.closedHoldAge = settings.closedHoldAge
    shard.ledgerLength = settings.ledgerLength
    return EngineConfiguration(
      address: address, durability: durability,
      shardCount: settings.shards ?? Self.defaultShards, shard: shard,
      allowUnsafeRedis: settings.allowUnsafeRedis, reviveRedis: revive)
  }

  /// A new namespace gets store 1 and an admin key: STOCK_ADMIN_KEY's, or one that is made.
  /// That is shown at once: what comes next may fail (a port in use, a bad certificate), and the next
  /// start makes none.
  private func prepareKeys(_ control: any ControlPlane) async throws {
    if control.snapshot.stores.isEmpty {
      _ = try await control.putStore(
        id: 1, name: "Main", locationPriority: [], strategy: .priority)
    }
    guard settings.authentication == .keys else { return }
    let admins = control.snapshot.keys.values.filter { $0.role == .admin }
    guard admins.isEmpty else {
      if let given = settings.adminKey, !admins.contains(where: { $0.digest == digest(given) }) {
        logger.warning("STOCK_ADMIN_KEY is not used: there are admin keys already")
      }
      return
    }
    if let given = settings.adminKey, let problem = AdminKey.problem(with: given) {
      throw ToolError(problem)
    }
    let token = settings.adminKey ?? makeToken()
    _ = try await control.createKey(
      role: .admin, store: nil, name: settings.adminKey == nil ? "first admin" : "STOCK_ADMIN_KEY",
      digest: digest(token), expiresAt: nil, rateLimit: nil)
    if settings.adminKey == nil {
      print("admin key, shown this once: \(token)")
      fflush(nil)
    }
  }

  private func digest(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }

  private func makeToken() -> String {
    let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
    let text = secret.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    return "sk_" + text.replacing("=", with: "")
  }

  private func announce(_ server: HTTPServer, _ secure: SocketAddress?) {
    if let secure { print("listening on \(url("https", secure))") }
    print("listening on \(url("http", server.localAddress))")
    fflush(nil)
  }

  private func url(_ scheme: String, _ address: SocketAddress) -> String {
    let host = address.ipAddress ?? settings.host
    return "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(address.port ?? 0)"
  }
}

extension HTTPConfiguration {
  /// What is not set stays as it is.
  fileprivate mutating func limit(by settings: ServeSettings) {
    if let most = settings.maxConnections { maxConnections = most }
    if let most = settings.maxConnectionsPerAddress { maxConnectionsPerAddress = most }
    rateLimit = settings.rateLimit.map { RateLimit(rate: $0.rate, burst: $0.burst) }
  }
}
