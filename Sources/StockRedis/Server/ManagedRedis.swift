public import NIOCore
import StockLoop

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A redis-server of our own in a data folder: a unix socket, no TCP port, AOF, no eviction.
///
/// It runs in the background and outlives an engine that is killed; the next one finds it. One
/// engine at a time uses a folder: the lock is held as long as this lives, or until `stop`.
public actor ManagedRedis {
  /// Where it is reached.
  public nonisolated let address: RedisAddress
  /// What kind of start this was.
  public nonisolated let wasRunning: Bool
  /// Others than its owner could read, change or enter the folder when this started.
  public nonisolated let isFolderOpen: Bool
  /// The folder, as an absolute path.
  public nonisolated let folderPath: String

  private let executable: String
  private let durability: Durability
  private let startTimeout: TimeAmount
  private let progress: @Sendable (String) -> Void
  /// nil: stopped.
  private var folder: DataFolderBox?
  private var restart: Task<Bool, any Error>?
  /// The process that served the folder when it was found or started last.
  private var taken: pid_t?

  /// Finds the redis-server that serves the folder, or starts it. Returns when it answers PING.
  ///
  /// - Parameters:
  ///   - dataFolder: made (0700) where there is none.
  ///   - executable: nil looks for `redis-server` in PATH.
  ///   - startTimeout: how long it may say nothing. While it reads its files (LOADING) there is no
  ///     limit: that is bounded by their size.
  ///   - progress: gets a line about a slow start now and then.
  /// - Throws: `RedisSetupError` (`locked`, `notInstalled`, `notStarting`, `invalid`, `refused`).
  public static func start(
    dataFolder: String, durability: Durability, executable: String? = nil,
    startTimeout: TimeAmount = .seconds(60),
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> ManagedRedis {
    let executable = try ServerProcess.find(executable)
    let folder = DataFolderBox(try DataFolder(path: dataFolder))
    let starter = ServerStarter(
      executable: executable, folder: folder, durability: durability, timeout: startTimeout,
      progress: progress)
    let wasRunning = try await starter.ensureRunning()
    return ManagedRedis(starter, wasRunning: wasRunning)
  }

  private init(_ starter: ServerStarter, wasRunning: Bool) {
    self.address = starter.address
    self.wasRunning = wasRunning
    self.folderPath = starter.folder.value.path
    self.isFolderOpen = starter.folder.value.isOpen
    self.executable = starter.executable
    self.durability = starter.durability
    self.startTimeout = starter.timeout
    self.progress = starter.progress
    self.folder = starter.folder
    self.taken = ServerProcess.runningPID(in: starter.folder.value)
  }

  /// For when a connection fails: starts redis-server again on the same files if its process is
  /// gone. Calls that come meanwhile share one attempt.
  ///
  /// - Returns: whether it was started.
  /// - Throws: as `start`; `notStarting` too if it has been stopped on purpose, or if the folder was
  ///   moved away: whatever is at its path now is not ours.
  public func restartIfDead() async throws -> Bool {
    if let restart { return try await restart.value }
    guard let folder else {
      throw RedisSetupError(.notStarting, "The redis-server of \(folderPath) has been stopped.")
    }
    let starter = ServerStarter(
      executable: executable, folder: folder, durability: durability, timeout: startTimeout,
      progress: progress)
    guard !folder.value.isAnothers else {
      throw RedisSetupError(
        .notStarting, "The data folder was moved away: \(folderPath) is another engine's by now.")
    }
    let attempt = Task { try await !starter.ensureRunning() }
    restart = attempt
    defer { restart = nil }
    let wasStarted = try await attempt.value
    taken = ServerProcess.runningPID(in: folder.value)
    return wasStarted
  }

  /// Stops redis-server in order (SHUTDOWN, which writes the AOF to the disk) and gives the folder
  /// free. Does nothing the second time. Where the folder was moved away and another engine has made
  /// one at its path, the redis-server there is that one's: it stays, as ours does.
  ///
  /// - Throws: `RedisSetupError` (`refused`) if it is still there after `timeout`; the folder is
  ///   given free all the same.
  public func stop(timeout: TimeAmount = .seconds(15)) async throws {
    // A start in progress would undo it.
    if let restart { _ = try? await restart.value }
    guard let folder else { return }
    self.folder = nil
    defer { folder.value.unlock() }
    let ours = taken.flatMap { ServerProcess.isRunning($0, in: folder.value) ? $0 : nil }
    guard !folder.value.isAnothers else {
      // Ours would delete the socket and the pid file that are at its paths now.
      progress(
        "the data folder was moved away: the redis-server in \(folderPath) is another engine's, and "
          + "stays; so does ours" + (ours.map { " (process \($0))" } ?? ""))
      return
    }
    guard let pid = ServerProcess.runningPID(in: folder.value) ?? ours else { return }
    do {
      let connection = try await RedisConnection.connect(
        to: address, on: LoopGroup.shared.nextLoop(), loadScripts: false
      ).get()
      let tooLate = connection.eventLoop.scheduleTask(in: timeout) { connection.close() }
      defer { tooLate.cancel() }
      // It answers with an error only: on success the connection ends.
      let reply = try? await connection.call(["SHUTDOWN"])
      await connection.disconnect()
      if case .error(let words) = reply {
        throw RedisSetupError(.refused, "redis-server does not shut down: \(words)")
      }
    } catch let error as RedisConnectionError {
      progress("redis-server is asked to stop by a signal: \(error)")
      kill(pid, SIGTERM)
    }
    try await awaitEnd(of: pid, folder, until: .now() + timeout)
  }

  private func awaitEnd(
    of pid: pid_t, _ folder: DataFolderBox, until deadline: NIODeadline
  ) async throws {
    while ServerProcess.isRunning(pid, in: folder.value) {
      guard NIODeadline.now() < deadline else {
        throw RedisSetupError(
          .refused, "redis-server (process \(pid)) of \(folderPath) has not stopped in time.")
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// The process that serves the folder now; nil if it is gone.
  public var pid: Int32? { folder.flatMap { ServerProcess.runningPID(in: $0.value) } }
}

/// Lets tasks share a folder; the lock goes with the last of them.
final class DataFolderBox: Sendable {
  let value: DataFolder
  init(_ value: consuming DataFolder) { self.value = value }
}
