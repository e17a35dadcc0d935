import StockCore
import Testing

/// Holds over several shards, step by step. (What becomes of them when anything goes wrong at any time
/// is the simulation's.)
@Suite("Carts over shards")
struct CartTests {
  @Test("all lines are taken, wherever they are, and leave together")
  func holdsAndShips() throws {
    let shards = try TestShards()
    shards.stock(5)
    let made = shards.answer(
      shards.request("o1", [shards.line(1, 1), shards.line(2, 2), shards.line(3, 3)]))
    let hold = try #require(shards.hold(of: made))
    #expect(hold.status == .held)
    #expect(hold.operation == nil)
    #expect(shards.reserved == [1, 2, 3])
    let amount = HoldAmount(product: shards.product(2), location: "A", quantity: 1)
    #expect(shards.hold(of: shards.answer(.fulfillHold(hold.id, [amount])))?.status == .held)
    #expect(shards.hold(of: shards.answer(.fulfillHold(hold.id, nil)))?.status == .fulfilled)
    #expect(shards.reserved == [0, 0, 0])
    #expect((1...3).map { shards.entry($0)?.quantity } == [4, 3, 2])
    #expect(shards.records.map(\.count) == [1, 0, 0])
  }

  @Test(
    "where one shard is short, every short line is told, and nothing is taken", arguments: 1...3)
  func refuses(home: Int) throws {
    let shards = try TestShards()
    shards.stock(5)
    let outcome = shards.answer(
      shards.request("o1", [shards.line(1, 6), shards.line(2, 2), shards.line(3, 7)], home: home))
    guard case .refused(.linesRefused(let lines))? = outcome else {
      Issue.record("\(String(describing: outcome))")
      return
    }
    #expect(Set(lines.map(\.product)) == [shards.product(1), shards.product(3)])
    #expect(shards.reserved == [0, 0, 0])
    #expect(shards.recordCount == 0)
  }

  @Test(
    "other lines replace those of the order in one step; the last line of a shard goes with its part"
  )
  func replaces() throws {
    let shards = try TestShards()
    shards.stock(5)
    let first = shards.answer(shards.request("o1", [shards.line(1, 4), shards.line(2, 4)]))
    let hold = try #require(shards.hold(of: first))
    // What it has itself is available to it.
    let second = shards.answer(
      shards.request("o1", [shards.line(1, 5), shards.line(3, 1)]))
    #expect(shards.hold(of: second)?.id == hold.id)
    #expect(shards.reserved == [5, 0, 1])
    let amount = HoldAmount(product: shards.product(3), location: "A", quantity: 1)
    _ = shards.answer(.releaseHold(hold.id, [amount]))
    // Shard 3 has a part that holds nothing, and is told all the same.
    _ = shards.answer(shards.request("o1", [shards.line(1, 1), shards.line(2, 1)]))
    #expect(shards.reserved == [1, 1, 0])
    #expect(shards.records.map(\.count) == [1, 1, 0])
  }

  @Test("an atomic batch is all or nothing, and then nobody's hold")
  func atomic() throws {
    let shards = try TestShards()
    shards.stock(5)
    func together(_ quantity: Int64) -> Command.Operation {
      let id = shards.map.holdID(home: 0, random: (7, UInt64(quantity)))
      return .reserveTogether(
        AtomicReserve(id: id, lines: [shards.line(1, 1), shards.line(2, quantity)]))
    }
    guard case .refused(.linesRefused)? = shards.answer(together(6)) else {
      Issue.record("there are 5")
      return
    }
    #expect(shards.reserved == [0, 0, 0])
    guard case .reservedTogether(let entries)? = shards.answer(together(5)) else {
      Issue.record("there are 5")
      return
    }
    #expect(entries.map(\.value.reserved) == [1, 5])
    #expect(shards.recordCount == 0)
    let amount = EntryAmount(product: shards.product(2), location: "A", quantity: 5)
    _ = shards.answer(.release(amount))
    #expect(shards.reserved == [1, 0, 0])
  }

  @Test("it ends on all shards at its time, also when it came while others were only asked")
  func expires() throws {
    let shards = try TestShards()
    shards.stock(5)
    let made = shards.answer(
      shards.request("o1", [shards.line(1, 2), shards.line(2, 2)], time: 1_000))
    let hold = try #require(shards.hold(of: made))
    // Its own shard has not enough, so the other one is asked; meanwhile the hold's time comes.
    let asked = shards.ask(shards.request("o1", [shards.line(1, 9), shards.line(2, 1)]))
    shards.pass(1_000)
    #expect(shards.answers[asked] == nil)
    shards.settle()
    guard case .refused(.linesRefused)? = shards.answers[asked] else {
      Issue.record("\(String(describing: shards.answers[asked]))")
      return
    }
    shards.pass(50)
    shards.settle()
    #expect(shards.reserved == [0, 0, 0])
    #expect(shards.hold(of: shards.answer(.readHold(hold.id)))?.status == .expired)
    #expect(shards.records.map(\.count) == [1, 0, 0])
  }

  @Test("its units are free at once on its home's shard, elsewhere with the home's next look")
  func freesUnits() throws {
    let shards = try TestShards()
    shards.stock(1)
    func reserve(_ number: Int) -> Command.Operation {
      .reserve(EntryAmount(product: shards.product(number), location: "A", quantity: 1))
    }
    let isRefused = Outcome.refused(.insufficientStock(requested: 1, available: 0))
    _ = shards.answer(
      shards.request("o1", [shards.line(1, 1), shards.line(2, 1)], time: 1_000))
    shards.instant += 999
    #expect(shards.answer(reserve(1)) == isRefused)
    #expect(shards.answer(reserve(2)) == isRefused)
    shards.instant += 1
    // The home knows; the other shard has not heard yet.
    let there = shards.ask(reserve(2))
    let atHome = shards.ask(reserve(1))
    #expect(shards.answers[there] == isRefused)
    shards.settle()
    guard case .entry? = shards.answers[atHome], case .entry? = shards.answer(reserve(2)) else {
      Issue.record("the hold is over")
      return
    }
  }

  @Test("a cart can have the units of holds that are due, however many they are")
  func takesWhatIsDue() throws {
    let shards = try TestShards()
    shards.stock(600)
    for number in 1...600 {
      _ = shards.ask(shards.request("x\(number)", [shards.line(1, 1)], time: 1_000))
    }
    shards.settle()
    shards.instant += 1_000
    let made = shards.answer(shards.request("o1", [shards.line(1, 600), shards.line(2, 1)]))
    #expect(shards.hold(of: made)?.status == .held)
  }

  // MARK: Waiting

  @Test("a request with a key that comes again while the first one waits behind another")
  func sameKeyWaits() throws {
    let shards = try TestShards()
    shards.stock(9)
    let first = shards.ask(shards.request("o1", [shards.line(1, 1), shards.line(2, 1)]))
    let lines = [shards.line(1, 2), shards.line(3, 2)]
    let second = shards.ask(shards.request("o1", lines), key: 5)
    let again = shards.ask(shards.request("o1", lines), key: 5)
    #expect(shards.answers[again] == .refused(.idempotencyRunning))
    shards.settle()
    #expect(shards.hold(of: shards.answers[first])?.lines.count == 2)
    #expect(
      shards.hold(of: shards.answers[second])?.id == shards.hold(of: shards.answers[first])?.id)
    #expect(shards.reserved == [2, 0, 2])
    guard case .replay? = shards.answer(shards.request("o1", lines), key: 5) else {
      Issue.record("the key is not known")
      return
    }
  }

  @Test("a key that was free again is not taken from the request that has it now")
  func keyChangesHands() throws {
    let shards = try TestShards()
    shards.stock(9)
    let made = shards.answer(shards.request("o1", [shards.line(1, 4), shards.line(2, 4)]))
    let id = try #require(shards.hold(of: made)).id
    let amounts = (1...2).map {
      HoldAmount(product: shards.product($0), location: "A", quantity: 1)
    }
    // The second shard cannot do its part, so that the first one is about to undo its own …
    shards.shelves[1].isHeldUp = true
    let first = shards.ask(.fulfillHold(id, amounts), key: 5)
    shards.settle()
    shards.shelves[0].isHeldUp = true
    shards.refuse(2)
    shards.settle()
    // … when the same comes again, and waits; and then Redis refuses that as well.
    let second = shards.ask(.fulfillHold(id, amounts), key: 5)
    shards.refuse(1)
    #expect(shards.answers[first] == .unavailable(.storeUnavailable))
    #expect(shards.answers[second] == nil)
    shards.instant += 600
    shards.pass(0)
    let third = shards.ask(.fulfillHold(id, amounts), key: 5)
    #expect(shards.answers[third] == .refused(.idempotencyRunning))
    for shelf in shards.shelves { shelf.isHeldUp = false }
    shards.settle()
    shards.pass(200)
    shards.settle()
    #expect(shards.hold(of: shards.answers[second])?.lines.map(\.fulfilled) == [1, 1])
    #expect((1...2).map { shards.entry($0)?.quantity } == [8, 8])
  }

  @Test("nobody waits for ever behind a shard that is held up")
  func givesUp() throws {
    let shards = try TestShards()
    shards.stock(9)
    shards.shelves[1].isHeldUp = true
    let lines = [shards.line(1, 1), shards.line(2, 1)]
    let first = shards.ask(shards.request("o1", lines), key: 1)
    shards.settle()
    shards.pass(3_000)
    let second = shards.ask(shards.request("o1", [shards.line(1, 2)]), key: 2)
    shards.pass(2_100)
    #expect(shards.answers[first] == .unavailable(.outcomeUnknown))
    #expect(shards.answers[second] == nil)
    shards.pass(3_000)
    #expect(shards.answers[second] == .unavailable(.storeUnavailable))
    // The other shard gave up as well, so that all is undone, and the keys are free.
    shards.shelves[1].isHeldUp = false
    shards.settle()
    shards.pass(200)
    shards.settle()
    #expect(shards.reserved == [0, 0, 0])
    #expect(shards.hold(of: shards.answer(shards.request("o1", lines), key: 1)) != nil)
    let other = shards.answer(shards.request("o1", [shards.line(1, 2)]), key: 2)
    #expect(shards.hold(of: other)?.lines.count == 1)
  }

  @Test("who waits behind a hold is not lost when its end comes between")
  func waitsThroughExpiry() throws {
    let shards = try TestShards()
    shards.stock(9)
    let made = shards.answer(
      shards.request("o1", [shards.line(1, 1), shards.line(2, 1)], time: 1_000))
    let id = try #require(shards.hold(of: made)).id
    let change = shards.ask(shards.request("o1", [shards.line(1, 2), shards.line(2, 2)], time: 1))
    let waiting = (1...3).map { _ in shards.ask(.releaseHold(id, nil)) }
    shards.instant += 2_000
    shards.settle()
    #expect(shards.hold(of: shards.answers[change]) != nil)
    for ticket in waiting {
      #expect(shards.answers[ticket] == .refused(.holdClosed(.expired)))
    }
    #expect(shards.reserved == [0, 0, 0])
  }

  // MARK: Going back

  @Test("what Redis refuses is undone on all shards, and told as not done")
  func undone() throws {
    let shards = try TestShards()
    shards.stock(9)
    // The home has written that it is about to; the other shard's part is refused.
    let asked = shards.ask(shards.request("o1", [shards.line(1, 1), shards.line(2, 1)]), key: 4)
    shards.shelves[1].isHeldUp = true
    shards.settle()
    #expect(shards.answers[asked] == nil)
    shards.refuse(2)
    shards.shelves[1].isHeldUp = false
    shards.pass(600)
    shards.settle()
    #expect(shards.answers[asked] == .unavailable(.storeUnavailable))
    shards.pass(200)
    shards.settle()
    #expect(shards.reserved == [0, 0, 0])
    #expect(shards.recordCount == 0)
    // Nothing was judged, so the key is free.
    let again = shards.answer(
      shards.request("o1", [shards.line(1, 1), shards.line(2, 1)]), key: 4)
    #expect(shards.hold(of: again) != nil)
  }

  @Test(
    "units of a shipment that comes to nothing come back, also where their entry was deleted",
    arguments: 1...2, [false, true])
  func shipmentComesBack(deleted: Int, isMadeAgain: Bool) throws {
    let shards = try TestShards()
    shards.stock(5)
    let made = shards.answer(
      shards.request("o1", [shards.line(1, 5), shards.line(2, 5), shards.line(3, 1)]))
    let id = try #require(shards.hold(of: made)).id
    // Shards 1 and 2 have shipped; the third does not answer, and then cannot.
    shards.shelves[2].isHeldUp = true
    let asked = shards.ask(.fulfillHold(id, nil))
    shards.settle()
    #expect(shards.entry(deleted)?.quantity == 0)
    let entry = try #require(shards.snapshot(deleted)).id
    #expect(shards.answer(.deleteEntry(entry, expectedVersions: nil)) == .deleted)
    if isMadeAgain { _ = shards.answer(.setStock(shards.product(deleted), "A", 2)) }
    shards.refuse(3)
    shards.shelves[2].isHeldUp = false
    shards.pass(600)
    shards.settle()
    #expect(shards.answers[asked] == .unavailable(.storeUnavailable))
    #expect(shards.reserved == [5, 5, 1])
    #expect(shards.entry(deleted)?.quantity == (isMadeAgain ? 7 : 5))
    #expect(shards.hold(of: shards.answer(.readHold(id)))?.lines.map(\.held).sorted() == [1, 5, 5])
    try shards.restart()
    #expect(shards.hold(of: shards.answer(.fulfillHold(id, nil)))?.status == .fulfilled)
  }

  @Test(
    "what comes back to an entry that has the most units there can be takes the place of others")
  func comesBackToFullEntry() throws {
    let shards = try TestShards()
    shards.stock(5)
    let made = shards.answer(shards.request("o1", [shards.line(1, 5), shards.line(2, 1)]))
    let id = try #require(shards.hold(of: made)).id
    shards.shelves[1].isHeldUp = true
    _ = shards.ask(.fulfillHold(id, nil))
    shards.settle()
    _ = shards.answer(.setStock(shards.product(1), "A", Bounds.maxQuantity))
    shards.refuse(2)
    shards.shelves[1].isHeldUp = false
    shards.pass(600)
    shards.settle()
    #expect(try #require(shards.entry(1)) == (Bounds.maxQuantity, 5))
    // The ledger shows what had to make room, and who did not want it.
    let movements = shards.movements(1).suffix(2)
    #expect(movements.map(\.quantityChange) == [-5, 5])
    #expect(movements.map(\.note.reference) == ["", id])
    try shards.restart()
  }

  @Test("an order is where its hold is until Redis has the hold's end")
  func keepsOrder() throws {
    let shards = try TestShards()
    shards.stock(9)
    let order = OrderKey(store: 0, order: "o1")
    let home = shards.shelves[0]
    func isKept() -> Bool { home.machine.hasOpenHold(of: order) }
    func freed() -> [OrderKey] { home.machine.takeClosedOrders() }
    func request() -> Command.Operation { shards.request("o1", [shards.line(1, 1)]) }
    let id = try #require(shards.hold(of: shards.answer(request()))).id
    home.isHeldUp = true
    _ = shards.ask(.releaseHold(id, nil))
    #expect(isKept())
    shards.settle()
    // The same order is held anew, and that one ends as well, in a batch behind it.
    let other = shards.ask(request())
    let id2 = shards.map.holdID(home: 0, random: (0, 2))
    _ = shards.ask(.releaseHold(id2, nil))
    #expect(isKept())
    shards.refuse(1)
    #expect(shards.answers[other] == .unavailable(.storeUnavailable))
    #expect(isKept())
    #expect(freed() == [])
    shards.pass(600)
    home.isHeldUp = false
    #expect(shards.hold(of: shards.answer(.releaseHold(id, nil)))?.status == .released)
    #expect(!isKept())
    #expect(freed() == [order])
  }

  @Test("what an engine left over goes on in the next one, and its requests wait for that")
  func recovers() throws {
    let shards = try TestShards()
    shards.stock(9)
    let made = shards.answer(shards.request("o1", [shards.line(1, 1), shards.line(2, 1)]))
    let id = try #require(shards.hold(of: made)).id
    _ = shards.ask(shards.request("o1", [shards.line(1, 3), shards.line(2, 3)]))
    for shelf in shards.shelves { shelf.isHeldUp = shelf !== shards.shelves[0] }
    shards.settle()
    try shards.restart()
    for shelf in shards.shelves { shelf.isHeldUp = false }
    // Before the first look at what is left over.
    let asked = shards.ask(.extendHold(id, timeToLive: 90_000))
    #expect(shards.answers[asked] == nil)
    shards.pass(50)
    shards.settle()
    #expect(shards.hold(of: shards.answers[asked])?.lines.map(\.held) == [1, 1])
    #expect(shards.reserved == [1, 1, 0])
    #expect(shards.hold(of: shards.answer(.releaseHold(id, nil)))?.status == .released)
    #expect(shards.reserved == [0, 0, 0])
  }

  @Test("an answer to what is not asked any more is no answer to what is asked now")
  func ignoresLateAnswers() throws {
    let shards = try TestShards()
    shards.stock(5)
    let (home, second, third) = (shards.shelves[0], shards.shelves[1], shards.shelves[2])
    (second.isHeldUp, third.isHeldUp) = (true, true)
    let asked = shards.ask(
      shards.request("o1", [shards.line(1, 1), shards.line(2, 1), shards.line(3, 1)]))
    shards.settle()
    // The home cannot write when the second shard answers, so it undoes all later.
    home.isHeldUp = true
    _ = shards.ask(.setStock(shards.product(1), "A", 9))
    shards.settle()
    shards.refuse(1)
    (home.isHeldUp, second.isHeldUp) = (false, false)
    shards.settle()
    shards.pass(600)
    shards.pass(50)
    shards.settle()
    #expect(shards.answers[asked] == nil)
    // Now the third one says that it has its lines, and then cannot let them go.
    third.isHeldUp = false
    shards.commit()
    third.isHeldUp = true
    shards.settle()
    #expect(shards.reserved == [0, 0, 1])
    #expect(shards.answers[asked] == nil)
    shards.refuse(3)
    third.isHeldUp = false
    shards.settle()
    shards.pass(600)
    shards.settle()
    #expect(shards.answers[asked] == .unavailable(.storeUnavailable))
    #expect(shards.reserved == [0, 0, 0])
    #expect(shards.recordCount == 0)
  }

  @Test("two requests with one id of the client's, of which there is no record yet")
  func sameClientID() throws {
    let shards = try TestShards()
    shards.stock(5)
    let id = (1...).lazy.map { "cart-\($0)" }.first { shards.map.shard(ofHold: $0) == 0 }!
    let first = shards.ask(
      shards.request("o1", [shards.line(1, 9), shards.line(2, 1)], id: id))
    let second = shards.ask(
      shards.request("o1", [shards.line(1, 1), shards.line(2, 1)], id: id))
    shards.settle()
    guard case .refused(.linesRefused)? = shards.answers[first] else {
      Issue.record("there are 5")
      return
    }
    #expect(shards.hold(of: shards.answers[second])?.id == id)
  }

  @Test("a key whose request ended with the shard's trouble can be used again")
  func keyAfterDamage() throws {
    let shards = try TestShards()
    shards.stock(5)
    // The other shard does not answer, so it stays undecided.
    shards.shelves[1].isHeldUp = true
    let lines = [shards.line(1, 1), shards.line(2, 1)]
    let asked = shards.ask(shards.request("o1", lines), key: 1)
    shards.settle()
    let other = shards.ask(.setStock(shards.product(1), "A", 9))
    shards.endOfTick()
    shards.damage(1)
    #expect(shards.answers[asked] == .unavailable(.outcomeUnknown))
    #expect(shards.answers[other] == .unavailable(.outcomeUnknown))
    shards.shelves[1].isHeldUp = false
    shards.restore(1)
    shards.settle()
    shards.pass(100)
    shards.settle()
    #expect(shards.reserved == [0, 0, 0])
    let again = shards.answer(shards.request("o1", lines), key: 1)
    #expect(shards.hold(of: again)?.status == .held, "\(String(describing: again))")
    #expect(shards.reserved == [1, 1, 0])
  }

  @Test("what was answered before is answered again while nothing can be changed")
  func repeatsWhileSuspended() throws {
    let shards = try TestShards()
    shards.stock(5)
    let reserve = Command.Operation.reserve(
      EntryAmount(product: shards.product(1), location: "A", quantity: 1))
    let first = shards.ask(reserve, key: 1)
    shards.settle()
    guard case .entry? = shards.answers[first] else {
      Issue.record("there are 5")
      return
    }
    let other = shards.ask(reserve, key: 2)
    shards.endOfTick()
    shards.refuse(1)
    #expect(shards.answers[other] == .unavailable(.storeUnavailable))
    let (again, anew) = (shards.ask(reserve, key: 1), shards.ask(reserve, key: 2))
    guard case .replay(let key, _)? = shards.answers[again] else {
      Issue.record("that nothing has changed would not be true")
      return
    }
    #expect(key.high == 1)
    #expect(shards.answers[anew] == .unavailable(.storeUnavailable))
  }
}
