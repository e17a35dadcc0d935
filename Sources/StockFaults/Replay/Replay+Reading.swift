import StockCore
import StockRedis

extension Replay.Ledger {
  /// All of a namespace's ledgers, read past the engine.
  ///
  /// - Parameter url: "unix:///…" or "redis://…".
  /// - Throws: `FaultError` where one cannot be read, or does not begin with the first movement.
  static func read(_ url: String) async throws -> Replay.Ledger {
    let redis = try await RedisAccess.open(url)
    defer { Task { await redis.disconnect() } }
    let keys = RedisKeys()
    guard let shards = try await redis.call(["HGET", keys.manifest, "shards"]).integer else {
      throw FaultError("Redis has no manifest with a number of shards")
    }
    var batches: [[LedgerBatch]] = []
    for shard in 0..<Int(shards) {
      var all: [LedgerBatch] = []
      var last: Int64 = 0
      while true {
        let after = last
        let page: Result<[LedgerBatch], RecordError> = try await redis.query {
          $0.writeLedgerRange(keys.ledger(shard), after: after, count: 500)
        } read: { reply in
          Result { () throws(RecordError) in try LedgerReply.decode(reply, shard: shard) }
        }
        let found = try page.get()
        guard let end = found.last?.entries.last?.number else { break }
        all += found
        last = end
      }
      let count = try await redis.call(["HGET", keys.meta(shard), "movements"]).integer ?? 0
      let first = all.first?.entries.first?.number ?? 1
      guard first == 1, last == count else {
        throw FaultError(
          "shard \(shard)'s ledger has movements \(first) to \(last), and there were \(count)")
      }
      batches.append(all)
    }
    return Replay.Ledger(batches: batches)
  }
}
