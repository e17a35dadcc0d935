import NIOCore
import StockCore
import StockEngine
import Synchronization
import Testing

@Suite("Holds over several shards and a real Redis")
struct HoldTests {
  @Test func aHoldTakesItsLinesOnAllShardsOrNone() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(3)
      let made = await fixture.hold("A-1", products.map { ($0, 4) })
      guard case .holdCreated(let hold) = made.outcome else { throw Failure("\(made)") }
      #expect(hold.status == .held)
      #expect(hold.lines.map(\.held) == [4, 4, 4])
      for product in products { #expect(await fixture.reserved(product) == 4) }

      // One line too many: nothing is taken, and the line is named.
      let short = await fixture.hold(
        "A-2", [(products[0], 1), (products[1], 97), (products[2], 1)], client: 1)
      guard case .refused(.linesRefused(let refusals)) = short.outcome else {
        throw Failure("\(short)")
      }
      #expect(refusals.map(\.product) == [products[1]])
      _ = try await fixture.settled(products)
      for product in products { #expect(await fixture.reserved(product) == 4) }

      let shipped = await fixture.ask(.fulfillHold(hold.id, nil), scope: .only(1), client: 1)
      #expect(shipped.hold?.status == .fulfilled)
      _ = try await fixture.settled(products)
      for product in products {
        let summary = await fixture.summary(product)
        #expect(summary?.totalReserved == 0 && summary?.totalQuantity == 96)
      }
      let other = await fixture.ask(.readHold(hold.id), scope: .only(2))
      #expect(other.outcome == .refused(.holdNotFound), "another store's")
      #expect(try await fixture.engine.verify().differenceCount == 0)
    }
  }

  /// "é" is one character or two, and in Redis two texts.
  @Test func customersAndOrdersThatLookTheSameAreTwo() async throws {
    try await EngineFixture.with(shards: 1) { fixture in
      let product = try await fixture.products(1)[0]
      var policy = StockPolicy()
      policy.purchaseLimit = PurchaseLimit(quantity: 5)
      let put = PutProduct(id: product, store: 1, type: .physical, policy: policy)
      guard case .product = await fixture.ask(.putProduct(put)).outcome else {
        throw Failure("the limit was not taken")
      }
      let names = ["caf\u{e9}", "cafe\u{301}"]
      // In one commit, and one after the other.
      async let first = fixture.hold(names[0], [(product, 2)], customer: names[0])
      async let second = fixture.hold(names[1], [(product, 2)], customer: names[1], client: 1)
      let holds = try [#require(await first.hold), #require(await second.hold)]
      #expect(holds[0].id != holds[1].id)
      let more = await fixture.hold("more", [(product, 2)], customer: names[1])
      #expect(more.hold != nil, "\(more)")
      #expect(await fixture.ask(.fulfillHold(holds[0].id, nil), scope: .only(1)).hold != nil)
      #expect(await fixture.ask(.releaseHold(holds[1].id, nil), scope: .only(1)).hold != nil)
      _ = try await fixture.settled([product])
      #expect(await fixture.reserved(product) == 2)
      #expect(try await fixture.engine.verify().differenceCount == 0)
    }
  }

  @Test func oneShardIsOneCommit() async throws {
    try await EngineFixture.with { fixture in
      let product = try await fixture.products(1)[0]
      let shard = fixture.engine.shardMap.shard(ofProduct: product)
      let before = await fixture.engine.health().shards.map(\.sequence)
      let made = await fixture.hold("A-1", [(product, 4)], client: 1)
      #expect(made.shard == shard && made.hold?.status == .held)
      let after = await fixture.engine.health().shards.map(\.sequence)
      for index in before.indices {
        #expect(after[index] - before[index] == (index == shard ? 1 : 0))
      }
    }
  }

  @Test func anOrderIsReplacedFromAnotherShard() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(2)
      let first = try #require(await fixture.hold("A-1", [(products[0], 4)]).hold)
      let second = await fixture.hold("A-1", [(products[1], 3)], client: 1)
      #expect(second.hold?.id == first.id)
      #expect(second.hold?.lines.map(\.product) == [products[1]])
      let same = await fixture.hold("A-1", [(products[1], 3)])
      #expect(same.outcome == .hold(try #require(second.hold)))
      // With an id of the client's, whose home is elsewhere, it is still the same order.
      let named = await fixture.hold("A-1", [(products[1], 3)], id: "mine-1")
      #expect(named.hold?.id == first.id)
      _ = try await fixture.settled(products)
      #expect(await fixture.reserved(products[0]) == 0)

      // Once it has ended, the order is free, and the client's id its own.
      let ended = await fixture.ask(.releaseHold(first.id, nil), scope: .only(1))
      #expect(ended.hold?.status == .released)
      let next = await fixture.hold("A-1", [(products[1], 3)], id: "mine-1", client: 1)
      guard case .holdCreated(let own) = next.outcome else { throw Failure("\(next)") }
      #expect(own.id == "mine-1")
      #expect(next.shard == fixture.engine.shardMap.shard(ofHold: "mine-1"))
    }
  }

  @Test func manyRequestsForOneOrderMakeOneHold() async throws {
    try await EngineFixture.with(shards: 4) { fixture in
      let products = try await fixture.products(4)
      for round in 0..<10 {
        let order = "A-\(round)"
        let answers = await withTaskGroup(of: Answer.self) { group in
          for request in 0..<24 {
            group.addTask {
              let product = products[request % 4]
              let ids = [nil, nil, "own-\(round)", "other-\(round)-\(request)"]
              // Now and then it ends, while others are on their way to it.
              if request.isMultiple(of: 7),
                let open = try? await fixture.engine.holds(
                  HoldQuery(scope: .only(1), order: order, status: .held)
                ).items.first
              {
                return await fixture.ask(
                  .releaseHold(open.id, nil), scope: .only(1), client: request)
              }
              return await fixture.hold(
                order, [(product, Int64(1 + request % 3))], id: ids[request % 4], client: request)
            }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 24)
        for answer in answers where answer.hold == nil {
          switch answer.outcome {
          case .unavailable(.overloaded), .refused(.holdClosed), .refused(.holdIDTaken): break
          default: Issue.record("\(answer)")
          }
        }
        let holds = try await fixture.settled(products)
        let open = holds.filter { $0.order == order && !$0.status.isClosed }
        #expect(open.count <= 1, "\(open)")
        for hold in open {
          _ = await fixture.ask(.releaseHold(hold.id, nil), scope: .only(1))
        }
      }
      #expect(try await fixture.engine.verify().differenceCount == 0)
    }
  }

  @Test func aHoldEndsAtItsTime() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(2)
      let made = try #require(
        await fixture.hold("A-1", products.map { ($0, 100) }, ttl: 3_000).hold)
      let refused = await fixture.hold("A-2", products.map { ($0, 1) })
      #expect(refused.hold == nil)
      var holds = try await fixture.settled(products)
      for _ in 0..<600 where holds.map(\.status) != [.expired] {
        try await Task.sleep(for: .milliseconds(100))
        holds = try await fixture.settled(products)
      }
      #expect(holds.map(\.status) == [.expired])
      #expect(await fixture.ask(.readHold(made.id), scope: .only(1)).hold?.status == .expired)
      let next = await fixture.hold("A-1", products.map { ($0, 100) })
      guard case .holdCreated = next.outcome else { throw Failure("\(next)") }
    }
  }

  @Test func atomicBatchesTakeAllOrNothing() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(3)
      func batch(_ quantity: Int64, client: Int) async -> Answer {
        let lines = products.map { HoldLine(product: $0, location: "MAIN", quantity: quantity) }
        return await fixture.ask(
          .reserveTogether(AtomicReserve(id: "", lines: lines)), scope: .only(1), client: client)
      }
      guard case .reservedTogether(let entries) = await batch(60, client: 0).outcome else {
        throw Failure("not reserved")
      }
      #expect(entries.map(\.product) == products && entries.allSatisfy { $0.value.reserved == 60 })
      guard case .refused(.linesRefused(let lines)) = await batch(60, client: 1).outcome else {
        throw Failure("not refused")
      }
      #expect(lines.count == 3)
      for product in products { #expect(await fixture.reserved(product) == 60) }
      #expect(try await fixture.engine.verify().differenceCount == 0)
    }
  }

  @Test func anEngineThatStopsInTheMiddleLeavesNoHalfHolds() async throws {
    try await EngineFixture.with(shards: 4) { fixture in
      let products = try await fixture.products(4)
      var current = fixture
      var made: [HoldID: String] = [:]
      var unavailable = 0
      for round in 0..<4 {
        let engine = current
        let answered = Counter()
        let answers = await withTaskGroup(of: [(String, Answer)].self) { group in
          for buyer in 0..<20 {
            group.addTask {
              var answers: [(String, Answer)] = []
              for cart in 0..<5 {
                let order = "\(round)-\(buyer)-\(cart)"
                let lines = (0..<3).map { (products[(buyer + cart + $0) % 4], Int64(1)) }
                answers.append((order, await engine.hold(order, lines, client: buyer)))
                answered.increment()
                if let hold = answers.last?.1.hold, cart.isMultiple(of: 2) {
                  answers.append(
                    (order, await engine.ask(.releaseHold(hold.id, nil), scope: .only(1))))
                }
              }
              return answers
            }
          }
          group.addTask {
            while answered.value < 10 + 20 * round { await Task.yield() }
            await engine.engine.stop()
            return []
          }
          return await group.reduce(into: []) { $0 += $1 }
        }
        for (order, answer) in answers {
          switch answer.outcome {
          case .holdCreated(let hold): made[hold.id] = order
          case .unavailable: unavailable += 1
          default: break
          }
        }
        let next = try await fixture.restarted(loops: 2)
        if round > 0 { await current.stopEngine() }
        current = next
        let holds = try await next.settled(products)
        let found = Dictionary(holds.map { ($0.id, $0.order) }, uniquingKeysWith: { $1 })
        for (id, order) in made { #expect(found[id] == order, "an answered hold is gone") }
        #expect(try await next.engine.verify().differenceCount == 0)
      }
      #expect(!made.isEmpty && unavailable > 0, "stopped in the middle")
      await current.stopEngine()
    }
  }

  @Test func holdsAreListedNewestFirst() async throws {
    try await EngineFixture.with { fixture in
      let products = try await fixture.products(3)
      for number in 0..<25 {
        _ = await fixture.hold("A-\(number)", [(products[number % 3], 1)], client: number)
      }
      let all = try await fixture.allHolds(pageOf: 4)
      #expect(all.count == 25 && Set(all.map(\.id)).count == 25)
      #expect(all.map(\.createdAt) == all.map(\.createdAt).sorted(by: >))
      let one = try await fixture.engine.holds(HoldQuery(scope: .only(1), order: "A-7"))
      #expect(one.items.map(\.order) == ["A-7"] && one.total == 1 && one.next == nil)
      _ = await fixture.ask(.releaseHold(one.items[0].id, nil), scope: .only(1))
      let held = try await fixture.engine.holds(
        HoldQuery(scope: .only(1), status: .held, product: products[1]))
      #expect(held.total == 7)
      #expect(try await fixture.engine.holds(HoldQuery(scope: .only(2))).total == 0)
    }
  }
}

/// Counts from several tasks.
final class Counter: Sendable {
  private let count = Atomic(0)

  var value: Int { count.load(ordering: .relaxed) }
  func increment() { count.add(1, ordering: .relaxed) }
}
