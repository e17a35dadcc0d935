#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// When requests are due in an open loop: a fixed schedule, whatever the server does.
///
/// The queue of what is due is the schedule itself: `due` is the oldest request that has not been sent,
/// and `advance` says when the one behind it was due. So it has no length to be bounded, and no due
/// time is ever lost.
struct Arrivals: Sendable {
  enum Spacing: Sendable {
    /// All pauses are the same.
    case even
    /// Each request comes whenever it likes: pauses are exponential.
    case poisson
  }

  /// When the oldest request that has not been sent is, or was, due: nanoseconds of `LoadClock`.
  private(set) var due: UInt64
  private let start: UInt64
  /// Nanoseconds between two requests, on average.
  private let pause: Double
  private let spacing: Spacing
  /// Nanoseconds from `start` to `due`; kept apart, so that fractions add up over a long run.
  private var elapsed: Double = 0
  private var random: BenchRandom

  /// - Parameter rate: requests a second, more than 0.
  init(rate: Double, spacing: Spacing, start: UInt64, seed: UInt64) {
    precondition(rate > 0, "a schedule needs a rate")
    self.start = start
    self.spacing = spacing
    pause = 1_000_000_000 / rate
    random = BenchRandom(seed: seed)
    due = start
    if case .poisson = spacing { advance() }
  }

  mutating func advance() {
    switch spacing {
    case .even: elapsed += pause
    case .poisson: elapsed -= pause * log(1 - random.fraction())
    }
    due = start &+ UInt64(elapsed)
  }

  /// Leaves out what was due before `time` and has not been sent.
  mutating func skip(to time: UInt64) {
    while due < time { advance() }
  }
}
