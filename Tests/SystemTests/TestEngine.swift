import Foundation
import StockFaults
import StockProcesses
import StockTools
import Synchronization
import Testing

/// One real engine with its own redis-server. `shared` is for all suites that only ask it things, and
/// ends with the test process; a test that floods its engine starts one of its own, and stops it.
struct TestEngine: Sendable {
  enum Role: String, CaseIterable, Sendable {
    case admin, store, checkout, read
  }

  let url: EngineURL
  /// Keys of store 1, and the admin's.
  private let clients: [Role: HTTPClient]
  let otherStore: HTTPClient
  let withoutKey: HTTPClient
  let withBadKey: HTTPClient
  private let process: EngineProcess
  private let keys: [String: String]

  private static let starting = Task { try await TestEngine() }

  /// The engine, started by whoever comes first.
  static var shared: TestEngine {
    get async throws { try await starting.value }
  }

  /// - Parameter arguments: more flags for `stock serve`.
  init(_ arguments: [String] = []) async throws {
    var options = EngineProcess.Options(binary: try StockBinary.find())
    // No test can wait 30 s for each reservation to expire.
    options.arguments = ["--min-ttl", "1s"] + arguments
    process = try EngineProcess(options)
    try await process.start(within: .seconds(120))
    let url = try await process.url
    self.url = url
    func client(_ key: String?) async throws -> HTTPClient {
      try await HTTPClient.start(
        url: url, configuration: .init(connections: 4, depth: 4, timeout: .seconds(120), key: key))
    }
    let admin = try await client(process.adminKey)
    for store in [1, 2] {
      let made = try await admin.send(
        HTTPRequest(.put, "/api/v1/admin/stores/\(store)", json: #"{"name": "Store \#(store)"}"#))
      try #require(made.isSuccess)
    }
    func key(_ role: Role, store: Int) async throws -> String {
      let made = try await admin.send(
        HTTPRequest(
          .post, "/api/v1/admin/keys",
          json: #"{"role": "\#(role.rawValue)", "store_id": \#(store), "name": "tests"}"#))
      return try #require(Seen(made).text("key"))
    }
    let keys: [Role: String] = [
      .admin: process.adminKey, .store: try await key(.store, store: 1),
      .checkout: try await key(.checkout, store: 1), .read: try await key(.read, store: 1),
    ]
    var clients = [Role.admin: admin]
    for (role, key) in keys where role != .admin { clients[role] = try await client(key) }
    self.clients = clients
    let badKey = "sk_" + String(repeating: "x", count: 43)
    otherStore = try await client(key(.store, store: 2))
    withoutKey = try await client(nil)
    withBadKey = try await client(badKey)
    self.keys = Dictionary(uniqueKeysWithValues: keys.map { ($0.key.rawValue, $0.value) })
      .merging(["stranger": badKey]) { first, _ in first }
  }

  /// Ends an engine that is not the shared one.
  func stop() async throws {
    for client in Array(clients.values) + [otherStore, withoutKey, withBadKey] {
      await client.close()
    }
    try await process.stop()
  }

  func client(_ role: Role) throws -> HTTPClient { try #require(clients[role]) }

  /// The token of a role's key of store 1, or of "stranger", whom nobody knows; nil for others.
  func key(of name: String) -> String? { keys[name] }

  /// A client with connections of its own; it has to be closed.
  func client(_ role: Role, connections: Int) async throws -> HTTPClient {
    try await newClient(role: role, store: 1, connections: connections)
  }

  /// A client with a new key, and connections of its own; it has to be closed.
  func newClient(role: Role, store: Int64, connections: Int = 1) async throws -> HTTPClient {
    let key = try await newKey(role: role, store: store)
    return try await HTTPClient.start(
      url: url,
      configuration: .init(
        connections: connections, depth: 8, timeout: .seconds(120), key: key))
  }

  /// The token of the admin's key.
  var adminKey: String { process.adminKey }

  /// The token of a new key.
  func newKey(role: Role, store: Int64) async throws -> String {
    let body = #"{"role": "\#(role.rawValue)", "store_id": \#(store), "name": "tests"}"#
    return try #require(
      try await call(.post, "/api/v1/admin/keys", body, as: .admin).text("key"))
  }

  /// Asks as store 1.
  func call(
    _ method: HTTPRequest.Method, _ path: String, _ json: String = "", as role: Role = .store,
    headers: [(name: String, value: String)] = []
  ) async throws -> Seen {
    try await Seen(
      client(role).send(HTTPRequest(method, path, body: Array(json.utf8), headers: headers)))
  }

  func inventory(_ call: String, _ json: String, as role: Role = .store) async throws -> Seen {
    try await self.call(.post, "/api/v1/store/inventory/\(call)", json, as: role)
  }

  /// As `inventory`, on a connection of its own: for what makes the engine close it.
  func alone(_ call: String, _ json: String) async throws -> Seen {
    let client = try await HTTPClient.start(
      url: url, configuration: .init(connections: 1, depth: 1, key: process.adminKey))
    let answer = try await client.send(
      HTTPRequest(.post, "/api/v1/store/inventory/\(call)", json: json))
    await client.close()
    return Seen(answer)
  }

  private static let lastProduct = Atomic<Int64>(1_000)

  /// A product id that no other test uses.
  static func newProduct() -> Int64 {
    lastProduct.add(1, ordering: .relaxed).newValue
  }
}

/// An answer, taken apart.
struct Seen: Sendable {
  let status: Int
  let answer: HTTPAnswer
  private var object: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(answer.body))) as? [String: Any] ?? [:]
  }

  init(_ answer: HTTPAnswer) {
    self.answer = answer
    status = answer.status
  }

  var code: String? { object["code"] as? String }
  /// The field that the first complaint names.
  var field: String? { (object["errors"] as? [[String: Any]])?.first?["field"] as? String }
  var bodyText: String { String(decoding: answer.body, as: UTF8.self) }

  func int(_ name: String) -> Int64? { (object[name] as? NSNumber)?.int64Value }
  func bool(_ name: String) -> Bool? { object[name] as? Bool }
  func text(_ name: String) -> String? { object[name] as? String }
  func isNull(_ name: String) -> Bool { object[name] is NSNull }
  /// The objects of an array.
  func items(_ name: String) -> [[String: Any]] { object[name] as? [[String: Any]] ?? [] }
  func object(_ name: String) -> [String: Any] { object[name] as? [String: Any] ?? [:] }

  /// "quantity=100 reserved_quantity=5": those numbers of the answer, to be compared with a text.
  func numbers(_ names: String...) -> String {
    names.map { "\($0)=\(int($0).map(String.init) ?? "-")" }.joined(separator: " ")
  }
}

/// Products of one test: `{P}` physical with 100 units (30 reserved) at MAIN and 50 at WEST, `{D}`
/// digital, `{X}` another store's with 10 at MAIN, `{N}` not there; and the ids of entries: `{M}`
/// at MAIN, `{W}` at WEST, `{F}` the other store's.
struct Stage: Sendable {
  private let names: [String: Int64]
  private let engine: TestEngine

  init(_ engine: TestEngine) async throws {
    self.engine = engine
    var names: [String: Int64] = [:]
    for letter in ["P", "D", "X", "N"] { names[letter] = TestEngine.newProduct() }
    func fill(_ text: String) -> String { Self.fill(text, names) }
    func put(_ product: String, _ json: String) async throws {
      let made = try await engine.call(
        .put, fill("/api/v1/admin/products/{\(product)}"), json, as: .admin)
      try #require(made.status == 201, "\(made.bodyText)")
    }
    try await put("P", #"{"store_id": 1, "title": "Lamp", "sku": "LAMP-1"}"#)
    try await put("D", #"{"store_id": 1, "title": "Licence", "product_type": "digital"}"#)
    try await put("X", #"{"store_id": 2, "title": "Theirs"}"#)
    func stock(_ json: String) async throws -> Int64 {
      let made = try await engine.inventory("set", fill(json), as: .admin)
      try #require(made.status == 200, "\(made.bodyText)")
      return try #require(made.int("id"))
    }
    names["M"] = try await stock(#"{"product_id": {P}, "location": "MAIN", "quantity": 100}"#)
    names["W"] = try await stock(#"{"product_id": {P}, "location": "WEST", "quantity": 50}"#)
    names["F"] = try await stock(#"{"product_id": {X}, "location": "MAIN", "quantity": 10}"#)
    let reserved = try await engine.inventory(
      "reserve", fill(#"{"product_id": {P}, "location": "MAIN", "quantity": 30}"#))
    try #require(reserved.status == 200)
    self.names = names
  }

  /// Puts the ids in.
  func fill(_ text: String) -> String { Self.fill(text, names) }

  private static func fill(_ text: String, _ names: [String: Int64]) -> String {
    names.reduce(text) { $0.replacingOccurrences(of: "{\($1.key)}", with: "\($1.value)") }
  }

  /// Everything that could have changed, as the engine's answers have it, byte for byte.
  func everything() async throws -> String {
    var text = ""
    for name in ["P", "D", "X", "N"] {
      let seen = try await engine.call(
        .get, fill("/api/v1/store/inventory/product/{\(name)}"), as: .admin)
      text += "\(seen.status) \(seen.bodyText)\n"
    }
    return text
  }
}
