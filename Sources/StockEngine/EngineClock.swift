import Glibc
import Logging
import NIOConcurrencyHelpers
import NIOCore
import StockCore

/// The clocks of an engine: one for all its loops, so that its shards agree on what has expired.
final class EngineClock: Sendable {
  /// How far ahead of the machine's clock recorded times may be for the engine to go on from them: more
  /// than that, and the clock was wrong when they were written. A minute is made up in one and a half
  /// days.
  private static let mostAhead: Int64 = 60_000

  private let time: NIOLockedValueBox<EngineTime>

  init() {
    time = NIOLockedValueBox(EngineTime(wall: Self.wall(), monotonic: Self.monotonic()))
  }

  func now() -> Now {
    // Read inside: two loops that ask at once must not hand in their times in the wrong order.
    time.withLockedValue { time in
      let monotonic = Self.monotonic()
      return Now(
        wall: time.advance(wall: Self.wall(), monotonic: monotonic), monotonic: monotonic)
    }
  }

  /// An engine that was here before has written `recorded` down: time does not go back behind it.
  func goOn(from recorded: Timestamp, logger: Logger) {
    let wall = Self.wall()
    guard recorded > wall else { return }
    guard recorded - wall <= Self.mostAhead else {
      logger.warning(
        "redis holds times that are far ahead of this machine's clock",
        metadata: ["ahead_ms": "\(recorded - wall)"])
      return
    }
    time.withLockedValue { $0.goOn(from: recorded, monotonic: Self.monotonic()) }
  }

  /// The machine's time of day: milliseconds since 1970.
  static func wall() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Milliseconds that never go back.
  static func monotonic() -> Int64 {
    Int64(NIODeadline.now().uptimeNanoseconds / 1_000_000)
  }
}
