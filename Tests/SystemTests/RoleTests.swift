import StockFaults
import StockProcesses
import StockTools
import Testing

@Suite("Who may do what, over HTTP")
struct RoleTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var method: HTTPRequest.Method
    var path: String
    var body: String
    var roles: Set<TestEngine.Role>
    /// Of an answer to one who may; nil: any 2xx.
    var status: Int?

    var testDescription: String { "\(method.rawValue) \(path)" }
  }

  private static let everyone: Set<TestEngine.Role> = [.admin, .store, .checkout, .read]
  private static let sellers: Set<TestEngine.Role> = [.admin, .store, .checkout]
  private static let keepers: Set<TestEngine.Role> = [.admin, .store]
  private static let admin: Set<TestEngine.Role> = [.admin]
  private static let one = #"{"product_id": {P}, "location": "MAIN", "quantity": 1}"#

  static let rows: [Row] = [
    row(
      .post, "store/inventory/set", #"{"product_id": {P}, "location": "MAIN", "quantity": 100}"#,
      keepers),
    row(.post, "store/inventory/adjust", one, keepers),
    row(.post, "store/inventory/reserve", one, sellers),
    row(.post, "store/inventory/release", one, sellers),
    row(.post, "store/inventory/fulfill", one, sellers),
    row(
      .post, "store/inventory/transfer",
      #"{"product_id": {P}, "from": "MAIN", "to": "WEST", "quantity": 1}"#, keepers),
    row(.post, "store/inventory/batch", #"{"operations": []}"#, sellers),
    row(.get, "store/inventory/product/{P}", "", everyone),
    row(.get, "store/inventory/movements?product_id={P}", "", everyone),
    row(.get, "store/reservations?product_id={P}", "", everyone),
    // 201 for the first, then the same order's same lines.
    row(
      .post, "store/reservations",
      #"{"order_id": "order of {P}", "lines": [{"product_id": {P}, "location": "WEST", "quantity": 1}]}"#,
      sellers, nil),
    row(.get, "store/reservations/r0-none", "", everyone, 404),
    row(.post, "store/reservations/r0-none/fulfill", "", sellers, 404),
    row(.post, "store/reservations/r0-none/release", "", sellers, 404),
    row(.post, "store/reservations/r0-none/extend", #"{"ttl_seconds": 60}"#, sellers, 404),
    row(.get, "admin/inventory/movements?product_id={P}", "", admin),
    row(.get, "store/inventory", "", everyone),
    row(.get, "store/inventory/{W}", "", everyone),
    row(.put, "store/inventory/{W}", #"{"quantity": 50}"#, keepers),
    row(.get, "admin/products/{P}", "", admin),
    row(.put, "admin/products/{P}", #"{"store_id": 1}"#, admin),
    row(.get, "admin/products", "", admin),
    row(.get, "admin/stores/1", "", admin),
    row(.put, "admin/stores/1", #"{"name": "Store 1"}"#, admin),
    row(.get, "admin/stores", "", admin),
    row(.get, "admin/keys", "", admin),
    row(.post, "admin/keys", #"{"role": "read", "store_id": 1, "name": "x"}"#, admin, 201),
    row(.post, "admin/verify", "", admin),
  ]

  private static func row(
    _ method: HTTPRequest.Method, _ path: String, _ body: String, _ roles: Set<TestEngine.Role>,
    _ status: Int? = 200
  ) -> Row {
    Row(method: method, path: "/api/v1/\(path)", body: body, roles: roles, status: status)
  }

  @Test("Each role may do what is its own, and gets a 403 for the rest", arguments: rows)
  func matrix(_ row: Row) async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    for role in TestEngine.Role.allCases {
      let before = try await stage.everything()
      let seen = try await engine.call(
        row.method, stage.fill(row.path), stage.fill(row.body), as: role)
      if row.roles.contains(role) {
        let isRight = row.status.map { $0 == seen.status } ?? seen.answer.isSuccess
        #expect(isRight, "\(role): \(seen.bodyText)")
      } else {
        expect(seen, "403 forbidden")
        #expect(try await stage.everything() == before)
      }
    }
  }

  @Test("Without a key, or with a wrong one, it is a 401 that says how", arguments: rows)
  func noKey(_ row: Row) async throws {
    let engine = try await TestEngine.shared
    for client in [engine.withoutKey, engine.withBadKey] {
      let seen = Seen(
        try await client.send(HTTPRequest(row.method, row.path, body: Array(row.body.utf8))))
      expect(seen, "401 unauthorized")
      #expect(seen.answer.header("WWW-Authenticate")?.hasPrefix("Bearer") == true)
    }
  }

  @Test("Under /api nobody without a key learns which paths there are")
  func hiddenPaths() async throws {
    let engine = try await TestEngine.shared
    let seen = Seen(try await engine.withoutKey.send(HTTPRequest(.get, "/api/v1/no/such/path")))
    expect(seen, "401 unauthorized")
  }

  @Test("Health and readiness need no key")
  func open() async throws {
    let engine = try await TestEngine.shared
    for path in ["/healthz", "/readyz"] {
      #expect(try await engine.withoutKey.send(HTTPRequest(.get, path)).status == 200)
    }
  }

  @Test("In a batch, each operation is judged by the role too")
  func batchOfCheckout() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let seen = try await engine.inventory(
      "batch",
      stage.fill(
        #"""
        {"operations": [
          {"op": "set", "product_id": {P}, "location": "MAIN", "quantity": 500},
          {"op": "reserve", "product_id": {P}, "location": "MAIN", "quantity": 1},
          {"op": "adjust", "product_id": {P}, "location": "MAIN", "quantity": 1}
        ]}
        """#), as: .checkout)
    #expect(seen.items("results").map { $0["status"] as? Int } == [403, 200, 403])
  }

  @Test("What another store has is not there, and nothing of it is listed")
  func otherStore() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    for (method, path, body, code) in [
      (.get, "product/{P}", "", "product_not_found"),
      (.get, "{M}", "", "entry_not_found"),
      (.post, "reserve", Self.one, "product_not_found"),
      (.post, "set", Self.one, "product_not_found"),
      (.delete, "{W}", "", "entry_not_found"),
    ] as [(HTTPRequest.Method, String, String, String)] {
      let seen = Seen(
        try await engine.otherStore.send(
          HTTPRequest(
            method, stage.fill("/api/v1/store/inventory/\(path)"),
            body: Array(stage.fill(body).utf8))))
      expect(seen, "404 \(code)")
    }
    let list = Seen(
      try await engine.otherStore.send(
        HTTPRequest(.get, stage.fill("/api/v1/store/inventory?product_id={P}"))))
    #expect(list.status == 200)
    #expect(list.items("items").isEmpty)
  }

  @Test("A revoked key stops working")
  func revoked() async throws {
    let engine = try await TestEngine.shared
    let made = try await engine.call(
      .post, "/api/v1/admin/keys", #"{"role": "read", "store_id": 1, "name": "short"}"#, as: .admin)
    let id = try #require(made.int("id"))
    let key: String = try #require(made.text("key"))
    let client = try await HTTPClient.start(
      url: engine.url, configuration: .init(connections: 1, key: key))
    let request = HTTPRequest(.get, "/api/v1/store/inventory?limit=1")
    #expect(try await client.send(request).status == 200)
    let gone = try await engine.call(.delete, "/api/v1/admin/keys/\(id)", as: .admin)
    #expect(gone.status == 204)
    #expect(
      try await eventually(within: .seconds(30)) { try await client.send(request).status == 401 })
    await client.close()
    expect(
      try await engine.call(.delete, "/api/v1/admin/keys/\(id)", as: .admin), "404 key_not_found")
    let list = try await engine.call(.get, "/api/v1/admin/keys", as: .admin)
    #expect(!list.bodyText.contains("\"key\""))
  }
}
