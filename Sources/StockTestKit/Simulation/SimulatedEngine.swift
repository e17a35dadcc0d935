import StockCore

/// One engine process: its shards, all on one connection, as on one event loop.
final class SimulatedEngine {
  let number: Int
  var name: String { "engine-\(number)" }
  var shards: [SimulatedShard] = []
  var connection: SimulatedConnection?
  var gateway = SimulatedGateway()
  var isAlive = true
  /// All shards were loaded once: before that it listens to nobody, since each of them may know of open
  /// orders and of keys.
  var isListening = false
  var isEndOfTickDue = false
  /// The process stands still until then.
  var stalledUntil: Int64 = 0
  var stalledInAll: Int64 = 0
  /// When the last message from one shard to another arrives: they stay in order.
  private var lastArrivals: [Int: Int64] = [:]
  /// Messages and answers between shards that are under way.
  var mailCount = 0
  private var time: EngineTime
  private var lastWall: Timestamp = 0

  init(number: Int, map: ShardMap, configuration: ShardConfiguration, clock: SimulatedClock) {
    self.number = number
    self.time = EngineTime(wall: clock.wall, monotonic: clock.monotonic)
    for id in 0..<map.shardCount {
      shards.append(SimulatedShard(id: id, map: map, configuration: configuration))
    }
  }

  /// Every shard holds what Redis holds, and can play its last batches again.
  var isLoaded: Bool { shards.allSatisfy { $0.loadedSequence != nil } }

  var waitingCount: Int { shards.reduce(0) { $0 + $1.machine.waitingCount } }

  // MARK: Time

  func now(_ clock: SimulatedClock) -> Now {
    lastWall = max(lastWall, time.advance(wall: clock.wall, monotonic: clock.monotonic))
    return Now(wall: lastWall, monotonic: clock.monotonic)
  }

  /// A time that no other stamp has: by it a change tells who made it.
  func stamp(_ clock: inout SimulatedClock) -> Now {
    lastWall = clock.stamp(at: now(clock).wall)
    return Now(wall: lastWall, monotonic: clock.monotonic)
  }

  /// An engine that was here earlier wrote down this time.
  ///
  /// - Returns: false where that is too far ahead of the machine's clock to go on from it.
  func goOn(from recorded: Timestamp, _ clock: SimulatedClock) -> Bool {
    guard recorded > clock.wall else { return true }
    guard recorded - clock.wall <= 60_000 else { return false }
    time.goOn(from: recorded, monotonic: clock.monotonic)
    return true
  }

  // MARK: Between shards

  /// When something that is sent now from one shard to another arrives.
  func arrival(from: ShardID, to: ShardID, at instant: Int64) -> Int64 {
    let pair = from * shards.count + to
    let at = max(lastArrivals[pair] ?? 0, instant)
    lastArrivals[pair] = at
    return at
  }
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
  /// Tickets whose first answer is being read from Redis.
  var replaying: [(ticket: UInt64, key: IdempotencyKey)] = []

  init(id: ShardID, map: ShardMap, configuration: ShardConfiguration) {
    self.id = id
    self.machine = ShardStateMachine(id: id, map: map, configuration: configuration)
  }
}
