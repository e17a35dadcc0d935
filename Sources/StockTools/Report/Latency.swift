import Histogram
import Synchronization

/// How long requests took, from handing them to the client to their answer, retries included.
public final class Latency: Sendable {
  /// Microseconds; one hour is more than any request lasts. Values are kept to three digits.
  private let histogram = Mutex(
    Histogram<UInt32>(highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three))

  public init() {}

  public func record(_ duration: Duration) {
    let microseconds = UInt64(max(0, duration.seconds * 1_000_000))
    histogram.withLock { _ = $0.record(min(microseconds, 3_600_000_000)) }
  }

  /// Runs `work` and records how long it took, failed or not.
  public func measure<Value>(_ work: () async throws -> Value) async rethrows -> Value {
    let start = ContinuousClock.now
    defer { record(ContinuousClock.now - start) }
    return try await work()
  }

  public var count: Int { histogram.withLock { Int($0.totalCount) } }

  /// "p50 1.2 ms  p90 …  p99 …  p99.9 …  max …", or "none".
  public var report: String {
    histogram.withLock { histogram in
      guard histogram.totalCount > 0 else { return "none" }
      let points: [(String, UInt64)] = [
        ("p50", histogram.valueAtPercentile(50)), ("p90", histogram.valueAtPercentile(90)),
        ("p99", histogram.valueAtPercentile(99)), ("p99.9", histogram.valueAtPercentile(99.9)),
        ("max", histogram.maxRecorded),
      ]
      return points.map { "\($0) \(Self.milliseconds($1))" }.joined(separator: "  ")
    }
  }

  private static func milliseconds(_ microseconds: UInt64) -> String {
    if microseconds >= 100_000 { return "\((microseconds / 1_000).grouped) ms" }
    let hundredths = (microseconds + 5) / 10
    let fraction = hundredths % 100
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction) ms"
  }
}
