import StockCore

/// One engine process: its shards, all on one connection, as on one event loop.
final class SimulatedEngine {
  let number: Int
  var name: String { "engine-\(number)" }
  var shards: [SimulatedShard] = []
  var connection: SimulatedConnection?
  var isAlive = true
  var isEndOfTickDue = false
  /// The process stands still until then.
  var stalledUntil: Int64 = 0
  var stalledInAll: Int64 = 0

  init(number: Int, map: ShardMap, configuration: ShardConfiguration) {
    self.number = number
    for id in 0..<map.shardCount {
      shards.append(SimulatedShard(id: id, map: map, configuration: configuration))
    }
  }

  /// Every shard holds what Redis holds, and can play its last batches again.
  var isLoaded: Bool { shards.allSatisfy { $0.loadedSequence != nil } }

  var waitingCount: Int { shards.reduce(0) { $0 + $1.machine.waitingCount } }
}

/// A shard of an engine, with what whoever drives a `ShardStateMachine` has to keep.
final class SimulatedShard {
  let id: ShardID
  var machine: ShardStateMachine
  /// Counts the loadings.
  var loading = 0
  /// Loading is under way and began with this meta.
  var loadingMeta: ShardMeta?
  /// The commit that memory was loaded at; nil while it is not loaded.
  var loadedSequence: Sequence64?
  /// The highest version of each entry that was shown, to see that reads do not go back.
  var shownVersions: [EntryID: Int64] = [:]

  init(id: ShardID, map: ShardMap, configuration: ShardConfiguration) {
    self.id = id
    self.machine = ShardStateMachine(id: id, map: map, configuration: configuration)
  }
}
