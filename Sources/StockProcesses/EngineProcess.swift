import Foundation
public import StockTools

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A `stock serve` of our own in a data folder of its own, which can be killed and started again.
public actor EngineProcess {
  public struct Options: Sendable {
    /// The `stock` executable.
    public var binary: String
    /// A Redis of the caller's ("unix:///…"); nil: the engine runs its own.
    public var redis: String?
    /// nil: `--port 0`. An engine that will be killed and started again needs one: `Port.free()`.
    public var port: Int?
    /// The first admin key's token; nil: a new one.
    public var adminKey: String?
    /// More flags for `stock serve`.
    public var arguments: [String] = []
    /// A program that becomes the engine, and its arguments: ["/usr/bin/env", "prlimit", …].
    public var wrapper: [String] = []
    /// More environment variables.
    public var environment: [String: String] = [:]

    public init(binary: String, redis: String? = nil, port: Int? = nil) {
      self.binary = binary
      self.redis = redis
      self.port = port
    }
  }

  /// The first admin key's token.
  public nonisolated let adminKey: String
  public nonisolated let folder: TemporaryFolder
  private let options: Options
  private var port: Int
  private var process: ChildProcess?

  /// Nothing is started yet.
  public init(_ options: Options) throws(ProcessError) {
    self.options = options
    self.port = options.port ?? 0
    self.folder = try TemporaryFolder()
    self.adminKey = options.adminKey ?? Self.newToken()
  }

  /// `sk_` and 32 random bytes in base64url.
  private static func newToken() -> String {
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255) }
    let text = Data(bytes).base64EncodedString().filter { $0 != "=" }
    return "sk_"
      + text.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
  }

  /// Where it listens, or did last.
  public var url: EngineURL {
    get throws { try EngineURL("http://127.0.0.1:\(port)") }
  }

  public var pid: Int32? { process?.pid }
  public var isRunning: Bool { process?.isRunning ?? false }
  public var exitStatus: Int32? { process?.exitStatus }

  /// The engine's own redis-server, if it runs.
  public nonisolated var redisPID: Int32? { folder.redisPID }

  /// The socket of the engine's own redis-server, as a URL; or the Redis that it was given.
  public nonisolated var redisURL: String { options.redis ?? "unix://\(folder.path)/redis.sock" }

  /// Starts it, also after a kill: on the same folder and port.
  ///
  /// - Returns: how long it took to the line that says where it listens.
  /// - Throws: `ProcessError` if it does not listen in time, with what it said.
  @discardableResult
  public func start(within limit: Duration = .seconds(60)) async throws -> Duration {
    let begin = ContinuousClock.now
    guard !isRunning else { throw ProcessError("the engine runs already") }
    var arguments = [
      "serve", "--host", "127.0.0.1", "--port", String(port), "--data", folder.path,
      "--auth", "keys", "--log-level", "notice",
    ]
    if let redis = options.redis { arguments += ["--redis", redis] }
    arguments += options.arguments
    // Nothing of our own settings may reach it.
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("STOCK_") }
    environment["STOCK_ADMIN_KEY"] = adminKey
    environment.merge(options.environment) { $1 }
    let command = options.wrapper + [options.binary] + arguments
    let output = "\(folder.path)/engine.out"
    let process = try ChildProcess(
      command[0], Array(command.dropFirst()), environment: environment, output: output,
      errors: "\(folder.path)/engine.err")
    self.process = process
    let isListening = try await eventually(within: limit) {
      if let found = listeningPort(in: output) { port = found }
      return port != 0 && listeningPort(in: output) != nil || !process.isRunning
    }
    guard isListening, process.isRunning else {
      process.signal(SIGKILL)
      _ = try await process.waitForEnd(within: .seconds(10))
      throw ProcessError(
        "the engine does not listen (status \(process.exitStatus ?? -1)). It said:\n\(errorTail)")
    }
    return ContinuousClock.now - begin
  }

  private func listeningPort(in output: String) -> Int? {
    guard let text = try? String(contentsOfFile: output, encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("listening on http://") {
      // Only a whole line has the whole number.
      guard text.contains("\(line)\n"), let colon = line.lastIndex(of: ":") else { continue }
      return Int(line[line.index(after: colon)...])
    }
    return nil
  }

  /// All that it wrote to standard error.
  public nonisolated var log: String {
    (try? String(contentsOfFile: "\(folder.path)/engine.err", encoding: .utf8)) ?? ""
  }

  /// What it wrote to standard output since it was started last.
  public nonisolated var output: String {
    (try? String(contentsOfFile: "\(folder.path)/engine.out", encoding: .utf8)) ?? ""
  }

  /// The end of what it wrote to standard error.
  public nonisolated var errorTail: String {
    let text = (try? String(contentsOfFile: "\(folder.path)/engine.err", encoding: .utf8)) ?? ""
    return text.split(separator: "\n").suffix(12).joined(separator: "\n")
  }

  /// SIGKILL, and its end waited for. Its redis-server stays.
  public func kill() async throws { try await end(by: SIGKILL, within: .seconds(10)) }

  /// SIGKILL to its redis-server; waits until the engine has started another one.
  public nonisolated func killRedis(within limit: Duration = .seconds(60)) async throws {
    guard let old = redisPID else { throw ProcessError("the engine has no redis-server") }
    Signals.kill(old)
    let isBack = try await eventually(within: limit) { redisPID.map { $0 != old } ?? false }
    guard isBack else { throw ProcessError("the engine did not start its redis-server again") }
  }

  /// SIGTERM, and its end waited for; its redis-server ends with it.
  ///
  /// - Throws: `ProcessError` if it had to be killed, or ended with another status than 0.
  public func stop(within limit: Duration = .seconds(30)) async throws {
    guard let process, process.isRunning else { return }
    try await end(by: SIGTERM, within: limit)
    guard let status = process.exitStatus, status == 0 else {
      throw ProcessError("stopped, the engine ended with status \(process.exitStatus ?? -1)")
    }
  }

  private func end(by signal: Int32, within limit: Duration) async throws {
    guard let process else { return }
    process.signal(signal)
    guard try await process.waitForEnd(within: limit) else {
      process.signal(SIGKILL)
      _ = try await process.waitForEnd(within: .seconds(10))
      throw ProcessError("the engine did not end within \(limit) after signal \(signal)")
    }
  }
}

/// Ports for engines that are killed and come back.
public enum Port {
  /// A port below those that the kernel deals out to outgoing connections. On one of those a client
  /// that tries to reach an engine that is down can end up connected to itself, and hold the port.
  ///
  /// - Throws: `ProcessError` if none of a hundred was free.
  public static func free() throws(ProcessError) -> Int {
    for _ in 0..<100 {
      let port = Int.random(in: 18_000..<32_000)
      let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard handle >= 0 else { continue }
      defer { close(handle) }
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port).bigEndian
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      if result == 0 { return port }
    }
    throw ProcessError("no free port from 18000 to 31999")
  }
}

/// The `stock` executable.
public enum StockBinary {
  /// STOCK_BINARY, or the one beside the program that runs now: both lie in the same build folder.
  ///
  /// - Throws: `ProcessError` that says what to build.
  public static func find() throws(ProcessError) -> String {
    if let given = ProcessInfo.processInfo.environment["STOCK_BINARY"] { return given }
    let own =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      ?? CommandLine.arguments[0]
    let beside = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent(
      "stock"
    ).path
    guard FileManager.default.isExecutableFile(atPath: beside) else {
      throw ProcessError("there is no \(beside): build it (swift build), or set STOCK_BINARY")
    }
    return beside
  }
}
