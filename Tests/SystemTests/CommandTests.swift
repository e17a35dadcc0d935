import Foundation
import StockFaults
import StockProcesses
import StockTools
import Testing

/// Commands with the real program, where they once did harm, or said what was not so.
@Suite("Commands", .timeLimit(.minutes(10)))
struct CommandTests {
  // MARK: Import

  @Test("an import leaves a product's policy as it is")
  func policyStays() async throws {
    let engine = try await TestEngine()
    let policy =
      #""low_stock_threshold": 3, "safety_stock": 5, "backorder_limit": 1, "purchase_limit": "#
      + #"{"quantity": 2, "starts_at": "2026-11-27T00:00:00Z", "ends_at": null}"#
    let made = try await engine.call(
      .put, "/api/v1/admin/products/10",
      #"{"store_id": 1, "sku": "S10", "title": "Old title", \#(policy)}"#, as: .admin)
    try #require(made.status == 201, "\(made.bodyText)")
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/stock.csv"
    try "sku,title,location,quantity\nS10,New title,W,6\n".write(
      toFile: file, atomically: true, encoding: .utf8)
    let imported = try stock(["import", file], on: engine)
    try #require(imported.status == 0, "\(imported)")
    let after = try await engine.call(.get, "/api/v1/admin/products/10", as: .admin)
    #expect(after.text("title") == "New title")
    for name in ["low_stock_threshold", "safety_stock", "backorder_limit"] {
      #expect(after.int(name) == made.int(name), "\(name)")
    }
    let (before, kept) = (made.object("purchase_limit"), after.object("purchase_limit"))
    #expect(kept["quantity"] as? Int == 2)
    #expect(kept as NSDictionary == before as NSDictionary)
    try await engine.stop()
  }

  @Test("what is exported comes back byte for byte: one SKU twice, blanks, marks, ids")
  func namesComeBack() async throws {
    let first = try await TestEngine()
    let products: [(id: Int, sku: String, title: String)] = [
      (3, "DUP", "one"), (900, "DUP", "two"), (901, "DUP", "one"), (7, " lead", " sp "),
      (8, "lead", "sp"), (9, "trail  ", "  "), (11, " \u{301}x", "e\u{301}"),
      (12, "\"q\", ", "\"\""), (13, "\u{a0}n", "=1+1"),
    ]
    for product in products {
      let body = try JSONSerialization.data(
        withJSONObject: ["store_id": 1, "sku": product.sku, "title": product.title])
      let made = try await first.call(
        .put, "/api/v1/admin/products/\(product.id)", String(decoding: body, as: UTF8.self),
        as: .admin)
      try #require(made.status == 201, "\(made.bodyText)")
      for location in ["NORTH", "A/1 B"] {
        let set = try await first.inventory(
          "set",
          #"{"product_id": \#(product.id), "location": "\#(location)", "quantity": \#(product.id)}"#
        )
        try #require(set.status == 200, "\(set.bodyText)")
      }
    }
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/stock.csv"
    let exported = try stock(["export", file], on: first)
    try #require(exported.status == 0, "\(exported.errors)")
    try await first.stop()

    let second = try await TestEngine()
    // The second time all is there already.
    for _ in 1...2 {
      let imported = try stock(["import", file], on: second)
      try #require(imported.status == 0, "\(imported.output)\(imported.errors)")
      let again = try stock(["export", "-"], on: second)
      let text = try String(contentsOfFile: file, encoding: .utf8)
      // The order of lines is that in which entries were made. Strings would take é for é.
      func lines(_ text: String) -> [[UInt8]] {
        text.utf8.split(separator: UInt8(ascii: "\n")).map(Array.init).sorted {
          $0.lexicographicallyPrecedes($1)
        }
      }
      #expect(lines(text).count == 1 + 2 * products.count)
      #expect(lines(again.output) == lines(text), "\(again.output)")
    }
    try await second.stop()
  }

  // MARK: The first key

  @Test("an admin key that no request could carry is refused by name")
  func unusableKeys() async throws {
    let folder = try TemporaryFolder()
    func serve(_ key: String) throws -> (status: Int32, output: String, errors: String) {
      // With a key that it takes it would serve on and on.
      try run(
        "/usr/bin/timeout",
        ["20", StockBinary.find(), "serve", "--port", "0", "--data", "\(folder.path)/data"],
        environment: ["STOCK_ADMIN_KEY": key])
    }
    let good = String(repeating: "k", count: 30)
    for key in [
      good + " ", " " + good, good + "\n" + good, good + "é", String(repeating: "k", count: 9_000),
      String(repeating: "k", count: 19),
    ] {
      let failed = try serve(key)
      #expect(failed.status == 1, "\(key.prefix(40)): \(failed.status)")
      #expect(failed.errors.contains("STOCK_ADMIN_KEY"), "\(failed.errors)")
      #expect(!failed.errors.contains(good), "it tells no secret")
    }
    // The newline at the end of a file is not meant.
    var options = EngineProcess.Options(binary: try StockBinary.find())
    options.environment = ["STOCK_ADMIN_KEY": good + "\n"]
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    for key in [good, String(repeating: "k", count: 31)] {
      let client = try await HTTPClient.start(
        url: try await engine.url,
        configuration: .init(connections: 1, depth: 1, timeout: .seconds(60), key: key))
      let status = try await client.send(HTTPRequest(.get, "/api/v1/admin/keys")).status
      #expect(status == (key == good ? 200 : 401))
      await client.close()
    }
    try await engine.stop(within: .seconds(60))
  }

  // MARK: Verify

  @Test("a repair that leaves differences says so, and fails")
  func unrepaired() async throws {
    let engine = try EngineProcess(EngineProcess.Options(binary: try StockBinary.find()))
    try await engine.start(within: .seconds(120))
    let access = ["--url", "http://127.0.0.1:\(try await engine.url.port)"]
    func verify(_ more: [String]) throws -> (status: Int32, output: String, errors: String) {
      try run(
        StockBinary.find(), ["verify"] + access + more,
        environment: ["STOCK_KEY": engine.adminKey])
    }
    func redis(_ words: [String]) throws {
      let answer = try run(
        "/usr/bin/env", ["redis-cli", "-s", "\(engine.folder.path)/redis.sock"] + words)
      try #require(answer.status == 0, "\(answer)")
    }
    #expect(try verify(["--repair"]).status == 0)
    // This one is mended.
    try redis(["HSET", "stock:{control}:counters", "bogus", "1"])
    let mended = try verify(["--repair"])
    #expect(mended.status == 0, "\(mended.output)")
    #expect(mended.output.contains("1 fields written to Redis, memory and Redis agree now"))
    // Which batch was the last, the shard finds out by itself, with the next change.
    try redis(["HSET", "stock:{0}:meta", "digest", "1111111111111111"])
    let left = try verify(["--repair"])
    #expect(left.status == 1, "\(left.output)")
    #expect(left.output.contains("1 differences remain"), "\(left.output)")
    try await engine.kill()
  }

  // MARK: The version

  @Test("it says which version it is")
  func version() throws {
    let said = try stock(["--version"])
    #expect(said.status == 0)
    #expect(said.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil, "\(said.output)")
  }
}
