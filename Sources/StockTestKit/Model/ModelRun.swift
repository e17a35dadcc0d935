import StockCore

/// Runs random commands through a `ShardStateMachine` and the `ReferenceModel` side by side, with
/// batches that Redis takes, refuses, loses or takes without saying so.
public final class ModelRun {
  /// Where the two differ.
  public struct Mismatch: Error, CustomStringConvertible {
    public var description: String
  }

  private struct Expectation {
    var command: Command
    var outcome: Outcome
    /// The commit that carries what was open when the command came.
    var openSequence: Sequence64
    /// The command changed something.
    var isChange: Bool
  }

  private var machine: ShardStateMachine
  private var redis = RedisShard()
  private var clock = SimulatedClock()
  private var random: SeededRandom
  private var generator: CommandGenerator

  // The model as it is in Redis, with the batch in flight, and with the open batch.
  private var committed: ReferenceModel
  private var flying: ReferenceModel
  private var tentative: ReferenceModel

  private var inFlight: Batch?
  /// The batch in flight waits for a reply; else for its pause to end.
  private var isSent = false
  private var maybeExecuted = false
  // When the first change of the open batch came, and of the one in flight.
  private var openSince: Int64?
  private var flyingSince: Int64 = 0
  private var expected: [UInt64: Expectation] = [:]
  private var lastTicket: UInt64 = 0
  private let seed: UInt64

  public private(set) var commands = 0
  public private(set) var commits = 0
  public private(set) var undone = 0
  /// Outcomes by name, to show that all of them came.
  public private(set) var outcomes: [String: Int] = [:]

  public init(seed: UInt64) {
    self.seed = seed
    var random = SeededRandom(seed: seed)
    let map = ShardMap(shardCount: 1 + random.below(3))
    let shard = random.below(map.shardCount)
    let products = (1...100).map(ProductID.init).filter { map.shard(ofProduct: $0) == shard }
    self.generator = CommandGenerator(
      seed: random.next(), products: Array(products.prefix(2 + random.below(4))))
    self.generator.policies = false
    self.random = random
    self.committed = ReferenceModel(map: map, shard: shard)
    self.flying = committed
    self.tentative = committed
    self.machine = ShardStateMachine(id: shard, map: map)
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

  // MARK: Commands

  private func submit() throws(Mismatch) {
    commands += 1
    let model = tentative
    let command = generator.next { product, location in
      model.entry(product: product, location: location).map {
        .init(id: $0.id, version: $0.value.version, quantity: $0.value.quantity)
      }
    }
    lastTicket += 1
    let now = clock.now
    let isRead =
      switch command.operation {
      case .readEntry, .readProduct, .readSummary: true
      default: false
      }
    var onCommitted = committed
    let outcomeOnCommitted = onCommitted.apply(command, wall: now.wall)
    let found = machine.submit(command, ticket: Ticket(rawValue: lastTicket), now: now)
    let before = tentative
    let outcome = isRead ? outcomeOnCommitted : tentative.apply(command, wall: now.wall)
    note(outcome)
    let isChange = tentative != before
    if isChange, openSince == nil { openSince = now.monotonic }
    guard let found else {
      if isRead { throw mismatch("a read waits: \(command)") }
      expected[lastTicket] = Expectation(
        command: command, outcome: outcome,
        openSequence: machine.committedSequence + (inFlight == nil ? 1 : 2), isChange: isChange)
      return
    }
    if isChange { throw mismatch("answered before it was committed: \(command) → \(found)") }
    guard found.withoutLocationNumbers == outcome else {
      throw mismatch("\(command)\n  answered \(found)\n  expected \(outcome)")
    }
    guard outcome == outcomeOnCommitted else {
      throw mismatch(
        "\(command) was answered at once by what is not committed\n  answered \(found)"
          + "\n  committed says \(outcomeOnCommitted)")
    }
  }

  private func note(_ outcome: Outcome) {
    let name = String("\(outcome)".prefix { $0 != "(" })
    guard case .refused(let refusal) = outcome else {
      outcomes[name, default: 0] += 1
      return
    }
    outcomes[String("\(refusal)".prefix { $0 != "(" }), default: 0] += 1
  }

  // MARK: What Redis does

  private func act(_ action: ShardAction) throws(Mismatch) {
    switch action {
    case .none: break
    case .send(let batch, _):
      isSent = true
      if inFlight == nil {
        guard let openSince else { throw mismatch("a batch of nothing was sent") }
        inFlight = batch
        maybeExecuted = false
        flying = tentative
        flyingSince = openSince
        self.openSince = nil
      } else if batch.digest != inFlight?.digest {
        throw mismatch("another batch \(batch.sequence) than before was sent")
      }
    case .readMeta: try act(machine.metaRead(redis.meta, now: clock.now))
    case .dropConnection: try loseConnection()
    case .recover, .retake: throw mismatch("nothing asked for \(action)")
    }
    try takeAnswers()
  }

  private func reply() throws(Mismatch) {
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
        try settle(action, isCommitted: false)
      }
      try pass(milliseconds: 1_600)
    default:
      if random.chance(50) { _ = redis.commit(request) }
      maybeExecuted = true
      try loseConnection()
    }
  }

  private func loseConnection() throws(Mismatch) {
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
  private func settle(_ action: ShardAction, isCommitted: Bool) throws(Mismatch) {
    inFlight = nil
    if isCommitted {
      commits += 1
      committed = flying
    } else {
      undone += 1
      tentative = committed
      openSince = nil
    }
    try takeAnswers()
    try act(action)
  }

  /// Time goes by: pauses end, and who waited too long is told so.
  private func pass(milliseconds: Int64) throws(Mismatch) {
    clock.advance(by: milliseconds)
    let now = clock.now.monotonic
    let limits = machine.configuration
    let action = machine.tick(now: clock.now)
    if inFlight != nil {
      if !isSent, !maybeExecuted, now - flyingSince >= limits.answerTimeout {
        return try settle(action, isCommitted: false)
      }
      if let since = openSince, now - since >= limits.queueTimeout {
        undone += 1
        tentative = flying
        openSince = nil
      }
    }
    try takeAnswers()
    try act(action)
  }

  private func takeAnswers() throws(Mismatch) {
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
        var model = committed
        let again = model.apply(expectation.command, wall: 0)
        guard again == found else {
          throw mismatch(
            "\(expectation.command)\n  answered \(found)\n  committed says \(again)")
        }
      }
    }
  }

  // MARK: Checks

  private func load() throws(Mismatch) {
    guard let meta = redis.take(owner: "model", minimum: 0) else { return }
    machine.beginLoading(meta)
    do { try machine.finishLoading() } catch { throw mismatch("\(error)") }
  }

  private func check() throws(Mismatch) {
    let wrong = machine.checkInvariants()
    if !wrong.isEmpty { throw mismatch(wrong.joined(separator: "\n  ")) }
    var model = committed
    for product in generator.products {
      let command = Command(scope: .any, operation: .readSummary(product))
      let found = machine.submit(command, ticket: Ticket(rawValue: 0), now: clock.now)
      let outcome = model.apply(command, wall: 0)
      guard found?.withoutLocationNumbers == outcome else {
        throw mismatch("summary\n  answered \(String(describing: found))\n  expected \(outcome)")
      }
    }
    guard inFlight == nil else { return }
    let differences = redis.differences(from: machine)
    if !differences.isEmpty { throw mismatch(differences.joined(separator: "\n  ")) }
  }

  private func mismatch(_ what: String) -> Mismatch {
    Mismatch(description: "seed \(seed), command \(commands): \(what)")
  }
}
