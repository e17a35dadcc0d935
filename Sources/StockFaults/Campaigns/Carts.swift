import StockProcesses
import StockTools

/// Many carts at once over the same products, on several shards: each is held whole or not at all, none
/// waits for ever, and the books are right. Also with the engine killed in the middle of it.
public struct Carts: Sendable {
  public var rounds = 50
  /// At the same time.
  public var carts = 1_000
  public var products: [Int64] = Array(1...40)
  public var locations = ["MAIN", "WEST", "SHOP 1"]
  /// Units of each entry: about half of what all carts want.
  public var opening: Int64 = 40
  /// SIGKILL of the engine in every round, at a random moment.
  public var kills = false
  /// Longest time for a round's carts to be answered.
  public var patience = Duration.seconds(60)

  public init() {}

  private enum Fate {
    case keep, fulfill, fulfillSome, release
  }

  /// One buyer's plan.
  private struct Buyer {
    var cart: Cart
    var fate: Fate
    /// Sends an idempotency key with the cart, so that it always learns what became of it.
    var isKeyed: Bool
  }

  private enum Ending {
    case refused, unknown
    /// With what was shipped of it.
    case held(HoldBody, shipped: [EntryKey: Int64])
    case wrong(String)
  }

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report(kills ? "carts, with kills" : "carts")
    var random = SeededRandom(seed: scene.seed)
    let engine = try scene.engine()
    let history = History()
    var counts: [String: Int] = [:]
    var longest = Duration.zero
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: products, locations: locations, opening: opening, history: history)
      var stock = try await site.state().mapValues(\.quantity)
      for round in 1...rounds {
        let buyers = (0..<carts).map { buyer(round, $0, &random) }
        let killAfter = Duration.milliseconds(Int.random(in: 0...400, using: &random))
        let begin = ContinuousClock.now
        let endings = try await shop(buyers, site, killAfter: kills ? killAfter : nil)
        longest = max(longest, ContinuousClock.now - begin)
        try await site.settle()
        var violations = try await judge(buyers, endings, site, &stock, &counts)
        violations += try await site.agreement()
        report.violations += violations.map { Violation($0.kind, "round \(round): \($0.text)") }
        if report.violations.count > 100 { break }
        try await clear(site, &stock)
        if round % 10 == 0 { scene.progress("\(report.name): \(round) of \(rounds) rounds") }
      }
      await site.close()
    }
    report.facts.append("seed \(scene.seed), \(rounds) rounds of \(carts) carts at once")
    report.facts.append(
      counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    report.facts.append("the longest round took \(longest.short)")
    return report
  }

  private func buyer(_ round: Int, _ number: Int, _ random: inout SeededRandom) -> Buyer {
    var lines: [EntryKey: Int64] = [:]
    for _ in 0..<Int.random(in: 1...8, using: &random) {
      let key = EntryKey(
        products.randomElement(using: &random) ?? 1,
        locations.randomElement(using: &random) ?? "MAIN")
      lines[key] = Int64.random(in: 1...3, using: &random)
    }
    let fates: [Fate] = [.keep, .fulfill, .fulfillSome, .release]
    return Buyer(
      cart: Cart(order: "r\(round)-\(number)", lines: lines),
      fate: fates.randomElement(using: &random) ?? .keep,
      isKeyed: Int.random(in: 0..<4, using: &random) > 0)
  }

  // MARK: Shopping

  private func shop(
    _ buyers: [Buyer], _ site: Site, killAfter: Duration?
  ) async throws -> [Ending] {
    let http = try await site.client(connections: 32, depth: 8)
    let endings = try await withThrowingTaskGroup(of: (Int, Ending)?.self) { group in
      for (place, buyer) in buyers.enumerated() {
        group.addTask { (place, try await shop(buyer, http)) }
      }
      if let killAfter {
        group.addTask {
          try await Task.sleep(for: killAfter)
          try await site.engine.kill()
          try await site.engine.start()
          return nil
        }
      }
      group.addTask {
        // Ends the wait of all others: nobody may wait for ever.
        try? await Task.sleep(for: patience)
        if !Task.isCancelled { throw FaultError("carts had no answer after \(patience.short)") }
        return nil
      }
      var endings = [Ending](repeating: .unknown, count: buyers.count)
      var open = buyers.count + (killAfter == nil ? 0 : 1)
      while open > 0, let next = try await group.next() {
        open -= 1
        if let (place, ending) = next { endings[place] = ending }
      }
      group.cancelAll()
      return endings
    }
    await http.close()
    return endings
  }

  private func shop(_ buyer: Buyer, _ http: HTTPClient) async throws -> Ending {
    let exchange = RetryingExchange(http, policy: RetryPolicy(patience: patience))
    let order = buyer.cart.order
    let answer: HTTPAnswer
    do {
      answer = try await exchange.send(
        buyer.cart.request(key: buyer.isKeyed ? "cart-\(order)" : nil))
    } catch .outcomeUnknown {
      return buyer.isKeyed ? .wrong("a cart with a key has no answer") : .unknown
    } catch .notSent {
      return .wrong("the engine did not come back")
    }
    if answer.status == 503, answer.code == "outcome_unknown", !buyer.isKeyed { return .unknown }
    if answer.status == 409, answer.code == "insufficient_stock" { return .refused }
    // A repeat of an unkeyed request finds the order's reservation.
    guard answer.status == 201 || answer.status == 200, let hold: HoldBody = try? answer.decoded()
    else { return .wrong("\(answer.status) \(answer.code)") }
    let shipped: [EntryKey: Int64]
    let call: String
    switch buyer.fate {
    case .keep: return .held(hold, shipped: [:])
    case .fulfill: (call, shipped) = ("fulfill", buyer.cart.lines)
    case .fulfillSome:
      let first = buyer.cart.lines.min { $0.key < $1.key }
      (call, shipped) = ("fulfill", first.map { [$0.key: $0.value] } ?? [:])
    case .release: (call, shipped) = ("release", [:])
    }
    let end = HoldPath.end(
      hold.reservationId, by: call, buyer.fate == .fulfillSome ? shipped : nil,
      key: "\(call)-\(order)")
    do {
      let ended = try await exchange.send(end)
      guard ended.status == 200, let body: HoldBody = try? ended.decoded() else {
        return .wrong("\(call): \(ended.status) \(ended.code)")
      }
      return .held(body, shipped: shipped)
    } catch {
      return .wrong("\(call) with a key has no answer: \(error)")
    }
  }

  // MARK: Judging

  /// Holds what the buyers were told against what is held, and both against the counters.
  ///
  /// - Parameter stock: the quantities before the round; after it, those that there should be.
  private func judge(
    _ buyers: [Buyer], _ endings: [Ending], _ site: Site, _ stock: inout [EntryKey: Int64],
    _ counts: inout [String: Int]
  ) async throws -> [Violation] {
    var violations: [Violation] = []
    var open = try await site.openHolds()
    var reserved: [EntryKey: Int64] = [:]
    for hold in open.values {
      for (key, units) in hold.held { reserved[key, default: 0] += units }
    }
    func halfHeld(_ order: String, _ text: String) {
      violations.append(Violation(.halfHeld, "order \(order): \(text)"))
    }
    for (buyer, ending) in zip(buyers, endings) {
      let cart = buyer.cart
      let found = open.removeValue(forKey: cart.order)
      if let found, found.asked != cart.lines { halfHeld(cart.order, "holds \(found.asked)") }
      switch ending {
      case .wrong(let text):
        violations.append(Violation(.wrongAnswer, "order \(cart.order): \(text)"))
      case .refused:
        counts["refused", default: 0] += 1
        if found != nil { halfHeld(cart.order, "was refused, and is held") }
      case .unknown:
        counts["unknown", default: 0] += 1
        if let found, found.held != cart.lines { halfHeld(cart.order, "holds \(found.held)") }
      case .held(let hold, let shipped):
        counts["held", default: 0] += 1
        if hold.asked != cart.lines { halfHeld(cart.order, "was answered \(hold.asked)") }
        for (key, units) in shipped { stock[key, default: 0] -= units }
        var expected = buyer.fate == .release ? [:] : cart.lines
        for (key, units) in shipped { expected[key, default: 0] -= units }
        expected = expected.filter { $0.value != 0 }
        if (found?.held ?? [:]) != expected {
          halfHeld(cart.order, "should hold \(expected), and holds \(found?.held ?? [:])")
        }
      }
    }
    for order in open.keys { halfHeld(order, "is held, and nobody of this round asked for it") }
    for (key, state) in try await site.state() {
      if state.quantity != stock[key] || state.reserved != reserved[key] ?? 0 {
        violations.append(
          Violation(
            .wrongTotal,
            "\(key) should have \(stock[key] ?? 0), \(reserved[key] ?? 0) reserved: \(state)"))
      }
    }
    return violations
  }

  /// Gives back all that is held, and fills the shelves again.
  private func clear(_ site: Site, _ stock: inout [EntryKey: Int64]) async throws {
    let exchange = RetryingExchange(site.store)
    let open = try await site.openHolds()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for hold in open.values {
        group.addTask {
          try await exchange.expect(
            HoldPath.end(hold.reservationId, by: "release", key: "clear-\(hold.reservationId)"))
        }
      }
      try await group.waitForAll()
    }
    let entries = stock.keys.sorted()
    for key in entries { stock[key] = opening }
    let answer = try await exchange.expect(
      HTTPRequest(
        .post, "/api/v1/store/inventory/batch",
        body: Change.batch(entries.map { ($0, .set(opening, expectedVersion: nil)) }).body,
        isIdempotent: true))
    let body: BatchBody = try answer.decoded()
    guard body.results.allSatisfy({ $0.status == 200 }) else {
      throw FaultError("after all was released the stock cannot be set: \(answer.complaint)")
    }
  }
}
