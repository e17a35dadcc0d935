import StockTools
import Testing

@Suite("Forms of reservations, over HTTP: each mistake is named and changes nothing")
struct ReservationFormTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var call: String
    var body: String
    /// The field that is named.
    var field: String

    init(_ call: String, _ body: String, _ field: String) {
      self.call = call
      self.body = body
      self.field = field
    }

    var testDescription: String { "\(call) \(body.prefix(120)) names \(field)" }
  }

  private static let line = #"{"product_id": {P}, "location": "MAIN", "quantity": 1}"#
  private static let lines = "\"lines\": [\(line)]"
  private static let max = 9_007_199_254_740_991

  static let rows: [Row] = [
    Row("", "", "body"),
    Row("", "{}", "order_id"),
    Row("", "{\(lines)}", "order_id"),
    Row("", #"{"order_id": "A"}"#, "lines"),
    Row("", #"{"order_id": "A", "lines": []}"#, "lines"),
    Row("", #"{"order_id": "A", "lines": {}}"#, "lines"),
    Row("", #"{"order_id": "", \#(lines)}"#, "order_id"),
    Row("", #"{"order_id": 7, \#(lines)}"#, "order_id"),
    Row("", #"{"order_id": "A\u0007", \#(lines)}"#, "order_id"),
    Row("", "{\"order_id\": \"\(String(repeating: "A", count: 129))\", \(lines)}", "order_id"),
    Row("", #"{"order_id": "A", "customer_id": "", \#(lines)}"#, "customer_id"),
    Row("", #"{"order_id": "A", "reservation_id": "a b", \#(lines)}"#, "reservation_id"),
    Row("", #"{"order_id": "A", "reservation_id": "", \#(lines)}"#, "reservation_id"),
    Row(
      "",
      "{\"order_id\": \"A\", \"reservation_id\": \"\(String(repeating: "x", count: 65))\", \(lines)}",
      "reservation_id"),
    Row("", #"{"order_id": "A", "ttl_seconds": 0, \#(lines)}"#, "ttl_seconds"),
    Row("", #"{"order_id": "A", "ttl_seconds": 604801, \#(lines)}"#, "ttl_seconds"),
    Row("", #"{"order_id": "A", "ttl_seconds": 60.5, \#(lines)}"#, "ttl_seconds"),
    Row("", #"{"order_id": "A", "ttl": 60, \#(lines)}"#, "ttl"),
    Row("", #"{"order_id": "A", "strategy": "nearest", \#(lines)}"#, "strategy"),
    Row("", #"{"order_id": "A", "lines": [7]}"#, "lines[0]"),
    Row(
      "", #"{"order_id": "A", "lines": [\#(line), {"product_id": {P}, "quantity": 0}]}"#,
      "lines[1].quantity"),
    Row(
      "", #"{"order_id": "A", "lines": [\#(line), {"location": "MAIN", "quantity": 1}]}"#,
      "lines[1].product_id"),
    Row(
      "",
      #"{"order_id": "A", "lines": [{"product_id": {P}, "location": "A;B", "quantity": 1}]}"#,
      "lines[0].location"),
    Row(
      "", #"{"order_id": "A", "lines": [{"product_id": {P}, "quantity": 1, "colour": "red"}]}"#,
      "lines[0].colour"),
    Row(
      "",
      #"{"order_id": "A", "lines": [{"product_id": {P}, "location": "MAIN", "quantity": \#(max)}, \#(line)]}"#,
      "lines[1].quantity"),
    Row("/{H}/extend", "{}", "ttl_seconds"),
    Row("/{H}/extend", #"{"ttl_seconds": 0}"#, "ttl_seconds"),
    Row("/{H}/extend", #"{"ttl_seconds": "60"}"#, "ttl_seconds"),
    Row("/{H}/fulfill", #"{"lines": []}"#, "lines"),
    Row("/{H}/fulfill", #"{"lines": null}"#, "lines"),
    Row("/{H}/release", #"{"lines": [{"product_id": {P}, "quantity": -1}]}"#, "lines[0].quantity"),
    Row("/{H}/release", #"{"quantity": 1}"#, "quantity"),
    Row("/{H}/release", "all", "body"),
  ]

  @Test("Is a 400 that names what is wrong", arguments: rows)
  func badBody(_ row: Row) async throws {
    let engine = try await TestEngine.shared
    let product = try await engine.product()
    let made = try await engine.hold(TestEngine.newOrder(), [CartLine(product, "MAIN", 2)])
    func fill(_ text: String) -> String {
      text.replacing("{P}", with: "\(product)").replacing("{H}", with: made.id)
    }
    let seen = try await engine.call(
      .post, TestEngine.reservations + fill(row.call), fill(row.body))
    #expect(seen.status == 400, "\(seen.bodyText)")
    #expect(seen.code == "invalid_request")
    #expect(seen.field == row.field, "\(seen.bodyText)")
    #expect(try await engine.counters(product) == "MAIN 10/2")
    #expect(try await engine.reservation(made.id).bodyText == made.bodyText)
  }

  @Test("2,000 lines are taken, 2,001 are a 400")
  func manyLines() async throws {
    let engine = try await TestEngine.shared
    let product = try await engine.product(stock: ["MAIN": 5_000])
    let line = CartLine(product, "MAIN", 1)
    let order = TestEngine.newOrder()
    let just = try await engine.hold(order, Array(repeating: line, count: 2_000))
    #expect(just.cart == "held \(product)@MAIN 2000=2000+0+0")
    expect(
      try await engine.hold(TestEngine.newOrder(), Array(repeating: line, count: 2_001)),
      "400 invalid_request lines")
    #expect(try await engine.counters(product) == "MAIN 5000/2000")
  }
}
