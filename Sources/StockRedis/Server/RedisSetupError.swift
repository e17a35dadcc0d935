/// Why a Redis cannot be used as it is. The text says what to do, in one or more lines.
public struct RedisSetupError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    /// The namespace's manifest or a shard's meta is gone, or cannot be read.
    case dataLoss
    /// Written by a version of the engine that this one does not understand.
    case otherVersion
    /// Eviction, AOF or fsync are not set as the promises need it.
    case unsafeSettings
    /// Another engine uses the data folder.
    case locked
    /// There is no redis-server to start.
    case notInstalled
    /// redis-server does not start, or does not answer.
    case notStarting
    /// A name, path or number that cannot be used.
    case invalid
    /// Redis refused a command that is needed.
    case refused
  }

  public var code: Code
  public var message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { message }
}
