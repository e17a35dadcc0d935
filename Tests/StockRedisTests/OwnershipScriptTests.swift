import StockCore
import StockRedis
import Testing

@Suite("Taking and keeping ownership")
struct OwnershipScriptTests {
  @Test("each take gives a new epoch, above the minimum, and the state of the shard")
  func take() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      #expect(shard.ownership.epoch == 1)
      #expect(try await shard.take("engine-2").epoch == 2)
      #expect(try await shard.take("engine-2", minimumEpoch: 9).epoch == 10)
      let mine = try await shard.take("engine-1", minimumEpoch: 123_456_789_012_345)
      #expect(mine.epoch == 123_456_789_012_346)
      #expect(try await shard.commit(shard.batch(1, digest: 0xFEED), ownership: mine) == .committed)
      #expect(
        try await read(shard)
          == .meta(
            ShardMeta(ownership: mine, sequence: 1, digest: 0xFEED, lastEntryNumber: 42)))
    }
  }

  @Test("a take that comes too late, after somebody else's, is fenced")
  func lateTake() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      // engine-2 and engine-3 both read epoch 1; engine-3 comes first.
      #expect(try await takeHeld(shard, "engine-3", 1) == 2)
      #expect(try await takeHeld(shard, "engine-2", 1) == nil)
      #expect(try await shard.held("stock:{7}:meta")["owner"] == "engine-3")
      #expect(try await takeHeld(shard, "engine-2", 2) == 3)
    }
  }

  /// The epoch; nil where it was fenced.
  private func takeHeld(
    _ shard: TestShard, _ owner: String, _ heldEpoch: Epoch
  ) async throws -> Epoch? {
    let key = shard.keys.meta(7)
    let scripts = try #require(shard.connection.scripts)
    let reply = try await shard.connection.query({
      $0.writeTake(
        meta: key, owner: owner, minimumEpoch: 0, heldEpoch: heldEpoch, scripts: scripts)
    }) { MetaReply(take: $0, owner: owner) }
    switch reply {
    case .meta(let meta): return meta.ownership.epoch
    case .fenced(let other):
      #expect(other == Ownership(owner: "engine-3", epoch: 2))
      return nil
    case .missing, .notExecuted, .failed: throw RedisSetupError(.refused, "take: \(reply)")
    }
  }

  @Test("buckets of first answers go by their shard's owner only")
  func drops() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let buckets = [3, 4, 5].map { shard.keys.idempotency(7, $0) }
      for bucket in buckets { _ = try await connection.call(["HSET", bucket, "key", "answer"]) }
      func drop(_ buckets: [String], _ ownership: Ownership) async throws -> String? {
        let meta = shard.keys.meta(7)
        return try await connection.query({
          $0.writeDrop(meta: meta, keys: buckets, ownership: ownership)
        }) { $0.count > 0 ? $0[0].string : nil }
      }
      let mine = try await shard.take("engine-2")
      #expect(try await drop(buckets, shard.ownership) == "FENCED")
      #expect(try await drop(buckets, Ownership(owner: "engine-2", epoch: 1)) == "FENCED")
      #expect(try await connection.call(["EXISTS"] + buckets).integer == 3)
      #expect(try await drop([buckets[0], buckets[2]], mine) == "OK")
      #expect(try await connection.call(["EXISTS"] + buckets).integer == 1)
    }
  }

  @Test("movements and the oldest bucket come with meta, however it is read")
  func counters() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      var batch = shard.batch(1, digest: 5)
      batch.previousMovements = 70
      batch.movements = [movement(.set, 1, quantity: 1)]
      batch.oldestBucket = 88
      #expect(try await shard.commit(batch) == .committed)
      func meta(_ owner: String, _ epoch: Epoch) -> MetaReply {
        .meta(
          ShardMeta(
            ownership: Ownership(owner: owner, epoch: epoch), sequence: 1, digest: 5,
            lastEntryNumber: 42, movements: 71, oldestBucket: 88))
      }
      #expect(try await read(shard) == meta("engine-1", 1))
      #expect(try await retake(shard, "engine-1", 1) == meta("engine-1", 1))
      let key = shard.keys.meta(7)
      let scripts = try #require(connection.scripts)
      let taken = try await connection.query({
        $0.writeTake(meta: key, owner: "engine-2", minimumEpoch: 0, scripts: scripts)
      }) { MetaReply(take: $0, owner: "engine-2") }
      #expect(taken == meta("engine-2", 2))
    }
  }

  @Test("a shard without meta cannot be taken, nor is it made")
  func missing() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      _ = try await connection.call(["DEL", "stock:{7}:meta"])
      await #expect(throws: RedisSetupError.self) { try await shard.take("engine-1") }
      #expect(try await read(shard) == .missing)
      #expect(try await retake(shard, "engine-1", 5) == .missing)
    }
  }

  @Test("an epoch can be taken again unless somebody took a later one")
  func retake() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      try await shard.take("engine-1", minimumEpoch: 7)
      // Held: engine-1 with 8.
      func meta(_ owner: String, _ epoch: Epoch) -> MetaReply {
        .meta(
          ShardMeta(
            ownership: Ownership(owner: owner, epoch: epoch), sequence: 0, digest: 0,
            lastEntryNumber: 0))
      }
      #expect(try await retake(shard, "engine-1", 8) == meta("engine-1", 8))
      #expect(
        try await retake(shard, "engine-2", 8)
          == .fenced(by: Ownership(owner: "engine-1", epoch: 8)))
      #expect(
        try await retake(shard, "engine-1", 7)
          == .fenced(by: Ownership(owner: "engine-1", epoch: 8)))
      // Redis lost the take with 12: the epoch it holds is older.
      #expect(try await retake(shard, "engine-2", 12) == meta("engine-2", 12))
      #expect(try await read(shard) == meta("engine-2", 12))
    }
  }

  @Test("control hashes change for their owner only, whole")
  func control() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let keys = shard.keys
      let scripts = try #require(connection.scripts)
      let taken = try await connection.query({
        $0.writeTake(meta: keys.controlMeta, owner: "engine-1", minimumEpoch: 0, scripts: scripts)
      }) { MetaReply(take: $0, owner: "engine-1") }
      guard case .meta(let meta) = taken else {
        Issue.record("not taken: \(taken)")
        return
      }
      func change(
        _ changes: [(field: String, value: String?)], _ ownership: Ownership
      ) async throws -> ControlReply {
        try await connection.query({
          $0.writeControl(
            keys: keys, hash: keys.stores, ownership: ownership, changes: changes,
            scripts: scripts)
        }) { ControlReply($0) }
      }
      #expect(try await change([("1", "Shop"), ("2", "Two"), ("3", "")], meta.ownership) == .done)
      #expect(try await change([("2", nil), ("1", "Shop A")], meta.ownership) == .done)
      #expect(try await shard.held("stock:{control}:stores") == ["1": "Shop A", "3": ""])
      #expect(
        try await change([("1", nil)], Ownership(owner: "engine-2", epoch: 1)) == .fenced)
      #expect(
        try await change([("1", nil)], Ownership(owner: "engine-1", epoch: 2)) == .fenced)
      _ = try await connection.call(["DEL", keys.controlMeta])
      guard case .failed = try await change([("1", nil)], meta.ownership) else {
        Issue.record("changed without meta")
        return
      }
      #expect(try await shard.held("stock:{control}:stores") == ["1": "Shop A", "3": ""])
    }
  }

  private func read(_ shard: TestShard) async throws -> MetaReply {
    let key = shard.keys.meta(7)
    return try await shard.connection.query({ $0.writeReadMeta(key) }) { MetaReply(read: $0) }
  }

  private func retake(
    _ shard: TestShard, _ owner: String, _ epoch: Epoch
  ) async throws -> MetaReply {
    let key = shard.keys.meta(7)
    let scripts = try #require(shard.connection.scripts)
    let ownership = Ownership(owner: owner, epoch: epoch)
    return try await shard.connection.query({
      $0.writeRetake(meta: key, ownership: ownership, scripts: scripts)
    }) { MetaReply(retake: $0, ownership: ownership) }
  }
}
