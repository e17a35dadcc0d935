import CoreMetrics
import Logging
import NIOConcurrencyHelpers
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

@Suite struct MetricsTests {
  // MARK: Counting

  @Test func bucketsHoldWhatTheirBoundsSay() {
    let empty = Buckets(first: 3, last: 6)
    let bounds = (0..<empty.counts.count).map { empty.bound($0) }
    #expect(bounds == [8, 12, 16, 24, 32, 48, 64, nil])
    for value in -1...100 {
      var buckets = empty
      buckets.add(value)
      let place = buckets.counts.firstIndex(of: 1) ?? -1
      let expected = bounds.firstIndex { value <= $0 ?? .max }
      #expect(place == expected, "\(value)")
      #expect(buckets.sum == max(0, value))
    }
    var sum = empty
    for value in [1, 9, 1_000_000] { sum.add(value) }
    var twice = sum
    twice.add(sum)
    #expect(twice.total == 6 && twice.sum == 2 * sum.sum)
  }

  @Test func eachStatusHasItsPlace() {
    var counts = FrontCounts()
    for status in FrontCounts.statuses {
      counts.answered(.reserve, status: status, microseconds: 100)
    }
    let row = Endpoint.reserve.rawValue * FrontCounts.statuses.count
    #expect(
      Array(counts.requests[row..<(row + FrontCounts.statuses.count)])
        == Array(repeating: 1, count: FrontCounts.statuses.count))
    #expect(counts.requests.reduce(0, +) == FrontCounts.statuses.count)
    #expect(counts.latencies[Endpoint.reserve.rawValue].total == FrontCounts.statuses.count)
    for code in ProblemCode.allCases {
      #expect(FrontCounts.statuses.contains(code.status), "\(code.name)")
    }
  }

  // MARK: Text

  @Test func textIsEscaped() {
    var text = MetricsText()
    text.begin("a_total", .counter, "back\\slash\nline")
    text.sample("a_total", [("x", "q\"u\\o\nte"), ("y", "é")], 7)
    text.single("b", .gauge, "B.", 0.5)
    #expect(
      text.text
        == "# HELP a_total back\\\\slash\\nline\n# TYPE a_total counter\n"
        + "a_total{x=\"q\\\"u\\\\o\\nte\",y=\"é\"} 7\n# HELP b B.\n# TYPE b gauge\nb 0.5\n")
  }

  @Test func histogramsAreCumulative() {
    var buckets = Buckets(first: 6, last: 8)
    for value in [1, 70, 70, 1_000_000] { buckets.add(value) }
    var text = MetricsText()
    text.samples("h_seconds", [("r", "x")], buckets, scale: 1e-6)
    #expect(
      text.text == """
        h_seconds_bucket{r="x",le="0.000064"} 1
        h_seconds_bucket{r="x",le="0.000096"} 3
        h_seconds_bucket{r="x",le="0.000128"} 3
        h_seconds_bucket{r="x",le="0.000192"} 3
        h_seconds_bucket{r="x",le="0.000256"} 3
        h_seconds_bucket{r="x",le="+Inf"} 4
        h_seconds_sum{r="x"} 1.000141
        h_seconds_count{r="x"} 4

        """)
  }

  @Test func redisTellsWhatItHas() {
    func lines(_ redis: RedisFigures?) -> Set<Substring> {
      var text = MetricsText()
      text.append(EngineFigures(redis: redis))
      return Set(text.text.split(separator: "\n").filter { $0.hasPrefix("stock_redis_") })
    }
    let without = lines(nil)
    var redis = RedisFigures()
    #expect(lines(redis).subtracting(without) == ["stock_redis_up 0"])
    redis.isConnected = true
    redis.usedBytes = 7
    redis.isFileWritten = false
    redis.delayedFsyncs = 3
    #expect(
      lines(redis).subtracting(without) == [
        "stock_redis_up 1", "stock_redis_memory_bytes 7", "stock_redis_file_ok 0",
        "stock_redis_delayed_fsyncs_total 3",
      ])
  }

  @Test(arguments: [(nil, []), (true, ["1"]), (false, ["0"])] as [(Bool?, [String])])
  func settingsOfRedisAreToldWhereTheyAreKnown(_ areRight: Bool?, _ values: [String]) {
    var text = MetricsText()
    text.append(EngineFigures(areSettingsRight: areRight))
    let lines = text.text.split(separator: "\n").filter { $0.hasPrefix("stock_redis_settings_ok") }
    #expect(lines == values.map { "stock_redis_settings_ok \($0)" })
  }

  @Test func whatPartsTellStandsInTheRegistry() {
    let registry = MetricRegistry()
    registry.makeCounter(label: "stock.restarts", dimensions: [("shard", "1")]).increment(by: 2)
    registry.makeCounter(label: "stock.restarts", dimensions: [("shard", "1")]).increment(by: 1)
    registry.makeMeter(label: "level", dimensions: []).set(Int64(4))
    registry.makeTimer(label: "load_seconds", dimensions: []).recordNanoseconds(1_500_000_000)
    registry.makeTimer(label: "load_seconds", dimensions: []).recordNanoseconds(500_000_000)
    var text = MetricsText()
    registry.write(into: &text)
    let lines = text.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(
      lines == [
        "level 4.0", "load_seconds_sum 2.0", "load_seconds_count 2",
        #"stock_restarts{shard="1"} 3.0"#,
      ])
  }

  @Test func theRegistryIsBounded() {
    let registry = MetricRegistry()
    for number in 0...(MetricRegistry.maxMetrics + 10) {
      registry.makeCounter(label: "n\(number)", dimensions: []).increment(by: 1)
    }
    var text = MetricsText()
    registry.write(into: &text)
    #expect(text.text.split(separator: "\n").count == 3 * MetricRegistry.maxMetrics)
  }

  // MARK: Over HTTP

  private func metrics(_ token: String?) -> String { request("GET", "/metrics", nil, token: token) }

  @Test(arguments: [
    (HTTPConfiguration.MetricsAccess.admins, [401, 403, 200]), (.everybody, [200, 200, 200]),
    (.nobody, [404, 404, 404]),
  ])
  func aSettingSaysWhoMayRead(
    _ access: HTTPConfiguration.MetricsAccess, _ statuses: [Int]
  ) async throws {
    try await withServer(configure: { $0.metricsAccess = access }) { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      for (token, status) in zip([nil, "store", "admin"], statuses) {
        #expect(try await client.ask(metrics(token)).status == status, "\(token ?? "none")")
      }
    }
  }

  @Test func requestsAreCountedOnAllLoops() async throws {
    let judge: @Sendable (Command) -> Outcome = { command in
      if case .fulfill = command.operation { return .refused(.entryNotFound) }
      return .entry(entry())
    }
    try await withServer(loops: 2, judge: judge) { server, _, group in
      let body = #"{"product_id":123,"location":"A","quantity":1}"#
      // Four connections land on both loops.
      for _ in 0..<4 {
        let client = try await Client(server.localAddress, group: group)
        for call in ["reserve", "reserve", "fulfill"] {
          _ = try await client.ask(
            request("POST", "/api/v1/store/inventory/\(call)", body, token: "store"))
        }
        _ = try await client.ask(request("GET", "/nowhere", nil, token: nil))
      }
      let client = try await Client(server.localAddress, group: group)
      let seen = try await client.ask(metrics("admin"))
      #expect(seen.fields["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
      let reserve = #"method="POST",route="/api/v1/store/inventory/reserve""#
      let fulfill = #"method="POST",route="/api/v1/store/inventory/fulfill""#
      for line in [
        #"stock_http_requests_total{\#(reserve),status="200"} 8"#,
        #"stock_http_requests_total{\#(fulfill),status="404"} 4"#,
        #"stock_http_requests_total{method="",route="none",status="404"} 4"#,
        #"stock_http_request_seconds_count{\#(reserve)} 8"#,
        #"stock_http_refused_total{code="entry_not_found"} 4"#,
        #"stock_http_refused_total{code="not_found"} 4"#,
        "stock_http_connections 5", "stock_http_connections_total 5",
      ] {
        #expect(seen.body.contains("\n\(line)\n"), "\(line)")
      }
    }
  }

  /// One request, many causes: each line's is counted, and the request as what it was answered.
  @Test func linesOfBatchesAreCountedByCause() async throws {
    let judge: @Sendable (Command) -> Outcome = { command in
      switch command.operation {
      case .fulfill: .refused(.insufficientReserved(requested: 1, reserved: 0))
      case .release: .unavailable(.overloaded)
      case .reserveTogether(let hold):
        .refused(
          .linesRefused(
            hold.lines.filter { $0.product == 2 }.map {
              LineRefusal(
                product: $0.product, location: $0.location,
                refusal: .insufficientStock(requested: $0.quantity, available: 0))
            }))
      default: .entry(entry())
      }
    }
    try await withServer(loops: 2, judge: judge) { server, _, group in
      func line(_ operation: String, _ product: Int, _ quantity: String = "1") -> String {
        #"{"op":"\#(operation)","product_id":\#(product),"location":"A","quantity":\#(quantity)}"#
      }
      let mixed = [
        line("reserve", 1), line("fulfill", 2), line("release", 3), line("fulfill", 4),
        line("reserve", 5, "-1"), line("reserve", 6),
      ]
      let together = [line("reserve", 1), line("reserve", 2), line("reserve", 2)]
      let client = try await Client(server.localAddress, group: group)
      var statuses: [Int] = []
      for (lines, rest) in [(mixed, ""), (mixed, ""), (together, #","atomic":true"#)] {
        let body = #"{"operations":[\#(lines.joined(separator: ","))]\#(rest)}"#
        let sent = request("POST", "/api/v1/store/inventory/batch", body, token: "store")
        statuses.append(try await client.ask(sent).status)
      }
      #expect(statuses == [200, 200, 409])
      let seen = try await client.ask(metrics("admin"))
      for line in [
        "stock_batch_lines_total 15",
        #"stock_batch_lines_refused_total{code="insufficient_reserved"} 4"#,
        #"stock_batch_lines_refused_total{code="overloaded"} 2"#,
        #"stock_batch_lines_refused_total{code="invalid_request"} 2"#,
        #"stock_batch_lines_refused_total{code="insufficient_stock"} 2"#,
        #"stock_batch_lines_refused_total{code="batch_refused"} 1"#,
        #"stock_http_refused_total{code="insufficient_reserved"} 0"#,
        #"stock_http_refused_total{code="batch_refused"} 1"#,
      ] {
        #expect(seen.body.contains("\n\(line)\n"), "\(line)")
      }
    }
  }

  // MARK: Logs

  @Test(arguments: [
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
    ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
    ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false),
    ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
    ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
    ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false),
    ("00 4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false), ("", false),
  ])
  func traceParent(_ text: String, _ isValid: Bool) {
    let parsed = Array(text.utf8).withUnsafeBufferPointer { TraceParent.parse($0) }
    #expect((parsed != nil) == isValid)
    if let parsed { #expect(parsed == String(text.prefix(TraceParent.length))) }
  }

  @Test func failedRequestsAreLoggedWithTheirIds() async throws {
    let lines = LogLines()
    let judge: @Sendable (Command) -> Outcome = { _ in .unavailable(.storeUnavailable) }
    try await withServer(configure: { $0.logger = lines.logger(.info) }, judge: judge) {
      server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      let body = #"{"product_id":123,"location":"A","quantity":1}"#
      let answer = try await client.ask(
        request(
          "POST", "/api/v1/store/inventory/reserve", body, token: "store",
          "X-Request-Id: abc-1\r\ntraceparent: \(trace)\r\n"))
      #expect(answer.status == 503)
      // A refusal is not a failure.
      _ = try await client.ask(request("GET", "/nowhere", nil, token: nil))
      let line = try #require(lines.all.first)
      #expect(lines.all.count == 1)
      for part in [
        "request failed", "request_id=abc-1", "traceparent=\(trace)",
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736", "status=503", "code=store_unavailable",
        "route=/api/v1/store/inventory/reserve",
      ] {
        #expect(line.contains(part), "\(part)")
      }
      #expect(!line.contains("store\"") && !line.contains("Bearer"))
    }
  }

  @Test func anIdOfOursIsTheSameInTheLog() async throws {
    let lines = LogLines()
    try await withServer(configure: { $0.logger = lines.logger(.debug) }) { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let answer = try await client.ask(request("GET", "/healthz", nil, token: nil))
      let id = try #require(answer.fields["x-request-id"])
      #expect(lines.all.count == 1 && lines.all[0].contains("request_id=\(id)"))
    }
  }

  @Test func aFloodOfFailuresIsBounded() throws {
    let lines = LogLines()
    let wire = try Wire(configure: { $0.logger = lines.logger(.info) })
    let exchange = Exchange(ResponseHead(.number(1)), startTick: 0)
    exchange.head.status = 503
    for _ in 0..<(LoopFront.maxLogLines + 20) { wire.front.note(exchange) }
    #expect(lines.all.count == LoopFront.maxLogLines)
    wire.front.renewLogBudget()
    #expect(lines.all.last == "more requests failed count=20")
    wire.front.note(exchange)
    #expect(lines.all.count == LoopFront.maxLogLines + 2)
  }
}

/// A logger that keeps its lines: the message, then the metadata.
final class LogLines: Sendable {
  private let lines = NIOLockedValueBox<[String]>([])

  var all: [String] { lines.withLockedValue { $0 } }

  func logger(_ level: Logger.Level) -> Logger {
    Logger(label: "test") { _ in Handler(lines: self.lines, logLevel: level) }
  }

  private struct Handler: LogHandler {
    let lines: NIOLockedValueBox<[String]>
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let pairs = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      let line = "\(event.message) " + pairs.joined(separator: " ")
      lines.withLockedValue { $0.append(line) }
    }
  }
}
