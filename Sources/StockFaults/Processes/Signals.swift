#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Signals to an engine's redis-server, which is not our child.
enum Signals {
  static func kill(_ pid: Int32) { send(SIGKILL, to: pid) }
  /// It stands still until `resume`.
  static func pause(_ pid: Int32) { send(SIGSTOP, to: pid) }
  static func resume(_ pid: Int32) { send(SIGCONT, to: pid) }

  private static func send(_ signal: Int32, to pid: Int32) {
    #if canImport(Glibc)
      Glibc.kill(pid, signal)
    #elseif canImport(Musl)
      Musl.kill(pid, signal)
    #else
      Darwin.kill(pid, signal)
    #endif
  }
}
