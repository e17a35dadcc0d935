import Foundation
import StockTools
import Testing

@Suite("Administration, over HTTP")
struct AdminTests {
  private static let path = "/api/v1/admin/inventory"

  @Test("Figures, stores, locations and low stock are those of all stores, and follow each change")
  func figures() async throws {
    let engine = try await TestEngine()
    func call(
      _ method: HTTPRequest.Method, _ path: String, _ body: String = ""
    ) async throws -> Seen {
      try await engine.call(method, path, body, as: .admin)
    }
    func stats(_ query: String = "") async throws -> String {
      let seen = try await call(.get, "\(Self.path)/stats\(query)")
      let object = try JSONSerialization.jsonObject(with: Data(seen.answer.body))
      let names = (object as? [String: Any])?.keys.sorted() ?? []
      #expect(
        names == [
          "low_stock_count", "stores_with_inventory", "total_available", "total_entries",
          "total_quantity", "total_reserved", "unique_locations",
        ])
      return
        [
          "total_entries", "total_quantity", "total_reserved", "total_available",
          "low_stock_count", "stores_with_inventory", "unique_locations",
        ].map { seen.int($0).map(String.init) ?? "-" }.joined(separator: " ")
    }
    #expect(try await stats() == "0 0 0 0 0 0 0")

    for (product, json) in [
      (1, #"{"store_id": 1, "title": "USB Cable", "sku": "USB"}"#),
      (2, #"{"store_id": 2, "title": "<b>\"Lamp\"</b>"}"#),
      (3, #"{"store_id": 2, "product_type": "digital"}"#),
    ] {
      #expect(try await call(.put, "/api/v1/admin/products/\(product)", json).status == 201)
    }
    for (store, product, location, quantity) in [
      (1, 1, "A", 13), (1, 1, "B", 100), (2, 2, "A", 11), (2, 2, "C", 5), (2, 3, "KEYS", 2),
    ] {
      let seen = try await call(
        .post, "\(Self.path)/set",
        #"{"store_id": \#(store), "product_id": \#(product), "location": "\#(location)", "quantity": \#(quantity)}"#
      )
      #expect(seen.status == 200, "\(seen.bodyText)")
    }
    // Product 2 at C is low; licence keys never are.
    #expect(try await stats() == "5 131 0 131 1 2 4")
    let reserve = try await call(
      .post, "/api/v1/store/inventory/reserve",
      #"{"product_id": 1, "location": "A", "quantity": 10}"#)
    #expect(reserve.status == 200)
    #expect(try await stats() == "5 131 10 121 2 2 4")
    #expect(try await stats("?store_id=1") == "2 113 10 103 1 1 2")
    #expect(try await stats("?store_id=2") == "3 18 0 18 1 1 3")
    #expect(try await stats("?store_id=9") == "0 0 0 0 0 0 0")

    let low = try await call(.get, "\(Self.path)/low-stock?threshold=10")
    #expect(
      low.bodyText == #"""
        [{"product_id":1,"store_name":"Store 1","product_title":"USB Cable","location":"A",\#
        "quantity":13,"available_quantity":3},\#
        {"product_id":2,"store_name":"Store 2","product_title":"<b>\"Lamp\"</b>","location":"C",\#
        "quantity":5,"available_quantity":5}]
        """#)
    let unsaid = try await call(.get, "\(Self.path)/low-stock")
    #expect(unsaid.bodyText == low.bodyText)
    for (query, products) in [
      ("threshold=0", []), ("threshold=4", [1]), ("threshold=11", [1, 2, 2]),
      ("threshold=11&store_id=2", [2, 2]), ("threshold=11&location=a", [1, 2]),
      ("threshold=11&limit=1", [1]),
    ] as [(String, [Int])] {
      let seen = try await call(.get, "\(Self.path)/low-stock?\(query)")
      let items = try JSONSerialization.jsonObject(with: Data(seen.answer.body))
      #expect(
        (items as? [[String: Any]])?.map { $0["product_id"] as? Int } == products, "\(query)")
    }

    let stores = try await call(.get, "\(Self.path)/stores")
    #expect(
      stores.bodyText == #"""
        {"items":[{"store_id":1,"store_name":"Store 1","total_entries":2,"total_quantity":113,\#
        "total_reserved":10,"total_available":103,"low_stock_count":1},\#
        {"store_id":2,"store_name":"Store 2","total_entries":3,"total_quantity":18,\#
        "total_reserved":0,"total_available":18,"low_stock_count":1}],\#
        "total":2,"limit":500,"next_cursor":null}
        """#)
    #expect(try await walk(engine, "\(Self.path)/stores?limit=1", "store_id") == ["1", "2"])
    let locations = try await walk(engine, "\(Self.path)/locations?limit=2", "location")
    #expect(locations == ["A", "B", "C", "KEYS"])
    #expect(
      try await walk(engine, "\(Self.path)/locations?store_id=1&limit=1", "location") == ["A", "B"])
    let shared = try await call(.get, "\(Self.path)/locations?limit=1")
    #expect(shared.items("items").first?["total_entries"] as? Int == 2)

    // A product that changes its store takes its entries with it; a deleted one leaves nothing.
    let moved = try await call(
      .put, "/api/v1/admin/products/2", #"{"store_id": 1, "title": "Lamp"}"#)
    #expect(moved.status == 200, "\(moved.bodyText)")
    #expect(try await stats("?store_id=1") == "4 129 10 119 2 1 3")
    #expect(try await stats("?store_id=2") == "1 2 0 2 0 1 1")
    let keys = try await call(.get, "\(Self.path)?product_id=3")
    let id = try #require(keys.items("items").first?["id"] as? Int)
    #expect(try await call(.delete, "\(Self.path)/\(id)").status == 204)
    #expect(try await stats() == "4 129 10 119 2 1 3")
    #expect(try await call(.get, "\(Self.path)/stores/2").int("total") == 0)

    try await engine.stop()
  }

  @Test("A store that is not the product's is a 404, and nothing changes")
  func wrongStore() async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let before = try await stage.everything()
    for call in ["set", "adjust"] {
      for (product, store) in [("{P}", 2), ("{X}", 1), ("{P}", 99), ("{N}", 99)] {
        let seen = try await engine.call(
          .post, "\(Self.path)/\(call)",
          stage.fill(
            #"{"store_id": \#(store), "product_id": \#(product), "location": "MAIN", "quantity": 1}"#
          ), as: .admin)
        expect(seen, "404 product_not_found")
      }
    }
    expect(try await engine.call(.get, "\(Self.path)/stores/99", as: .admin), "404 store_not_found")
    expect(
      try await engine.call(.get, stage.fill("\(Self.path)/products/{N}"), as: .admin),
      "404 product_not_found")
    expect(
      try await engine.call(.put, "\(Self.path)/987654321", #"{"quantity": 1}"#, as: .admin),
      "404 entry_not_found")
    #expect(try await stage.everything() == before)
  }

  @Test("set and adjust make the product in the store that is named, and the ledger says why")
  func makes() async throws {
    let engine = try await TestEngine.shared
    let product = TestEngine.newProduct()
    let body =
      #"{"store_id": 2, "product_id": \#(product), "location": "new", "quantity": 5, "reason": "found"}"#
    let set = try await engine.call(.post, "\(Self.path)/set", body, as: .admin)
    #expect(set.numbers("store_id", "quantity") == "store_id=2 quantity=5")
    let adjust = try await engine.call(.post, "\(Self.path)/adjust", body, as: .admin)
    #expect(adjust.numbers("store_id", "quantity") == "store_id=2 quantity=10")
    let moves = try await engine.call(
      .get, "\(Self.path)/movements?product_id=\(product)", as: .admin)
    #expect(
      moves.items("items").compactMap { $0["kind"] as? String }.sorted() == ["adjust", "set"])
    #expect(moves.items("items").allSatisfy { $0["reason"] as? String == "found" })
  }

  @Test(
    "What cannot be asked so is a 400 that names the field",
    arguments: [
      ("set", #"{"product_id": {P}, "location": "MAIN", "quantity": 1}"#, "store_id"),
      (
        "set", #"{"store_id": 0, "product_id": {P}, "location": "MAIN", "quantity": 1}"#, "store_id"
      ),
      (
        "adjust", #"{"store_id": 1, "product_id": {P}, "location": "MAIN", "quantity": 0}"#,
        "quantity"
      ),
      ("adjust", #"{"store_id": 1, "product_id": {P}, "quantity": 1}"#, "location"),
      (
        "adjust", #"{"store_id": "1", "product_id": {P}, "location": "MAIN", "quantity": 1}"#,
        "store_id"
      ),
    ])
  func malformed(_ call: String, _ body: String, _ field: String) async throws {
    let engine = try await TestEngine.shared
    let stage = try await Stage(engine)
    let seen = try await engine.call(
      .post, "\(Self.path)/\(call)", stage.fill(body), as: .admin)
    expect(seen, "400 invalid_request")
    #expect(seen.field == field, "\(seen.bodyText)")
  }

  @Test(
    "An unknown parameter, or one out of its range, is a 400 that names it",
    arguments: [
      ("?store=1", "store"), ("?store_id=0", "store_id"), ("?limit=501", "limit"),
      ("?sort=colour", "sort"), ("?cursor=abc", "cursor"), ("/stats?threshold=1", "threshold"),
      ("/low-stock?threshold=-1", "threshold"), ("/low-stock?cursor=a", "cursor"),
      ("/stores?cursor=abc", "cursor"), ("/locations?cursor=abc", "cursor"),
      ("/locations?search=a", "search"), ("/stores/1?store_id=2", "store_id"),
      ("/products/1?limit=1", "limit"),
    ])
  func badQuery(_ query: String, _ field: String) async throws {
    let engine = try await TestEngine.shared
    let seen = try await engine.call(.get, Self.path + query, as: .admin)
    expect(seen, "400 invalid_request")
    #expect(seen.field == field, "\(seen.bodyText)")
  }

  @Test("The catalogue's stores can be searched, page by page")
  func stores() async throws {
    let engine = try await TestEngine.shared
    for store in 71...75 {
      let name = store.isMultiple(of: 2) ? "Bücherei \(store)" : "Bakery \(store)"
      let seen = try await engine.call(
        .put, "/api/v1/admin/stores/\(store)", #"{"name": "\#(name)"}"#, as: .admin)
      #expect(seen.answer.isSuccess)
    }
    let stores = "/api/v1/admin/stores?limit=2&search="
    #expect(try await walk(engine, stores + "bakery", "id") == ["71", "73", "75"])
    #expect(try await walk(engine, stores + "B%C3%9CCHER", "id") == ["72", "74"])
    #expect(try await walk(engine, stores + "nobody", "id") == [])
  }

  /// One member of all items, over all pages.
  private func walk(_ engine: TestEngine, _ path: String, _ name: String) async throws -> [String] {
    var found: [String] = []
    var cursor = ""
    repeat {
      let page = try await engine.call(.get, path + cursor, as: .admin)
      try #require(page.status == 200, "\(page.bodyText)")
      found += page.items("items").map { "\($0[name] ?? "-")" }
      cursor = page.text("next_cursor").map { "&cursor=\($0)" } ?? ""
    } while !cursor.isEmpty
    return found
  }
}
