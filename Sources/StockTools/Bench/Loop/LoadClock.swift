#if os(Linux)
  // Whose header is the first to have `timespec`.
  import CEpoll
#endif
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Clocks, in nanoseconds.
enum LoadClock {
  /// Time that only goes forward.
  @inline(__always)
  static var now: UInt64 { read(CLOCK_MONOTONIC) }

  /// The processor time that the calling thread has used.
  static var threadTime: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  /// The processor time that all threads of a process have used; nil where it is gone, or the system
  /// does not tell. Finer than the hundredths of a second in /proc/PID/stat, and from the same books.
  static func processTime(_ pid: Int32) -> UInt64? {
    #if os(Linux)
      var clock = clockid_t()
      guard clock_getcpuclockid(pid, &clock) == 0 else { return nil }
      var time = timespec()
      guard clock_gettime(clock, &time) == 0 else { return nil }
      return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    #else
      return nil
    #endif
  }

  @inline(__always)
  private static func read(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000
      &+ UInt64(truncatingIfNeeded: time.tv_nsec)
  }
}
