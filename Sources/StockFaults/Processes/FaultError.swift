/// Why a campaign cannot go on, in words. Not a fault of the engine's answers: those are `Violation`s.
public struct FaultError: Error, Equatable, CustomStringConvertible, Sendable {
  public let description: String

  public init(_ description: String) { self.description = description }
}
