import StockTools

/// A second engine on the same Redis takes the shards. The first one then takes no change any more,
/// and shows nothing that is out of date.
public struct TwoEngines: Sendable {
  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("two-engines")
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
        try await second.start()
        try await Task.sleep(for: .milliseconds(200))
      }
      // From here on the first one is asked only where the second has changed something.
      let other = try await site.through(second)
      try await other.settle()
      let otherHTTP = try await other.client(connections: 4)
      let otherClient = RecordingClient(otherHTTP, history: history)
      for product in scene.plan.products {
        for location in scene.plan.locations {
          let key = EntryKey(product, location)
          let change = await otherClient.send(.adjust(1), on: key)
          if !change.isAccepted {
            report.violations.append(
              Violation(.wrongAnswer, "the second engine answered \(change) for \(key)"))
          }
          // The history tells of a stale read; a 503 is none.
          await client.read(product: product)
          late.append(await client.send(.adjust(1), on: key))
        }
      }
      await http.close()
      await otherHTTP.close()
      let found = try await other.inspect(history)
      report.violations += found.violations
      await other.close()
      await site.close()
      try await second.stop()
    }
    for ending in late {
      if case .notDone = ending { continue }
      report.violations.append(
        Violation(.wrongAnswer, "the fenced engine answered a change with \(ending)"))
    }
    try await redis.stop()
    report.facts.append("\(late.count) changes asked of the fenced engine")
    report.add(history)
    return report
  }
}
