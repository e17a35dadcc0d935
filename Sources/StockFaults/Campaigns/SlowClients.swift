import StockProcesses
import StockTools

/// Thousands of clients that send a header byte by byte, never finish a body, or never read their
/// answers. The others do not notice, memory stays bounded, and the slow ones are let go in time.
public struct SlowClients: Sendable {
  /// Of all kinds together.
  public var clients = 10_000
  /// How long they stay.
  public var seconds = 20.0
  /// Bytes of memory that each may cost the engine.
  public var bytesEach = 256 << 10

  public init() {}

  public func run(_ scene: Scene) async throws -> Report {
    var report = Report("slow-clients")
    let limit = FileLimit.raise(to: clients + FileLimit.spare)
    guard limit >= clients else {
      throw FaultError("only \(limit) files may be open, and \(clients) clients need one each")
    }
    let engine = try scene.engine()
    try await scene.with(engine) {
      let site = try await Site.prepare(
        engine, products: [1], locations: ["MAIN"], opening: 1_000_000, history: History())
      let client = try await site.client(connections: 4, depth: 1)
      let alone = await probe(client, for: .seconds(3))
      report.facts.append("reserves without them: \(alone.text)")
      let before = await engine.residentMiB

      scene.progress("slow-clients: \(clients) of them")
      let crowd = try SlowCrowd(
        try await engine.url, key: site.storeKey, count: clients)
      let beside = await probe(client, for: .seconds(seconds)) { crowd.poke() }
      report.facts.append("reserves beside \(crowd.openCount) slow clients: \(beside.text)")
      let grown = max(0, await engine.residentMiB - before) << 20
      report.facts.append(
        "the engine's memory grew by \(grown >> 20) MB, \(grown / clients) bytes a client")
      if beside.accepted < beside.asked {
        report.violations.append(Violation(.wrongAnswer, "reserves of others were refused"))
      }
      if grown > clients * bytesEach {
        report.violations.append(Violation(.tooLarge, "\(grown / clients) bytes a slow client"))
      }

      // A request may take 30 s to arrive, an idle connection 75 s. The engine is asked: who does not
      // read does not hear either that the connection has ended.
      let admin = try await HTTPClient.start(
        url: try await engine.url, configuration: .init(connections: 1, key: engine.adminKey))
      var left = clients
      _ = try await eventually(within: .seconds(180), every: .seconds(1)) {
        crowd.poke()
        left = try await Self.connections(admin)
        return left <= Self.own
      }
      await admin.close()
      report.facts.append("\(clients - max(0, left - Self.own)) of \(clients) were let go")
      if left > Self.own {
        report.violations.append(
          Violation(.tooLarge, "\(left) connections are still open"))
      }
      crowd.close()
      await client.close()
      await site.close()
    }
    return report
  }

  /// Connections of the campaign that are no slow clients.
  private static let own = 16

  private static func connections(_ admin: HTTPClient) async throws -> Int {
    let text = String(
      decoding: try await admin.send(HTTPRequest(.get, "/metrics")).body, as: UTF8.self)
    let name = "stock_http_connections "
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let count = Int(line.dropFirst(name.count))
    else { throw FaultError("the metrics do not tell the connections") }
    return count
  }

  /// - Parameter meanwhile: is called ten times a second.
  private func probe(
    _ client: HTTPClient, for length: Duration, meanwhile: @Sendable () -> Void = {}
  ) async -> Probe.Seen {
    let probe = Probe(client) { _ in Change.reserve(1).request(on: EntryKey(1, "MAIN")) }
    let task = Task { await probe.run() }
    let end = ContinuousClock.now + length
    while ContinuousClock.now < end {
      meanwhile()
      try? await Task.sleep(for: .milliseconds(100))
    }
    task.cancel()
    return await task.value
  }
}
