public import StockCore

/// Time that moves when it is told to. Both clocks count milliseconds.
public struct SimulatedClock: Sendable {
  /// How the machine's wall clock goes, beside the monotonic one.
  public enum Gait: CaseIterable, Sendable {
    case steady, frozen, slow, fast
  }

  /// Never goes back.
  public private(set) var monotonic: Int64 = 1_000
  public private(set) var wall: Timestamp = 1_800_000_001_000
  public var gait = Gait.steady
  private var stamped: Set<Timestamp> = []

  public init() {}

  /// Both clocks as they are: of no engine.
  public var now: Now { Now(wall: wall, monotonic: monotonic) }

  public mutating func advance(to instant: Int64) {
    precondition(instant >= monotonic, "the monotonic clock does not go back")
    let elapsed = instant - monotonic
    monotonic = instant
    switch gait {
    case .steady: wall += elapsed
    case .frozen: break
    case .slow: wall += elapsed / 3
    case .fast: wall += elapsed * 3
    }
  }

  public mutating func advance(by milliseconds: Int64) { advance(to: monotonic + milliseconds) }

  /// Sets the wall clock forward, or back.
  public mutating func jump(by milliseconds: Int64) { wall += milliseconds }

  /// A wall time, this one or soon after it, that no other stamp has.
  public mutating func stamp(at wall: Timestamp) -> Timestamp {
    var wall = wall
    while !stamped.insert(wall).inserted { wall += 1 }
    return wall
  }
}
