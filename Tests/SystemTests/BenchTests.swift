import Foundation
import StockTools
import Testing

/// `stock bench` against real engines. What it measures is not asked here, only that it counts.
@Suite("The load generator", .timeLimit(.minutes(15)))
struct BenchTests {
  private func options(_ scenario: BenchScenario) -> BenchOptions {
    var options = BenchOptions(scenario)
    options.load.connections = 8
    options.load.seconds = 1
    options.load.warmup = 0.2
    options.expireAfter = 1
    options.products = min(options.products, 500)
    options.operations = 50
    return options
  }

  private func run(
    _ engine: TestEngine, _ options: BenchOptions
  ) async throws -> BenchReport {
    var options = options
    // A machine that is busy with other tests may not come to a single answer in a second.
    while true {
      let report = try await BenchRunner(
        url: engine.url, exchange: engine.client(.admin), options: options
      ).run()
      let isEnough =
        report.accepted > 0
        && (options.scenario != .mixedAdmin || report.lists?.requests ?? 0 > 0)
      if isEnough || options.load.seconds > 20 { return report }
      options.load.seconds *= 3
    }
  }

  @Test("every scenario does its work, and the books are right")
  func scenarios() async throws {
    let engine = try await TestEngine()
    for scenario in BenchScenario.allCases {
      var options = options(scenario)
      if scenario == .flashSale { options.stock = 20 }
      if scenario == .checkout { options.expireShare = 30 }
      let report = try await run(engine, options)
      #expect(report.booksInWords == "right", "\(scenario)")
      #expect(report.books?.checked ?? 0 > 0)
      #expect(report.errors == 0, "\(scenario): \(report.firstError ?? "")")
      #expect(report.accepted > 0, "\(scenario)")
      #expect(report.operations == report.accepted + report.refused.values.reduce(0, +))
      let names = Set(report.kinds.map(\.name))
      switch scenario {
      case .hot, .spread, .zipf: #expect(names == ["reserve"])
      case .flashSale: #expect(report.refused.keys.elementsEqual(["insufficient_stock"]))
      case .checkout: #expect(names == ["hold", "fulfill", "release"])
      case .cart: #expect(report.operations > report.requests * 5)
      case .batch: #expect(report.operations == report.requests * 50)
      case .mixedAdmin:
        #expect(names == ["reserve", "reserve_beside_lists"])
        #expect(report.lists?.requests ?? 0 > 0)
        #expect(report.lists?.refused == [:])
      }
      if scenario != .flashSale { #expect(report.refused == [:], "\(scenario)") }
    }
    // A second run of the same engine finds what the first has reserved.
    var again = options(.spread)
    again.load.rate = 500
    again.load.threads = 2
    let report = try await run(engine, again)
    #expect(report.booksInWords == "right")
    #expect(report.requests + report.neverSent == 500)
    try await engine.stop()
  }

  @Test("units that nobody answered for are found")
  func plantedDifference() async throws {
    let engine = try await TestEngine()
    let thief = Task {
      // As soon as the stock is there.
      let json = #"{"product_id": 1000001, "location": "MAIN", "quantity": 3}"#
      while try await engine.inventory("reserve", json, as: .admin).status != 200 {
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    // Long enough for the thief to come to his turn on a busy machine.
    var options = options(.hot)
    options.load.seconds = 5
    let report = try await run(engine, options)
    thief.cancel()
    try await thief.value
    #expect(!report.isRight)
    #expect(report.booksInWords.hasPrefix("wrong: product 1000001: reserved should be "))
    #expect(report.books?.differences.count == 1)
    let json = try #require(
      JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
    #expect((json["books"] as? String)?.hasPrefix("wrong: ") == true)
    #expect(json["requests"] as? Int == report.requests)
    #expect(json["rate"] is NSNull)
    let latency = try #require(json["latency_us"] as? [String: Any])
    #expect(
      Set(latency.keys) == ["min", "mean", "p50", "p90", "p99", "p99_9", "p99_99", "max"])
    try await engine.stop()
  }
}
