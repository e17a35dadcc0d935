import StockCore

/// A command on its way to its shard.
struct Submission: Sendable {
  var command: Command
  var ticket: Ticket
}

/// What one loop has for the shards of another, in its order: one hand-over a tick.
struct Parcel: Sendable {
  var submissions: [(place: Int, submission: Submission)] = []
  /// Answers to what those shards asked of others.
  var partAnswers: [(place: Int, answer: Answer)] = []

  var isEmpty: Bool { submissions.isEmpty && partAnswers.isEmpty }
}

/// What a shard has for others after an event.
struct ShardOutput: Sendable {
  var answers: [Answer] = []
  var messages: [ShardMessage] = []
  var committed: [LedgerBatch] = []
}

/// What the loops of an engine share: the indexes by which commands find their shard, and the clock.
struct EngineShared: Sendable {
  let map: ShardMap
  let clock: EngineClock
  let orders: OrderHomes
  let keys: KeyHomes

  init(map: ShardMap, configuration: ShardConfiguration) {
    self.map = map
    self.clock = EngineClock()
    self.orders = OrderHomes()
    self.keys = KeyHomes(age: configuration.idempotencyAge)
  }
}
