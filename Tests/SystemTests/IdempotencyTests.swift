import StockFaults
import StockProcesses
import StockTools
import Testing

@Suite("Idempotency keys, over HTTP")
struct IdempotencyTests {
  /// A request of a `Stage`, with its product and entries in braces; {H} is a reservation of 2 units
  /// of it at WEST, {O} an order.
  struct Row: Sendable, CustomTestStringConvertible {
    var method: HTTPRequest.Method
    var path: String
    var body: String
    var status: Int
    var role = TestEngine.Role.store

    init(
      _ method: HTTPRequest.Method, _ path: String, _ body: String, _ status: Int = 200,
      as role: TestEngine.Role = .store
    ) {
      self.method = method
      self.path = "/api/v1/\(path)"
      self.body = body
      self.status = status
      self.role = role
    }

    var testDescription: String { "\(method.rawValue) \(path) \(body.prefix(80)) \(status)" }
  }

  private static let at = #""product_id": {P}, "location": "MAIN""#

  static let mutations: [Row] = [
    Row(.post, "store/inventory/set", "{\(at), \"quantity\": 77}"),
    Row(.post, "store/inventory/adjust", "{\(at), \"quantity\": 7, \"reason\": \"found\"}"),
    Row(.post, "store/inventory/reserve", "{\(at), \"quantity\": 3}"),
    Row(.post, "store/inventory/reserve", #"{"product_id": {P}, "quantity": 80}"#),
    Row(.post, "store/inventory/reserve", #"{"product_id": {D}, "quantity": 80}"#),
    Row(.post, "store/inventory/release", "{\(at), \"quantity\": 3}"),
    Row(.post, "store/inventory/fulfill", "{\(at), \"quantity\": 3}"),
    Row(
      .post, "store/inventory/transfer",
      #"{"product_id": {P}, "from": "MAIN", "to": "EAST", "quantity": 3}"#),
    Row(
      .post, "store/inventory/batch",
      #"""
      {"operations": [{"op": "reserve", \#(at), "quantity": 3},
        {"op": "reserve", \#(at), "quantity": 3}, {"op": "reserve", \#(at), "quantity": 1000},
        {"op": "adjust", "product_id": {P}, "location": "WEST", "quantity": 1}]}
      """#),
    Row(
      .post, "store/inventory/batch",
      #"{"atomic": true, "operations": [{"op": "reserve", \#(at), "quantity": 3}]}"#),
    Row(.put, "store/inventory/{W}", #"{"quantity": 60}"#),
    Row(.delete, "store/inventory/{E}", "", 204),
    Row(
      .post, "store/reservations", #"{"order_id": "{O}", "lines": [{\#(at), "quantity": 3}]}"#, 201),
    Row(.post, "store/reservations/{H}/extend", #"{"ttl_seconds": 60}"#),
    Row(
      .post, "store/reservations/{H}/fulfill", #"{"lines": [{"product_id": {P}, "quantity": 1}]}"#),
    Row(
      .post, "store/reservations/{H}/release", #"{"lines": [{"product_id": {P}, "quantity": 1}]}"#),
    Row(.post, "store/reservations/{H}/release", ""),
    Row(
      .put, "admin/products/{P}", #"{"store_id": 1, "title": "New"}"#, as: .admin),
  ]

  /// Refused on stock: kept as well.
  static let refusals: [Row] = [
    Row(.post, "store/inventory/reserve", "{\(at), \"quantity\": 71}", 409),
    Row(.post, "store/inventory/adjust", "{\(at), \"quantity\": -71}", 409),
    Row(
      .post, "store/inventory/release", #"{"product_id": {N}, "location": "A", "quantity": 1}"#, 404
    ),
    Row(
      .post, "store/inventory/batch",
      #"{"atomic": true, "operations": [{"op": "reserve", \#(at), "quantity": 71}]}"#, 409),
    Row(
      .post, "store/reservations",
      #"{"order_id": "{O}", "lines": [{\#(at), "quantity": 71}]}"#, 409),
    Row(.post, "store/reservations/r0-none/fulfill", "", 404),
  ]

  /// A stage with what the rows name besides.
  private struct Scene {
    let engine: TestEngine
    let stage: Stage
    private let names: [String: String]

    init() async throws {
      engine = try await TestEngine.shared
      stage = try await Stage(engine)
      let made = try await engine.call(
        .post, TestEngine.reservations,
        stage.fill(
          #"{"order_id": "\#(TestEngine.newOrder())", "lines": [{"product_id": {P}, "location": "WEST", "quantity": 2}]}"#
        ))
      let spare = try await engine.inventory(
        "set", stage.fill(#"{"product_id": {P}, "location": "SPARE", "quantity": 4}"#))
      names = [
        "{H}": made.id, "{O}": TestEngine.newOrder(), "{E}": "\(try #require(spare.int("id")))",
      ]
    }

    func fill(_ text: String) -> String {
      names.reduce(stage.fill(text)) { $0.replacing($1.key, with: $1.value) }
    }

    func send(_ row: Row, key: String?) async throws -> Seen {
      try await engine.call(
        row.method, fill(row.path), fill(row.body), as: row.role,
        headers: key.map { [("Idempotency-Key", $0)] } ?? [])
    }

    func everything() async throws -> String {
      try await stage.everything() + engine.reservation(names["{H}"] ?? "").bodyText
        + engine.call(.get, "\(TestEngine.reservations)?order_id=\(names["{O}"] ?? "")").bodyText
    }
  }

  private static func newKey() -> String { "key-\(TestEngine.newProduct())" }

  @Test(
    "The same request again is the first answer, byte for byte", arguments: mutations + refusals)
  func again(_ row: Row) async throws {
    let scene = try await Scene()
    let key = Self.newKey()
    let before = try await scene.everything()
    let first = try await scene.send(row, key: key)
    #expect(first.status == row.status, "\(first.bodyText)")
    #expect(!first.isReplayed)
    let after = try await scene.everything()
    let isChange = row.status < 300 && !row.body.contains("{D}")
    #expect((after != before) == isChange)
    for _ in 0..<2 {
      let second = try await scene.send(row, key: key)
      #expect(second.firstAnswer == first.firstAnswer)
      #expect(second.isReplayed)
    }
    #expect(try await scene.everything() == after)
  }

  @Test("Another request with the same key is a 422 and does nothing", arguments: mutations)
  func mismatch(_ row: Row) async throws {
    let scene = try await Scene()
    let key = Self.newKey()
    #expect(try await scene.send(row, key: key).status == row.status)
    let before = try await scene.everything()
    var others: [Row] = []
    if !row.body.isEmpty {
      var other = row
      other.body = row.body + " "
      others.append(other)
    }
    // Another path with the same body, and another product, which may be another shard's.
    others.append(Row(.post, "store/inventory/reserve", "{\(Self.at), \"quantity\": 4}"))
    let (a, b) = try await scene.engine.productsOnTwoShards()
    for product in [a, b] {
      others.append(
        Row(.post, "store/inventory/reserve", CartLine(product, "MAIN", 1).json, as: row.role))
    }
    for other in others where other.role == row.role {
      expect(try await scene.send(other, key: key), "422 idempotency_mismatch")
    }
    #expect(try await scene.everything() == before)
    for product in [a, b] {
      #expect(try await scene.engine.counters(product) == "MAIN 10/0")
    }
  }

  @Test("A refusal on stock is kept, though there is stock now; a malformed request is not")
  func refusalsKept() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product(stock: ["MAIN": 1])
    let key = [("Idempotency-Key", Self.newKey())]
    func reserve(_ body: String) async throws -> Seen {
      try await engine.call(.post, "/api/v1/store/inventory/reserve", body, headers: key)
    }
    expect(
      try await reserve(#"{"product_id": \#(a), "location": "MAIN", "quantity": "2"}"#),
      "400 invalid_request quantity")
    let body = #"{"product_id": \#(a), "location": "MAIN", "quantity": 2}"#
    expect(try await reserve(body), "409 insufficient_stock requested=2 available=1")
    _ = try await engine.inventory("adjust", CartLine(a, "MAIN", 9).json)
    let again = try await reserve(body)
    expect(again, "409 insufficient_stock requested=2 available=1")
    #expect(again.isReplayed)
    #expect(try await engine.counters(a) == "MAIN 10/0")
  }

  @Test("Each bearer has keys of its own")
  func owners() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    let key = [("Idempotency-Key", Self.newKey())]
    for (role, reserved) in [(TestEngine.Role.store, 1), (.checkout, 2), (.admin, 3)] {
      for _ in 0..<2 {
        let seen = try await engine.call(
          .post, "/api/v1/store/inventory/reserve", CartLine(a, "MAIN", 1).json, as: role,
          headers: key)
        #expect(seen.int("reserved_quantity") == Int64(reserved))
      }
    }
  }

  @Test("A key that is none is a 400 that names the header")
  func badKeys() async throws {
    let engine = try await TestEngine.shared
    let a = try await engine.product()
    func reserve(_ headers: [(name: String, value: String)]) async throws -> Seen {
      try await engine.call(
        .post, "/api/v1/store/inventory/reserve", CartLine(a, "MAIN", 1).json, headers: headers)
    }
    for key in ["", String(repeating: "k", count: 256), "two words", "schlüssel"] {
      expect(try await reserve([("Idempotency-Key", key)]), "400 invalid_request Idempotency-Key")
    }
    #expect(try await engine.counters(a) == "MAIN 10/0")
    let longest = String(repeating: "~", count: 255)
    #expect(try await reserve([("Idempotency-Key", longest)]).status == 200)
    #expect(try await reserve([("idempotency-key", longest)]).isReplayed)
  }

  @Test("The same request many times at once has one effect; the others wait or get its answer")
  func parallel() async throws {
    let engine = try await TestEngine.shared
    let (a, b) = try await engine.productsOnTwoShards(stock: 1_000)
    let client = try await engine.client(.checkout, connections: 10)
    let hold = #"{"order_id": "\#(TestEngine.newOrder())", "#
    let cart = [CartLine(a, "MAIN", 1), CartLine(b, "MAIN", 1)].json
    for (path, body) in [
      ("/api/v1/store/inventory/reserve", CartLine(a, "MAIN", 1).json),
      (TestEngine.reservations, hold + cart + "}"),
    ] {
      let before = try await engine.counters(a)
      let request = HTTPRequest(.post, path, body: Array(body.utf8), key: Self.newKey())
      let seen = try await withThrowingTaskGroup(of: Seen.self) { group in
        for _ in 0..<60 { group.addTask { try await Seen(client.send(request)) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let answered = seen.filter { $0.status < 300 }
      #expect(answered.count { !$0.isReplayed } == 1)
      #expect(Set(answered.map(\.firstAnswer)).count == 1)
      for other in seen where other.status >= 300 {
        expect(other, "409 idempotency_running")
        #expect(other.answer.header("Retry-After") != nil)
      }
      let last = try await Seen(RetryingExchange(client).send(request))
      #expect(last.isReplayed)
      #expect(last.firstAnswer == answered.first?.firstAnswer)
      #expect(try await engine.counters(a) != before)
    }
    #expect(try await engine.counters(a) == "MAIN 1000/2")
    #expect(try await engine.counters(b) == "MAIN 1000/1")
    await client.close()
  }

  @Test("After a SIGKILL and a new start the answers are still the first ones")
  func afterKill() async throws {
    let process = try EngineProcess(
      .init(binary: StockBinary.find(), port: Port.free()))
    try await process.start(within: .seconds(120))
    let site = try await Site.prepare(
      process, products: [1, 2, 3, 4], locations: ["MAIN"], opening: 50, history: History())
    var requests: [HTTPRequest] = []
    for number in 0..<40 {
      let product = number % 4 + 1
      let line = #"{"product_id": \#(product), "location": "MAIN", "quantity": \#(number % 7 + 1)}"#
      switch number % 5 {
      case 0:
        let lines = (1...4).map { #"{"product_id": \#($0), "location": "MAIN", "quantity": 2}"# }
        requests.append(
          HTTPRequest(
            .post, TestEngine.reservations,
            body: Array(
              #"{"order_id": "o\#(number)", "lines": [\#(lines.joined(separator: ","))]}"#.utf8),
            key: "k\(number)"))
      case 1:
        requests.append(
          HTTPRequest(
            .post, "/api/v1/store/inventory/batch",
            body: Array(
              "{\"operations\": [\(["reserve", "release", "adjust"].map { "{\"op\": \"\($0)\", \(line.dropFirst())" }.joined(separator: ","))]}"
                .utf8), key: "k\(number)"))
      default:
        let call = ["reserve", "fulfill", "adjust"][number % 3]
        requests.append(
          HTTPRequest(
            .post, "/api/v1/store/inventory/\(call)", body: Array(line.utf8), key: "k\(number)"))
      }
    }
    let client = try await site.client(connections: 2)
    var first: [Seen] = []
    for request in requests { first.append(Seen(try await client.send(request))) }
    #expect(first.contains { $0.status == 409 } && first.contains { $0.status == 201 })
    let state = try await site.state()
    try await process.kill()
    try await process.start(within: .seconds(120))
    let retrying = RetryingExchange(client)
    for (request, before) in zip(requests, first) {
      let after = Seen(try await retrying.send(request))
      #expect(after.firstAnswer == before.firstAnswer)
      #expect(after.isReplayed)
    }
    #expect(try await site.state() == state)
    await client.close()
    await site.close()
    try await process.stop()
  }
}
