/// Why a program of ours cannot be started or ended, in words.
public struct ProcessError: Error, Equatable, CustomStringConvertible, Sendable {
  public let description: String

  public init(_ description: String) { self.description = description }
}
