import Foundation
import StockTools
import Testing

/// The two tables of endpoints that the engine promises to have, row by row.
@Suite("Reference: every row of its endpoint tables, over HTTP")
struct ReferenceTests {
  struct Row: Sendable, CustomTestStringConvertible {
    /// What the table says that it does.
    var name: String
    var method: HTTPRequest.Method
    var path: String
    var body: String
    var status: Int
    /// Members of the answer, and what they have to be.
    var shows: [String]

    var testDescription: String { "\(method.rawValue) \(path): \(name)" }

    init(
      _ method: HTTPRequest.Method, _ path: String, _ name: String, _ body: String = "",
      _ status: Int = 200, shows: String...
    ) {
      self.method = method
      self.path = path
      self.name = name
      self.body = body
      self.status = status
      self.shows = shows
    }
  }

  private static let store = "/api/v1/store/inventory"
  private static let admin = "/api/v1/admin/inventory"
  /// 5 of the 30 units that the stage has reserved at MAIN, of 100.
  private static let five = #"{"product_id": {P}, "location": "main", "quantity": 5}"#

  static let storeRows: [Row] = [
    Row(
      .post, "\(store)/set", "Set exact quantity",
      #"{"product_id": {P}, "location": "main", "quantity": 80}"#,
      shows: "quantity=80", "reserved_quantity=30", "available_quantity=50", "location=MAIN"),
    Row(
      .post, "\(store)/adjust", "Add/remove stock",
      #"{"product_id": {P}, "location": "main", "quantity": -10}"#, shows: "quantity=90",
      "reserved_quantity=30", "available_quantity=60"),
    Row(
      .post, "\(store)/reserve", "Reserve for order", five, shows: "quantity=100",
      "reserved_quantity=35", "available_quantity=65"),
    Row(
      .post, "\(store)/release", "Cancel reservation", five, shows: "quantity=100",
      "reserved_quantity=25", "available_quantity=75"),
    Row(
      .post, "\(store)/fulfill", "Complete order", five, shows: "quantity=95",
      "reserved_quantity=25", "available_quantity=70"),
    Row(
      .get, "\(store)/product/{P}", "Product summary", shows: "product_id={P}", "title=Lamp",
      "total_quantity=150", "total_reserved=30", "total_available=120"),
    Row(
      .get, "\(store)?product_id={P}&location=west", "List with filters", shows: "total=1",
      "items.0.id={W}", "items.0.quantity=50", "next_cursor=null"),
    Row(
      .put, "\(store)/{W}", "Update entry", #"{"quantity": 60, "location": "east"}"#,
      shows: "id={W}", "quantity=60", "location=EAST"),
    Row(.delete, "\(store)/{W}", "Delete entry", "", 204),
  ]

  static let adminRows: [Row] = [
    Row(
      .get, "\(admin)?product_id={X}", "List all (cross-store)", shows: "total=1",
      "items.0.id={F}", "items.0.store_id=2", "items.0.store_name=Store 2",
      "items.0.product_title=Theirs", "items.0.sku=null", "items.0.quantity=10",
      "items.0.reserved_quantity=0", "items.0.available_quantity=10", "items.0.location=MAIN"),
    Row(.get, "\(admin)?product_id={P}&store_id=2", "of one store", shows: "total=0"),
    Row(
      .get, "\(admin)?product_id={P}&low_stock=60", "List, low stock", shows: "total=1",
      "items.0.id={W}"),
    Row(.get, "\(admin)/low-stock?threshold=10&store_id=3", "Low stock alerts"),
    Row(.get, "\(admin)/stats?store_id=3", "Platform statistics", shows: "total_entries=0"),
    Row(.get, "\(admin)/stores", "Stores with inventory", shows: "items.0.store_id=1"),
    Row(.get, "\(admin)/locations", "Unique locations"),
    Row(
      .get, "\(admin)/stores/1?product_id={P}", "Store inventory", shows: "total=2",
      "items.0.store_id=1", "items.0.product_title=Lamp", "items.0.sku=LAMP-1"),
    Row(
      .get, "\(admin)/products/{X}", "Product summary", shows: "product_id={X}", "title=Theirs",
      "total_quantity=10", "total_reserved=0", "total_available=10", "locations.0.id={F}"),
    Row(
      .post, "\(admin)/set", "Set (requires store_id)",
      #"{"store_id": 2, "product_id": {X}, "location": "main", "quantity": 12}"#,
      shows: "id={F}", "store_id=2", "quantity=12"),
    Row(
      .post, "\(admin)/adjust", "Adjust (requires store_id)",
      #"{"store_id": 2, "product_id": {X}, "location": "main", "quantity": 25, "reason": "Restocking from supplier"}"#,
      shows: "id={F}", "store_id=2", "quantity=35"),
    Row(.get, "\(admin)/{F}", "One entry", shows: "id={F}", "store_id=2"),
    Row(
      .put, "\(admin)/{F}", "Update entry", #"{"quantity": 9}"#, shows: "id={F}", "quantity=9"),
    Row(.delete, "\(admin)/{F}", "Delete entry", "", 204),
  ]

  @Test("Store endpoints", arguments: storeRows)
  func store(_ row: Row) async throws { try await check(row, as: .store) }

  @Test("Admin endpoints", arguments: adminRows)
  func admin(_ row: Row) async throws { try await check(row, as: .admin) }

  @Test("Admin endpoints are nobody else's", arguments: adminRows)
  func refused(_ row: Row) async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let before = try await stage.everything()
    for role in [TestEngine.Role.store, .checkout, .read] {
      let seen = try await engine.call(
        row.method, stage.fill(row.path), stage.fill(row.body), as: role)
      expect(seen, "403 forbidden")
    }
    let seen = Seen(
      try await engine.withoutKey.send(
        HTTPRequest(row.method, stage.fill(row.path), body: Array(stage.fill(row.body).utf8))))
    expect(seen, "401 unauthorized")
    #expect(try await stage.everything() == before)
  }

  private func check(_ row: Row, as role: TestEngine.Role) async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let seen = try await engine.call(
      row.method, stage.fill(row.path), stage.fill(row.body), as: role)
    #expect(seen.status == row.status, "\(seen.bodyText)")
    for shown in row.shows {
      let parts = stage.fill(shown).split(separator: "=", maxSplits: 1).map(String.init)
      #expect(seen.shown(parts[0]) == parts[1], "\(shown): \(seen.bodyText)")
    }
  }
}

extension Seen {
  /// What a member is, as text; "items.0.id" is one further inside.
  func shown(_ path: String) -> String? {
    var value = try? JSONSerialization.jsonObject(with: Data(answer.body))
    for name in path.split(separator: ".") {
      if let place = Int(name) {
        let array = value as? [Any] ?? []
        value = place < array.count ? array[place] : nil
      } else {
        value = (value as? [String: Any])?[String(name)]
      }
    }
    if value is NSNull { return "null" }
    return value.map { "\($0)" }
  }
}
