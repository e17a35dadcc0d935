import NIOCore
public import StockCore

extension Engine {
  /// An engine that cannot be exported.
  public func snapshot(of shard: ShardID) async throws(EngineError) -> ShardSnapshot {
    throw .unavailable("this engine has no snapshots")
  }
}

extension ShardedEngine {
  public func snapshot(of shard: ShardID) async throws(EngineError) -> ShardSnapshot {
    precondition(shard >= 0 && shard < shardMap.shardCount, "no such shard")
    let bound = engineLoops[shard % engineLoops.count]
    let taken = try? await bound.eventLoop.submit { bound.value.snapshot(of: shard) }.get()
    guard let snapshot = taken ?? nil else { throw .unavailable("shard \(shard) is not there") }
    return snapshot
  }
}

extension EngineLoop {
  /// nil: the shard cannot be read now.
  func snapshot(of id: ShardID) -> ShardSnapshot? {
    shards.first { $0.id == id }?.assumeIsolated { $0.snapshot() } ?? nil
  }
}
