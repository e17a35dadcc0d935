import StockCore
import Testing

/// A loaded shard with the handles that a test of the commit protocol needs. Time stands still unless
/// a test moves it.
final class TestShard {
  private var machine: ShardStateMachine
  var instant: Int64 = 100_000
  /// What the last event asked for.
  var action = ShardAction.none
  private var lastTicket: UInt64 = 0

  var now: Now { Now(wall: 1_800_000_000_000 + instant, monotonic: instant) }

  static let ownership = Ownership(owner: "me", epoch: 5)

  init(sequence: Sequence64 = 0, configuration: ShardConfiguration = .init()) {
    machine = ShardStateMachine(
      id: 0, map: ShardMap(shardCount: 1), configuration: configuration)
    machine.beginLoading(Self.meta(sequence, digest: 0))
    try? machine.finishLoading()
  }

  static func meta(_ sequence: Sequence64, digest: UInt64) -> ShardMeta {
    ShardMeta(ownership: ownership, sequence: sequence, digest: digest, lastEntryNumber: 0)
  }

  var isServing: Bool { machine.isServing }
  var isReadable: Bool { machine.isReadable }
  var isFenced: Bool { machine.isFenced }
  var hasFailed: Bool { machine.hasFailed }
  var state: String { machine.state }
  var committedSequence: Sequence64 { machine.committedSequence }
  var waitingCount: Int { machine.waitingCount }
  var limits: ShardConfiguration { machine.configuration }
  /// See `ShardStateMachine.checkInvariants`.
  var wrong: [String] { machine.checkInvariants() }

  // MARK: Commands

  /// - Returns: the ticket, and the outcome where it came at once.
  @discardableResult
  func ask(_ operation: Command.Operation) -> (ticket: UInt64, outcome: Outcome?) {
    lastTicket += 1
    let command = Command(scope: .any, operation: operation)
    return (
      lastTicket, machine.submit(command, ticket: Ticket(rawValue: lastTicket), now: now)
    )
  }

  @discardableResult
  func set(_ product: ProductID, _ location: String, _ quantity: Int64) -> UInt64 {
    ask(.setStock(product, location, quantity)).ticket
  }

  /// Asks, and lets Redis take it where it has to.
  func answer(_ operation: Command.Operation) -> Outcome? {
    let asked = ask(operation)
    if let outcome = asked.outcome { return outcome }
    return commit().first { $0.ticket.rawValue == asked.ticket }?.outcome
  }

  /// Looks at the committed state.
  func look<Result>(_ body: (borrowing ShardStateMachine) -> Result) -> Result { body(machine) }

  // MARK: Events

  @discardableResult
  func endOfTick() -> Batch? {
    action = machine.endOfTick(now: now)
    return action.batch
  }

  func reply(_ reply: CommitReply, jitter: Int64 = 0) {
    action = machine.replied(reply, now: now, jitter: jitter)
  }

  /// Redis refuses what was sent, and has indeed not done it.
  func refuse() {
    reply(.notExecuted(.refused, "OOM"))
    #expect(action.name == "read meta")
    readMeta(Self.meta(machine.committedSequence, digest: machine.committedDigest))
  }

  /// Sends what is open, and Redis takes it; and what follows, until nothing is open.
  @discardableResult
  func commit() -> [Answer] {
    endOfTick()
    while case .send = action { reply(.committed) }
    return machine.takeAnswers()
  }

  /// Time goes by, without anything else.
  func pass(_ milliseconds: Int64) {
    instant += milliseconds
    action = machine.tick(now: now)
  }

  func loseConnection() { machine.connectionLost(now: now) }

  func abandon() { machine.abandon() }

  func takeAnswers() -> [Answer] { machine.takeAnswers() }

  /// The connection is lost and there is a new one.
  func reconnect() {
    loseConnection()
    action = machine.connectionReady(now: now)
  }

  /// The shard is taken again and read anew: it holds one product with these units.
  func load(_ product: ProductID, _ location: String, _ quantity: Int64) throws {
    machine.beginLoading(machine.committedMeta)
    try machine.load(
      product: product, ProductValue(store: 1, type: .physical, createdAt: 0, updatedAt: 0))
    let value = EntryValue(
      quantity: quantity, reserved: 0, version: 1, createdAt: 0, updatedAt: 0, gtin: .none,
      location: 0)
    try machine.load(entry: 1, product: product, location: location, value)
    try machine.finishLoading()
  }

  func requestTurn() { action = machine.requestTurn(now: now) }
  func endTurn(isWritten: Bool) { action = machine.endTurn(isWritten: isWritten, now: now) }
  func restored() { action = machine.restored(now: now) }
  var isDamaged: Bool { machine.isDamaged }

  func readMeta(_ meta: ShardMeta?) { action = machine.metaRead(meta, now: now) }

  /// The answers since the last look, by ticket.
  func answers() -> [UInt64: Outcome] {
    var found: [UInt64: Outcome] = [:]
    for answer in machine.takeAnswers() {
      #expect(found[answer.ticket.rawValue] == nil, "answered twice")
      found[answer.ticket.rawValue] = answer.outcome
    }
    return found
  }

  func readQuantity(_ product: ProductID) -> Int64? {
    var total: Int64?
    _ = machine.visitEntries(from: 0, count: 1_000) { entry, _ in
      if entry.product == product { total = (total ?? 0) + entry.value.quantity }
    }
    return total
  }
}

extension Command.Operation {
  static func setStock(_ product: ProductID, _ location: String, _ quantity: Int64) -> Self {
    .set(SetStock(product: product, location: location, quantity: quantity, newProductStore: 1))
  }

  static func take(_ product: ProductID, _ location: String, _ quantity: Int64) -> Self {
    .reserve(EntryAmount(product: product, location: location, quantity: quantity))
  }
}

extension ShardAction {
  var batch: Batch? { if case .send(let batch, _) = self { batch } else { nil } }

  /// The action's name.
  var name: String {
    switch self {
    case .none: "none"
    case .send(_, let withScript): withScript ? "send with script" : "send"
    case .readMeta: "read meta"
    case .retake: "retake"
    case .dropConnection: "drop connection"
    case .recover: "recover"
    case .yieldTurn: "yield turn"
    }
  }
}

extension Outcome {
  var quantity: Int64? { if case .entry(let entry) = self { entry.value.quantity } else { nil } }
  var reserved: Int64? { if case .entry(let entry) = self { entry.value.reserved } else { nil } }
}
