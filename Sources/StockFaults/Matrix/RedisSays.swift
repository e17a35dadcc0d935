/// Something that Redis, or whatever stands in its place, may say to a commit instead of what it should.
public struct RedisSays: Sendable {
  /// What the engine does when this is over.
  public enum Consequence: Sendable {
    /// It takes changes again by itself.
    case goesOn
    /// Nobody can tell what that means: the shard stops and `/readyz` says so, until a restart.
    case stops
  }

  public var name: String
  /// As it stands on the wire.
  public var bytes: String
  public var consequence: Consequence

  private static func error(_ text: String, _ consequence: Consequence = .goesOn) -> RedisSays {
    let words = text.split(separator: " ")
    let name = words[0] == "ERR" ? words.prefix(4).joined(separator: " ") : String(words[0])
    return RedisSays(name: name, bytes: "-\(text)\r\n", consequence: consequence)
  }

  private static func value(
    _ name: String, _ bytes: String, _ consequence: Consequence = .stops
  ) -> RedisSays {
    RedisSays(name: name, bytes: bytes, consequence: consequence)
  }

  /// The error replies of Redis 7 that a script's call can get, in its own words, and those that it
  /// cannot get but from something that mixes connections up.
  public static let errors: [RedisSays] = [
    error("NOSCRIPT No matching script. Please use EVAL."),
    error("LOADING Redis is loading the dataset in memory"),
    error("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."),
    error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    error("TRYAGAIN Multiple keys request during rehashing of slot"),
    error("CLUSTERDOWN The cluster is down"),
    error("MOVED 3999 127.0.0.1:6381"),
    error("ASK 3999 127.0.0.1:6381"),
    error("OOM command not allowed when used memory > 'maxmemory'."),
    error("MISCONF Errors writing to the AOF file: No space left on device"),
    error("NOREPLICAS Not enough good replicas to write."),
    error("READONLY You can't write against a read only replica."),
    error("NOAUTH Authentication required."),
    error("WRONGPASS invalid username-password pair or user is disabled."),
    error("NOPERM User shop has no permissions to run the 'evalsha' command"),
    error("NOPROTO unsupported protocol version"),
    error("EXECABORT Transaction discarded because of previous errors."),
    error("UNKILLABLE Sorry the script already executed write commands against the dataset."),
    error("UNBLOCKED client unblocked via CLIENT UNBLOCK"),
    error("NOTBUSY No scripts in execution right now."),
    error("CROSSSLOT Keys in request don't hash to the same slot"),
    error("ERR max number of clients reached"),
    error("ERR unknown command 'EVALSHA', with args beginning with: "),
    error("ERR Protocol error: invalid bulk length"),
    error("ERR upstream failure"),
    error("SOMETHINGNEW that a later version says"),
    error(
      "ERR Error running script (call to f_0123): @user_script:12: oops script: 0123, on @user_script:12.",
      .stops),
    error("ERR Error compiling script (new function): user_script:1: oops", .stops),
    error(
      "ERR value is not an integer or out of range script: 0123, on @user_script:12.", .stops),
    error(
      "ERR Script killed by user with SCRIPT KILL. script: 0123, on @user_script:12."),
    error("WRONGTYPE Operation against a key holding the wrong kind of value", .stops),
  ]

  /// Replies of another kind than a commit's, and bytes that are no reply.
  public static let oddities: [RedisSays] = [
    value("a status", "+OK\r\n"),
    value("an integer", ":7\r\n"),
    value("a string", "$2\r\nOK\r\n"),
    value("null", "$-1\r\n"),
    value("an empty array", "*0\r\n"),
    value("an array of another kind", "*2\r\n:1\r\n:2\r\n"),
    value("NOMETA, which is not so", "*1\r\n$6\r\nNOMETA\r\n"),
    // Redis is asked again what is so.
    value("FENCED, which is not so", "*3\r\n$6\r\nFENCED\r\n$4\r\nelse\r\n$2\r\n99\r\n", .goesOn),
    value("SEQ, which is not so", "*3\r\n$3\r\nSEQ\r\n$1\r\n7\r\n$2\r\n00\r\n", .goesOn),
    value("no RESP at all", "HTTP/1.1 400 Bad Request\r\n\r\n", .goesOn),
    value("zeros", "\0\0\0\0\0\0\0\0", .goesOn),
    value("an absurd length", "*1\r\n$99999999999\r\n", .goesOn),
    value("two replies for one", "-TRYAGAIN later\r\n*1\r\n$2\r\nOK\r\n", .goesOn),
  ]
}
