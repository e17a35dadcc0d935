public import StockCore

extension CommitReply {
  /// What commit.lua, or Redis in its place, said to a batch.
  public init(_ reply: RedisReply) {
    if reply.isError {
      let words = reply.string ?? ""
      switch ErrorReply(words) {
      case .notExecuted(let why): self = .notExecuted(why, words)
      case .failed: self = .failed(words)
      }
      return
    }
    guard reply.isArray, reply.count >= 1 else {
      self = .failed("a commit got a reply of another kind: \(reply)")
      return
    }
    let word = reply[0]
    if word.equals("OK") || word.equals("ALREADY") {
      self = .committed
    } else if word.equals("FENCED") {
      self = .fenced
    } else if word.equals("SEQ"), reply.count >= 2, let held = reply[1].integer {
      self = .sequenceMismatch(held: held)
    } else if word.equals("INVALID"), reply.count >= 4 {
      let held = reply[3].bytes.isEmpty ? "nothing" : "\"\(reply[3])\""
      self = .invalid("\(reply[1]) field \(reply[2]): Redis holds \(held)")
    } else if word.equals("NOMETA") {
      self = .failed("the shard's meta is missing in Redis: its data is lost, or another's")
    } else {
      self = .failed("a commit got a reply of another kind: \(reply)")
    }
  }
}
