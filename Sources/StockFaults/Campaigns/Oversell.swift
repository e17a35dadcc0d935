import StockTools

/// A drop: many buyers, too few units. Exactly as many buy as there are units.
public struct Oversell: Sendable {
  public var buyers = 256
  public var attempts = 10_000
  public var units: Int64 = 5_000
  public var products: [Int64] = [1, 2, 3, 4, 5]
  public var locations = ["MAIN", "WEST", "SHOP 1", "SHOP 2"]

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("oversell")
    try await one("one entry, single requests", scene, &report) { client, entries in
      await buy(client, Array(repeating: entries[0], count: attempts))
    }
    try await one("one entry, batches of 100", scene, &report) { client, entries in
      await buy(client, inBatchesOf: 100, Array(repeating: entries[0], count: attempts))
    }
    try await one("20 entries, single requests", scene, &report, spread: true) { client, entries in
      await buy(client, spread(over: entries, scene.seed))
    }
    try await one("20 entries, batches of 100", scene, &report, spread: true) { client, entries in
      await buy(client, inBatchesOf: 100, spread(over: entries, scene.seed))
    }
    try await one("with releases in between", scene, &report, exact: false) { client, entries in
      await buy(client, Array(repeating: entries[0], count: attempts), givingBack: scene.seed)
    }
    return report
  }

  // MARK: One drop

  private func one(
    _ name: String, _ scene: Scene, _ report: inout Report, spread: Bool = false,
    exact: Bool = true, _ buy: (RecordingClient, [EntryKey]) async -> Void
  ) async throws {
    scene.progress("oversell: \(name)")
    let engine = try scene.engine()
    let products = spread ? products : Array(products.prefix(1))
    let locations = spread ? locations : Array(locations.prefix(1))
    let entries = products.flatMap { product in locations.map { EntryKey(product, $0) } }
    let opening = units / Int64(entries.count)
    let history = History()
    let (found, took) = try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: products, locations: locations, opening: opening, history: history)
      let http = try await site.client(connections: buyers)
      let begin = ContinuousClock.now
      await buy(RecordingClient(http, history: history), entries)
      let took = ContinuousClock.now - begin
      await http.close()
      let found = try await site.inspect(history)
      await site.close()
      return (found, took)
    }
    report.violations += found.violations.map { Violation($0.kind, "\(name): \($0.text)") }

    let tally = history.tally
    let accepted = tally.accepted - entries.count
    report.facts.append("\(name): \(accepted) yes, \(tally.refused) sold out, in \(took.short)")
    for key in entries {
      let mine = history.attempts.filter { $0.key == key }
      report.violations += judge(name, key, mine, found.state[key], opening: opening, exact: exact)
    }
  }

  /// The books of one entry, to the unit.
  private func judge(
    _ name: String, _ key: EntryKey, _ attempts: [Attempt], _ state: EntryState?, opening: Int64,
    exact: Bool
  ) -> [Violation] {
    var sold: Int64 = 0
    var givenBack: Int64 = 0
    var soldOut: Int64 = 0
    var violations: [Violation] = []
    for attempt in attempts {
      switch (attempt.change, attempt.ending) {
      case (.set, .accepted): break
      case (.reserve, .accepted): sold += 1
      case (.release, .accepted): givenBack += 1
      case (.reserve, .refused(.insufficientStock(requested: 1, available: 0))): soldOut += 1
      default:
        violations.append(
          Violation(.wrongAnswer, "\(name), \(key): \(attempt.change) ended \(attempt.ending)"))
      }
    }
    if exact, sold != opening || soldOut != Int64(self.attempts) * opening / units - opening {
      violations.append(
        Violation(
          .wrongTotal, "\(name), \(key): \(sold) sold and \(soldOut) sold out, of \(opening)"))
    }
    if state?.quantity != opening || state?.reserved != sold - givenBack {
      violations.append(
        Violation(
          .wrongTotal,
          """
          \(name), \(key): \(sold) sold, \(givenBack) given back, but it is \
          \(state?.description ?? "gone")
          """))
    }
    return violations
  }

  // MARK: Buyers

  /// As many attempts on each entry, in a random order.
  private func spread(over entries: [EntryKey], _ seed: UInt64) -> [EntryKey] {
    var random = SeededRandom(seed: seed)
    return (0..<attempts).map { entries[$0 % entries.count] }.shuffled(using: &random)
  }

  /// - Parameter seed: if given, a quarter of those who got a unit give it back at once.
  private func buy(
    _ client: RecordingClient, _ wanted: [EntryKey], givingBack seed: UInt64? = nil
  ) async {
    await withTaskGroup(of: Void.self) { group in
      for buyer in 0..<buyers {
        group.addTask {
          var random = SeededRandom(seed: (seed ?? 0) &+ UInt64(buyer))
          for place in stride(from: buyer, to: wanted.count, by: buyers) {
            let ending = await client.send(.reserve(1), on: wanted[place])
            if seed != nil, ending.isAccepted, Int.random(in: 0..<4, using: &random) == 0 {
              await client.send(.release(1), on: wanted[place])
            }
          }
        }
      }
    }
  }

  private func buy(
    _ client: RecordingClient, inBatchesOf size: Int, _ wanted: [EntryKey]
  ) async {
    await withTaskGroup(of: Void.self) { group in
      for start in stride(from: 0, to: wanted.count, by: size) {
        let lines = wanted[start..<min(start + size, wanted.count)]
        group.addTask { await client.send(lines.map { ($0, .reserve(1)) }) }
      }
    }
  }
}
