import StockCore
import Testing

/// Who owns a shard, and what happens when Redis holds less, or more, than it confirmed.
@Suite("Ownership and lost tails")
struct OwnershipTests {
  /// Three commits: the digests that Redis held after each, from the one before the first.
  private func commitThree(_ shard: TestShard) throws -> [UInt64] {
    var digests: [UInt64] = [0]
    for quantity in 1...3 as ClosedRange<Int64> {
      shard.set(1, "A", quantity)
      digests.append(try #require(shard.endOfTick()).digest)
      shard.reply(.committed)
      _ = shard.answers()
    }
    return digests
  }

  @Test("another engine with a newer epoch: the shard is fenced, for good")
  func fenced() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.reply(.fenced)
    #expect(shard.action.name == "read meta")
    let other = Ownership(owner: "other", epoch: 6)
    shard.readMeta(ShardMeta(ownership: other, sequence: 0, digest: 0, lastEntryNumber: 0))
    #expect(shard.answers() == [ticket: .unavailable(.storeUnavailable)])
    #expect(shard.isFenced && !shard.isReadable)
    shard.reconnect()
    #expect(shard.action.name == "none")
    #expect(shard.ask(.take(1, "A", 1)).outcome == .unavailable(.storeUnavailable))
  }

  @Test("fenced with a batch that may have been executed: its outcome is unknown")
  func fencedUnknown() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.reconnect()
    let other = Ownership(owner: "other", epoch: 6)
    shard.readMeta(ShardMeta(ownership: other, sequence: 1, digest: 1, lastEntryNumber: 0))
    #expect(shard.answers() == [ticket: .unavailable(.outcomeUnknown)])
    #expect(shard.isFenced)
  }

  @Test("an older epoch in Redis: our taking of the shard was lost, so it is taken again")
  func retake() throws {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    let batch = try #require(shard.endOfTick())
    shard.reply(.fenced)
    let old = Ownership(owner: "before", epoch: 4)
    shard.readMeta(ShardMeta(ownership: old, sequence: 0, digest: 0, lastEntryNumber: 0))
    #expect(shard.action.name == "retake")
    shard.readMeta(TestShard.meta(0, digest: 0))
    #expect(shard.action.batch?.digest == batch.digest)
    shard.reply(.committed)
    #expect(shard.answers()[ticket]?.quantity == 5)
  }

  @Test("a newer epoch of our own: a late request of ours took the shard, so it is loaded anew")
  func takenTwice() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.reply(.fenced)
    let own = Ownership(owner: TestShard.ownership.owner, epoch: 6)
    shard.readMeta(ShardMeta(ownership: own, sequence: 0, digest: 0, lastEntryNumber: 0))
    #expect(shard.action.name == "recover")
    #expect(!shard.isFenced)
    #expect(shard.answers() == [ticket: .unavailable(.storeUnavailable)])
  }

  @Test("a lost tail is played again in order, then the batch in flight goes")
  func lostTail() throws {
    let shard = TestShard()
    let digests = try commitThree(shard)
    let ticket = shard.set(1, "A", 9)
    shard.endOfTick()
    shard.reconnect()
    shard.readMeta(TestShard.meta(1, digest: digests[1]))
    #expect(shard.action.batch?.sequence == 2)
    // Nobody is told anything twice, and reads go on.
    #expect(shard.ask(.readEntry(1)).outcome?.quantity == 3)
    shard.reply(.notExecuted(.scriptMissing, "NOSCRIPT"))
    #expect(shard.action.name == "send with script")
    shard.reply(.committed)
    #expect(shard.action.batch?.sequence == 3)
    shard.reply(.notExecuted(.later, "LOADING"))
    #expect(shard.action.name == "none")
    shard.pass(100)
    #expect(shard.action.batch?.sequence == 3)
    shard.reply(.committed)
    #expect(shard.action.batch?.sequence == 4)
    #expect(shard.answers().isEmpty)
    shard.reply(.committed)
    #expect(shard.answers()[ticket]?.quantity == 9)
  }

  @Test("a lost tail that shows by the sequence only, with the connection whole")
  func lostTailUnnoticed() throws {
    let shard = TestShard()
    let digests = try commitThree(shard)
    shard.set(1, "A", 9)
    shard.endOfTick()
    shard.reply(.sequenceMismatch(held: 2))
    #expect(shard.action.name == "read meta")
    shard.readMeta(TestShard.meta(2, digest: digests[2]))
    #expect(shard.action.batch?.sequence == 3)
  }

  @Test("a shard that was idle for an hour can still play its last batches again")
  func idleForLong() throws {
    let shard = TestShard()
    let digests = try commitThree(shard)
    for _ in 0..<60 { shard.pass(60_000) }
    shard.reconnect()
    shard.readMeta(TestShard.meta(0, digest: digests[0]))
    #expect(shard.action.batch?.sequence == 1)
  }

  @Test("what was played again can be lost again")
  func lostTwice() throws {
    let shard = TestShard()
    let digests = try commitThree(shard)
    for _ in 0..<2 {
      shard.pass(60_000)
      shard.reconnect()
      shard.readMeta(TestShard.meta(0, digest: digests[0]))
      for sequence in 1...3 as ClosedRange<Sequence64> {
        #expect(shard.action.batch?.sequence == sequence)
        shard.reply(.committed)
      }
      shard.set(2, "A", 1)
      shard.endOfTick()
      shard.reply(.committed)
    }
    #expect(shard.isServing)
  }

  @Test("more lost than the redo tail holds: the shard fails, and says nothing wrong")
  func lostTooMuch() throws {
    let shard = TestShard()
    _ = try commitThree(shard)
    shard.instant += shard.limits.redoAge + 1
    shard.set(1, "A", 9)
    shard.commit()
    shard.reconnect()
    shard.readMeta(TestShard.meta(0, digest: 0))
    #expect(shard.hasFailed && shard.isDamaged)
    #expect(shard.ask(.take(1, "A", 1)).outcome == .unavailable(.storeUnavailable))
    // Reads tell what was confirmed, which Redis has lost.
    #expect(shard.readQuantity(1) == 9)
  }

  @Test("meta is gone: data loss, never a new shard")
  func metaMissing() throws {
    let shard = TestShard()
    _ = try commitThree(shard)
    let ticket = shard.set(1, "A", 9)
    shard.endOfTick()
    shard.reconnect()
    shard.readMeta(nil)
    #expect(shard.hasFailed)
    #expect(shard.answers() == [ticket: .unavailable(.outcomeUnknown)])
  }

  @Test(
    "Redis holds another batch than ours under the same number", arguments: [1, 2, 3, 4, 5, 40])
  func otherHistory(sequence: Sequence64) throws {
    let shard = TestShard()
    _ = try commitThree(shard)
    shard.set(1, "A", 9)
    shard.endOfTick()
    shard.reconnect()
    shard.readMeta(TestShard.meta(sequence, digest: 4_711))
    #expect(shard.hasFailed)
  }

  @Test("an idle shard looks at meta once a second, one look at a time, and not for ever")
  func heartbeat() {
    let shard = TestShard()
    shard.pass(1_000)
    #expect(shard.action.name == "read meta")
    shard.pass(1_000)
    #expect(shard.action.name == "none")
    shard.readMeta(TestShard.meta(0, digest: 0))
    shard.pass(50)
    #expect(shard.action.name == "read meta")
    shard.pass(2_950)
    #expect(shard.action.name == "none")
    shard.pass(50)
    #expect(shard.action.name == "drop connection")
    shard.reconnect()
    #expect(shard.action.name == "read meta")
    shard.readMeta(TestShard.meta(0, digest: 0))
    #expect(shard.isServing)
    shard.pass(50)
    #expect(shard.action.name == "read meta")
  }

  @Test("numbers that no shard comes to are refused, and end no process")
  func numbersOutOfRange() {
    func loads(_ change: (inout ShardMeta) -> Void, updatedAt: Timestamp = 1) -> Bool {
      var machine = ShardStateMachine(id: 0, map: ShardMap(shardCount: 1))
      var meta = TestShard.meta(1, digest: 0)
      change(&meta)
      machine.beginLoading(meta)
      do {
        try machine.load(
          hold: .hold(
            Hold(
              id: "h", order: "o", customer: "", store: 1, status: .released, lines: [],
              createdAt: 1, updatedAt: updatedAt, expiresAt: 1)))
        try machine.finishLoading()
        return true
      } catch { return false }
    }
    #expect(loads { _ in })
    #expect(!loads { $0.sequence = .max })
    #expect(!loads { $0.movements = .max })
    #expect(!loads { $0.lastEntryNumber = .max })
    #expect(!loads({ _ in }, updatedAt: .max))
  }

  @Test("loading checks what it is given")
  func loadingChecks() {
    func refuses(_ load: (inout ShardStateMachine) throws -> Void) -> Bool {
      var machine = ShardStateMachine(id: 1, map: ShardMap(shardCount: 2))
      machine.beginLoading(
        ShardMeta(
          ownership: TestShard.ownership, sequence: 7, digest: 1, lastEntryNumber: 3))
      do {
        try load(&machine)
        return false
      } catch {
        return true
      }
    }
    let map = ShardMap(shardCount: 2)
    let ours = (1...50).map(ProductID.init).filter { map.shard(ofProduct: $0) == 1 }
    let product = ProductValue(store: 1, type: .physical, createdAt: 1, updatedAt: 1)
    func value(_ quantity: Int64, _ reserved: Int64) -> EntryValue {
      EntryValue(
        quantity: quantity, reserved: reserved, version: 1, createdAt: 1, updatedAt: 1,
        gtin: .none, location: 0)
    }
    func load(
      _ machine: inout ShardStateMachine, entry: EntryID = 2, product id: ProductID? = nil,
      at location: String = "A", _ value: EntryValue
    ) throws {
      try machine.load(product: ours[0], product)
      try machine.load(entry: entry, product: id ?? ours[0], location: location, value)
    }
    #expect(!refuses { try load(&$0, value(5, 5)) })
    #expect(
      !refuses {
        try load(&$0, value(5, 5))
        try load(&$0, value(5, 4))
        try $0.finishLoading()
      }, "the same entry twice is harmless")
    #expect(!refuses { try load(&$0, value(5, 6)) }, "units may be owed")
    #expect(refuses { try load(&$0, value(-1, 0)) }, "less than nothing is there")
    #expect(refuses { try load(&$0, value(5, -1)) }, "negative")
    #expect(refuses { try load(&$0, value(Bounds.maxQuantity + 1, 0)) }, "too many")
    #expect(refuses { try load(&$0, entry: 3, value(5, 0)) }, "another shard's id")
    #expect(refuses { try load(&$0, entry: 8, value(5, 0)) }, "an id that was never given out")
    #expect(refuses { try load(&$0, product: ours[1], value(5, 0)) }, "no such product")
    #expect(
      refuses {
        try load(&$0, value(5, 0))
        try load(&$0, entry: 4, value(5, 0))
        try $0.finishLoading()
      }, "two entries at one location")
    let others = (1...50).map(ProductID.init).first { map.shard(ofProduct: $0) == 0 }
    #expect(refuses { try $0.load(product: others ?? 0, product) }, "another shard's product")
  }
}
