/// Something that a command cannot go on after, in words for the person who typed it.
public struct ToolError: Error, Equatable, CustomStringConvertible, Sendable {
  public let description: String

  public init(_ description: String) { self.description = description }
}
