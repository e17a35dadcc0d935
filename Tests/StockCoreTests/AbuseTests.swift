import StockCore
import Testing

/// What one client may ask for without harm to the others.
@Suite("Abuse")
struct AbuseTests {
  @Test("A list goes on from any numbers that a cursor can have", arguments: EntrySort.allCases)
  func foreignCursors(sort: EntrySort) throws {
    let shards = try TestShards()
    shards.stock(5)
    let all = (1...3).compactMap { shards.snapshot($0) }.map { sort.cursor(of: $0) }
    let keys = [.min, -1, 0, 1, Bounds.maxID, .max - 1, .max] + all.map(\.key)
    for descending in [false, true] {
      for after in keys.flatMap({ key in [1, .max].map { EntryCursor(key: key, id: $0) } }) {
        var selection = EntrySelection(
          sort: sort, descending: descending, after: after, limit: 10)
        for shelf in shards.shelves {
          var walk = shelf.machine.beginWalk(EntryFilter(scope: .any), for: selection)
          while !walk.isDone { shelf.machine.step(&walk, &selection) }
        }
        let expected = all.filter {
          // By id, the key is the id: which id stands beside it makes no difference.
          let (one, other) =
            sort == .id ? (($0.key, 0), (after.key, 0)) : (($0.key, $0.id), (after.key, after.id))
          return descending ? one < other : one > other
        }
        #expect(
          Set(selection.page().items.map(\.entry.id)) == Set(expected.map(\.id)), "\(after)")
      }
    }
  }

  /// Lines without a location, 850 units of each product, where each location has one.
  private func scattered(_ products: [ProductID]) -> [HoldLine] {
    products.sorted().map { HoldLine(product: $0, location: "", quantity: 850) }
  }

  @Test("A reservation whose units are found at more than 2,000 locations is refused")
  func scatteredLines() {
    let shard = TestShard()
    for product in 1...3 as ClosedRange<ProductID> {
      for number in 1...Bounds.maxLocationsPerProduct { shard.set(product, "L\(number)", 1) }
      shard.commit()
    }
    func hold(_ order: String, _ products: [ProductID]) -> Command.Operation {
      .hold(
        HoldRequest(
          id: order, isClientID: true, order: order, customer: "", lines: scattered(products),
          timeToLive: 60_000, allocation: Allocation(priority: ["L7", "L7", "L9"])))
    }
    #expect(
      shard.answer(hold("o1", [1, 2, 3]))
        == .refused(
          .linesRefused([
            LineRefusal(product: 3, location: "", refusal: .capacityReached(.linesOfHold))
          ])))
    #expect(shard.look { $0.committedSums(of: nil).reserved } == 0)
    guard case .holdCreated(let made)? = shard.answer(hold("o2", [1, 2])) else {
      Issue.record("1,700 lines are not too many")
      return
    }
    #expect(made.lines.count == 1_700)
    #expect(made.lines.contains { $0.product == 1 && $0.location == "L9" })
    #expect(shard.look { $0.committedSums(of: nil).reserved } == 1_700)
    #expect(shard.wrong == [])
  }

  @Test("The lines of all shards together are bounded, and nothing stays taken")
  func scatteredOverShards() throws {
    let shards = try TestShards()
    for number in 1...Bounds.maxLocationsPerProduct {
      for shard in 1...3 { _ = shards.ask(.setStock(shards.product(shard), "L\(number)", 1)) }
    }
    shards.settle()
    func reserved() -> Int128 {
      shards.shelves.reduce(0) { $0 + $1.machine.committedSums(of: nil).reserved }
    }
    let three = shards.answer(shards.request("o1", scattered((1...3).map { shards.product($0) })))
    guard case .refused(.linesRefused(let lines))? = three else {
      Issue.record("\(String(describing: three))")
      return
    }
    #expect(lines.map(\.refusal) == [.capacityReached(.linesOfHold)])
    #expect(reserved() == 0)
    #expect(shards.recordCount == 0)
    let two = shards.answer(shards.request("o2", scattered((1...2).map { shards.product($0) })))
    #expect(shards.hold(of: two)?.lines.count == 1_700)
    #expect(reserved() == 1_700)
  }

  @Test("Loading takes more names of a store than it may bring; another store has its own share")
  func loadsManyNames() throws {
    let ownership = TestShard.ownership
    var machine = ShardStateMachine(id: 0, map: ShardMap(shardCount: 1))
    let count = EntryID(Bounds.maxLocationsPerStore + 1)
    machine.beginLoading(
      ShardMeta(ownership: ownership, sequence: 1, digest: 0, lastEntryNumber: count))
    try machine.load(
      product: 1, ProductValue(store: 1, type: .physical, createdAt: 1, updatedAt: 1))
    let value = EntryValue(
      quantity: 1, reserved: 0, version: 1, createdAt: 1, updatedAt: 1, gtin: .none, location: 0)
    for entry in 1...count {
      try machine.load(entry: entry, product: 1, location: "L\(entry)", value)
    }
    try machine.finishLoading()
    func set(_ product: ProductID, _ location: String, store: StoreID, ticket: UInt64) -> Outcome? {
      let set = SetStock(
        product: product, location: location, quantity: 1, newProductStore: store)
      return machine.submit(
        Command(scope: .any, operation: .set(set)), ticket: Ticket(rawValue: ticket),
        now: Now(wall: 1_800_000_000_000, monotonic: 1))
    }
    #expect(
      set(2, "NEW", store: 1, ticket: 1) == .refused(.capacityReached(.locationsOfStore)))
    #expect(set(2, "L1", store: 1, ticket: 2) == nil, "a known name is welcome")
    #expect(set(3, "NEW", store: 2, ticket: 3) == nil, "another store has its share")
    #expect(set(2, "NEW", store: 1, ticket: 4) == nil, "the other store's name is known now")
  }

  @Test("Sums are right, however many units there are")
  func hugeSums() {
    let shard = TestShard()
    let count: ProductID = 1_100
    for product in 1...count { shard.set(product, "A", Bounds.maxQuantity) }
    shard.commit()
    #expect(
      shard.look { $0.committedSums(of: 1).quantity } == Int128(count) * Int128(Bounds.maxQuantity))
    for product in 1..<count { shard.set(product, "A", 0) }
    shard.commit()
    #expect(shard.look { $0.committedSums(of: 1).available } == Int128(Bounds.maxQuantity))
    #expect(shard.wrong == [])
  }

  /// A shard with products 1 and 2, which never run out.
  private func unlimited() -> TestShard {
    let shard = TestShard()
    for product in 1...2 as ClosedRange<ProductID> {
      shard.ask(.putProduct(PutProduct(id: product, store: 1, type: .digital)))
    }
    shard.commit()
    return shard
  }

  private func hold(_ lines: [HoldLine]) -> Command.Operation {
    .hold(
      HoldRequest(
        id: "h", isClientID: true, order: "o", customer: "", lines: lines, timeToLive: 60_000,
        allocation: Allocation()))
  }

  private func line(_ location: String, _ quantity: Int64) -> HoldLine {
    HoldLine(product: 1, location: location, quantity: quantity)
  }

  private func isTooLarge(_ location: String) -> Outcome {
    .refused(
      .linesRefused([
        LineRefusal(product: 1, location: location, refusal: .quantityTooLarge)
      ]))
  }

  @Test("All that a reservation has of a product can be added up")
  func sumsOfLines() throws {
    let shard = unlimited()
    let many = (1_000...2_200).map { line("L\($0)", Bounds.maxQuantity) }
    guard case .refused(.linesRefused(let lines))? = shard.answer(hold(many)) else {
      Issue.record("a product has at most 2^53 units")
      return
    }
    #expect(lines.map(\.location) == many.dropFirst().map(\.location))
    #expect(Set(lines.map { "\($0.refusal)" }) == ["quantityTooLarge"])
    let made = shard.answer(hold([line("A", Bounds.maxQuantity - 1), line("B", 1)]))
    guard case .holdCreated? = made else {
      Issue.record("\(String(describing: made))")
      return
    }
    // Whether it is for the same lines is asked before anything is added up.
    guard case .refused? = shard.answer(hold([line("", 1)] + many)) else {
      Issue.record("still too many")
      return
    }
    #expect(shard.answer(hold([line("A", Bounds.maxQuantity), line("B", 1)])) == isTooLarge("B"))
    let amount = HoldAmount(product: 1, location: "", quantity: Bounds.maxQuantity)
    guard case .hold(let shipped)? = shard.answer(.fulfillHold("h", [amount])) else {
      Issue.record("it has that many")
      return
    }
    #expect(shipped.status == .fulfilled)
  }

  @Test("Lines that replace others count with what was shipped, also over shards")
  func sumsWithShipped() throws {
    let shard = unlimited()
    let half = Bounds.maxQuantity / 2
    _ = shard.answer(hold([line("A", half), line("B", 1)]))
    let amount = HoldAmount(product: 1, location: "A", quantity: half)
    _ = shard.answer(.fulfillHold("h", [amount]))
    #expect(shard.answer(hold([line("A", half + 1), line("B", 1)])) == isTooLarge("B"))
    guard case .hold? = shard.answer(hold([line("A", half), line("B", 1)])) else {
      Issue.record("it is what the hold was made for")
      return
    }

    let shards = try TestShards()
    shards.stock(5)
    let product = shards.product(3)
    _ = shards.answer(.setStock(product, "A", 0))
    _ = shards.answer(.putProduct(PutProduct(id: product, store: 1, type: .digital)))
    let made = shards.answer(shards.request("o", [shards.line(1, 1), shards.line(3, half)]))
    let there = try #require(shards.hold(of: made))
    let shipped = HoldAmount(product: product, location: "A", quantity: half)
    #expect(shards.hold(of: shards.answer(.fulfillHold(there.id, [shipped])))?.status == .held)
    let again = shards.answer(shards.request("o", [shards.line(1, 1), shards.line(3, half + 2)]))
    let refused = LineRefusal(product: product, location: "A", refusal: .quantityTooLarge)
    #expect(again == .refused(.linesRefused([refused])))
  }

  /// With a hold that it made before, a store reaches no more of a product that went to another store.
  @Test("A hold takes nothing of what is another store's now", arguments: [1, 2])
  func foreignLines(number: Int) throws {
    let shards = try TestShards()
    shards.stock(5)
    let mine = StoreScope.only(1)
    let product = shards.product(number)
    func line(_ quantity: Int64) -> HoldLine { shards.line(number, quantity) }
    func ask(_ quantity: Int64, beside other: Int64) -> Outcome? {
      shards.answer(shards.request("o", [line(quantity), shards.line(3, other)]), scope: mine)
    }
    for other in 1...3 {
      _ = shards.answer(
        .putProduct(PutProduct(id: shards.product(other), store: 1, type: .physical)))
    }
    let hold = try #require(shards.hold(of: ask(1, beside: 1)))
    let all = HoldAmount(product: product, location: "A", quantity: 1)
    #expect(shards.hold(of: shards.answer(.fulfillHold(hold.id, [all]), scope: mine)) != nil)
    _ = shards.answer(.putProduct(PutProduct(id: product, store: 2, type: .physical)))
    let refused = LineRefusal(product: product, location: "A", refusal: .productNotFound)
    #expect(ask(1, beside: 1) == .refused(.linesRefused([refused])))
    #expect(shards.reserved == [0, 0, 1])
    // What was shipped stays in its books.
    let rest = shards.answer(shards.request("o", [shards.line(3, 2)]), scope: mine)
    #expect(shards.hold(of: rest)?.lines.map(\.fulfilled).max() == 1)
    #expect(shards.reserved == [0, 0, 2])
  }

  @Test("Nor does one that had it while it never ran out", arguments: [1, 2])
  func foreignLinesThatNeverRanOut(number: Int) throws {
    let shards = try TestShards()
    shards.stock(5)
    let mine = StoreScope.only(1)
    let product = shards.product(number)
    func put(_ store: StoreID, _ type: ProductType) {
      _ = shards.answer(.putProduct(PutProduct(id: product, store: store, type: type)))
    }
    _ = shards.answer(.putProduct(PutProduct(id: shards.product(3), store: 1, type: .physical)))
    put(1, .digital)
    let lines = [shards.line(number, 4), shards.line(3, 1)]
    let hold = try #require(shards.hold(of: shards.answer(shards.request("o", lines), scope: mine)))
    put(2, .physical)
    let again = shards.answer(
      shards.request("o", [shards.line(number, 4), shards.line(3, 2)]), scope: mine)
    let refused = LineRefusal(product: product, location: "A", refusal: .productNotFound)
    #expect(again == .refused(.linesRefused([refused])))
    #expect(shards.reserved == [0, 0, 1])
    // What it has is no unit, and ends as none.
    #expect(
      shards.hold(of: shards.answer(.fulfillHold(hold.id, nil), scope: mine))?.status == .fulfilled)
    #expect(shards.entry(number)?.quantity == 5)
  }

  @Test("A hold has no more lines than a request, however often it is shipped and asked for anew")
  func linesOfOneHold() throws {
    let shards = try TestShards()
    let product = shards.product(1)
    _ = shards.answer(.putProduct(PutProduct(id: product, store: 1, type: .digital)))
    func lines(_ name: String, _ count: Int) -> [HoldLine] {
      (1...count).map { HoldLine(product: product, location: "\(name)\($0)", quantity: 1) }
    }
    let most = Bounds.maxLinesPerHold
    let hold = try #require(shards.hold(of: shards.answer(shards.request("o", lines("A", most)))))
    let shipped = lines("A", 10).map {
      HoldAmount(product: product, location: $0.location, quantity: 1)
    }
    _ = shards.answer(.fulfillHold(hold.id, shipped))
    guard
      case .refused(.linesRefused(let refusals))? = shards.answer(
        shards.request("o", lines("B", most - 9)))
    else {
      Issue.record("there are 10 lines that were shipped")
      return
    }
    #expect(refusals.map(\.refusal) == [.capacityReached(.linesOfHold)])
    #expect(
      shards.hold(of: shards.answer(shards.request("o", lines("B", most - 10))))?.lines.count
        == most)
  }

  @Test("Answers with many lines share no commit with thousands of others")
  func longAnswers() throws {
    let shards = try TestShards()
    let product = shards.product(1)
    _ = shards.answer(.putProduct(PutProduct(id: product, store: 1, type: .digital)))
    let lines = (1...Bounds.maxLinesPerHold).map {
      HoldLine(product: product, location: "L\($0)", quantity: 1)
    }
    let hold = try #require(shards.hold(of: shards.answer(shards.request("o1", lines))))
    _ = shards.answer(.releaseHold(hold.id, nil))
    let tickets = (1...200).map { shards.ask(.releaseHold(hold.id, nil), key: $0) }
    var longest = 0
    while tickets.contains(where: { shards.answers[$0] == nil }) {
      let shelf = shards.shelves[0]
      if shelf.sent == nil { shards.endOfTick() }
      longest = max(longest, shelf.sent?.idempotency.count ?? 0)
      guard shards.commit() else { break }
    }
    #expect(tickets.allSatisfy { shards.hold(of: shards.answers[$0])?.status == .released })
    #expect((1...40).contains(longest), "\(longest) answers of 2,000 lines are one commit")
  }

  @Test("The lines of all holds together are bounded")
  func linesOfAllHolds() throws {
    var machine = ShardStateMachine(id: 0, map: ShardMap(shardCount: 1))
    machine.beginLoading(TestShard.meta(1, digest: 0))
    try machine.load(
      product: 1, ProductValue(store: 1, type: .digital, createdAt: 1, updatedAt: 1))
    let lines = (1...Bounds.maxLinesPerHold).map {
      HoldLine(product: 1, location: "L\($0)", quantity: 1, held: 0, unlimited: true)
    }
    let wall: Timestamp = 1_800_000_000_000
    for number in 1...(Bounds.maxHoldLinesPerShard / lines.count) {
      try machine.load(
        hold: .hold(
          Hold(
            id: "h\(number)", order: "o\(number)", customer: "", store: 0, status: .released,
            lines: number == 1 ? Array(lines.dropLast()) : lines, createdAt: wall,
            updatedAt: wall, expiresAt: wall)))
    }
    try machine.finishLoading()
    func make(_ id: HoldID, ticket: UInt64) -> Outcome? {
      let request = HoldRequest(
        id: id, isClientID: true, order: id, customer: "",
        lines: [HoldLine(product: 1, location: "", quantity: 1)], timeToLive: 60_000,
        allocation: Allocation())
      return machine.submit(
        Command(scope: .any, operation: .hold(request)), ticket: Ticket(rawValue: ticket),
        now: Now(wall: wall, monotonic: 1))
    }
    #expect(make("new", ticket: 1) == nil)
    #expect(make("newer", ticket: 2) == .refused(.capacityReached(.holds)))
  }
}
