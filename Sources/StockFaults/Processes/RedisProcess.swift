import Foundation
import NIOCore
import StockLoop
public import StockProcesses
public import StockRedis

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A redis-server of the campaign's, not of the engine's: AOF, no eviction, a unix socket.
public actor RedisProcess {
  private let folder: TemporaryFolder
  /// Where it keeps its files.
  nonisolated let directory: String
  private let arguments: [String]
  private let environment: [String: String]
  private var process: ChildProcess?

  /// - Parameters:
  ///   - directory: where it keeps its files; nil: a folder of its own.
  ///   - arguments: more settings, as redis-server has them: "--maxmemory", "10mb".
  ///   - environment: more environment variables.
  public init(
    directory: String? = nil, arguments: [String] = [], environment: [String: String] = [:]
  ) throws(ProcessError) {
    folder = try TemporaryFolder()
    self.directory = directory ?? folder.path
    self.arguments = arguments
    self.environment = environment
  }

  /// Its socket.
  public nonisolated var socketPath: String { "\(folder.path)/redis.sock" }

  public nonisolated var url: String { "unix://\(socketPath)" }

  /// Starts it, also after a kill: on the same files. Returns when it answers PING.
  public func start() async throws {
    let path = folder.path
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let candidates = search.split(separator: ":").map { "\($0)/redis-server" }
    guard let executable = candidates.first(where: FileManager.default.isExecutableFile) else {
      throw FaultError("redis-server is not in PATH")
    }
    process = try ChildProcess(
      executable,
      [
        "--port", "0", "--unixsocket", "\(path)/redis.sock", "--dir", directory,
        "--appendonly", "yes",
        "--appendfsync", "everysec", "--maxmemory-policy", "noeviction", "--save", "",
        // A rewrite would move the end of the log to another file while it is being cut.
        "--auto-aof-rewrite-percentage", "0",
      ] + arguments,
      environment: ProcessInfo.processInfo.environment.merging(environment) { $1 },
      output: "\(path)/redis.out",
      errors: "\(path)/redis.err")
    let answers = try await eventually(within: .seconds(30), every: .milliseconds(10)) {
      guard let redis = try? await RedisAccess.open(url) else { return false }
      let reply = try? await redis.call(["PING"])
      await redis.disconnect()
      return reply == .text("PONG")
    }
    guard answers else { throw FaultError("redis-server does not answer") }
  }

  /// SIGKILL, and its end waited for.
  public func kill() async throws { try await end(by: SIGKILL) }

  public func stop() async throws { try await end(by: SIGTERM) }

  private func end(by signal: Int32) async throws {
    guard let process else { return }
    process.signal(signal)
    guard try await process.waitForEnd(within: .seconds(20)) else {
      process.signal(SIGKILL)
      throw FaultError("redis-server did not end after signal \(signal)")
    }
    self.process = nil
  }

  /// The file that gets every command: the newest of the append-only folder.
  func logFile() throws -> String {
    let path = "\(directory)/appendonlydir"
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    let newest = names.filter { $0.hasSuffix(".incr.aof") }.max { left, right in
      left.localizedStandardCompare(right) == .orderedAscending
    }
    guard let newest else { throw FaultError("redis-server has no append-only file") }
    return "\(path)/\(newest)"
  }

  /// Bytes of its log of commands now.
  public func logSize() throws -> UInt64 {
    let attributes = try FileManager.default.attributesOfItem(atPath: logFile())
    return (attributes[.size] as? NSNumber)?.uint64Value ?? 0
  }

  /// Cuts the log, while redis-server is dead. What it held behind that is lost, as it would be with
  /// a machine that lost its power. A command that is cut in two is dropped when Redis starts.
  ///
  /// - Returns: the bytes that were cut off.
  public func cutLog(to size: UInt64) throws -> UInt64 {
    let path = try logFile()
    let before = try logSize()
    guard truncate(path, off_t(size)) == 0 else {
      throw FaultError("cannot cut \(path): \(String(cString: strerror(errno)))")
    }
    return before - min(size, before)
  }
}

/// A connection to Redis for looking past the engine.
public enum RedisAccess {
  /// - Parameter url: "unix:///…" or "redis://…".
  public static func open(_ url: String) async throws -> RedisConnection {
    try await RedisConnection.connect(
      to: RedisAddress(url), on: LoopGroup.shared.nextLoop(), loadScripts: false
    ).get()
  }
}
