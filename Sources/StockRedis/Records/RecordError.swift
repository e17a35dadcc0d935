/// Why a value in Redis is not what was written there.
public struct RecordError: Error, Equatable, Sendable, CustomStringConvertible {
  public var reason: String

  init(_ reason: String) { self.reason = reason }

  public var description: String { reason }
}
