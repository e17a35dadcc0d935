/// What a socket waits for, and what has come of it. The raw values are epoll's.
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// There is something to read, or the other side has ended its output.
  public static let readable = Readiness(rawValue: 0x001)
  /// The kernel takes bytes again.
  public static let writable = Readiness(rawValue: 0x004)
  /// The connection has failed, or both directions have ended. Reported whether asked for or not.
  public static let broken = Readiness(rawValue: 0x008 | 0x010)
  /// To be asked for only: each change is reported once, instead of for as long as it lasts.
  public static let once = Readiness(rawValue: 1 << 31)
}
