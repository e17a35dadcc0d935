import StockCore
import Testing

/// Runs a table of the rules: one step a line, `what is asked -> what is answered`. After each step
/// Redis takes the batch. Of the answer, the name and the fields that are given must agree.
///
///     set 1 A 100 -> ok quantity=100 reserved=0 version=1
///     reserve 1 A 101 -> insufficient_stock requested=101 available=100
///     hold ORDER-1 1@A:2 2@-:1 ttl=60 -> held_new id=r0-1 lines=1@A:2/2,2@B:1/1
///     fulfill_hold r0-1 1@A:1 -> held status=held lines=1@A:1/2+1,2@B:1/1
///
/// `-` is a location that was not given. `as=2` asks for store 2, else everyone's products are seen.
/// `store=1` says in whose store an unknown product is made. `key=K` is an idempotency key. A hold's
/// line is shown as `product@location:held/quantity`, and `+` what was fulfilled. The holds' ids are
/// r0-1, r0-2 … in the order of asking, but for `id=`. Each step is one second after the last;
/// `wait 60` lets time go by.
final class RuleTable {
  private var machine = ShardStateMachine(id: 0, map: ShardMap(shardCount: 1))
  private var seconds: Int64 = 0
  private var holds = 0

  static func run(
    _ table: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let runner = RuleTable()
    for line in table.split(separator: "\n") where !line.trimmed.isEmpty {
      if line.trimmed.hasPrefix("#") { continue }
      if let pause = Step(line.trimmed).pause {
        runner.wait(seconds: pause)
        continue
      }
      let parts = line.split(separator: ">").map(\.trimmed)
      guard parts.count == 2, parts[0].hasSuffix("-") else {
        Issue.record("cannot read the line: \(line)", sourceLocation: sourceLocation)
        continue
      }
      let step = Step(parts[0].dropLast().trimmed)
      guard let command = step.command(holdNumber: runner.nextHold(step)) else {
        Issue.record("cannot read the line: \(line)", sourceLocation: sourceLocation)
        continue
      }
      let answered = runner.answer(command).words
      let expected = parts[1].split(separator: " ").map(String.init)
      let isAsExpected = expected.first == answered.first && Set(expected).isSubset(of: answered)
      #expect(
        isAsExpected, "\(line.trimmed)\n  answered: \(answered.joined(separator: " "))",
        sourceLocation: sourceLocation)
    }
    let wrong = runner.machine.checkInvariants()
    #expect(wrong == [], sourceLocation: sourceLocation)
  }

  private init() {
    let owner = Ownership(owner: "table", epoch: 1)
    machine.beginLoading(ShardMeta(ownership: owner, sequence: 0, digest: 0, lastEntryNumber: 0))
    try? machine.finishLoading()
  }

  private var now: Now { Now(wall: seconds * 1_000, monotonic: seconds * 1_000) }

  private func nextHold(_ step: Step) -> Int {
    if step.makesHold { holds += 1 }
    return holds
  }

  private func wait(seconds pause: Int64) {
    seconds += pause
    if case .send = machine.tick(now: now) {
      _ = machine.replied(.committed, now: now, jitter: 0)
    }
  }

  private func answer(_ command: Command) -> Outcome {
    seconds += 1
    if let outcome = machine.submit(command, ticket: Ticket(rawValue: 1), now: now) {
      return outcome
    }
    _ = machine.endOfTick(now: now)
    _ = machine.replied(.committed, now: now, jitter: 0)
    let answers = machine.takeAnswers()
    return answers.count == 1 ? answers[0].outcome : .unavailable(.outcomeUnknown)
  }
}

/// What is asked, read from a line.
private struct Step {
  private var words: [String] = []
  private var options: [String: String] = [:]

  init(_ text: String) {
    for word in text.split(separator: " ") {
      if let sign = word.firstIndex(of: "=") {
        options[String(word[..<sign])] = String(word[word.index(after: sign)...])
      } else {
        words.append(word == "-" ? "" : String(word))
      }
    }
  }

  /// Seconds to let go by.
  var pause: Int64? { words.first == "wait" && words.count == 2 ? Int64(words[1]) : nil }

  var makesHold: Bool { words.first == "hold" || words.first == "together" }

  func command(holdNumber: Int) -> Command? {
    guard let operation = holdOperation(holdNumber) ?? operation else { return nil }
    var command = Command(
      scope: number("as").map { .only($0) } ?? .any, operation: operation, actor: 7)
    if let key = options["key"] {
      let others = options.filter { $0.key != "key" }.map { "\($0.key)=\($0.value)" }.sorted()
      command.idempotency = IdempotencyKey(
        high: Self.digest(key), low: 1,
        fingerprint: Self.digest((words + others).joined(separator: " ")))
    }
    return command
  }

  private static func digest(_ text: String) -> UInt64 {
    text.utf8.reduce(7) { ShardMap.mix($0 ^ UInt64($1)) }
  }

  private func holdOperation(_ holdNumber: Int) -> Command.Operation? {
    guard let verb = words.first, words.count >= 2 else { return nil }
    let id = words[1]
    switch verb {
    case "hold":
      guard let lines = lines(from: 2), !lines.isEmpty else { return nil }
      return .hold(
        HoldRequest(
          id: options["id"] ?? "r0-\(holdNumber)", isClientID: options["id"] != nil, order: id,
          customer: options["customer"] ?? "", lines: lines,
          timeToLive: (number("ttl") ?? 900) * 1_000, allocation: allocation))
    case "together":
      guard let lines = lines(from: 1) else { return nil }
      return .reserveTogether(AtomicReserve(id: "r0-\(holdNumber)", lines: lines))
    case "extend": return .extendHold(id, timeToLive: (number("ttl") ?? 900) * 1_000)
    case "fulfill_hold": return .fulfillHold(id, amounts)
    case "release_hold": return .releaseHold(id, amounts)
    case "read_hold": return .readHold(id)
    default: return nil
    }
  }

  /// Lines such as `1@A:2`; `1@-:2` has no location.
  private func lines(from place: Int) -> [HoldLine]? {
    var lines: [HoldLine] = []
    for word in words.dropFirst(place) {
      let parts = word.split { $0 == "@" || $0 == ":" }
      guard parts.count == 3, let product = Int64(parts[0]), let quantity = Int64(parts[2]) else {
        return nil
      }
      let location = parts[1] == "-" ? "" : String(parts[1])
      lines.append(HoldLine(product: product, location: location, quantity: quantity))
    }
    return lines
  }

  private var amounts: [HoldAmount]? {
    guard words.count > 2 else { return nil }
    return lines(from: 2)?.map {
      HoldAmount(product: $0.product, location: $0.location, quantity: $0.quantity)
    }
  }

  private var allocation: Allocation {
    Allocation(
      strategy: options["strategy"].flatMap { Allocation.Strategy(rawValue: $0) } ?? .priority,
      priority: options["priority"]?.split(separator: ",").map(String.init) ?? [])
  }

  private var policy: StockPolicy {
    StockPolicy(
      lowStockThreshold: number("low"), safetyStock: number("safety") ?? 0,
      backorderLimit: number("backorder") ?? 0,
      purchaseLimit: number("limit").map {
        PurchaseLimit(
          quantity: $0, startsAt: (number("from") ?? 0) * 1_000,
          endsAt: number("until").map { $0 * 1_000 } ?? .max)
      })
  }

  private var operation: Command.Operation? {
    guard let verb = words.first, words.count >= 2, let id = Int64(words[1]) else { return nil }
    switch verb {
    case "allocate":
      guard words.count == 3, let quantity = Int64(words[2]) else { return nil }
      return .allocate(AllocateStock(product: id, quantity: quantity, allocation: allocation))
    case "reserve": return amount(id).map { .reserve($0) }
    case "release": return amount(id).map { .release($0) }
    case "fulfill": return amount(id).map { .fulfill($0) }
    case "set":
      guard let it = amount(id) else { return nil }
      return .set(
        SetStock(
          product: id, location: it.location, quantity: it.quantity, gtin: gtin,
          expectedQuantity: number("expected_quantity"),
          expectedVersion: number("expected_version"), newProductStore: number("store")))
    case "adjust":
      guard let it = amount(id) else { return nil }
      return .adjust(
        AdjustStock(
          product: id, location: it.location, quantity: it.quantity,
          expectedVersion: number("expected_version"), newProductStore: number("store")))
    case "transfer":
      guard words.count == 5, let quantity = Int64(words[4]) else { return nil }
      return .transfer(Transfer(product: id, from: words[2], to: words[3], quantity: quantity))
    case "put":
      return .putEntry(
        PutEntry(
          id: id, quantity: number("quantity"), reserved: number("reserved"),
          location: options["location"], gtin: gtin, expectedVersions: numbers("expected_version")))
    case "delete": return .deleteEntry(id, expectedVersions: numbers("expected_version"))
    case "product":
      guard let store = number("store"), let type = ProductType(name: options["type"] ?? "physical")
      else { return nil }
      return .putProduct(
        PutProduct(
          id: id, store: store, type: type, gtin: gtin ?? .none, title: options["title"] ?? "",
          policy: policy))
    case "read": return .readEntry(id)
    case "read_product": return .readProduct(id)
    case "summary": return .readSummary(id)
    default: return nil
    }
  }

  private func amount(_ product: ProductID) -> EntryAmount? {
    guard words.count == 4, let quantity = Int64(words[3]) else { return nil }
    return EntryAmount(product: product, location: words[2], quantity: quantity)
  }

  private func number(_ name: String) -> Int64? { options[name].flatMap { Int64($0) } }

  /// With commas between.
  private func numbers(_ name: String) -> [Int64]? {
    options[name]?.split(separator: ",").compactMap { Int64($0) }
  }

  private var gtin: GTIN? { options["gtin"].map { GTIN($0) ?? GTIN.none } }
}

extension StringProtocol {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
