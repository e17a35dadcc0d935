import StockCore
import Testing

/// What becomes of holds when many of them are due, and of those that nobody could reach.
@Suite("Holds that are due")
struct DueTests {
  /// A shard whose product 1 is all held, a unit each, one hold a millisecond from 60 s on.
  private func shard(holds count: Int) -> TestShard {
    let shard = TestShard()
    shard.set(1, "A", Int64(count))
    for number in 0..<count {
      shard.ask(hold(number, time: 60_000 + Int64(number)))
      if number % 1_000 == 999 { shard.commit() }
    }
    shard.commit()
    return shard
  }

  private func hold(_ number: Int, time: Int64) -> Command.Operation {
    .hold(
      HoldRequest(
        id: "r0-\(number)", isClientID: false, order: "o\(number)", customer: "",
        lines: [HoldLine(product: 1, location: "A", quantity: 1)], timeToLive: time,
        allocation: Allocation()))
  }

  /// The shard looks what is due, and Redis takes it.
  ///
  /// - Returns: how many holds ended.
  @discardableResult
  private func look(after milliseconds: Int64, _ shard: TestShard) -> Int {
    shard.pass(milliseconds)
    let ended = shard.action.batch?.holds.count ?? 0
    while case .send = shard.action { shard.reply(.committed) }
    return ended
  }

  private func status(_ number: Int, _ shard: TestShard) -> HoldStatus? {
    guard case .hold(let hold)? = shard.answer(.readHold("r0-\(number)")) else { return nil }
    return hold.status
  }

  @Test("whoever comes after their time can have the units, however many holds are due")
  func freesAll() {
    let shard = shard(holds: 1_000)
    shard.instant += 60_998
    #expect(
      shard.answer(.take(1, "A", 1_000))
        == .refused(.insufficientStock(requested: 1_000, available: 999)))
    shard.instant += 1
    #expect(shard.answer(.take(1, "A", 1_000))?.reserved == 1_000)
    #expect(shard.wrong == [])
  }

  @Test("a hold is over at its time, also behind many others that are due")
  func endsOne() {
    let shard = shard(holds: 1_000)
    shard.instant += 61_000
    #expect(shard.answer(.fulfillHold("r0-999", nil)) == .refused(.holdClosed(.expired)))
  }

  @Test("a look ends some of them only, and the next looks the rest")
  func endsInOrder() {
    let shard = shard(holds: 1_000)
    shard.instant += 61_000
    let ended = (0..<5).map { _ in look(after: 50, shard) }
    #expect(ended == [256, 256, 256, 232, 0])
    #expect(status(999, shard) == .expired)
  }

  @Test("more of them than a commit has room for end in several")
  func endsInSeveralCommits() {
    let shard = shard(holds: 6_000)
    shard.instant += 70_000
    shard.ask(.take(1, "A", 6_000))
    let first = shard.endOfTick()
    #expect(first?.changeCount ?? 0 > 3_000)
    #expect(first?.changeCount ?? .max <= Bounds.maxChangesPerCommit)
    shard.reply(.committed)
    shard.commit()
    for _ in 0..<30 { look(after: 50, shard) }
    #expect(shard.answer(.take(1, "A", 6_000))?.reserved == 6_000)
    #expect(shard.wrong == [])
  }

  @Test("a hold that was extended thousands of times ends once, at its last time")
  func extends() {
    let shard = shard(holds: 3)
    for round in 1...6_000 {
      shard.instant += 1
      shard.ask(.extendHold("r0-1", timeToLive: 60_000))
      if round % 1_000 == 0 { shard.commit() }
    }
    look(after: 59_999, shard)
    #expect((0..<3).map { status($0, shard) } == [.expired, .held, .expired])
    look(after: 1, shard)
    #expect(status(1, shard) == .expired)
    #expect(shard.answer(.take(1, "A", 3))?.reserved == 3)
  }

  @Test("a hold that ended while nobody could reach the engine gets its grace, others do not")
  func grace() throws {
    var configuration = ShardConfiguration()
    configuration.expiryGrace = 10_000
    var machine = ShardStateMachine(
      id: 0, map: ShardMap(shardCount: 1), configuration: configuration)
    func now(_ wall: Timestamp) -> Now { Now(wall: wall, monotonic: wall) }
    let owner = Ownership(owner: "test", epoch: 1)
    machine.beginLoading(
      ShardMeta(ownership: owner, sequence: 0, digest: 0, lastEntryNumber: 1), now: now(50_000))
    try machine.load(
      product: 1, ProductValue(store: 1, type: .physical, createdAt: 1, updatedAt: 1))
    try machine.load(
      entry: 1, product: 1, location: "A",
      EntryValue(
        quantity: 2, reserved: 2, version: 1, createdAt: 1, updatedAt: 1, gtin: .none, location: 0))
    for (id, end) in [("r0-1", Int64(40_000)), ("r0-2", 51_000)] {
      try machine.load(
        hold: .hold(
          Hold(
            id: id, order: id, customer: "", store: 0, status: .held,
            lines: [HoldLine(product: 1, location: "A", quantity: 1)], createdAt: 1, updatedAt: 1,
            expiresAt: end)))
    }
    try machine.finishLoading()
    func ended(at wall: Timestamp) -> [HoldID] {
      let batch = machine.tick(now: now(wall)).batch
      if batch != nil { _ = machine.replied(.committed, now: now(wall), jitter: 0) }
      return batch?.holds.map(\.key) ?? []
    }
    #expect(ended(at: 50_999) == [])
    #expect(ended(at: 51_000) == ["r0-2"])
    #expect(ended(at: 59_999) == [])
    #expect(ended(at: 60_000) == ["r0-1"])
  }
}
