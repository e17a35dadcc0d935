/// The engine's time of day: what holds expire by.
///
/// It follows the monotonic clock, so that it neither stands, nor jumps, nor goes back when somebody
/// sets the machine's clock; the difference to that clock is made up slowly, by at most one part in
/// 2,000 (as NTP's slewing does). So a hold never ends early because a clock was set.
public struct EngineTime: Sendable {
  private var anchor: Timestamp
  private var anchorMonotonic: Int64
  private var latest: Timestamp

  /// - Parameters:
  ///   - wall: the machine's time of day.
  ///   - monotonic: milliseconds that never go back.
  public init(wall: Timestamp, monotonic: Int64) {
    self.anchor = wall
    self.anchorMonotonic = monotonic
    self.latest = wall
  }

  /// The time now. Never less than before.
  public mutating func advance(wall: Timestamp, monotonic: Int64) -> Timestamp {
    let elapsed = max(0, monotonic - anchorMonotonic)
    let expected = anchor + elapsed
    // Once some seconds have passed, the anchor moves a little towards the machine's clock.
    if elapsed >= 2_000 {
      let most = elapsed / 2_000
      anchor = expected + min(max(wall - expected, -most), most)
      anchorMonotonic = monotonic
      latest = max(latest, anchor)
    } else {
      latest = max(latest, expected)
    }
    return latest
  }

  /// It was `time` before, as an engine that was here earlier wrote down: it goes on from there.
  public mutating func goOn(from time: Timestamp, monotonic: Int64) {
    guard time > latest else { return }
    anchor = time
    anchorMonotonic = monotonic
    latest = time
  }
}
