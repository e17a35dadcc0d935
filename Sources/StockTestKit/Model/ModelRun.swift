import StockCore

/// Runs random commands through a `ShardStateMachine` and the `ReferenceModel` side by side, with
/// batches that Redis takes, refuses, loses or takes without saying so.
public final class ModelRun {
  /// Where the two differ.
  public struct Mismatch: Error, CustomStringConvertible {
    public var description: String
  }

  struct Expectation {
    var command: Command
    var outcome: Outcome
    /// The commit that carries what was open when the command came.
    var openSequence: Sequence64
    /// The command changed something.
    var isChange: Bool
    var wall: Timestamp
  }

  /// A key that was used, and how that ended.
  struct KeptAnswer {
    var fingerprint: UInt64
    var outcome: Outcome
    /// Where its record is, once its batch is closed.
    var bucket: IdempotencyBucket?
  }

  typealias KeyDigest = RedisShard.KeyDigest

  var machine: ShardStateMachine
  var redis = RedisShard()
  var clock = SimulatedClock()
  var random: SeededRandom
  var generator: CommandGenerator
  var carts: CartGenerator

  // The model as it is in Redis, with the batch in flight, and with the open batch.
  var committed: ReferenceModel
  var flying: ReferenceModel
  var tentative: ReferenceModel
  // The same for the answers to keys.
  var committedAnswers: [KeyDigest: KeptAnswer] = [:]
  var flyingAnswers: [KeyDigest: KeptAnswer] = [:]
  var tentativeAnswers: [KeyDigest: KeptAnswer] = [:]
  var oldestBucket: IdempotencyBucket = 0
  /// Requests with keys that may come once more.
  var recent: [Command] = []
  var keyCount: UInt64 = 0

  var inFlight: Batch?
  /// The batch in flight waits for a reply; else for its pause to end.
  var isSent = false
  var maybeExecuted = false
  // When the first change of the open batch came, and of the one in flight.
  var openSince: Int64?
  var flyingSince: Int64 = 0
  var expected: [UInt64: Expectation] = [:]
  var lastTicket: UInt64 = 0
  let seed: UInt64

  public internal(set) var commands = 0
  public private(set) var commits = 0
  public private(set) var undone = 0
  /// Outcomes by name, to show that all of them came.
  public internal(set) var outcomes: [String: Int] = [:]

  public init(seed: UInt64) {
    self.seed = seed
    var random = SeededRandom(seed: seed)
    let map = ShardMap(shardCount: 1 + random.below(3))
    let shard = random.below(map.shardCount)
    let products = (1...100).map(ProductID.init).filter { map.shard(ofProduct: $0) == shard }
    self.generator = CommandGenerator(
      seed: random.next(), products: Array(products.prefix(2 + random.below(4))))
    self.carts = CartGenerator(seed: random.next(), products: generator.products)
    self.random = random
    var configuration = ShardConfiguration()
    configuration.closedHoldAge = 4_000
    configuration.idempotencyAge = 12_000
    self.committed = ReferenceModel(
      map: map, shard: shard, closedHoldAge: configuration.closedHoldAge)
    self.flying = committed
    self.tentative = committed
    self.machine = ShardStateMachine(id: shard, map: map, configuration: configuration)
  }

  public func run(commands total: Int) throws(Mismatch) {
    try load()
    while commands < total {
      switch random.below(100) {
      case 0..<84: try submit()
      case 84..<88: try act(machine.endOfTick(now: clock.now))
      case 88..<99: if isSent { try reply() }
      default: try pass(milliseconds: random.pick([1, 60, 700, 2_100]))
      }
      if commands % 64 == 0 { try check() }
    }
    while inFlight != nil || !expected.isEmpty {
      if isSent { try reply() } else { try pass(milliseconds: 60) }
      try act(machine.endOfTick(now: clock.now))
    }
    try check()
  }

  // MARK: What Redis does

  func act(_ action: ShardAction) throws(Mismatch) {
    switch action {
    case .none: break
    case .send(let batch, _):
      isSent = true
      if inFlight == nil {
        guard let openSince else { throw mismatch("a batch of nothing was sent") }
        inFlight = batch
        maybeExecuted = false
        try close(batch)
        flyingSince = openSince
        self.openSince = nil
      } else if batch.digest != inFlight?.digest {
        throw mismatch("another batch \(batch.sequence) than before was sent")
      }
    case .readMeta: try act(machine.metaRead(redis.meta, now: clock.now))
    case .dropConnection: try loseConnection()
    case .recover, .retake, .yieldTurn: throw mismatch("nothing asked for \(action)")
    }
    try takeAnswers()
  }

  /// The open batch is sent: its movements are what the commands since the last one made.
  func close(_ batch: Batch) throws(Mismatch) {
    let sent = LedgerBatch(
      CommittedMovements(
        shard: machine.id, sequence: batch.sequence, firstNumber: 0, movements: batch.movements,
        notes: batch.notes), locationName: { machine.locations.name($0) })
    for (found, movement) in zip(Self.sorted(sent.entries), Self.sorted(tentative.movements))
    where found != movement {
      throw mismatch("a movement is \(found)\n  expected \(movement)")
    }
    guard sent.entries.count == tentative.movements.count else {
      throw mismatch("\(sent.entries.count) movements instead of \(tentative.movements.count)")
    }
    tentative.movements = []
    flying = tentative
    let bucket = max(1, clock.now.wall / machine.configuration.bucketLength)
    for (key, answer) in tentativeAnswers where answer.bucket == nil {
      tentativeAnswers[key]?.bucket = bucket
    }
    flyingAnswers = tentativeAnswers
  }

  /// Movements without their numbers. Holds that end in the same look may do so in any order: so the
  /// order of theirs, and what was there in between, is left out.
  static func sorted(_ movements: [LedgerEntry]) -> [LedgerEntry] {
    var sorted: [LedgerEntry] = []
    var start = 0
    func name(_ it: LedgerEntry) -> String { "\(it.note.reference) \(it.product) \(it.location)" }
    func sortEnd() { sorted[start...].sort { name($0) < name($1) } }
    for var movement in movements {
      movement.number = 0
      if movement.kind == .expire {
        (movement.edges, movement.quantityAfter, movement.reservedAfter) = ([], 0, 0)
        if let last = sorted.last,
          last.kind != .expire || last.occurredAt != movement.occurredAt
        {
          sortEnd()
          start = sorted.count
        }
      } else if sorted.last?.kind == .expire {
        sortEnd()
        start = sorted.count
      }
      sorted.append(movement)
      if movement.kind != .expire { start = sorted.count }
    }
    sortEnd()
    return sorted
  }

  func reply() throws(Mismatch) {
    guard let batch = inFlight else { return }
    isSent = false
    let request = CommitRequest(
      batch, shard: machine.id, ownership: machine.currentOwnership, locations: machine.locations)
    switch random.below(100) {
    case 0..<74:
      let reply = redis.commit(request).reply
      guard reply == .committed else { throw mismatch("redis said \(reply)") }
      try settle(machine.replied(.committed, now: clock.now, jitter: 0), isCommitted: true)
    case 74..<80:
      try act(machine.replied(.notExecuted(.scriptMissing, ""), now: clock.now, jitter: 0))
    case 80..<86:
      let action = machine.replied(.notExecuted(.later, "BUSY"), now: clock.now, jitter: 50)
      try act(action)
      try pass(milliseconds: 2_000)
    case 86..<94:
      let action = machine.replied(.notExecuted(.refused, "OOM"), now: clock.now, jitter: 0)
      if maybeExecuted {
        try act(action)
      } else {
        guard case .readMeta = action else { throw mismatch("a refusal is not looked into") }
        // Now and then it is not so: something in between has spoken.
        let isThere = random.chance(25) && redis.commit(request).reply == .committed
        try settle(machine.metaRead(redis.meta, now: clock.now), isCommitted: isThere)
      }
      try pass(milliseconds: 1_600)
    default:
      if random.chance(50) { _ = redis.commit(request) }
      maybeExecuted = true
      try loseConnection()
    }
  }

  func loseConnection() throws(Mismatch) {
    machine.connectionLost(now: clock.now)
    try takeAnswers()
    maybeExecuted = maybeExecuted || isSent
    isSent = false
    // Some commands come while there is no connection.
    for _ in 0..<random.below(4) { try submit() }
    guard case .readMeta = machine.connectionReady(now: clock.now) else {
      throw mismatch("a new connection does not ask for meta")
    }
    let isThere = inFlight != nil && redis.meta?.sequence == inFlight?.sequence
    let action = machine.metaRead(redis.meta, now: clock.now)
    if isThere {
      try settle(action, isCommitted: true)
    } else {
      try act(action)
    }
  }

  /// The batch in flight has come to its end.
  func settle(_ action: ShardAction, isCommitted: Bool) throws(Mismatch) {
    let inFlightBucket = inFlight?.bucket ?? 0
    inFlight = nil
    if isCommitted {
      commits += 1
      committed = flying
      committedAnswers = flyingAnswers
      dropOldAnswers(inFlightBucket)
    } else {
      undoAll()
    }
    try takeAnswers()
    try act(action)
  }

  func undoAll() {
    undone += 1
    inFlight = nil
    tentative = committed
    tentativeAnswers = committedAnswers
    openSince = nil
  }

  /// Answers are kept for six buckets and the one that is being filled.
  func dropOldAnswers(_ bucket: IdempotencyBucket) {
    guard bucket - 6 > oldestBucket else { return }
    oldestBucket = bucket - 6
    func isKept(_ answer: KeptAnswer) -> Bool { answer.bucket ?? .max >= oldestBucket }
    committedAnswers = committedAnswers.filter { isKept($0.value) }
    flyingAnswers = flyingAnswers.filter { isKept($0.value) }
    tentativeAnswers = tentativeAnswers.filter { isKept($0.value) }
  }

  /// Time goes by: pauses end, and who waited too long is told so.
  func pass(milliseconds: Int64) throws(Mismatch) {
    clock.advance(by: milliseconds)
    let now = clock.now.monotonic
    let limits = machine.configuration
    let isServing = machine.isServing
    let action = machine.tick(now: clock.now)
    if inFlight != nil, !isSent, !maybeExecuted, now - flyingSince >= limits.answerTimeout {
      undoAll()
      expireDue()
    } else {
      if inFlight != nil, let since = openSince, now - since >= limits.queueTimeout {
        undone += 1
        tentative = flying
        tentativeAnswers = flyingAnswers
        openSince = nil
      }
      if isServing { expireDue() }
    }
    try takeAnswers()
    try act(action)
  }

  func takeAnswers() throws(Mismatch) {
    let dropped = machine.takeDroppedBuckets()
    if !dropped.isEmpty { redis.drop(dropped) }
    for answer in machine.takeAnswers() {
      guard let expectation = expected.removeValue(forKey: answer.ticket.rawValue) else {
        throw mismatch("ticket \(answer.ticket.rawValue) is answered twice")
      }
      if case .unavailable = answer.outcome { continue }
      let found = answer.outcome.withoutLocationNumbers
      guard found == expectation.outcome else {
        throw mismatch(
          "\(expectation.command)\n  answered \(found)\n  expected \(expectation.outcome)")
      }
      if expectation.isChange {
        guard answer.sequence == expectation.openSequence else {
          throw mismatch("\(expectation.command) answered with commit \(answer.sequence)")
        }
      } else if answer.sequence < expectation.openSequence {
        // It did not wait for the batch that was open: so it must not rest on that.
        guard isTrue(found, of: expectation.command, onCommittedAt: expectation.wall) else {
          throw mismatch("\(expectation.command)\n  answered \(found), not by what is committed")
        }
      }
    }
  }

  func mismatch(_ what: String) -> Mismatch {
    Mismatch(description: "seed \(seed), command \(commands): \(what)")
  }
}
