/// Why a command got no reply.
public struct RedisConnectionError: Error, Equatable, Sendable, CustomStringConvertible {
  public enum Code: Equatable, Sendable {
    /// No connection could be made.
    case unreachable
    /// AUTH, SELECT or SCRIPT LOAD was refused; `message` begins with Redis's words.
    case refused
    /// Redis loads its files, or is busy with a script: the same again in a while.
    case notReady
    /// The connection ended, by either side.
    case closed
    /// Redis sent what is no reply, or one to no command.
    case protocolViolation
    /// `RedisConnection.maxWaiting` commands wait already.
    case tooManyWaiting
  }

  public var code: Code
  public var message: String
  /// Redis may have got the command, and may have executed it.
  public var mayHaveRun: Bool

  public init(_ code: Code, _ message: String, mayHaveRun: Bool = false) {
    self.code = code
    self.message = message
    self.mayHaveRun = mayHaveRun
  }

  public var description: String { message }
}
