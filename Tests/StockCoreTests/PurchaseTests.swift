import StockCore
import Testing

/// What customers have of products with a purchase limit does not grow for ever.
@Suite("Purchases")
struct PurchaseTests {
  private static let wall: Timestamp = 1_800_000_000_000
  private static let day: Int64 = 86_400_000

  /// Product 1 with this limit, and 100 customers who have a unit of a sale that began at 5.
  private func machine(
    limit: PurchaseLimit?, updatedAt: Timestamp = 1, configuration: ShardConfiguration = .init()
  ) throws -> ShardStateMachine {
    var machine = ShardStateMachine(
      id: 0, map: ShardMap(shardCount: 1), configuration: configuration)
    machine.beginLoading(TestShard.meta(1, digest: 0))
    try machine.load(
      product: 1,
      ProductValue(
        store: 1, type: .physical, policy: StockPolicy(purchaseLimit: limit), createdAt: 1,
        updatedAt: updatedAt))
    for customer in 1...100 {
      machine.load(
        Purchases(units: 1, saleStart: 5), of: PurchaseKey(product: 1, customer: "c\(customer)"))
    }
    try machine.finishLoading()
    return machine
  }

  /// Looks until nothing more is to be forgotten.
  ///
  /// - Returns: how many records are left, in Redis as well, and how many each commit took away.
  private func looks(
    _ machine: inout ShardStateMachine, at wall: Timestamp
  ) -> (left: Int, commits: [Int]) {
    var commits: [Int] = []
    for instant in Int64(1)...10 {
      let now = Now(wall: wall, monotonic: instant * 50)
      guard case .send(let batch, _) = machine.tick(now: now) else { continue }
      #expect(batch.purchases.allSatisfy { $0.before?.units == 1 && $0.after == nil })
      commits.append(batch.purchases.count)
      _ = machine.replied(.committed, now: now, jitter: 0)
    }
    #expect(machine.checkInvariants() == [])
    return (machine.committedRecords.purchases.count, commits)
  }

  @Test("those of a sale that is over are forgotten a day later, a few at a time")
  func forgetsEndedSale() throws {
    let sale = PurchaseLimit(quantity: 2, startsAt: 5, endsAt: Self.wall)
    var machine = try machine(limit: sale)
    var found = looks(&machine, at: Self.wall + Self.day - 1)
    #expect(found.left == 100)
    found = looks(&machine, at: Self.wall + Self.day)
    #expect(found.left == 0)
    #expect(found.commits == [64, 36])
  }

  @Test("those of a sale that its product has no more are forgotten a day after it was changed")
  func forgetsOtherSale() throws {
    for limit in [nil, PurchaseLimit(quantity: 2, startsAt: 6)] {
      var machine = try machine(limit: limit, updatedAt: Self.wall)
      #expect(looks(&machine, at: Self.wall + Self.day - 1).left == 100)
      #expect(looks(&machine, at: Self.wall + Self.day).left == 0)
    }
  }

  @Test("those of a sale without an end stay")
  func keepsOpenSale() throws {
    var machine = try machine(limit: PurchaseLimit(quantity: 2, startsAt: 5))
    #expect(looks(&machine, at: Self.wall + 1_000 * Self.day).left == 100)
  }

  @Test("at the bound only customers who are counted already may buy; no key keeps that")
  func isBounded() throws {
    var configuration = ShardConfiguration()
    configuration.maxPurchases = 101
    var machine = try machine(
      limit: PurchaseLimit(quantity: 2, startsAt: 5), configuration: configuration)
    let now = Now(wall: Self.wall, monotonic: 1)
    var ticket: UInt64 = 0
    func ask(_ operation: Command.Operation, key: IdempotencyKey? = nil) -> Outcome? {
      ticket += 1
      let command = Command(scope: .any, operation: operation, idempotency: key)
      let outcome = machine.submit(command, ticket: Ticket(rawValue: ticket), now: now)
      guard case .send = machine.endOfTick(now: now) else { return outcome }
      _ = machine.replied(.committed, now: now, jitter: 0)
      return outcome ?? machine.takeAnswers().last?.outcome
    }
    func buy(_ customer: String, _ units: Int64 = 1, key: IdempotencyKey? = nil) -> Outcome? {
      ask(
        .hold(
          HoldRequest(
            id: "h\(ticket)", isClientID: true, order: "o\(ticket)", customer: customer,
            lines: [HoldLine(product: 1, location: "A", quantity: units)], timeToLive: 60_000,
            allocation: Allocation())), key: key)
    }
    _ = ask(.setStock(1, "A", 50))
    guard case .holdCreated? = buy("new") else {
      Issue.record("there is room for one")
      return
    }
    let line = LineRefusal(product: 1, location: "A", refusal: .capacityReached(.holds))
    let key = IdempotencyKey(high: 1, low: 1, fingerprint: 1)
    #expect(buy("newer", key: key) == .refused(.linesRefused([line])))
    #expect(buy("newer", key: key) == .refused(.linesRefused([line])), "it is judged again")
    guard case .holdCreated? = buy("c7") else {
      Issue.record("c7 has bought one of two")
      return
    }
    #expect(machine.committedRecords.purchases.count == 101)
  }
}
