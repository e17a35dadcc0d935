import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What a thread spends of its processor time. Time that passes does not count while others have the
/// processor: where they are many, there would be nothing left.
struct Spending {
  private let beganAt = NIODeadline.now()
  private let before = threadTime()

  /// To be asked on the thread that began.
  func exceeds(_ budget: TimeAmount) -> Bool {
    // Not more can be spent than has passed, and asking how much has costs little.
    NIODeadline.now() - beganAt >= budget && Self.threadTime() - before >= budget
  }

  /// What the thread has had of the processor.
  private static func threadTime() -> TimeAmount {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }
}
