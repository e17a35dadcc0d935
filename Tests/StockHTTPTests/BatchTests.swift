import NIOCore
import StockCore
import Testing

@testable import StockHTTP

@Suite struct BatchTests {
  private let path = base + "/batch"

  private func operations(_ lines: [String]) -> String {
    #"{"operations":["# + lines.joined(separator: ",") + "]}"
  }

  private func results(_ response: Response) -> [[String: Any]] {
    response.json["results"] as? [[String: Any]] ?? []
  }

  private let good = #"{"op":"reserve","product_id":1,"location":"a","quantity":1}"#

  @Test func linesAreGatheredInTheirOrder() throws {
    let wire = try Wire(judge: nil)
    let lines = [
      good, #"{"op":"reserve","product_id":1,"location":"a","quantity":0}"#,
      #"{"quantity":2,"product_id":2,"from":"a","to":"b","op":"transfer"}"#,
      #"{"op":"set","product_id":3,"location":"c","quantity":1}"#,
    ]
    try wire.send(request("POST", path, operations(lines)) + request("GET", "/healthz"))
    #expect(wire.gateway.submitted.map(\.ticket.operation) == [0, 2, 3])
    wire.gateway.answer([(2, .unavailable(.overloaded))])
    wire.gateway.answer([(1, .transferred(from: entry(id: 1), to: entry(id: 2)))], shard: 1)
    #expect(try wire.written().isEmpty)
    wire.gateway.answer([(0, .refused(.insufficientStock(requested: 1, available: 0)))])
    let responses = try wire.responses()
    #expect(responses.map(\.status) == [200, 200])
    let results = results(responses[0])
    #expect(results.map { $0["status"] as? Int } == [409, 400, 200, 503])
    #expect(
      results.map { $0["code"] as? String } == [
        "insufficient_stock", "invalid_request", nil, "overloaded",
      ])
    #expect(results[0]["product_id"] as? Int == 1 && results[0]["available"] as? Int == 0)
    #expect(results[0]["sequence"] as? Int == 12)
    #expect(results[2]["shard"] as? Int == 1)
    #expect((results[2]["to"] as? [String: Any])?["id"] as? Int == 2)
    #expect(results[3]["sequence"] == nil)
    #expect(responses[0].fields["x-stock-shard"] == nil, "not all on one commit")
  }

  @Test func theCommitIsToldWhereThereIsOne() throws {
    let wire = try Wire()
    let response = try wire.ask(request("POST", path, operations([good, good])))
    #expect(response.fields["x-stock-shard"] == "3")
    #expect(response.fields["x-stock-sequence"] == "12")
    #expect(results(response).map { $0["available_quantity"] as? Int } == [95, 95])
  }

  @Test func mistakesStandOnTheirLines() throws {
    let wire = try Wire()
    let lines = [
      good, "7", "{}", #"{"op":"sell"}"#, #"{"op":1}"#,
      #"{"op":"reserve","product_id":1,"quantity":1,"reason":"x"}"#,
      #"{"op":"reserve","product_id":1,"quantity":1,"quantity":1}"#,
      #"{"op":"reserve","product_id":1,"quantity":1,"atomic":true}"#,
      #"{"op":"delete","product_id":1}"#, good,
    ]
    let response = try wire.ask(request("POST", path, operations(lines)))
    #expect(response.status == 200)
    let results = results(response)
    #expect(
      results.map { $0["status"] as? Int } == [200, 400, 400, 400, 400, 400, 400, 400, 400, 200])
    let fields = results.map { ($0["errors"] as? [[String: String]])?.compactMap { $0["field"] } }
    #expect(
      fields == [
        nil, ["body"], ["op"], ["op"], ["op"], ["reason"], ["quantity"], ["atomic"], ["op"], nil,
      ])
    #expect(wire.gateway.submitted.count == 2)
  }

  @Test func mistakesOfTheWholeRefuseIt() throws {
    let wire = try Wire()
    for (body, field) in [
      (operations([good]) + "x", "body"), (operations([good, "{"]), "body"),
      (#"{"operations":{}}"#, "operations"), ("{}", "operations"),
      (#"{"operations":[],"atomic":1}"#, "atomic"), (#"{"operations":[],"all":true}"#, "all"),
      (#"{"operations":[\#(good)],"operations":[]}"#, "operations"),
      (operations(Array(repeating: good, count: Bounds.maxOperationsPerRequest + 1)), "operations"),
    ] {
      let response = try wire.ask(request("POST", path, body))
      #expect(response.status == 400)
      #expect(response.errorFields == [field])
    }
    #expect(wire.gateway.submitted.isEmpty, "nothing went on its way")
  }

  @Test func theLargest() throws {
    let wire = try Wire()
    let count = Bounds.maxOperationsPerRequest
    let response = try wire.ask(
      request("POST", path, operations(Array(repeating: good, count: count))))
    #expect(response.status == 200)
    #expect(results(response).count == count)
    #expect(wire.gateway.submitted.last?.ticket.operation == count - 1)
    let none = try wire.ask(request("POST", path, operations([])))
    #expect(none.status == 200 && results(none).isEmpty)
  }

  @Test func rolesAreAskedForEachLine() throws {
    let wire = try Wire(keys: true)
    let set = #"{"op":"set","product_id":1,"location":"a","quantity":1}"#
    let body = operations([good, set])
    let checkout = try wire.ask(request("POST", path, body, token: "checkout"))
    #expect(results(checkout).map { $0["status"] as? Int } == [200, 403])
    #expect(results(checkout)[1]["code"] as? String == "forbidden")
    let store = try wire.ask(request("POST", path, body, token: "store"))
    #expect(results(store).map { $0["status"] as? Int } == [200, 200])
    #expect(try wire.ask(request("POST", path, body, token: "read")).status == 403)
  }

  @Test func readingWaitsForLargeBatches() throws {
    let wire = try Wire(judge: nil)
    let count = Bounds.maxOperationsPerRequest
    try wire.send(request("POST", path, operations(Array(repeating: good, count: count))))
    let connection = try #require(wire.connection)
    #expect(connection.operationsUnderWay == count)
    wire.gateway.answer((0..<count).map { ($0, .entry(entry())) })
    #expect(connection.operationsUnderWay == 0)
    #expect(try wire.responses().count == 1)
  }
}
