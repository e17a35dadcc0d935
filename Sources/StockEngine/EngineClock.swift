import Glibc
import NIOCore
import StockCore

/// The two clocks of the machine.
enum EngineClock {
  static func now() -> Now {
    Now(wall: wall(), monotonic: Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000))
  }

  /// Milliseconds since 1970.
  static func wall() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }
}
