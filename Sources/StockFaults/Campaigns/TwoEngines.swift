import StockProcesses
import StockTools

/// A second engine on the same Redis takes the shards. The first one then takes no change any more,
/// and shows nothing that is out of date.
public struct TwoEngines: Sendable {
  /// An engine that has nothing to write looks every second whether its shards are still its own
  /// (`ShardConfiguration.heartbeat`): so long, and some, it may show what was true before.
  public var patience = Duration.milliseconds(2_500)

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("two-engines")
    for isBusy in [true, false] {
      try await takeOver(scene, isBusy: isBusy, &report)
    }
    return report
  }

  /// - Parameter isBusy: whether the first engine is under load meanwhile. One that has nothing to
  ///   write has to find out by itself that it is not the owner any more.
  private func takeOver(_ scene: Scene, isBusy: Bool, _ report: inout Report) async throws {
    let name = isBusy ? "first engine busy" : "first engine idle"
    let redis = try RedisProcess()
    try await redis.start()
    let first = try scene.engine(redis: redis.url)
    let second = try scene.engine(redis: redis.url, adminKey: first.adminKey)
    let history = History()
    var late: [Ending] = []
    try await scene.with(first) {
      let site = try await Site.prepare(
        first, products: scene.plan.products, locations: scene.plan.locations, opening: 100,
        history: history)
      let http = try await site.client(connections: 12, depth: 2)
      let client = RecordingClient(http, history: history)
      try await Load(scene.plan, client).run {
        try await Task.sleep(for: .milliseconds(300))
        if isBusy {
          try await second.start()
          try await Task.sleep(for: .milliseconds(200))
        }
      }
      if !isBusy {
        try await second.start()
        try await Task.sleep(for: patience)
      }
      let other = try await site.through(second)
      let otherHTTP = try await other.client(connections: 4)
      let otherClient = RecordingClient(otherHTTP, history: history)
      for product in scene.plan.products {
        for location in scene.plan.locations {
          let key = EntryKey(product, location)
          let change = await otherClient.send(.adjust(1), on: key)
          if !change.isAccepted {
            report.violations.append(
              Violation(.wrongAnswer, "\(name): the second answered \(change) for \(key)"))
          }
          // The history tells of a stale read; a 503 is none.
          await client.read(product: product)
          late.append(await client.send(.adjust(1), on: key))
        }
      }
      await http.close()
      await otherHTTP.close()
      let found = try await other.inspect(history)
      report.violations += found.violations.map { Violation($0.kind, "\(name): \($0.text)") }
      await other.close()
      await site.close()
      try await second.stop()
    }
    try await redis.stop()
    for ending in late {
      if case .notDone = ending { continue }
      report.violations.append(
        Violation(.wrongAnswer, "\(name): the fenced engine answered a change with \(ending)"))
    }
    report.facts.append("\(name): \(late.count) changes asked of it once it was fenced")
    report.add(history)
  }
}
