#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Finds, starts and looks at processes of redis-server. Blocks for milliseconds.
enum ServerProcess {
  /// The executable: `given`, or `redis-server` in PATH.
  static func find(_ given: String?) throws(RedisSetupError) -> String {
    if let given {
      guard access(given, X_OK) == 0 else {
        throw RedisSetupError(.notInstalled, "Cannot run \(given): \(lastError())")
      }
      return given
    }
    let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
    for folder in path.split(separator: ":") {
      let candidate = String(folder) + "/redis-server"
      if access(candidate, X_OK) == 0 { return candidate }
    }
    throw RedisSetupError(
      .notInstalled,
      "redis-server not found: install it (apt-get install redis-server) or give --redis URL")
  }

  /// Starts a redis-server that goes into the background by itself, and so outlives us.
  static func start(
    _ executable: String, in folder: borrowing DataFolder, appendfsync: String
  ) throws(RedisSetupError) {
    let arguments = [
      executable,
      "--port", "0",
      "--unixsocket", folder.socket,
      "--unixsocketperm", "700",
      "--dir", folder.path,
      "--appendonly", "yes",
      "--appendfsync", appendfsync,
      "--maxmemory-policy", "noeviction",
      // Snapshots would only repeat what the AOF has.
      "--save", "",
      "--aof-use-rdb-preamble", "yes",
      "--daemonize", "yes",
      "--pidfile", folder.pidFile,
      "--logfile", folder.logFile,
    ]
    let status = try run(arguments)
    guard status == 0 else {
      throw RedisSetupError(
        .notStarting,
        "redis-server does not start (exit status \(status)).\n" + logTail(folder.logFile))
    }
  }

  /// Runs a program with no input and no output, and waits for it.
  private static func run(_ arguments: [String]) throws(RedisSetupError) -> CInt {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    InheritedFiles.close(&actions)
    // A Ctrl-C at the terminal is for the engine: it then stops Redis in order. And what main has
    // set for signals must not reach Redis, which sets its own.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))

    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var pid = pid_t()
    let result = posix_spawn(&pid, arguments[0], &actions, &attributes, words, environ)
    guard result == 0 else {
      throw RedisSetupError(
        .notStarting, "Cannot start \(arguments[0]): \(String(cString: strerror(result)))")
    }
    var status: CInt = 0
    while waitpid(pid, &status, 0) < 0 {
      guard errno == EINTR else {
        // Somebody else has reaped it: whether it serves is seen at the socket.
        return 0
      }
    }
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
  }

  /// The running process that serves `folder`; nil if it is gone.
  static func runningPID(in folder: borrowing DataFolder) -> pid_t? {
    guard let text = readSmallFile(folder.pidFile),
      let pid = pid_t(text.filter { $0.isNumber }), isRunning(pid, in: folder)
    else { return nil }
    return pid
  }

  /// Whether a process runs, and is a redis-server that was started in `folder`.
  static func isRunning(_ pid: pid_t, in folder: borrowing DataFolder) -> Bool {
    guard pid > 1 else { return false }
    // In a container we may be the parent of every orphan.
    var status: CInt = 0
    if waitpid(pid, &status, WNOHANG) == pid { return false }
    guard kill(pid, 0) == 0 || errno == EPERM else { return false }
    #if os(Linux)
      return serves(pid, folder)
    #else
      return true
    #endif
  }

  #if os(Linux)
    /// The number may be another process's by now, or a dead one's that nobody has reaped (its command
    /// line is empty). Redis keeps the socket's path in its title.
    private static func serves(_ pid: pid_t, _ folder: borrowing DataFolder) -> Bool {
      readSmallFile("/proc/\(pid)/cmdline")?.contains(folder.socket) ?? false
    }
  #endif

  /// Whether no redis-server runs in `folder`, not even one that has not written its number yet.
  static func isGone(from folder: borrowing DataFolder) -> Bool {
    guard runningPID(in: folder) == nil else { return false }
    #if os(Linux)
      guard let list = opendir("/proc") else { return false }
      defer { closedir(list) }
      while let entry = readdir(list) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if let pid = pid_t(name), serves(pid, folder) { return false }
      }
      return true
    #else
      return readSmallFile(folder.pidFile) != nil
    #endif
  }

  /// The last lines of redis-server's log, for an error's text.
  static func logTail(_ path: String) -> String {
    guard let log = readSmallFile(path, last: 2048), !log.isEmpty else {
      return "It wrote nothing to \(path)."
    }
    let lines = log.split(separator: "\n").suffix(6).map { "  " + $0 }
    return "The end of \(path):\n" + lines.joined(separator: "\n")
  }
}
