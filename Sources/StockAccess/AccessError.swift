/// What is wrong with a file or setting of tokens or TLS, in words that name it and tell no secret.
public struct AccessError: Error, Equatable, CustomStringConvertible, Sendable {
  public var description: String

  public init(_ description: String) { self.description = description }
}
