import StockCore
import StockRedis
import Testing

@Suite("What an error reply means for a batch")
struct ErrorReplyTests {
  static let note = " script: 4b0d0b2f, on @user_script:12."

  @Test(
    "by its first word",
    arguments: [
      ("NOSCRIPT No matching script. Please use EVAL.", ErrorReply.notExecuted(.scriptMissing)),
      ("LOADING Redis is loading the dataset in memory", .notExecuted(.later)),
      ("BUSY Redis is busy running a script.", .notExecuted(.later)),
      ("MASTERDOWN Link with MASTER is down", .notExecuted(.later)),
      ("TRYAGAIN Multiple keys request during rehashing of slot", .notExecuted(.later)),
      ("CLUSTERDOWN The cluster is down", .notExecuted(.later)),
      ("MOVED 3999 127.0.0.1:6381", .notExecuted(.later)),
      ("ASK 3999 127.0.0.1:6381", .notExecuted(.later)),
      ("OOM command not allowed when used memory > 'maxmemory'.", .notExecuted(.refused)),
      ("MISCONF Redis is configured to save RDB snapshots", .notExecuted(.refused)),
      ("NOREPLICAS Not enough good replicas to write.", .notExecuted(.refused)),
      ("READONLY You can't write against a read only replica.", .notExecuted(.refused)),
      ("NOAUTH Authentication required.", .notExecuted(.refused)),
      ("NOPERM this user has no permissions", .notExecuted(.refused)),
      ("WRONGPASS invalid username-password pair", .notExecuted(.refused)),
      ("EXECABORT Transaction discarded", .notExecuted(.refused)),
      ("ERR max number of clients reached", .notExecuted(.refused)),
      ("ERR unknown command 'EVALSHA'", .notExecuted(.refused)),
      ("SOMETHINGNEW of a later version", .notExecuted(.refused)),
      ("", .notExecuted(.refused)),
      ("WRONGTYPE Operation against a key holding the wrong kind of value", .failed),
      ("WRONGTYPE Operation against a key holding the wrong kind of value" + note, .failed),
      ("ERR user_script:12: attempt to index a nil value" + note, .failed),
      ("ERR The user executing the script can't run this command" + note, .failed),
      ("ERR Error compiling script (new function): user_script:1: '=' expected", .failed),
      ("OOM command not allowed when used memory > 'maxmemory'." + note, .failed),
      ("ERR Script killed by user with SCRIPT KILL..." + note, .notExecuted(.later)),
    ])
  func words(_ words: String, _ meaning: ErrorReply) {
    #expect(ErrorReply(words) == meaning)
  }

  @Test("as a real Redis says it, with nothing written by a refusal")
  func real() async throws {
    try await TestRedis.with { redis, connection in
      let shard = try await TestShard(connection)
      let batch = shard.batch(
        1, entries: [EntryChange(id: 8, product: 1, before: nil, after: entryValue(1, 0))])
      func refusal(
        _ set: [String], undo: [String], _ word: String
      ) async throws {
        #expect(try await connection.call(set) == .text("OK"))
        guard case .notExecuted(.refused, let words) = try await shard.commit(batch) else {
          Issue.record("\(word): not refused")
          return
        }
        #expect(words.hasPrefix(word), "\(words)")
        #expect(try await connection.call(undo) == .text("OK"))
        #expect(try await shard.heldEntries().isEmpty)
      }
      try await refusal(
        ["CONFIG", "SET", "maxmemory", "1"], undo: ["CONFIG", "SET", "maxmemory", "0"], "OOM")
      try await refusal(
        ["CONFIG", "SET", "min-replicas-to-write", "1"],
        undo: ["CONFIG", "SET", "min-replicas-to-write", "0"], "NOREPLICAS")
      try await refusal(
        ["REPLICAOF", "127.0.0.1", "1"], undo: ["REPLICAOF", "NO", "ONE"], "READONLY")
      try await refusal(
        ["ACL", "SETUSER", "default", "-evalsha"], undo: ["ACL", "SETUSER", "default", "+@all"],
        "NOPERM")
      try await refusal(
        ["ACL", "SETUSER", "default", "resetkeys", "%R~*"],
        undo: ["ACL", "SETUSER", "default", "allkeys"], "NOPERM")

      // A user who may not call what the script calls is found out by it, perhaps half-way.
      #expect(try await connection.call(["ACL", "SETUSER", "default", "-hset"]) == .text("OK"))
      guard case .failed = try await shard.commit(batch) else {
        Issue.record("not failed")
        return
      }
      #expect(try await connection.call(["ACL", "SETUSER", "default", "+@all"]) == .text("OK"))
      #expect(try await shard.commit(batch) == .committed)
    }
  }

  @Test("a Redis that runs another script for long is busy, not wrong")
  func busy() async throws {
    try await TestRedis.with { redis, connection in
      let shard = try await TestShard(connection)
      _ = try await connection.call(["CONFIG", "SET", "busy-reply-threshold", "20"])
      let other = try await redis.connect()
      async let looping = other.call(["EVAL", "#!lua\nwhile true do end", "0"])
      var reply = CommitReply.committed
      for sequence in 1...200 {
        reply = try await shard.commit(shard.batch(Int64(sequence)))
        if reply != .committed { break }
        try await Task.sleep(for: .milliseconds(5))
      }
      guard case .notExecuted(.later, let words) = reply else {
        Issue.record("not busy: \(reply)")
        return
      }
      #expect(words.hasPrefix("BUSY"))
      #expect(try await connection.call(["SCRIPT", "KILL"]) == .text("OK"))
      guard case .error(let killed) = try await looping else {
        Issue.record("not killed")
        return
      }
      #expect(ErrorReply(killed) == .notExecuted(.later), "\(killed)")
      await other.disconnect()
    }
  }
}
