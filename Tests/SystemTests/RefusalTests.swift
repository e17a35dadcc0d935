import StockTools
import Testing

/// A request that is refused, and how. The ids of a `Stage` stand in braces.
struct Refused: Sendable, CustomTestStringConvertible {
  var method: HTTPRequest.Method
  var path: String
  var body: String
  var ifMatch: String?
  /// "409 insufficient_stock requested=71 available=70", "400 invalid_request location": the status,
  /// the code, then numbers or the field that is named.
  var expected: String

  var testDescription: String { "\(path) \(body) \(expected)" }

  static func post(_ call: String, _ members: String, _ expected: String) -> Refused {
    Refused(
      method: .post, path: "/api/v1/store/inventory/\(call)", body: "{\(members)}",
      expected: expected)
  }

  static func get(_ path: String, _ expected: String) -> Refused {
    Refused(
      method: .get, path: "/api/v1/store/inventory\(path)", body: "", expected: expected)
  }

  static func put(
    _ entry: String, _ body: String, _ expected: String, ifMatch: String? = nil
  ) -> Refused {
    Refused(
      method: .put, path: "/api/v1/store/inventory/\(entry)", body: body, ifMatch: ifMatch,
      expected: expected)
  }

  static func delete(_ entry: String, _ expected: String, ifMatch: String? = nil) -> Refused {
    Refused(
      method: .delete, path: "/api/v1/store/inventory/\(entry)", body: "", ifMatch: ifMatch,
      expected: expected)
  }
}

@Suite("Refusals, over HTTP: each has its name and changes nothing")
struct RefusalTests {
  private static let max = 9_007_199_254_740_991

  static let stock: [Refused] = [
    .post(
      "set", #""product_id": {P}, "location": "MAIN", "quantity": 29"#,
      "409 below_reserved requested=29 reserved=30"),
    .post(
      "set", #""product_id": {P}, "location": "MAIN", "quantity": 90, "expected_version": 1"#,
      "409 version_conflict expected=1 actual=2"),
    .post(
      "set", #""product_id": {P}, "location": "MAIN", "quantity": 90, "expected_quantity": 99"#,
      "409 version_conflict expected=99 actual=100"),
    .post(
      "set", #""product_id": {P}, "location": "EAST", "quantity": 90, "expected_version": 3"#,
      "409 version_conflict expected=3 actual=0"),
    .post(
      "set", #""product_id": {X}, "location": "MAIN", "quantity": 5"#, "404 product_not_found"),
    .post(
      "set", #""product_id": {P}, "location": "EAST", "quantity": \#(max)"#,
      "400 invalid_request quantity"),

    .post(
      "adjust", #""product_id": {P}, "location": "MAIN", "quantity": -71"#,
      "409 insufficient_stock requested=71 available=70"),
    .post(
      "adjust", #""product_id": {P}, "location": "WEST", "quantity": -51"#,
      "409 insufficient_stock requested=51 available=50"),
    .post(
      "adjust", #""product_id": {P}, "location": "EAST", "quantity": -1"#, "404 entry_not_found"),
    .post(
      "adjust", #""product_id": {N}, "location": "MAIN", "quantity": -1"#,
      "404 product_not_found"),
    .post(
      "adjust", #""product_id": {X}, "location": "MAIN", "quantity": 1"#, "404 product_not_found"),
    .post(
      "adjust", #""product_id": {P}, "location": "MAIN", "quantity": 1, "expected_version": 9"#,
      "409 version_conflict expected=9 actual=2"),
    .post(
      "adjust", #""product_id": {P}, "location": "MAIN", "quantity": \#(max)"#,
      "400 invalid_request quantity"),

    .post(
      "reserve", #""product_id": {P}, "location": "MAIN", "quantity": 71"#,
      "409 insufficient_stock requested=71 available=70"),
    .post(
      "reserve", #""product_id": {P}, "location": "EAST", "quantity": 1"#, "404 entry_not_found"),
    .post(
      "reserve", #""product_id": {N}, "location": "MAIN", "quantity": 1"#,
      "404 product_not_found"),
    .post(
      "reserve", #""product_id": {X}, "location": "MAIN", "quantity": 1"#,
      "404 product_not_found"),
    .post(
      "reserve", #""product_id": {P}, "quantity": 121"#,
      "409 insufficient_stock requested=121 available=120"),
    .post("release", #""product_id": {P}, "quantity": 1"#, "400 invalid_request location"),
    .post("fulfill", #""product_id": {P}, "quantity": 1"#, "400 invalid_request location"),

    .post(
      "release", #""product_id": {P}, "location": "MAIN", "quantity": 31"#,
      "409 insufficient_reserved requested=31 reserved=30"),
    .post(
      "release", #""product_id": {P}, "location": "WEST", "quantity": 1"#,
      "409 insufficient_reserved requested=1 reserved=0"),
    .post(
      "release", #""product_id": {P}, "location": "EAST", "quantity": 1"#, "404 entry_not_found"),
    .post(
      "release", #""product_id": {N}, "location": "MAIN", "quantity": 1"#,
      "404 product_not_found"),
    .post(
      "release", #""product_id": {X}, "location": "MAIN", "quantity": 1"#,
      "404 product_not_found"),

    .post(
      "fulfill", #""product_id": {P}, "location": "MAIN", "quantity": 31"#,
      "409 insufficient_reserved requested=31 reserved=30"),
    .post(
      "fulfill", #""product_id": {P}, "location": "EAST", "quantity": 1"#, "404 entry_not_found"),
    .post(
      "fulfill", #""product_id": {N}, "location": "MAIN", "quantity": 1"#,
      "404 product_not_found"),
    .post(
      "fulfill", #""product_id": {X}, "location": "MAIN", "quantity": 1"#,
      "404 product_not_found"),

    .post(
      "transfer", #""product_id": {P}, "from": "MAIN", "to": "WEST", "quantity": 71"#,
      "409 insufficient_stock requested=71 available=70"),
    .post(
      "transfer", #""product_id": {P}, "from": "EAST", "to": "WEST", "quantity": 1"#,
      "404 entry_not_found"),
    .post(
      "transfer", #""product_id": {P}, "from": "MAIN", "to": "main ", "quantity": 1"#,
      "400 invalid_request to"),
    .post(
      "transfer", #""product_id": {N}, "from": "MAIN", "to": "WEST", "quantity": 1"#,
      "404 product_not_found"),
    .post(
      "transfer", #""product_id": {X}, "from": "MAIN", "to": "WEST", "quantity": 1"#,
      "404 product_not_found"),
  ]

  static let reads: [Refused] = [
    .get("/product/{N}", "404 product_not_found"),
    .get("/product/{X}", "404 product_not_found"),
    .get("/\(max)", "404 entry_not_found"),
    .get("/{F}", "404 entry_not_found"),
    .get("?colour=red", "400 invalid_request colour"),
    .get("?limit=0", "400 invalid_request limit"),
    .get("?limit=501", "400 invalid_request limit"),
    .get("?limit=ten", "400 invalid_request limit"),
    .get("?limit=5&limit=6", "400 invalid_request limit"),
    .get("?low_stock=-1", "400 invalid_request low_stock"),
    .get("?product_id=0", "400 invalid_request product_id"),
    .get("?location=%20", "400 invalid_request location"),
    .get("?sort=colour", "400 invalid_request sort"),
    .get("?cursor=nonsense", "400 invalid_request cursor"),
  ]

  static let entries: [Refused] = [
    .put("{M}", #"{"quantity": 29}"#, "409 below_reserved requested=29 reserved=30"),
    .put("{M}", #"{"reserved_quantity": 101}"#, "409 below_reserved requested=100 reserved=101"),
    .put("{M}", #"{"location": "west"}"#, "409 location_taken"),
    .put(
      "{M}", #"{"quantity": 90}"#, "409 version_conflict expected=1 actual=2", ifMatch: "\"1\""),
    .put("{M}", #"{"quantity": 90}"#, "400 invalid_request If-Match", ifMatch: "2"),
    .put(
      "{M}", #"{"quantity": 90}"#, "409 version_conflict expected=9 actual=2",
      ifMatch: "\"1\", W/\"2\", \"9\""),
    .put("{M}", #"{"gtin": "123"}"#, "400 invalid_request gtin"),
    .put("{M}", #"{"version": 9}"#, "400 invalid_request version"),
    .put("{M}", "{}", "400 invalid_request body"),
    .put("{F}", #"{"quantity": 1}"#, "404 entry_not_found"),
    .put("\(max)", #"{"quantity": 1}"#, "404 entry_not_found"),
    .delete("{M}", "409 entry_in_use reserved=30"),
    .delete("{W}", "409 version_conflict expected=7 actual=1", ifMatch: "\"7\""),
    .delete("{F}", "404 entry_not_found"),
    .delete("\(max)", "404 entry_not_found"),
  ]

  @Test("Refused", arguments: stock + reads + entries)
  func refused(_ row: Refused) async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let before = try await stage.everything()
    let seen = try await engine.call(
      row.method, stage.fill(row.path), stage.fill(row.body),
      headers: row.ifMatch.map { [("If-Match", $0)] } ?? [])
    #expect(try await stage.everything() == before)
    expect(seen, row.expected)
  }

  @Test("The same as a line of a batch", arguments: stock)
  func refusedInBatch(_ row: Refused) async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let before = try await stage.everything()
    let call = row.path.split(separator: "/").last ?? ""
    let line = #"{"op": "\#(call)", "# + row.body.dropFirst()
    let seen = try await engine.inventory("batch", stage.fill(#"{"operations": [\#(line)]}"#))
    #expect(try await stage.everything() == before)
    #expect(seen.status == 200)
    let result = try #require(seen.items("results").first)
    let words = row.expected.split(separator: " ")
    #expect("\(result["status"] ?? "-") \(result["code"] ?? "-")" == "\(words[0]) \(words[1])")
  }
}

/// Compares an answer with a row's text.
func expect(
  _ seen: Seen, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  var words = ["\(seen.status)", seen.code ?? "-"]
  for detail in expected.split(separator: " ").dropFirst(2) {
    if let equals = detail.firstIndex(of: "=") {
      let name = String(detail[..<equals])
      words.append("\(name)=\(seen.int(name).map(String.init) ?? "-")")
    } else {
      words.append(seen.field ?? "-")
    }
  }
  #expect(
    words.joined(separator: " ") == expected, "\(seen.bodyText)", sourceLocation: sourceLocation)
  #expect(
    seen.answer.header("Content-Type")?.hasPrefix("application/problem+json") == true,
    sourceLocation: sourceLocation)
  #expect(seen.answer.header("X-Request-Id") != nil, sourceLocation: sourceLocation)
}
