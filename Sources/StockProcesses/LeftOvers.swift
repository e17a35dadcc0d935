import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What has to go when we exit, however that happens (but for a SIGKILL): processes that we started,
/// and folders with the redis-server that an engine has left in them.
enum LeftOvers {
  private struct WeakProcess {
    weak var process: ChildProcess?
  }

  private struct State {
    var processes: [Int32: WeakProcess] = [:]
    var folders: Set<String> = []
    var isRegistered = false
  }

  private static let state = Mutex(State())

  static func add(process: ChildProcess) {
    change { $0.processes[process.pid] = WeakProcess(process: process) }
  }

  static func remove(process pid: Int32) { change { $0.processes[pid] = nil } }

  static func add(folder: String) { change { $0.folders.insert(folder) } }

  /// Ends the redis-server in it and removes it.
  static func remove(folder: String) {
    change { $0.folders.remove(folder) }
    clear(folder: folder)
  }

  private static func change(_ body: (inout State) -> Void) {
    state.withLock { state in
      body(&state)
      guard !state.isRegistered else { return }
      state.isRegistered = true
      atexit { LeftOvers.clear() }
    }
  }

  private static func clear() {
    let (processes, folders) = state.withLock { ($0.processes.values, $0.folders) }
    for one in processes { one.process?.signal(SIGKILL) }
    for folder in folders { clear(folder: folder) }
  }

  private static func clear(folder: String) {
    if let pid = redisPID(in: folder) { kill(pid, SIGKILL) }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// The redis-server whose pid file is in a folder, if it runs and is really that folder's.
  static func redisPID(in folder: String) -> Int32? {
    guard let text = try? String(contentsOfFile: "\(folder)/redis.pid", encoding: .utf8),
      let pid = Int32(text.filter(\.isNumber)), pid > 1
    else { return nil }
    #if os(Linux)
      // The number may be another process's by now. A dead one's command line is empty.
      guard let line = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8),
        line.contains(folder)
      else { return nil }
    #else
      guard kill(pid, 0) == 0 else { return nil }
    #endif
    return pid
  }
}

/// A new folder under the system's temporary one, with a short path: sockets live in it.
public final class TemporaryFolder: Sendable {
  public let path: String

  /// - Throws: `ProcessError` if it cannot be made.
  public init() throws(ProcessError) {
    var base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    // A socket's path has 107 bytes at most.
    if base.utf8.count > 40 || !base.hasPrefix("/") { base = "/tmp" }
    var template = Array("\(base)/stock-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template), let real = realpath(made, nil) else {
      throw ProcessError("cannot make a folder in \(base): \(String(cString: strerror(errno)))")
    }
    path = String(cString: real)
    free(real)
    LeftOvers.add(folder: path)
  }

  deinit { LeftOvers.remove(folder: path) }

  /// The redis-server that an engine runs in this folder, if there is one.
  public var redisPID: Int32? { LeftOvers.redisPID(in: path) }
}
