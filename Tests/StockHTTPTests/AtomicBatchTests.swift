import StockCore
import Testing

@testable import StockHTTP

/// Batches of which all lines are done, or none.
@Suite struct AtomicBatchTests {
  private let path = base + "/batch"

  private func body(_ lines: [String]) -> String {
    #"{"operations":["# + lines.joined(separator: ",") + #"],"atomic":true}"#
  }

  private func line(_ product: Int, _ location: String?, _ quantity: Int) -> String {
    let place = location.map { #""location":"\#($0)","# } ?? ""
    return #"{"op":"reserve","product_id":\#(product),\#(place)"quantity":\#(quantity)}"#
  }

  private func three() -> String { body([line(2, "b", 1), line(1, "a", 2), line(2, "B", 3)]) }

  @Test func done() throws {
    let wire = try Wire(judge: { _ in
      .reservedTogether([entry(id: 1, product: 1), entry(id: 2, product: 2)])
    })
    let response = try wire.ask(request("POST", path, three()))
    #expect(response.status == 200)
    #expect(response.fields["x-stock-sequence"] == "12")
    let results = response.json["results"] as? [[String: Any]] ?? []
    #expect(results.map { $0["id"] as? Int } == [2, 1, 2])
    #expect(results.map { $0["status"] as? Int } == [200, 200, 200])
    #expect(results.map { $0["shard"] as? Int } == [3, 3, 3])
    #expect(wire.gateway.submitted.count == 1)
    guard case .reserveTogether(let together)? = wire.gateway.submitted.first?.command.operation
    else {
      Issue.record("not one command for all")
      return
    }
    #expect(
      together.lines == [
        HoldLine(product: 1, location: "A", quantity: 2),
        HoldLine(product: 2, location: "B", quantity: 4),
      ])
  }

  @Test func refused() throws {
    let wire = try Wire(judge: { _ in
      .refused(
        .linesRefused([
          LineRefusal(
            product: 2, location: "B", refusal: .insufficientStock(requested: 4, available: 3))
        ]))
    })
    let response = try wire.ask(request("POST", path, three()))
    #expect(response.status == 409 && response.code == "batch_refused")
    #expect(response.fields["content-type"] == "application/problem+json")
    let results = response.json["results"] as? [[String: Any]] ?? []
    #expect(
      results.map { $0["code"] as? String } == [
        "insufficient_stock", "batch_refused", "insufficient_stock",
      ])
    #expect(results.map { $0["status"] as? Int } == [409, 409, 409])
    #expect(results.map { $0["available"] as? Int } == [3, nil, 3])
    #expect(results.map { $0["product_id"] as? Int } == [2, 1, 2])
  }

  @Test(
    arguments: [
      (.unavailable(.overloaded), 503, "overloaded"),
      (.refused(.idempotencyMismatch), 422, "idempotency_mismatch"),
    ] as [(Outcome, Int, String)])
  func otherwise(_ outcome: Outcome, _ status: Int, _ code: String) throws {
    let response = try Wire(judge: { _ in outcome }).ask(request("POST", path, three()))
    #expect(response.status == status && response.code == code)
    #expect(response.fields["x-stock-sequence"] == nil)
  }

  @Test func anyMistakeRefusesTheWhole() throws {
    let wire = try Wire(keys: true)
    let response = try wire.ask(
      request(
        "POST", path,
        body([
          line(1, "a", 1), #"{"op":"release","product_id":1,"location":"a","quantity":1}"#,
          line(1, "a", 0), "7", #"{"op":"set","product_id":1,"location":"a","quantity":1}"#,
          #"{"op":"reserve","product_id":1,"quantity":1,"strategy":"priority"}"#,
        ]), token: "checkout"))
    #expect(response.status == 400)
    #expect(
      response.errorFields == [
        "operations[1].op", "operations[2].quantity", "operations[3]", "operations[4].op",
        "operations[5].strategy",
      ])
    #expect(wire.gateway.submitted.isEmpty)
  }

  @Test func bounds() throws {
    let wire = try Wire(judge: { _ in .unavailable(.overloaded) })
    let none = try wire.ask(request("POST", path, body([])))
    #expect(none.status == 200 && none.body == #"{"results":[]}"#)
    let many = try wire.ask(
      request("POST", path, body((1...2_001).map { line($0, "a", 1) })))
    #expect(many.status == 400 && many.errorFields == ["operations"])
    // The same entry again and again is one line.
    let same = try wire.ask(
      request("POST", path, body((1...10_000).map { _ in line(1, "a", 1) })))
    #expect(same.status == 503)
    guard case .reserveTogether(let together)? = wire.gateway.submitted.first?.command.operation
    else { return }
    #expect(together.lines == [HoldLine(product: 1, location: "A", quantity: 10_000)])
    #expect(wire.gateway.submitted.count == 1)
  }

  @Test func withoutALocation() throws {
    let wire = try Wire(judge: { _ in .unavailable(.overloaded) })
    _ = try wire.ask(request("POST", path, body([line(1, nil, 1)])))
    guard case .reserveTogether(let together)? = wire.gateway.submitted.first?.command.operation
    else {
      Issue.record("not one command for all")
      return
    }
    #expect(together.lines == [HoldLine(product: 1, location: "", quantity: 1)])
  }
}
