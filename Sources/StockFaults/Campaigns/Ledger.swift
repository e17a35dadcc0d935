import Foundation
import StockProcesses
import StockTools

/// Real orders, with SIGKILLs of the engine in between; then another program rebuilds all counters from
/// the ledger's movements alone, and they are what the engine answers.
public struct Ledger: Sendable {
  /// CSV files of order lines, as `stock replay` takes them; `.gz` too.
  public var files: [String]
  /// The program that reads the ledger: `docs/examples/ledger.py`.
  public var reader: String
  public var kills = 20
  /// From the engine's being back to its next kill, about.
  public var interval = Duration.milliseconds(200)
  public var opening: Int64 = 1_000
  public var releaseShare = 10
  public var expireShare = 2

  public init(files: [String], reader: String) {
    self.files = files
    self.reader = reader
  }

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("ledger")
    let plan = try await readPlan()
    let engine = try scene.engine()
    try await scene.with(engine) {
      let client = try await HTTPClient.start(
        url: try await engine.url,
        configuration: .init(
          connections: 16, depth: 4, timeout: .seconds(60), key: engine.adminKey))
      // An engine that was killed is back within seconds.
      let exchange = RetryingExchange(
        client, policy: RetryPolicy(patience: .seconds(120), longestPause: .milliseconds(500)))
      var options = ReplayRunner.Options(location: "MAIN", opening: opening, underWay: 64)
      options.releaseShare = releaseShare
      options.expireShare = expireShare
      let (replay, killed) = try await replay(
        plan, ReplayRunner(exchange, options: options), engine, scene)
      report.facts += ["seed \(scene.seed), \(killed) kills of the engine"]
      report.facts += replay.text.split(separator: "\n").map(String.init)
      report.violations += replay.differences.map {
        Violation(.wrongTotal, "\($0.sku): \($0.text)")
      }
      for (code, count) in replay.counts.refusedEndings {
        report.violations.append(
          Violation(.wrongAnswer, "\(count) reservations could not be ended: \(code)"))
      }
      if replay.counts.unknownLines > 0 {
        report.violations.append(
          Violation(
            .wrongAnswer, "\(replay.counts.unknownLines) lines had no answer, keys and all"))
      }
      report.violations += try await compare(engine, exchange, &report)
      await client.close()
    }
    return report
  }

  private func readPlan() async throws -> ReplayPlan {
    var planner = ReplayPlanner()
    for file in files {
      var path = file
      var folder: TemporaryFolder?
      if file.hasSuffix(".gz") {
        let made = try TemporaryFolder()
        folder = made
        path = "\(made.path)/orders.csv"
        _ = try await Program.run("gzip", ["-dc", file], output: path)
      }
      var reader = try CSVFile.open(path)
      try planner.read(&reader, file: file)
      withExtendedLifetime(folder) {}
    }
    return try planner.finish()
  }

  /// Replays while the engine is killed again and again.
  private func replay(
    _ plan: ReplayPlan, _ runner: ReplayRunner, _ engine: EngineProcess, _ scene: Scene
  ) async throws -> (ReplayReport, Int) {
    enum Part {
      case report(ReplayReport)
      case kills(Int)
    }
    let stop = StopSign()
    return try await withThrowingTaskGroup(of: Part.self) { group in
      group.addTask {
        defer { stop.set() }
        return .report(try await runner.run(plan))
      }
      group.addTask {
        var random = SeededRandom(seed: scene.seed)
        var done = 0
        while done < kills {
          try await Task.sleep(for: interval * Double.random(in: 0.5...1.5, using: &random))
          if stop.isSet { break }
          try await engine.kill()
          try await engine.start()
          done += 1
          if done % 5 == 0 { scene.progress("ledger: \(done) kills") }
        }
        return .kills(done)
      }
      var (report, killed): (ReplayReport?, Int) = (nil, 0)
      while let part = try await group.next() {
        switch part {
        case .report(let one): report = one
        case .kills(let count): killed = count
        }
      }
      guard let report else { throw FaultError("the replay ended without a report") }
      return (report, killed)
    }
  }

  // MARK: Comparing

  private func compare(
    _ engine: EngineProcess, _ exchange: RetryingExchange<HTTPClient>, _ report: inout Report
  ) async throws -> [Violation] {
    var violations: [Violation] = []
    let folder = try TemporaryFolder()
    let check = try await Program.run(
      "python3", [reader, engine.redisURL, "--check"], output: "\(folder.path)/check",
      mayFail: true)
    let told = check.text.split(separator: "\n").suffix(3).map(String.init)
    if check.status == 0 {
      report.facts += told
    } else {
      violations.append(
        Violation(.redisDiffers, "\(reader) --check: \(told.joined(separator: "; "))"))
    }

    let rebuilt = try await Program.run(
      "python3", [reader, engine.redisURL], output: "\(folder.path)/counters")
    let fromLedger = Self.counters(rebuilt.text)
    let answered = try await Self.answered(exchange)
    for key in Set(fromLedger.keys).union(answered.keys).sorted()
    where fromLedger[key] != answered[key] {
      violations.append(
        Violation(
          .redisDiffers,
          """
          \(key): movements add up to \(fromLedger[key] ?? "nothing"), the engine answers \
          \(answered[key] ?? "nothing")
          """))
    }
    report.facts.append("\(answered.count) entries compared with the sums of their movements")
    return violations
  }

  /// Lines of product, location, quantity and reserved, tabs between; an entry without units is none.
  private static func counters(_ text: String) -> [EntryKey: String] {
    var counters: [EntryKey: String] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard fields.count >= 4, let product = Int64(fields[0]) else { continue }
      counters[EntryKey(product, String(fields[1]))] = "\(fields[2])/\(fields[3])"
    }
    return counters.filter { $0.value != "0/0" }
  }

  private static func answered(
    _ exchange: RetryingExchange<HTTPClient>
  ) async throws -> [EntryKey: String] {
    struct Page: Decodable {
      struct Entry: Decodable {
        var productId: Int64
        var location: String
        var quantity: Int64
        var reservedQuantity: Int64
      }
      var items: [Entry]
      var nextCursor: String?
    }
    var counters: [EntryKey: String] = [:]
    let first = "/api/v1/store/inventory?limit=500"
    var path = first
    while true {
      let page: Page = try await exchange.expect(HTTPRequest(.get, path)).decoded()
      for entry in page.items {
        counters[EntryKey(entry.productId, entry.location)] =
          "\(entry.quantity)/\(entry.reservedQuantity)"
      }
      guard let cursor = page.nextCursor else { return counters.filter { $0.value != "0/0" } }
      path = "\(first)&cursor=\(cursor)"
    }
  }
}
