#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Signals to a process that is not our child, such as an engine's redis-server.
public enum Signals {
  public static func kill(_ pid: Int32) { send(SIGKILL, to: pid) }
  /// It stands still until `resume`.
  public static func pause(_ pid: Int32) { send(SIGSTOP, to: pid) }
  public static func resume(_ pid: Int32) { send(SIGCONT, to: pid) }

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
