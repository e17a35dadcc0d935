import StockCore
import Testing

/// Runs a table of the rules: one step a line, `what is asked -> what is answered`. After each step
/// Redis takes the batch. Of the answer, the name and the fields that are given must agree.
///
///     set 1 A 100 -> ok quantity=100 reserved=0 version=1
///     reserve 1 A 101 -> insufficient_stock requested=101 available=100
///
/// `-` is a location that was not given. `as=2` asks for store 2, else everyone's products are seen.
/// `store=1` says in whose store an unknown product is made. Each step is one second after the last.
final class RuleTable {
  private var machine = ShardStateMachine(id: 0, map: ShardMap(shardCount: 1))
  private var seconds: Int64 = 0

  static func run(
    _ table: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let runner = RuleTable()
    for line in table.split(separator: "\n") where !line.trimmed.isEmpty {
      if line.trimmed.hasPrefix("#") { continue }
      let parts = line.split(separator: ">").map(\.trimmed)
      guard parts.count == 2, parts[0].hasSuffix("-"),
        let command = Step(parts[0].dropLast().trimmed).command
      else {
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
    machine.finishLoading()
  }

  private func answer(_ command: Command) -> Outcome {
    seconds += 1
    let now = Now(wall: seconds * 1_000, monotonic: seconds * 1_000)
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

  var command: Command? {
    guard let operation else { return nil }
    return Command(scope: number("as").map { .only($0) } ?? .any, operation: operation)
  }

  private var operation: Command.Operation? {
    guard let verb = words.first, words.count >= 2, let id = Int64(words[1]) else { return nil }
    switch verb {
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
          location: options["location"], gtin: gtin, expectedVersion: number("expected_version")))
    case "delete": return .deleteEntry(id, expectedVersion: number("expected_version"))
    case "product":
      guard let store = number("store"), let type = ProductType(name: options["type"] ?? "physical")
      else { return nil }
      return .putProduct(
        PutProduct(
          id: id, store: store, type: type, gtin: gtin ?? .none, title: options["title"] ?? ""))
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

  private var gtin: GTIN? { options["gtin"].map { GTIN($0) ?? GTIN.none } }
}

extension Outcome {
  /// The answer in words: its name, then `field=value`s.
  fileprivate var words: [String] {
    switch self {
    case .entry(let entry): ["ok"] + entry.words(prefix: "")
    case .transferred(let from, let to):
      ["transferred"] + from.words(prefix: "from.") + to.words(prefix: "to.")
    case .deleted: ["deleted"]
    case .product(let product): ["product"] + product.words
    case .productCreated(let product): ["created"] + product.words
    case .summary(let summary):
      [
        "summary", "entries=\(summary.entries.map { String($0.id) }.joined(separator: ","))",
        "quantity=\(summary.totalQuantity)", "reserved=\(summary.totalReserved)",
        "available=\(summary.totalAvailable)",
      ] + summary.product.words
    case .refused(let refusal): refusal.words
    case .unavailable(let why): ["\(why)"]
    }
  }
}

extension EntrySnapshot {
  fileprivate func words(prefix: String) -> [String] {
    [
      "id=\(id)", "product=\(product)", "store=\(store)", "location=\(location)",
      "quantity=\(value.quantity)", "reserved=\(value.reserved)", "available=\(available)",
      "version=\(value.version)", "gtin=\(value.gtin)", "unlimited=\(unlimited)",
      "created=\(value.createdAt / 1_000)s", "updated=\(value.updatedAt / 1_000)s",
    ].map { prefix + $0 }
  }
}

extension ProductSnapshot {
  fileprivate var words: [String] {
    [
      "product=\(id)", "store=\(value.store)", "type=\(value.type.name)",
      "version=\(value.version)", "title=\(value.title)", "gtin=\(value.gtin)",
    ]
  }
}

extension Refusal {
  fileprivate var words: [String] {
    switch self {
    case .productNotFound: ["product_not_found"]
    case .entryNotFound: ["entry_not_found"]
    case .locationRequired: ["location_required"]
    case .versionConflict(.version(let expected, let actual)):
      ["version_conflict", "expected_version=\(expected)", "actual=\(actual)"]
    case .versionConflict(.quantity(let expected, let actual)):
      ["version_conflict", "expected_quantity=\(expected)", "actual=\(actual)"]
    case .insufficientStock(let requested, let available):
      ["insufficient_stock", "requested=\(requested)", "available=\(available)"]
    case .insufficientReserved(let requested, let reserved):
      ["insufficient_reserved", "requested=\(requested)", "reserved=\(reserved)"]
    case .belowReserved(let requested, let reserved):
      ["below_reserved", "requested=\(requested)", "reserved=\(reserved)"]
    case .quantityTooLarge: ["quantity_too_large"]
    case .locationTaken: ["location_taken"]
    case .entryInUse(let reserved): ["entry_in_use", "reserved=\(reserved)"]
    case .capacityReached(let what): ["capacity_reached", "of=\(what)"]
    }
  }
}

extension StringProtocol {
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
