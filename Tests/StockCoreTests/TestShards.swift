import StockCore
import Testing

/// Three loaded shards and what goes between them, step by step. Redis takes what is sent at once, but
/// where a test says otherwise. Product 1, 2 and 3 of a test are on shard 0, 1 and 2.
final class TestShards {
  /// A machine cannot be in an array; its shelf can.
  final class Shelf {
    var machine: ShardStateMachine
    /// Redis answers nothing of this shard.
    var isHeldUp = false
    /// A batch without an answer.
    var sent: Batch?

    init(_ machine: consuming ShardStateMachine) { self.machine = machine }
  }

  let map = ShardMap(shardCount: 3)
  private(set) var shelves: [Shelf] = []
  private(set) var answers: [UInt64: Outcome] = [:]
  private var ledger: [LedgerEntry] = []
  private var mail: [(shard: ShardID, message: ShardMessage)] = []
  private var partAnswers: [Answer] = []
  private var lastTicket: UInt64 = 0
  private var holds: UInt64 = 0
  var instant: Int64 = 100_000

  var now: Now { Now(wall: 1_800_000_000_000 + instant, monotonic: instant) }

  init() throws {
    var configuration = ShardConfiguration()
    configuration.feedsReaders = true
    for id in 0..<map.shardCount {
      var machine = ShardStateMachine(id: id, map: map, configuration: configuration)
      machine.beginLoading(Self.meta(epoch: 1, sequence: 0, digest: 0))
      try machine.finishLoading()
      shelves.append(Shelf(machine))
    }
  }

  private static func meta(epoch: Epoch, sequence: Sequence64, digest: UInt64) -> ShardMeta {
    ShardMeta(
      ownership: Ownership(owner: "test", epoch: epoch), sequence: sequence, digest: digest,
      lastEntryNumber: 0)
  }

  /// The first product of a shard.
  func product(_ number: ShardID) -> ProductID {
    (1...).first { map.shard(ofProduct: $0) == number - 1 }!
  }

  func line(_ number: Int, _ quantity: Int64) -> HoldLine {
    HoldLine(product: product(number), location: "A", quantity: quantity)
  }

  /// Every shard has so many units.
  func stock(_ quantity: Int64) {
    for number in 1...3 { _ = answer(.setStock(product(number), "A", quantity)) }
  }

  /// The entry of a shard's only product at its only location.
  func snapshot(_ number: Int) -> EntrySnapshot? {
    var found: EntrySnapshot?
    _ = shelves[number - 1].machine.visitEntries(from: 0, count: .max) { entry, _ in found = entry }
    return found
  }

  func entry(_ number: Int) -> (quantity: Int64, reserved: Int64)? {
    snapshot(number).map { ($0.value.quantity, $0.value.reserved) }
  }

  /// What Redis has of a shard's product.
  func movements(_ number: Int) -> [LedgerEntry] {
    ledger.filter { $0.product == product(number) }
  }

  var reserved: [Int64] { (1...3).map { entry($0)?.reserved ?? 0 } }

  // MARK: Asking

  /// A request for an order's hold, with its home on a product's shard.
  func request(
    _ order: String, _ lines: [HoldLine], home: Int = 1, id: HoldID? = nil, time: Int64 = 60_000
  ) -> Command.Operation {
    holds += 1
    return .hold(
      HoldRequest(
        id: id ?? map.holdID(home: home - 1, random: (0, holds)), isClientID: id != nil,
        order: order, customer: "", lines: lines, timeToLive: time, allocation: Allocation()))
  }

  /// - Parameter home: where it goes, if not to the shard that it names.
  func ask(
    _ operation: Command.Operation, key: UInt64? = nil, home: Int? = nil,
    scope: StoreScope = .any
  ) -> UInt64 {
    lastTicket += 1
    let shard = home.map { $0 - 1 } ?? map.shard(of: Command(scope: scope, operation: operation))
    let command = Command(
      scope: scope, operation: operation, actor: 7,
      idempotency: key.map { IdempotencyKey(high: $0, low: $0, fingerprint: $0) })
    let outcome = shelves[shard].machine.submit(
      command, ticket: Ticket(rawValue: lastTicket), now: now)
    if let outcome { answers[lastTicket] = outcome }
    return lastTicket
  }

  /// Asks, and lets everything happen that follows.
  func answer(
    _ operation: Command.Operation, key: UInt64? = nil, scope: StoreScope = .any
  ) -> Outcome? {
    let ticket = ask(operation, key: key, scope: scope)
    settle()
    return answers[ticket]
  }

  func hold(of outcome: Outcome?) -> Hold? {
    switch outcome {
    case .hold(let hold)?, .holdCreated(let hold)?: hold
    default: nil
    }
  }

  // MARK: What happens

  /// Delivers and commits until nothing more comes.
  func settle() {
    for _ in 0..<50 {
      endOfTick()
      guard deliver() || commit() else { return }
    }
    Issue.record("it does not come to an end")
  }

  /// Whatever came goes to Redis.
  func endOfTick() {
    for shelf in shelves { act(shelf.machine.endOfTick(now: now), shelf) }
  }

  /// What shards have to say to each other.
  @discardableResult
  func deliver() -> Bool {
    for shelf in shelves { collect(shelf) }
    let (messages, parts) = (mail, partAnswers)
    (mail, partAnswers) = ([], [])
    for (_, message) in messages {
      let shelf = shelves[message.to]
      let ticket = Ticket(home: message.request.home, attempt: message.attempt)
      let command = Command(
        scope: message.scope, operation: .applyPart(message.request), actor: message.actor)
      if let outcome = shelf.machine.submit(command, ticket: ticket, now: now) {
        partAnswers.append(
          Answer(
            ticket: ticket, outcome: outcome, shard: message.to,
            sequence: shelf.machine.committedSequence))
      }
    }
    for answer in parts {
      shelves[answer.ticket.home].machine.partAnswered(answer, now: now)
    }
    return !messages.isEmpty || !parts.isEmpty
  }

  /// Redis takes what was sent to it.
  @discardableResult
  func commit() -> Bool {
    var isAny = false
    for shelf in shelves where shelf.sent != nil && !shelf.isHeldUp {
      isAny = true
      shelf.sent = nil
      act(shelf.machine.replied(.committed, now: now, jitter: 0), shelf)
    }
    return isAny
  }

  /// Redis refuses what was sent to it of one shard, and all is undone.
  func refuse(_ number: Int) {
    let shelf = shelves[number - 1]
    shelf.sent = nil
    act(shelf.machine.replied(.notExecuted(.refused, "OOM"), now: now, jitter: 0), shelf)
    readMeta(shelf)
  }

  private func readMeta(_ shelf: Shelf) {
    var meta = Self.meta(
      epoch: 1, sequence: shelf.machine.committedSequence, digest: shelf.machine.committedDigest)
    meta.lastEntryNumber = 9
    act(shelf.machine.metaRead(meta, now: now), shelf)
  }

  /// Redis executed wrongly what was sent to it of one shard.
  func damage(_ number: Int) {
    let shelf = shelves[number - 1]
    shelf.sent = nil
    act(shelf.machine.replied(.failed("WRONGTYPE"), now: now, jitter: 0), shelf)
  }

  /// It was written back from memory.
  func restore(_ number: Int) {
    let shelf = shelves[number - 1]
    act(shelf.machine.restored(now: now), shelf)
    readMeta(shelf)
  }

  func pass(_ milliseconds: Int64) {
    instant += milliseconds
    for shelf in shelves { act(shelf.machine.tick(now: now), shelf) }
  }

  /// The engine dies, and another one loads what Redis has.
  func restart() throws {
    (mail, partAnswers) = ([], [])
    for shelf in shelves {
      let old = shelf.machine.committedRecords.holds.compactMap { shelf.machine.committedHold($0) }
      var entries: [EntrySnapshot] = []
      var products: [ProductSnapshot] = []
      _ = shelf.machine.visitEntries(from: 0, count: .max) { entry, _ in entries.append(entry) }
      _ = shelf.machine.visitProducts(from: 0, count: .max) { products.append($0) }
      var machine = ShardStateMachine(id: shelf.machine.id, map: map)
      var meta = Self.meta(epoch: 2, sequence: shelf.machine.committedSequence, digest: 0)
      meta.lastEntryNumber = 9
      machine.beginLoading(meta, now: now)
      for product in products { try machine.load(product: product.id, product.value) }
      for entry in entries {
        try machine.load(
          entry: entry.id, product: entry.product, location: entry.location, entry.value)
      }
      for record in old { try machine.load(hold: record) }
      try machine.finishLoading()
      shelf.sent = nil
      shelf.machine = machine
    }
  }

  private func act(_ action: ShardAction, _ shelf: Shelf) {
    if case .send(let batch, _) = action { shelf.sent = batch }
    collect(shelf)
  }

  private func collect(_ shelf: Shelf) {
    for answer in shelf.machine.takeAnswers() {
      if answer.ticket.isOfShard {
        partAnswers.append(answer)
      } else if answers.updateValue(answer.outcome, forKey: answer.ticket.rawValue) != nil {
        Issue.record("ticket \(answer.ticket.rawValue) is answered twice")
      }
    }
    for committed in shelf.machine.takeCommitted() {
      let batch = LedgerBatch(committed) { shelf.machine.locations.name($0) }
      ledger += batch.entries
    }
    for message in shelf.machine.takeMessages() { mail.append((shelf.machine.id, message)) }
    let wrong = shelf.machine.checkInvariants()
    #expect(wrong == [])
  }

  /// Records of holds and of parts, shard by shard.
  var records: [[HoldRecord]] {
    shelves.map { shelf in
      shelf.machine.committedRecords.holds.sorted().compactMap { shelf.machine.committedHold($0) }
    }
  }

  var recordCount: Int { records.reduce(0) { $0 + $1.count } }
}
