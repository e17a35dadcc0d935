import StockCore
import StockTestKit
import Testing

/// A hold of one second, and a fulfil that races its end, while somebody sets the machine's clock: one
/// of the two wins, never both, and never is the hold's time shorter than it was said.
@Suite("Expiry against fulfil")
struct ExpiryScheduleTests {
  @Test("100,000 random schedules", arguments: 1...10)
  func schedules(block: UInt64) throws {
    let race = try ExpiryRace(seed: block)
    for _ in 0..<10_000 { race.run() }
    #expect(race.wrong == [])
    // Both ends came, and in each of them by a hair.
    #expect(race.fulfilled > 1_000)
    #expect(race.expired > 1_000)
    #expect(race.soldAgain > 500)
  }
}

/// One shard with one unit of one product, for which a hold, its fulfil and another buyer race.
private final class ExpiryRace {
  private(set) var fulfilled = 0
  private(set) var expired = 0
  private(set) var soldAgain = 0
  private(set) var wrong: [String] = []

  private var machine: ShardStateMachine
  private var random: SeededRandom
  private var monotonic: Int64 = 1_000
  private var wall: Timestamp = 1_800_000_000_000
  private var gait: SimulatedClock.Gait = .steady
  private var time: EngineTime
  private var lastTicket: UInt64 = 0
  private var holds = 0
  private var answers: [UInt64: Outcome] = [:]
  private var expiries: [Movement] = []
  private var shipments = 0
  /// A batch is on its way.
  private var isSent = false

  private static let product: ProductID = 1

  init(seed: UInt64) throws {
    random = SeededRandom(seed: seed)
    var configuration = ShardConfiguration()
    configuration.closedHoldAge = 20_000
    machine = ShardStateMachine(
      id: 0, map: ShardMap(shardCount: 1), configuration: configuration)
    time = EngineTime(wall: wall, monotonic: monotonic)
    let owner = Ownership(owner: "race", epoch: 1)
    machine.beginLoading(ShardMeta(ownership: owner, sequence: 0, digest: 0, lastEntryNumber: 0))
    try machine.finishLoading()
  }

  func run() {
    gait = random.pick(SimulatedClock.Gait.allCases)
    holds += 1
    (expiries, shipments) = ([], 0)
    let id = "r0-\(holds)"
    finish(ask(.set(SetStock(product: 1, location: "A", quantity: 1, newProductStore: 1))))
    let line = HoldLine(product: Self.product, location: "A", quantity: 1)
    let madeAt = monotonic
    let made = finish(
      ask(
        .hold(
          HoldRequest(
            id: id, isClientID: false, order: id, customer: "", lines: [line], timeToLive: 1_000,
            allocation: Allocation()))))
    guard case .holdCreated(let hold)? = made else { return note("no hold: \(made!)") }

    // Most of the second goes by in a few looks, with a clock that is set meanwhile.
    for _ in 0..<random.below(4) {
      pass(random.within(1...240))
      if random.chance(40) { wall += random.within(-3_600_000...3_600_000) }
      act(machine.tick(now: now()))
    }
    var toCome = max(0, hold.expiresAt - now().wall - random.within(-2...6))
    let mayBeEarly = random.chance(50)
    var fulfil: UInt64?
    var buyer: UInt64?
    var wasDueAtFulfil = false
    var wasDueAtBuyer = false
    var buyerCameFirst = false
    for _ in 0..<(6 + random.below(8)) {
      pass(min(toCome, random.within(0...3)) + (toCome > 8 ? toCome - 8 : 0))
      toCome = max(0, hold.expiresAt - now().wall + 4)
      switch random.below(5) {
      case 0 where fulfil == nil:
        wasDueAtFulfil = now().wall >= hold.expiresAt
        fulfil = ask(.fulfillHold(id, mayBeEarly ? nil : [amount]))
      case 1 where buyer == nil:
        wasDueAtBuyer = now().wall >= hold.expiresAt
        buyerCameFirst = fulfil == nil
        buyer = ask(.reserve(EntryAmount(product: 1, location: "A", quantity: 1)))
      case 2: reply()
      case 3: act(machine.endOfTick(now: now()))
      default: act(machine.tick(now: now()))
      }
    }
    // Whoever has not come yet comes last, when the time is over for sure.
    pass(10 + max(0, hold.expiresAt - now().wall))
    if fulfil == nil {
      wasDueAtFulfil = true
      fulfil = ask(.fulfillHold(id, nil))
    }
    if buyer == nil {
      wasDueAtBuyer = true
      buyer = ask(.reserve(EntryAmount(product: 1, location: "A", quantity: 1)))
    }
    act(machine.tick(now: now()))
    settle()
    check(
      hold, madeAt: madeAt, fulfil: answers[fulfil!], wasDueAtFulfil: wasDueAtFulfil,
      buyer: answers[buyer!], wasDueAtBuyer: wasDueAtBuyer, buyerCameFirst: buyerCameFirst)
    if holds % 500 == 0 { wrong += machine.checkInvariants() }
    tidy(buyer: answers[buyer!])
  }

  private var amount: HoldAmount { HoldAmount(product: 1, location: "", quantity: 1) }

  // MARK: What must be

  private func check(
    _ hold: Hold, madeAt: Int64, fulfil: Outcome?, wasDueAtFulfil: Bool, buyer: Outcome?,
    wasDueAtBuyer: Bool, buyerCameFirst: Bool
  ) {
    switch fulfil {
    case .hold(let shipped)? where shipped.status == .fulfilled:
      fulfilled += 1
      if wasDueAtFulfil { note("fulfilled after its end") }
      if !expiries.isEmpty { note("fulfilled and expired") }
      if shipments != 1 { note("shipped \(shipments) times") }
      // The one unit is gone.
      if case .refused(.insufficientStock)? = buyer { break }
      note("fulfilled, and the buyer was told \(String(describing: buyer))")
    case .refused(.holdClosed(.expired))?:
      expired += 1
      if !wasDueAtFulfil { note("refused before its end") }
      if shipments != 0 { note("expired and shipped") }
      if expiries.count != 1 { note("expired \(expiries.count) times") }
      if let first = expiries.first, first.occurredAt < hold.expiresAt { note("expired early") }
      if case .entry? = buyer {
        soldAgain += 1
        if !wasDueAtBuyer { note("the unit was sold while it was held") }
      } else if wasDueAtBuyer {
        note("the unit was free, and the buyer was told \(String(describing: buyer))")
      }
    default: note("the fulfil was told \(String(describing: fulfil))")
    }
    // The engine's time differs from the true one by at most one part in 2,000, and its rounding.
    let trueTime = monotonic - madeAt
    if !expiries.isEmpty, trueTime < 998 { note("expired after \(trueTime) ms") }
    if case .hold(let record)? = machine.committedHold(hold.id), !record.status.isClosed {
      note("still open: \(record)")
    }
  }

  private func note(_ what: String) {
    if wrong.count < 5 { wrong.append("schedule \(holds): \(what)") }
  }

  // MARK: Events

  private func now() -> Now {
    Now(wall: time.advance(wall: wall, monotonic: monotonic), monotonic: monotonic)
  }

  private func pass(_ milliseconds: Int64) {
    monotonic += milliseconds
    switch gait {
    case .steady: wall += milliseconds
    case .frozen: break
    case .slow: wall += milliseconds / 3
    case .fast: wall += 3 * milliseconds
    }
  }

  private func ask(_ operation: Command.Operation) -> UInt64 {
    lastTicket += 1
    let command = Command(scope: .any, operation: operation)
    let outcome = machine.submit(command, ticket: Ticket(rawValue: lastTicket), now: now())
    if let outcome { answers[lastTicket] = outcome }
    return lastTicket
  }

  private func act(_ action: ShardAction) {
    switch action {
    case .send(let batch, _):
      isSent = true
      expiries += batch.movements.filter { $0.kind == .expire }
      shipments += batch.movements.count { $0.kind == .fulfill }
    case .readMeta: act(machine.metaRead(machine.committedMeta, now: now()))
    case .none: break
    case .retake, .dropConnection, .recover, .yieldTurn: note("\(action)")
    }
    for answer in machine.takeAnswers() {
      if answers.updateValue(answer.outcome, forKey: answer.ticket.rawValue) != nil {
        note("answered twice")
      }
    }
  }

  private func reply() {
    guard isSent else { return }
    isSent = false
    act(machine.replied(.committed, now: now(), jitter: 0))
  }

  private func settle() {
    act(machine.endOfTick(now: now()))
    while isSent { reply() }
  }

  @discardableResult
  private func finish(_ ticket: UInt64) -> Outcome? {
    settle()
    return answers.removeValue(forKey: ticket)
  }

  /// The shelf is empty again.
  private func tidy(buyer: Outcome?) {
    if case .entry? = buyer {
      finish(ask(.release(EntryAmount(product: 1, location: "A", quantity: 1))))
    }
    answers = [:]
    finish(ask(.set(SetStock(product: 1, location: "A", quantity: 0))))
    answers = [:]
  }
}
