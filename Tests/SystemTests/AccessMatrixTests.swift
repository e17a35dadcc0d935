import Foundation
import StockFaults
import StockProcesses
import StockTools
import Testing
import Yams

/// Every call of the contract, asked by everyone, about what is theirs, another store's, and not there at
/// all. A call that is added to the contract without a row here makes a test fail.
@Suite("Everyone asks everything", .timeLimit(.minutes(20)))
struct AccessMatrixTests {
  enum Caller: String, CaseIterable, Sendable {
    case nobody, stranger, admin, store, checkout, read
  }

  /// Whose the thing is that the call is about, for a caller of store 1.
  enum Target: String, CaseIterable, Sendable { case own, other, none }

  struct Row: Sendable, CustomTestStringConvertible {
    /// As in the contract: "GET /healthz".
    var call: String
    /// What is asked: {P} product, {E} entry, {R} reservation, {S} store, {K} key, {O} a new order.
    var path: String
    var body = ""
    /// Of who may: about what is there.
    var status = 200
    /// Of an admin, about what is not there; and of a store's key. nil: 404.
    var none: [Caller: Int] = [:]
    var kind = Kind.plain

    var testDescription: String { call }
  }

  enum Kind: Sendable {
    case plain
    /// Answers 200 to all who may, with nothing in it of what is not theirs.
    case list
    /// The same, and a line's status tells.
    case batch
    /// The answer has no end.
    case stream
    /// It is about no store's things.
    case untargeted
    /// A setting says who may, not the contract: by default admins.
    case forAdmins
  }

  private static let one = #"{"product_id": {P}, "location": "MAIN", "quantity": 1}"#
  private static let oneOfStore =
    #"{"store_id": {S}, "product_id": {P}, "location": "MAIN", "quantity": 100}"#
  private static let store = "/api/v1/store/inventory"
  private static let carts = "/api/v1/store/reservations"
  private static let admin = "/api/v1/admin"

  static let rows: [Row] = [
    Row(
      call: "POST \(store)/set", path: "\(store)/set", body: one.replacing("1}", with: "100}"),
      none: [.store: 200]),
    Row(call: "POST \(store)/adjust", path: "\(store)/adjust", body: one, none: [.store: 200]),
    Row(call: "POST \(store)/reserve", path: "\(store)/reserve", body: one),
    Row(call: "POST \(store)/release", path: "\(store)/release", body: one),
    Row(call: "POST \(store)/fulfill", path: "\(store)/fulfill", body: one),
    Row(
      call: "POST \(store)/transfer", path: "\(store)/transfer",
      body: #"{"product_id": {P}, "from": "MAIN", "to": "WEST", "quantity": 1}"#),
    Row(
      call: "POST \(store)/batch", path: "\(store)/batch",
      body:
        #"{"operations": [{"op": "reserve", "product_id": {P}, "location": "MAIN", "quantity": 1}]}"#,
      kind: .batch),
    Row(
      call: "POST \(carts)", path: carts,
      body:
        #"{"order_id": "{O}", "lines": [{"product_id": {P}, "location": "MAIN", "quantity": 1}]}"#,
      status: 201),
    Row(call: "GET \(carts)", path: "\(carts)?product_id={P}", kind: .list),
    Row(call: "GET \(carts)/{reservation}", path: "\(carts)/{R}"),
    Row(call: "POST \(carts)/{reservation}/fulfill", path: "\(carts)/{R}/fulfill"),
    Row(call: "POST \(carts)/{reservation}/release", path: "\(carts)/{R}/release"),
    Row(
      call: "POST \(carts)/{reservation}/extend", path: "\(carts)/{R}/extend",
      body: #"{"ttl_seconds": 60}"#),
    Row(call: "GET \(store)/product/{id}", path: "\(store)/product/{P}"),
    Row(call: "GET \(store)", path: "\(store)?product_id={P}", kind: .list),
    Row(call: "GET \(store)/movements", path: "\(store)/movements?product_id={P}", kind: .list),
    Row(call: "GET \(store)/events", path: "\(store)/events", kind: .stream),
    Row(call: "GET \(store)/{id}", path: "\(store)/{E}"),
    Row(call: "PUT \(store)/{id}", path: "\(store)/{E}", body: #"{"quantity": 60}"#),
    Row(call: "DELETE \(store)/{id}", path: "\(store)/{E}", status: 204),

    Row(call: "GET \(admin)/products/{id}", path: "\(admin)/products/{P}"),
    Row(
      call: "PUT \(admin)/products/{id}", path: "\(admin)/products/{P}",
      body: #"{"store_id": {S}}"#, none: [.admin: 400]),
    Row(call: "GET \(admin)/products", path: "\(admin)/products", kind: .untargeted),
    Row(call: "GET \(admin)/stores/{id}", path: "\(admin)/stores/{S}"),
    Row(
      call: "PUT \(admin)/stores/{id}", path: "\(admin)/stores/{S}",
      body: #"{"name": "Store {S}"}"#, none: [.admin: 201]),
    Row(call: "GET \(admin)/stores", path: "\(admin)/stores", kind: .untargeted),
    Row(call: "GET \(admin)/keys", path: "\(admin)/keys", kind: .untargeted),
    Row(
      call: "POST \(admin)/keys", path: "\(admin)/keys",
      body: #"{"role": "read", "store_id": {S}, "name": "x"}"#, status: 201, none: [.admin: 400]),
    Row(call: "DELETE \(admin)/keys/{id}", path: "\(admin)/keys/{K}", status: 204),
    Row(call: "POST \(admin)/inventory/set", path: "\(admin)/inventory/set", body: oneOfStore),
    Row(
      call: "POST \(admin)/inventory/adjust", path: "\(admin)/inventory/adjust", body: oneOfStore),
    Row(call: "GET \(admin)/inventory", path: "\(admin)/inventory?product_id={P}", kind: .list),
    Row(call: "GET \(admin)/inventory/stats", path: "\(admin)/inventory/stats", kind: .untargeted),
    Row(
      call: "GET \(admin)/inventory/low-stock", path: "\(admin)/inventory/low-stock?threshold=5",
      kind: .untargeted),
    Row(
      call: "GET \(admin)/inventory/stores", path: "\(admin)/inventory/stores", kind: .untargeted),
    Row(
      call: "GET \(admin)/inventory/locations", path: "\(admin)/inventory/locations",
      kind: .untargeted),
    Row(call: "GET \(admin)/inventory/stores/{id}", path: "\(admin)/inventory/stores/{S}"),
    Row(call: "GET \(admin)/inventory/products/{id}", path: "\(admin)/inventory/products/{P}"),
    Row(call: "GET \(admin)/inventory/{id}", path: "\(admin)/inventory/{E}"),
    Row(
      call: "PUT \(admin)/inventory/{id}", path: "\(admin)/inventory/{E}",
      body: #"{"quantity": 60}"#),
    Row(call: "DELETE \(admin)/inventory/{id}", path: "\(admin)/inventory/{E}", status: 204),
    Row(
      call: "GET \(admin)/inventory/movements", path: "\(admin)/inventory/movements?product_id={P}",
      kind: .list),
    Row(call: "GET \(admin)/inventory/events", path: "\(admin)/inventory/events", kind: .stream),
    Row(call: "GET \(admin)/inventory/live", path: "\(admin)/inventory/live", kind: .stream),
    Row(call: "POST \(admin)/verify", path: "\(admin)/verify", kind: .untargeted),
    Row(call: "GET \(admin)/export", path: "\(admin)/export", kind: .untargeted),

    Row(call: "GET /healthz", path: "/healthz", kind: .untargeted),
    Row(call: "GET /readyz", path: "/readyz", kind: .untargeted),
    Row(call: "GET /metrics", path: "/metrics", kind: .forAdmins),
    Row(call: "GET /openapi.yaml", path: "/openapi.yaml", kind: .untargeted),
    Row(call: "GET /docs", path: "/docs", kind: .untargeted),
    Row(call: "GET /admin/inventory", path: "/admin/inventory", kind: .untargeted),
    Row(call: "GET /admin/session", path: "/admin/session", kind: .untargeted),
    Row(call: "POST /admin/session", path: "/admin/session", kind: .untargeted),
    Row(call: "DELETE /admin/session", path: "/admin/session", status: 204, kind: .untargeted),
  ]

  /// Who may, by the contract; empty: everyone.
  private static let roles: [String: Set<String>] = {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/openapi.yaml").path
    guard let text = try? String(contentsOfFile: path, encoding: .utf8),
      let paths = try? Yams.compose(yaml: text)?["paths"]?.mapping
    else { return [:] }
    var roles: [String: Set<String>] = [:]
    for (path, item) in paths {
      for (method, operation) in item.mapping ?? [:] {
        let name = "\(method.string?.uppercased() ?? "") \(path.string ?? "")"
        roles[name] = Set(
          (operation["security"]?.sequence ?? []).flatMap {
            $0.mapping?.keys.compactMap(\.string) ?? []
          })
      }
    }
    return roles
  }()

  @Test("each call of the contract has a row, and no row is of another")
  func isComplete() {
    #expect(Self.roles.count > 40)
    #expect(Set(Self.rows.map(\.call)) == Set(Self.roles.keys))
    #expect(Set(Self.rows.map(\.call)).count == Self.rows.count)
  }

  /// What a caller has to be answered.
  private func expected(_ row: Row, _ caller: Caller, _ target: Target) throws -> Int {
    var roles = try #require(Self.roles[row.call])
    if case .forAdmins = row.kind { roles = ["admin"] }
    if roles.isEmpty { return row.status }
    if caller == .nobody || caller == .stranger { return 401 }
    guard roles.contains(caller.rawValue) else { return 403 }
    switch row.kind {
    case .list, .batch, .stream, .untargeted, .forAdmins: return row.status
    case .plain: break
    }
    switch target {
    case .own: return row.status
    case .other: return caller == .admin ? row.status : 404
    case .none: return row.none[caller] ?? 404
    }
  }

  @Test("everyone gets the answer that is theirs", arguments: rows)
  func cells(_ row: Row) async throws {
    let engine = try await TestEngine.shared
    let isTargeted =
      switch row.kind {
      case .plain, .list, .batch: true
      case .stream, .untargeted, .forAdmins: false
      }
    for caller in Caller.allCases {
      for target in isTargeted ? Target.allCases : [.own] {
        let scene = try await Scene(engine, target)
        let expected = try expected(row, caller, target)
        let cell = "\(caller) \(target)"
        if case .stream = row.kind {
          #expect(try scene.streamStatus(row.path, caller) == expected, "\(cell)")
          continue
        }
        let seen = try await scene.ask(row, caller)
        #expect(seen.status == expected, "\(cell): \(seen.bodyText.prefix(300))")
        guard seen.status == 200 else { continue }
        let isVisible = target == .own || target == .other && caller == .admin
        switch row.kind {
        case .list: #expect(seen.items("items").isEmpty != isVisible, "\(cell)")
        case .batch:
          #expect(
            seen.items("results").first?["status"] as? Int == (isVisible ? 200 : 404), "\(cell)")
        case .plain, .stream, .untargeted, .forAdmins: break
        }
      }
    }
  }

  /// What a call can be about, made anew for each: a product with 100 units at MAIN, some reserved, 50 at
  /// WEST; a reservation; a key.
  private struct Scene {
    private let engine: TestEngine
    private var names: [String: String] = [:]

    init(_ engine: TestEngine, _ target: Target) async throws {
      self.engine = engine
      let product = TestEngine.newProduct()
      let storeID = target == .own ? 1 : target == .other ? 2 : Int(product) + 1_000_000
      names = [
        "P": "\(product)", "S": "\(storeID)", "O": "matrix \(product)", "E": "9007199254740990",
        "R": "r0-none", "K": "9007199254740990",
      ]
      guard target != .none else { return }
      let client = try target == .own ? engine.client(.store) : engine.otherStore
      func made(_ path: String, _ json: String, as client: HTTPClient) async throws -> Seen {
        let seen = Seen(try await client.send(HTTPRequest(.post, path, json: json)))
        try #require(seen.answer.isSuccess, "\(seen.bodyText)")
        return seen
      }
      let inventory = "/api/v1/store/inventory"
      for (location, quantity) in [("WEST", 50), ("EAST", 50), ("MAIN", 100)] {
        let entry = try await made(
          "\(inventory)/set",
          #"{"product_id": \#(product), "location": "\#(location)", "quantity": \#(quantity)}"#,
          as: client)
        if location == "WEST" { names["E"] = "\(try #require(entry.int("id")))" }
      }
      _ = try await made(
        "\(inventory)/reserve",
        #"{"product_id": \#(product), "location": "MAIN", "quantity": 30}"#, as: client)
      let cart: Seen = try await made(
        "/api/v1/store/reservations",
        #"{"order_id": "scene \#(product)", "lines": [{"product_id": \#(product), "location": "EAST", "quantity": 1}]}"#,
        as: client)
      names["R"] = cart.text("reservation_id")
      let key = try await made(
        "/api/v1/admin/keys", #"{"role": "read", "store_id": \#(storeID), "name": "matrix"}"#,
        as: engine.client(.admin))
      names["K"] = "\(try #require(key.int("id")))"
    }

    private func fill(_ text: String) -> String {
      names.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }

    private func client(_ caller: Caller) throws -> HTTPClient {
      switch caller {
      case .nobody: engine.withoutKey
      case .stranger: engine.withBadKey
      case .admin: try engine.client(.admin)
      case .store: try engine.client(.store)
      case .checkout: try engine.client(.checkout)
      case .read: try engine.client(.read)
      }
    }

    func ask(_ row: Row, _ caller: Caller) async throws -> Seen {
      let method = try #require(
        HTTPRequest.Method(rawValue: String(row.call.prefix { $0 != " " })))
      return Seen(
        try await client(caller).send(
          HTTPRequest(method, fill(row.path), body: Array(fill(row.body).utf8))))
    }

    /// The status of an answer whose end is not waited for.
    func streamStatus(_ path: String, _ caller: Caller) throws -> Int {
      let key = engine.key(of: caller.rawValue)
      let connection = try #require(RawConnection(port: engine.url.port))
      let field = key.map { "Authorization: Bearer \($0)\r\n" } ?? ""
      let ending = connection.ask("GET \(fill(path)) HTTP/1.1\r\nHost: stock\r\n\(field)\r\n")
      guard case .answer(let status, _) = ending else { return 0 }
      return status
    }
  }
}
