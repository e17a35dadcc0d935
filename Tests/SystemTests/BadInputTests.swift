import StockTools
import Testing

@Suite("Bad input, over HTTP: each is named and changes nothing")
struct BadInputTests {
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

    var testDescription: String { "\(call) \(body) names \(field)" }
  }

  private static let good = #""product_id": {P}, "location": "MAIN""#

  static let rows: [Row] = [
    Row("reserve", "", "body"),
    Row("reserve", "hello", "body"),
    Row("reserve", "[]", "body"),
    Row("reserve", "null", "body"),
    Row("reserve", "{\(good), \"quantity\": 1", "body"),
    Row("reserve", "{\(good), \"quantity\": 1} x", "body"),
    Row("reserve", "{\(good), \"quantity\": 1,}", "body"),
    Row("reserve", "{\(good), \"quantity\": 01}", "body"),
    Row("reserve", "\u{FEFF}{\(good), \"quantity\": 1}", "body"),
    Row("reserve", "{\(good), \"quantity\": 1, \"quantity\": 2}", "quantity"),
    Row("reserve", #"{\#(good), "quantity": 1, "quantit\u0079": 2}"#, "quantity"),
    Row("reserve", "{\(good), \"quantity\": 1.0}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": 1e2}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": \"1\"}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": true}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": null}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": {}}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": 9007199254740992}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": 99999999999999999999999}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": 0}", "quantity"),
    Row("reserve", "{\(good), \"quantity\": -1}", "quantity"),
    Row("reserve", "{\(good)}", "quantity"),
    Row("release", "{\(good), \"quantity\": -1}", "quantity"),
    Row("fulfill", "{\(good), \"quantity\": 0}", "quantity"),
    Row("set", "{\(good), \"quantity\": -1}", "quantity"),
    Row("adjust", "{\(good), \"quantity\": 0}", "quantity"),
    Row("reserve", "{\(good), \"quantitiy\": 1}", "quantitiy"),
    Row("reserve", "{\(good), \"quantity\": 1, \"colour\": \"red\"}", "colour"),
    Row("reserve", "{\(good), \"quantity\": 1, \"gtin\": \"12345670\"}", "gtin"),
    Row("set", "{\(good), \"quantity\": 1, \"gtin\": \"1\"}", "gtin"),
    Row("set", "{\(good), \"quantity\": 1, \"expected_version\": -1}", "expected_version"),
    Row("set", #"{"product_id": {P}, "location": "", "quantity": 1}"#, "location"),
    Row("set", #"{"product_id": {P}, "location": "  ", "quantity": 1}"#, "location"),
    Row("set", #"{"product_id": {P}, "location": 7, "quantity": 1}"#, "location"),
    Row("set", #"{"product_id": {P}, "location": "A;B", "quantity": 1}"#, "location"),
    Row("set", #"{"product_id": {P}, "location": "ÜBER", "quantity": 1}"#, "location"),
    Row(
      "set",
      #"{"product_id": {P}, "location": "\#(String(repeating: "A", count: 65))", "quantity": 1}"#,
      "location"),
    Row("set", #"{"product_id": {P}, "quantity": 1}"#, "location"),
    Row("set", #"{"product_id": 0, "location": "MAIN", "quantity": 1}"#, "product_id"),
    Row("set", #"{"product_id": "{P}", "location": "MAIN", "quantity": 1}"#, "product_id"),
    Row("set", #"{"location": "MAIN", "quantity": 1}"#, "product_id"),
    Row("transfer", #"{"product_id": {P}, "from": "MAIN", "quantity": 1}"#, "to"),
    Row("transfer", #"{"product_id": {P}, "from": "MAIN", "to": "", "quantity": 1}"#, "to"),
    Row("batch", #"{}"#, "operations"),
    Row("batch", #"{"operations": 7}"#, "operations"),
    Row("batch", #"{"operations": [], "colour": "red"}"#, "colour"),
  ]

  @Test("Is a 400 that names what is wrong", arguments: rows)
  func badBody(_ row: Row) async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let before = try await stage.everything()
    let seen = try await engine.inventory(row.call, stage.fill(row.body))
    #expect(try await stage.everything() == before)
    #expect(seen.status == 400, "\(seen.bodyText)")
    #expect(seen.code == "invalid_request")
    #expect(seen.field == row.field, "\(seen.bodyText)")
  }

  @Test("A body that is not UTF-8 is a 400")
  func notUTF8() async throws {
    let engine = try await TestEngine.shared
    let body = Array(#"{"product_id": 1, "location": "A"#.utf8) + [0xFF] + Array(#""}"#.utf8)
    let answer = try await engine.client(.store).send(
      HTTPRequest(.post, "/api/v1/store/inventory/set", body: body))
    #expect(Seen(answer).status == 400)
    #expect(Seen(answer).code == "invalid_request")
  }

  @Test("A line of a batch that is wrong is a 400 on its line; the others go on")
  func badLine() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let seen = try await engine.inventory(
      "batch",
      stage.fill(
        #"""
        {"operations": [
          {"op": "dance", "product_id": {P}, "location": "MAIN", "quantity": 1},
          {"op": "reserve", "product_id": {P}, "location": "MAIN", "quantity": 1.5},
          {"product_id": {P}, "location": "MAIN", "quantity": 1},
          {"op": "reserve", "product_id": {P}, "location": "MAIN", "quantity": 1}
        ]}
        """#))
    #expect(
      seen.items("results").map { $0["status"] as? Int } == [400, 400, 400, 200],
      "\(seen.bodyText)")
  }

  @Test("A batch of more than 10,000 operations is a 400, and none of them is done")
  func longBatch() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let before = try await stage.everything()
    let line = #"{"op":"reserve","product_id":{P},"location":"MAIN","quantity":1}"#
    let lines = Array(repeating: stage.fill(line), count: 10_001).joined(separator: ",")
    let seen = try await engine.inventory("batch", "{\"operations\":[\(lines)]}")
    expect(seen, "400 invalid_request operations")
    #expect(try await stage.everything() == before)
  }

  /// `body` with spaces in front, up to so many bytes.
  private func padded(_ body: String, to count: Int) -> String {
    String(repeating: " ", count: count - body.utf8.count) + body
  }

  @Test("A body of 1 MiB is taken; one byte more is a 413 and changes nothing")
  func largeBody() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let body = stage.fill(#"{"product_id": {P}, "location": "MAIN", "quantity": 1}"#)
    let before = try await stage.everything()
    expect(
      try await engine.alone("reserve", padded(body, to: 1 << 20 + 1)), "413 payload_too_large")
    #expect(try await stage.everything() == before)
    let just = try await engine.inventory("reserve", padded(body, to: 1 << 20))
    #expect(just.status == 200, "\(just.bodyText)")
    #expect(just.int("reserved_quantity") == 31)
  }

  @Test("A batch's body may have 8 MiB; one byte more is a 413")
  func largeBatch() async throws {
    let engine = try await TestEngine.shared
    let body = #"{"operations": []}"#
    let just = try await engine.inventory("batch", padded(body, to: 8 << 20))
    #expect(just.status == 200, "\(just.bodyText)")
    expect(
      try await engine.alone("batch", padded(body, to: 8 << 20 + 1)), "413 payload_too_large")
  }

  @Test("A path that is not there is a 404; a wrong method a 405 with Allow")
  func paths() async throws {
    let engine = try await TestEngine.shared
    for path in ["/", "/api/v1/store/inventory/", "/api/v1/store/inventory/x", "/api/v2/x"] {
      expect(try await engine.call(.get, path), "404 not_found")
    }
    let set = try await engine.call(.delete, "/api/v1/store/inventory/set")
    expect(set, "405 method_not_allowed")
    #expect(set.answer.header("Allow") == "POST")
    let entry = try await engine.call(.post, "/api/v1/store/inventory/1", "{}")
    expect(entry, "405 method_not_allowed")
    #expect(entry.answer.header("Allow") == "GET, HEAD, PUT, DELETE")
  }

  @Test("A body that is not JSON by its type is a 415; with a charset it is taken")
  func contentType() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let body = stage.fill(#"{"product_id": {P}, "location": "MAIN", "quantity": 1}"#)
    let before = try await stage.everything()
    for type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
      let seen = try await engine.call(
        .post, "/api/v1/store/inventory/reserve", body, headers: [("Content-Type", type)])
      expect(seen, "415 unsupported_media_type")
    }
    #expect(try await stage.everything() == before)
    let seen = try await engine.call(
      .post, "/api/v1/store/inventory/reserve", body,
      headers: [("Content-Type", "Application/JSON; charset=utf-8")])
    #expect(seen.status == 200)
  }

  @Test("A client's request id comes back; one that is none is replaced")
  func requestID() async throws {
    let engine = try await TestEngine.shared
    let mine = try await engine.call(
      .get, "/api/v1/store/inventory?limit=1", headers: [("X-Request-Id", "order-7")])
    #expect(mine.answer.header("X-Request-Id") == "order-7")
    let bad = try await engine.call(
      .get, "/api/v1/store/inventory?limit=1",
      headers: [("X-Request-Id", String(repeating: "x", count: 129))])
    let made = try #require(bad.answer.header("X-Request-Id"))
    #expect(!made.isEmpty && made.utf8.count <= 128)
  }
}
