import StockRedis
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A program that we have started. It is ended at the latest when we exit.
public final class ChildProcess: Sendable {
  public let pid: Int32
  /// What `waitpid` said; nil while it runs. Locked, so that no signal goes to a pid after it has
  /// been reaped: it may be somebody else's by then.
  private let status = Mutex<Int32?>(nil)

  /// - Parameters:
  ///   - arguments: without the program's own name.
  ///   - output: the file that gets standard output, from its start.
  ///   - errors: the file to which standard error is appended.
  /// - Throws: `ProcessError` if it cannot be started.
  public init(
    _ executable: String, _ arguments: [String], environment: [String: String], output: String,
    errors: String
  ) throws(ProcessError) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    InheritedFiles.close(&actions)
    // A group of its own: a Ctrl-C at our terminal is for us, and we end it in order.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))

    var words: [UnsafeMutablePointer<CChar>?] = ([executable] + arguments).map { strdup($0) }
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") }
    words.append(nil)
    variables.append(nil)
    defer { for pointer in words + variables { free(pointer) } }
    var pid = pid_t()
    let result = posix_spawn(&pid, executable, &actions, &attributes, words, variables)
    guard result == 0 else {
      throw ProcessError("cannot start \(executable): \(String(cString: strerror(result)))")
    }
    self.pid = pid
    LeftOvers.add(process: self)
  }

  deinit { LeftOvers.remove(process: pid) }

  public var isRunning: Bool { status.withLock { isRunning(&$0) } }

  /// As `waitpid` gives it: 0 is a good end, 9 a SIGKILL. nil while it runs.
  public var exitStatus: Int32? {
    status.withLock { isRunning(&$0) ? nil : $0 }
  }

  private func isRunning(_ status: inout Int32?) -> Bool {
    guard status == nil else { return false }
    var code: Int32 = 0
    guard waitpid(pid, &code, WNOHANG) == pid else { return true }
    status = code
    return false
  }

  /// Sends a signal, unless it has ended.
  public func signal(_ number: Int32) {
    status.withLock { status in
      if isRunning(&status) { kill(pid, number) }
    }
  }

  /// - Returns: whether it ended within that time.
  public func waitForEnd(within limit: Duration) async throws -> Bool {
    try await eventually(within: limit) { !self.isRunning }
  }
}

/// Looks every few milliseconds until `condition` holds.
///
/// - Returns: false if it did not within `limit`.
public func eventually(
  within limit: Duration, every pause: Duration = .milliseconds(5),
  _ condition: () async throws -> Bool
) async throws -> Bool {
  let end = ContinuousClock.now + limit
  while true {
    if try await condition() { return true }
    if ContinuousClock.now >= end { return false }
    try await Task.sleep(for: pause)
  }
}
