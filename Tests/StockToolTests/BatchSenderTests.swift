import StockTools
import Testing

@Suite("Batch requests and their answers")
struct BatchSenderTests {
  /// Answers every request the same.
  private struct Same: Exchange {
    var status = 200
    var body: String
    func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPAnswer {
      HTTPAnswer(status: status, body: Array(body.utf8))
    }
  }

  private static let two = [
    BatchOperation(.reserve, product: 1, location: "A", quantity: 1),
    BatchOperation(.reserve, product: 2, location: "B/2", quantity: 3),
  ]

  private static func ends(_ exchange: Same) async throws -> [OperationEnd] {
    try await BatchSender(exchange, latency: Latency(), policy: .never).send(two)
  }

  @Test(
    "each line's end is read, whatever else the answer holds",
    arguments: [
      #"{"results":[{"status":200},{"status":200}]}"#,
      #" { "took" : [1, {"a": "]}"}, null] , "results" : [ { "x":{"status":500}, "status" : 200 } , {"status":200,"code":null} ] , "y": -1.5e3 } "#,
    ])
  func done(body: String) async throws {
    #expect(try await Self.ends(Same(body: body)) == [.done, .done])
  }

  @Test("refusals keep their code; a line that is unknown stays so")
  func refused() async throws {
    let body = #"""
      {"results":[{"detail":"a \"b\" \\","status":409,"code":"insufficient_stock"},
      {"status":503,"code":"outcome_unknown"}]}
      """#
    #expect(
      try await Self.ends(Same(body: body))
        == [.refused(code: "insufficient_stock"), .unknown])
    let odd = #"{"results":[{"status":418},{"status":500,"code":"internal"}]}"#
    #expect(try await Self.ends(Same(body: odd)) == [.refused(code: "http_418"), .unknown])
  }

  @Test(
    "an answer that cannot be read says nothing about what was done",
    arguments: [
      "", "{}", "[]", "null", #"{"results":[]}"#, #"{"results":[{"status":200}]}"#,
      #"{"results":[{"status":200},{"status":20"#,
      #"{"results":[{"status":"200"},{"status":200}]}"#,
      #"{"results":[{"status":200},{}]}"#, #"{"results":[{"status":200},{"status":200}"#,
      #"{"results":[{"status":200},{"a":"\"#,
    ])
  func unreadable(body: String) async throws {
    #expect(try await Self.ends(Same(body: body)) == [.unknown, .unknown])
  }

  @Test("a request refused as a whole: known where the engine says so, unknown at any other 5xx")
  func whole() async throws {
    let unavailable = Same(status: 503, body: #"{"code":"store_unavailable"}"#)
    let refused = OperationEnd.refused(code: "store_unavailable")
    #expect(try await Self.ends(unavailable) == [refused, refused])
    for (status, body) in [(503, #"{"code":"outcome_unknown"}"#), (500, ""), (502, "")] {
      #expect(try await Self.ends(Same(status: status, body: body)) == [.unknown, .unknown])
    }
    await #expect(throws: ToolError.self) { try await Self.ends(Same(status: 401, body: "")) }
  }
}
