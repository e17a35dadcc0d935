import StockProcesses

/// What a campaign found.
public struct Report: Sendable {
  public var name: String
  /// In words, one fact a line.
  public var facts: [String] = []
  public var violations: [Violation] = []
  /// What clients asked for and were told, in all.
  public private(set) var tally = History.Tally()

  public init(_ name: String) { self.name = name }

  public var isGood: Bool { violations.isEmpty }

  /// - Parameter shown: violations to print; a broken promise often breaks others with it.
  public func text(shown: Int = 20) -> String {
    var lines = ["\(name): \(isGood ? "good" : "\(violations.count) VIOLATIONS")"]
    lines += facts.map { "  " + $0 }
    if tally != History.Tally() {
      lines.append(
        """
          \(tally.attempts) changes asked for: \(tally.accepted) accepted, \(tally.refused) refused \
        on stock, \(tally.notDone) not done, \(tally.unknown) unknown; \(tally.reads) entries read
        """)
    }
    lines += violations.prefix(shown).map { "  ! \($0)" }
    if violations.count > shown { lines.append("  ! and \(violations.count - shown) more") }
    return lines.joined(separator: "\n")
  }

  mutating func add(_ history: History) { tally += history.tally }

  /// Takes over what another run of the same campaign found.
  mutating func add(_ report: Report, run: Int) {
    facts += report.facts.map { "run \(run): \($0)" }
    violations += report.violations.map { Violation($0.kind, "run \(run): \($0.text)") }
    tally += report.tally
  }
}

/// How a campaign begins: its engine, and where it tells how it goes.
public struct Scene: Sendable {
  /// The `stock` executable.
  public var binary: String
  /// Everything random comes from it, but for what the machine does.
  public var seed: UInt64
  /// Gets a line now and then.
  public var progress: @Sendable (String) -> Void

  public init(
    binary: String, seed: UInt64 = .random(in: 0...UInt64(UInt32.max)),
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.binary = binary
    self.seed = seed
    self.progress = progress
  }

  /// 2 hot products, 22 cold ones, at three locations.
  public var plan: Load.Plan {
    var plan = Load.Plan(
      hotProducts: [1, 2], coldProducts: Array(3...24), locations: ["MAIN", "WEST", "SHOP 1"])
    plan.seed = seed
    return plan
  }

  /// Runs a campaign several times, each with other random choices, until a promise is broken.
  public func repeated(
    _ runs: Int, _ campaign: (Scene) async throws -> Report
  ) async throws -> Report {
    var scene = self
    var report = try await campaign(scene)
    guard runs > 1, report.isGood else { return report }
    var all = Report(report.name)
    all.add(report, run: 1)
    for run in 2...runs {
      scene.seed &+= 1
      report = try await campaign(scene)
      all.add(report, run: run)
      progress("\(report.name): run \(run) of \(runs)")
      if !report.isGood { break }
    }
    return all
  }

  func engine(
    redis: String? = nil, adminKey: String? = nil,
    _ change: (inout EngineProcess.Options) -> Void = { _ in }
  ) throws -> EngineProcess {
    var options = EngineProcess.Options(binary: binary, redis: redis, port: try Port.free())
    options.adminKey = adminKey
    change(&options)
    return try EngineProcess(options)
  }

  /// Runs a campaign on an engine that is stopped in order when it ends well.
  func with<Value>(
    _ engine: EngineProcess, _ body: () async throws -> Value
  ) async throws -> Value {
    try await engine.start()
    do {
      let value = try await body()
      try await engine.stop()
      return value
    } catch {
      progress("the engine's last words:\n\(engine.errorTail)")
      try? await engine.kill()
      throw error
    }
  }
}

extension Duration {
  /// "12.3 s" or "45 ms".
  var short: String {
    let milliseconds = nanoseconds / 1_000_000
    return milliseconds < 10_000
      ? "\(milliseconds) ms" : "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
  }
}
