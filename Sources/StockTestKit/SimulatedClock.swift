public import StockCore

/// Time that moves when it is told to. Both clocks count milliseconds.
public struct SimulatedClock: Sendable {
  /// Never goes back.
  public private(set) var monotonic: Int64 = 1_000
  /// What the wall clock is ahead of the monotonic one; jumps change it.
  private var offset: Int64 = 1_800_000_000_000
  private var stamped: Set<Timestamp> = []

  public init() {}

  public var now: Now { Now(wall: monotonic + offset, monotonic: monotonic) }

  public mutating func advance(to instant: Int64) {
    precondition(instant >= monotonic, "the monotonic clock does not go back")
    monotonic = instant
  }

  public mutating func advance(by milliseconds: Int64) { advance(to: monotonic + milliseconds) }

  /// Sets the wall clock forward, or back.
  public mutating func jump(by milliseconds: Int64) { offset += milliseconds }

  /// A wall time that no other stamp has, near the present one: by it a change tells who made it.
  public mutating func stamp() -> Now {
    var wall = now.wall
    while !stamped.insert(wall).inserted { wall += 1 }
    return Now(wall: wall, monotonic: monotonic)
  }
}
