/// What the proxy does to a command, or to its reply, instead of handing it on.
public struct Fault: Sendable {
  public enum Kind: Sendable, Equatable {
    /// The command waits so long before Redis gets it, and with it all behind it. Redis gets it also
    /// when the engine has given up by then, as from a network that is slow.
    case delay(Duration)
    /// The reply waits so long from when it came, and all behind it waits for it.
    case delayReply(Duration)
    /// The connection dies; Redis never sees the command.
    case cutBefore
    /// Redis has executed the command; the connection dies instead of its reply.
    case cutAfter
    /// The connection dies after so many bytes of the reply, at least one less than it has.
    case cutInReply(bytes: Int)
    /// The engine gets these bytes; Redis never sees the command.
    case answer(String)
    /// Redis executes the command; the engine gets these bytes in place of its reply.
    case replaceReply(String)
    /// The reply comes at so many bytes a second.
    case throttle(bytesPerSecond: Int)
  }

  /// Which commands it meets.
  public enum Scope: Sendable, Equatable {
    /// Commits, of any shard.
    case commits
    /// Commands of this name, in upper case: "HSCAN".
    case commands(named: String)
    /// All that the proxy sees: also what a new connection says first.
    case everything
  }

  public var kind: Kind
  public var scope: Scope
  /// Of those, so many go by unharmed first.
  public var skipped: Int
  /// How many commands it meets, before it is over; nil: until it is lifted.
  public var times: Int?

  public init(_ kind: Kind, on scope: Scope = .commits, skipped: Int = 0, times: Int? = 1) {
    self.kind = kind
    self.scope = scope
    self.skipped = skipped
    self.times = times
  }

  func meets(_ command: RedisCommand) -> Bool {
    switch scope {
    case .commits: command.isCommit
    case .commands(let name): command.name == name
    case .everything: true
    }
  }
}
