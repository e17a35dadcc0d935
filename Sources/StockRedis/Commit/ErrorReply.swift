public import StockCore

/// What an error reply of Redis says about the command that got it.
public enum ErrorReply: Equatable, Sendable {
  /// Nothing has run.
  case notExecuted(CommitReply.NotExecuted)
  /// It ran, wrongly; or nobody can say.
  case failed

  /// Tells by the first word, and by the note that Redis puts behind an error from inside a script
  /// (" script: <sha>, on @user_script:<line>.").
  ///
  /// As Redis 7.0 does it: a script that begins with `#!lua` and names no flags is refused before
  /// its first line for OOM, MISCONF, NOREPLICAS, READONLY and MASTERDOWN, and none of these can
  /// come later from within; NOPERM for EVALSHA itself or for a key comes before the first line
  /// too. Those have no such note. An error with the note has run a part of the script: WRONGTYPE,
  /// a slip in the script, or a user who may call EVALSHA but not, say, HDEL ("ERR The user
  /// executing the script can't run this command"), where what was written before stays. The one
  /// exception is SCRIPT KILL, which Redis allows only while nothing has been written.
  public init(_ text: some StringProtocol) {
    if text.contains(" script: ") && text.contains("@user_script") {
      self = text.contains("Script killed by user") ? .notExecuted(.later) : .failed
      return
    }
    let word = text.prefix { $0 != " " }
    switch word {
    case "NOSCRIPT":
      self = .notExecuted(.scriptMissing)
    case "LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN", "CLUSTERDOWN", "MOVED", "ASK":
      self = .notExecuted(.later)
    case "WRONGTYPE":
      self = .failed
    case "ERR":
      // "ERR Error compiling script", "ERR Error running script": no note in some versions.
      self = text.contains("script") ? .failed : .notExecuted(.refused)
    default:
      // OOM, MISCONF, NOREPLICAS, READONLY, NOAUTH, NOPERM, WRONGPASS, EXECABORT, and codes of later
      // versions: an error without the note comes before the first line.
      self = .notExecuted(.refused)
    }
  }
}
