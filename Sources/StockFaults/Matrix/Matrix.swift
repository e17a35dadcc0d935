import StockCore
import StockProcesses
import StockRedis
import StockTools

/// Everything that Redis and the way to it can do to a commit, before and after it has been executed,
/// against a single reserve, a batch and a reservation over shards: what the client is told, what is
/// there then, and whether it goes on by itself.
public struct Matrix: Sendable {
  public enum Extent: String, CaseIterable, Sendable {
    /// Each fault once: under a minute.
    case short
    /// Each fault with each form of request.
    case whole
    /// Also those that outlast every time-out: half an hour.
    case long
  }

  public var extent = Extent.whole
  /// Only the cells whose names begin with it.
  public var prefix = ""
  /// SIGKILL of the engine after so many cells, and everything compared.
  public var cellsPerRestart = 10
  /// For whatever must happen eventually.
  public var patience = Duration.seconds(60)

  public init(_ extent: Extent = .whole) { self.extent = extent }

  /// One engine's state between cells.
  private struct Stage {
    var site: Site
    var engine: EngineProcess
    var proxy: FaultProxy
    var here: EntryKey
    var there: EntryKey
  }

  private var cells: [MatrixCase] {
    let all =
      switch extent {
      case .short: MatrixCase.short
      case .whole: MatrixCase.all(long: false)
      case .long: MatrixCase.all(long: true)
      }
    return all.filter { $0.name.hasPrefix(prefix) }
  }

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("matrix")
    let redis = try RedisProcess()
    try await redis.start()
    let proxy = try await FaultProxy.start(before: .unix(path: redis.socketPath))
    let engine = try scene.engine(redis: proxy.url)
    var tally: [String: Int] = [:]
    let begin = ContinuousClock.now
    try await scene.with(engine) {
      let stage = try await prepare(engine, proxy)
      for (number, cell) in cells.enumerated() {
        let cellBegin = ContinuousClock.now
        var found = try await play(cell, number, stage, &tally)
        let length = ContinuousClock.now - cellBegin
        if length > .seconds(5), cell.fault.times != nil {
          scene.progress("matrix: \(cell) took \(length.short)")
        }
        if (number + 1) % cellsPerRestart == 0 { found += try await restart(stage) }
        found = found.map { Violation($0.kind, "\(cell): \($0.text)") }
        for one in found { scene.progress("matrix: \(one)") }
        report.violations += found
        if (number + 1) % 50 == 0 {
          scene.progress("matrix: \(number + 1) of \(cells.count) cells")
        }
        if report.violations.count > 100 { break }
      }
      report.violations += try await restart(stage)
      await stage.site.close()
    }
    try await proxy.stop()
    try await redis.stop()
    report.facts.append("\(cells.count) cells in \((ContinuousClock.now - begin).short)")
    report.facts.append(
      tally.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    return report
  }

  private func prepare(_ engine: EngineProcess, _ proxy: FaultProxy) async throws -> Stage {
    // Of any number of shards above one, some two of these are on different ones.
    let probe = try await RedisAccess.open(proxy.url)
    let shards = try await probe.call(["HGET", RedisKeys().manifest, "shards"]).integer ?? 1
    await probe.disconnect()
    let map = ShardMap(shardCount: Int(shards))
    guard
      let other = (2...1_000).first(where: { map.shard(ofProduct: $0) != map.shard(ofProduct: 1) })
    else { throw FaultError("the engine has one shard only") }
    let site = try await Site.prepare(
      engine, products: [1, other], locations: ["MAIN"], opening: 1_000_000, history: History())
    return Stage(
      site: site, engine: engine, proxy: proxy, here: EntryKey(1, "MAIN"),
      there: EntryKey(other, "MAIN"))
  }

  // MARK: A cell

  private func play(
    _ cell: MatrixCase, _ number: Int, _ stage: Stage, _ tally: inout [String: Int]
  ) async throws -> [Violation] {
    var violations: [Violation] = []
    let before = try await stage.site.state()
    let asked = MatrixRequest(cell.form, number: number, here: stage.here, there: stage.there)
    let begin = ContinuousClock.now
    stage.proxy.set(cell.fault)
    let answer = try? await stage.site.store.send(asked.request)
    // What lasts, lasts longer than the engine's patience.
    if cell.fault.times == nil {
      try await Task.sleep(until: begin + .seconds(MatrixCase.outlasting), clock: .continuous)
    }
    stage.proxy.lift()
    if stage.proxy.hits == 0 {
      violations.append(Violation(.wrongAnswer, "the fault met no commit"))
    }
    let told = answer.map(asked.told) ?? asked.lines.map { _ in .unknown }
    for one in told { tally[one.name, default: 0] += 1 }
    for case .wrong(let what) in told { violations.append(Violation(.wrongAnswer, what)) }

    if try await !goesOn(stage) {
      if cell.mayStop {
        tally["times a shard stopped, and said so", default: 0] += 1
      } else {
        violations.append(
          Violation(
            .wrongAnswer, "it does not go on by itself: \(try await stage.site.shardStates())"))
      }
      violations += try await restart(stage, compares: false)
    }

    // A reservation that was given up may still be giving back.
    let possible = asked.possible(told, before: before)
    var state = try await stage.site.state()
    let isPossible = try await eventually(within: patience, every: .milliseconds(20)) {
      state = try await stage.site.state()
      return possible.contains { $0.hasSameCounters(as: state) }
    }
    if !isPossible {
      violations.append(
        Violation(.unexplainedState, "was told \(told), had \(before), has \(state)"))
    }
    violations += try await repeatIt(asked, answer, before, stage)
    violations += try await stage.site.agreement()
    for (key, state) in try await stage.site.stateInRedis()
    where state.available < 0 || state.reserved < 0 {
      violations.append(Violation(.impossibleState, "\(key): \(state)"))
    }
    return violations
  }

  /// The same again under the same key, until it is done: then it is done once.
  private func repeatIt(
    _ asked: MatrixRequest, _ first: HTTPAnswer?, _ before: [EntryKey: EntryState], _ stage: Stage
  ) async throws -> [Violation] {
    var second: HTTPAnswer?
    let isDone = try await eventually(within: patience, every: .milliseconds(50)) {
      second = try? await stage.site.store.send(asked.request)
      return second.map { asked.told($0).allSatisfy { $0 == .done } } ?? false
    }
    guard isDone, let second else {
      return [Violation(.wrongAnswer, "sent again: \(second?.complaint ?? "no answer")")]
    }
    var violations: [Violation] = []
    if let first, asked.told(first).allSatisfy({ $0 == .done }), first.body != second.body {
      violations.append(
        Violation(
          .otherAnswer,
          """
          was answered \(String(decoding: first.body, as: UTF8.self)), then \
          \(String(decoding: second.body, as: UTF8.self))
          """))
    }
    let once = asked.possible(asked.lines.map { _ in .done }, before: before)
    let state = try await stage.site.state()
    if !once.contains(where: { $0.hasSameCounters(as: state) }) {
      violations.append(
        Violation(.wrongTotal, "once done, there should be \(once), and there is \(state)"))
    }
    return violations
  }

  // MARK: Between cells

  /// Waits until both products take changes again, or the engine says that it has stopped for good.
  private func goesOn(_ stage: Stage) async throws -> Bool {
    let end = ContinuousClock.now + patience
    while ContinuousClock.now < end {
      if (try? await stage.site.settle(within: .seconds(1))) != nil { return true }
      if try await stage.site.shardStates().contains(where: { $0.hasPrefix("failed") }) {
        return false
      }
    }
    return false
  }

  /// SIGKILL and start: what was there is there.
  private func restart(_ stage: Stage, compares: Bool = true) async throws -> [Violation] {
    let before = compares ? try await stage.site.state() : [:]
    try await stage.engine.kill()
    try await stage.engine.start()
    try await stage.site.settle(within: patience)
    guard compares else { return [] }
    let after = try await stage.site.state()
    if before == after { return [] }
    return [Violation(.lostWrite, "before a restart \(before), after it \(after)")]
  }
}

extension MatrixRequest.Told {
  fileprivate var name: String {
    switch self {
    case .done: "done"
    case .notDone: "not done"
    case .unknown: "unknown"
    case .wrong: "wrong"
    }
  }
}
