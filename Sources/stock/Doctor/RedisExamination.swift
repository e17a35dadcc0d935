import Foundation
import NIOCore
import StockLoop
import StockRedis
import StockTools

/// The Redis that the engine would use: its own, or one that is given.
enum RedisExamination {
  private static let oldest = (7, 0)

  /// The engine's own.
  static func own(_ settings: ServeSettings, _ findings: inout Findings) async {
    version(of: settings.redisServer, &findings)
    let socket = "\(settings.data)/redis.sock"
    guard FileManager.default.fileExists(atPath: socket) else { return }
    guard let address = try? RedisAddress("unix://\(absolute(socket))") else { return }
    do {
      let connection = try await connect(address)
      findings.good("redis-server runs in the data folder")
      await look(at: connection, settings, isOwn: true, &findings)
      await connection.disconnect()
    } catch {
      // A socket that a killed server left behind: the next start makes it anew.
      findings.notice("redis-server does not run at present", "stock serve starts it")
    }
  }

  /// One that is given.
  static func given(_ url: String, _ settings: ServeSettings, _ findings: inout Findings) async {
    let address: RedisAddress
    do { address = try RedisAddress(url) } catch {
      findings.bad("--redis: \(error)", "redis://[user:pass@]host:port/db or unix:///path")
      return
    }
    do {
      let connection = try await connect(address)
      findings.good("Redis answers at \(connection.address)")
      await look(at: connection, settings, isOwn: false, &findings)
      await connection.disconnect()
    } catch {
      findings.bad(
        "cannot use the Redis: \(error)",
        "is it up (redis-cli PING), and may this user SCRIPT LOAD, EVALSHA and touch stock:*?")
    }
    if url.hasPrefix("redis://"),
      !["127.0.0.1", "localhost", "[::1]"].contains(where: url.contains)
    {
      findings.notice(
        "what goes to Redis, its password too, is not encrypted (there is no TLS yet)",
        "keep it in a private network, or put a tunnel (stunnel, WireGuard) between")
    }
  }

  private static func connect(_ address: RedisAddress) async throws -> RedisConnection {
    try await RedisConnection.connect(
      to: address, on: LoopGroup.shared.nextLoop(), connectTimeout: .seconds(5)
    ).get()
  }

  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
  }

  private static func version(of program: String, _ findings: inout Findings) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, "--version"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    let words: Data
    do {
      try process.run()
      words = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
    } catch {
      words = Data()
    }
    let text = String(decoding: words, as: UTF8.self)
    guard process.terminationStatus == 0, let version = version(in: text, after: "v=") else {
      findings.bad(
        "cannot run \(program)",
        "apt-get install redis-server, or name it with --redis-server, or give --redis URL")
      return
    }
    judge(version, "redis-server", &findings)
  }

  private static func version(in text: String, after mark: String) -> String? {
    guard let range = text.range(of: mark) else { return nil }
    return String(text[range.upperBound...].prefix { $0.isNumber || $0 == "." })
  }

  private static func judge(_ version: String, _ what: String, _ findings: inout Findings) {
    let parts = version.split(separator: ".").compactMap { Int($0) }
    if parts.count >= 2, (parts[0], parts[1]) >= oldest {
      findings.good("\(what) is version \(version)")
    } else {
      findings.bad(
        "\(what) is version \(version)", "version \(oldest.0).\(oldest.1) or newer is needed")
    }
  }

  private static func look(
    at connection: RedisConnection, _ settings: ServeSettings, isOwn: Bool,
    _ findings: inout Findings
  ) async {
    do {
      let durability: StockRedis.Durability =
        switch settings.durability {
        case .everysec: .everysec
        case .always: .always
        case .replicas(let count): .replicas(count)
        }
      // The engine sets its own Redis to the durability that it is started with.
      let warnings = try await SettingsCheck.run(
        on: connection, durability: isOwn ? .everysec : durability, allowUnsafe: true)
      if warnings.isEmpty { findings.good("Redis keeps what it is given: AOF on, no eviction") }
      for warning in warnings {
        let name = warning.prefix { $0 != " " }
        findings.bad(
          warning,
          warning.hasPrefix("cannot see")
            ? "let the engine's user call CONFIG GET (ACL SETUSER … +config|get)"
            : "redis-cli CONFIG SET \(name) …, and in redis.conf too; the engine refuses to start "
              + "on it without --allow-unsafe-redis")
      }
      let reply = try await connection.call(["INFO"])
      guard let info = reply.text else {
        findings.notice("INFO is refused", "ACL SETUSER … +info, for this command's sake")
        return
      }
      judge(Info(info), settings, isOwn: isOwn, &findings)
      try await latency(connection, &findings)
    } catch {
      findings.bad("cannot look at the Redis: \(error)", "redis-cli INFO")
    }
  }

  /// What INFO says.
  private struct Info {
    private var values: [Substring: Substring] = [:]

    init(_ text: String) {
      for line in text.split(whereSeparator: \.isNewline) {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2 { values[parts[0]] = parts[1] }
      }
    }

    subscript(_ name: Substring) -> String? { values[name].map(String.init) }
    func int(_ name: Substring) -> Int? { values[name].flatMap { Int($0) } }
  }

  private static func judge(
    _ info: Info, _ settings: ServeSettings, isOwn: Bool, _ findings: inout Findings
  ) {
    if !isOwn, let version = info["redis_version"] { judge(version, "Redis", &findings) }
    if let role = info["role"], role != "master" {
      findings.bad("this Redis is a \(role)", "give the address of the primary")
    }
    if case .replicas(let count) = settings.durability {
      let connected = info.int("connected_slaves") ?? 0
      if connected < count {
        findings.bad(
          "\(connected) replicas are connected, and --durability replicas:\(count) waits for more",
          "connect them, or every change waits and ends with 503")
      }
    }
    for (name, what) in [
      ("aof_last_write_status", "write to its file"),
      ("aof_last_bgrewrite_status", "rewrite its file"),
    ] as [(Substring, String)] where info[name] ?? "ok" != "ok" {
      findings.bad(
        "Redis could not \(what) the last time", "look into its log, and at the disk's room")
    }
    let used = info.int("used_memory") ?? 0
    let limit = info.int("maxmemory") ?? 0
    let whole = limit > 0 ? limit : info.int("total_system_memory") ?? 0
    let text = "Redis uses \((used >> 20).grouped) of \((whole >> 20).grouped) MiB"
    if whole > 0, used > whole / 10 * 9 {
      findings.bad(text, "more memory: when it is used up, every change is refused")
    } else if whole > 0, used > whole / 10 * 7 {
      findings.notice(text, "plan for more memory (docs/operations.md, Sizing)")
    } else {
      findings.good(text)
    }
  }

  private static func latency(
    _ connection: RedisConnection, _ findings: inout Findings
  ) async throws {
    var times: [Duration] = []
    for _ in 0..<20 {
      let start = ContinuousClock.now
      _ = try await connection.call(["PING"])
      times.append(ContinuousClock.now - start)
    }
    times.sort()
    let middle = times[times.count / 2] / .milliseconds(1)
    let text = "Redis answers in \(String(format: "%.2f", middle)) ms"
    if middle > 5 {
      findings.notice(text, "every change waits for at least one answer: bring them nearer")
    } else {
      findings.good(text)
    }
    let reply = try await connection.call(["TIME"])
    if let seconds = reply.elements.first?.text.flatMap(Double.init) {
      let gap = abs(seconds - Date.now.timeIntervalSince1970)
      if gap > 2 {
        findings.notice(
          "Redis's clock is \(Int(gap)) s away from this one",
          "set both by NTP: an engine on another machine would see reservations expire then")
      }
    }
  }
}
