import Foundation
import StockFaults
import StockProcesses
import StockTools
import Testing

/// What operators do, with the real program: export and import, back-up and restore, upgrade, doctor,
/// logs, the manual.
@Suite("Operations", .timeLimit(.minutes(10)))
struct OperationTests {
  private var repository: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
  }

  // MARK: The first start

  @Test("the first admin key is shown, whatever fails behind it")
  func firstKey() async throws {
    let other = try await TestEngine()
    let folder = try TemporaryFolder()
    let data = "\(folder.path)/data"
    try FileManager.default.createDirectory(
      atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let failed = try stock(["serve", "--port", "\(other.url.port)", "--data", data])
    #expect(failed.status != 0)
    #expect(failed.output.contains("admin key, shown this once: sk_"), "\(failed)")
    #expect(failed.errors.contains("chmod 700"), "\(failed.errors)")
    try await other.stop()
  }

  // MARK: Export

  @Test("what is exported can be imported, and is the same")
  func roundTrip() async throws {
    let first = try await TestEngine()
    let names = [
      #"Plain"#, #"With "quotes", and commas"#, #"<img src=x onerror=alert(1)>"#, "Größe 日本",
    ]
    for (index, title) in names.enumerated() {
      let id = index + 1
      let text = String(decoding: try JSONEncoder().encode(title), as: UTF8.self)
      let made = try await first.call(
        .put, "/api/v1/admin/products/\(id)",
        #"{"store_id": 1, "sku": "S,\#(id)", "title": \#(text), "gtin": "4006381333931"}"#,
        as: .admin)
      try #require(made.status == 201, "\(made.bodyText)")
      for location in ["NORTH", "A/1 B"] {
        let set = try await first.inventory(
          "set", #"{"product_id": \#(id), "location": "\#(location)", "quantity": \#(id * 7)}"#)
        try #require(set.status == 200)
      }
      let reserved = try await first.inventory(
        "reserve", #"{"product_id": \#(id), "location": "NORTH", "quantity": 2}"#)
      try #require(reserved.status == 200)
    }
    for (id, store) in [(8, 1), (9, 2)] {
      let made = try await first.call(
        .put, "/api/v1/admin/products/\(id)",
        #"{"store_id": \#(store), "sku": "D-\#(id)", "title": "Licence", "product_type": "digital"}"#,
        as: .admin)
      try #require(made.status == 201)
    }
    let bare = try await first.call(
      .put, "/api/v1/admin/products/10", #"{"store_id": 1, "sku": "BARE", "title": "No stock"}"#,
      as: .admin)
    try #require(bare.status == 201)

    let folder = try TemporaryFolder()
    let file = "\(folder.path)/stock.csv"
    let exported = try stock(["export", file], on: first)
    try #require(exported.status == 0, "\(exported.errors)")
    #expect(exported.errors.contains("8 entries of 5 products; 1 products without any stock"))

    let second = try await TestEngine()
    let imported = try stock(["import", file], on: second)
    try #require(imported.status == 0, "\(imported.output)\(imported.errors)")
    let again = try stock(["export", "-"], on: second)
    func lines(_ text: String) -> [String] { text.components(separatedBy: "\r\n").sorted() }
    let text = try String(contentsOfFile: file, encoding: .utf8)
    #expect(lines(again.output) == lines(text))
    #expect(lines(text).count == 11, "a header, eight entries, a licence, and the end")

    // Products that a stock call made have neither title nor SKU.
    let set = try await first.inventory(
      "set", #"{"product_id": 77, "location": "A", "quantity": 1}"#)
    try #require(set.status == 200, "\(set.bodyText)")
    let unnamed = try stock(["export", file], on: first)
    try #require(unnamed.status == 0, "\(unnamed.errors)")
    #expect(
      try String(contentsOfFile: file, encoding: .utf8).contains("\r\n,,A,1,77,,physical\r\n"))
    let refused = try stock(["import", file], on: second)
    #expect((refused.output + refused.errors).contains("no sku"), "\(refused)")

    let json = try stock(["export", "--format", "json"], on: first)
    let items = try #require(
      JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
    // All stores, and products without stock.
    #expect(items.count == 12)
    let reserved = items.reduce(0) { $0 + ($1["reserved_quantity"] as? Int ?? 0) }
    #expect(reserved == 2 * names.count)
    #expect(Set(items.compactMap { $0["title"] as? String }).isSuperset(of: names))
    let empty = try stock(["export", "--store-id", "77", "--format", "json"], on: first)
    #expect(empty.output == "[]\n")
    try await first.stop()
    try await second.stop()
  }

  @Test("an export pages over shards, each as it was when its turn came")
  func pages() async throws {
    let engine = try await TestEngine()
    for id in 1...40 {
      let set = try await engine.inventory(
        "set", #"{"product_id": \#(id), "location": "A", "quantity": 10}"#)
      try #require(set.status == 200)
    }
    func page(_ query: String) async throws -> Seen {
      try await engine.call(.get, "/api/v1/admin/export?limit=5\(query)", as: .admin)
    }
    var seen: [Int64: Int64] = [:]
    var answer = try await page("")
    let firstShard = answer.int("shard")
    var isChanged = false
    // A row that there cannot be is passed over: what comes then is of the next shard.
    let place = try #require(answer.text("next_cursor")).split(separator: "-")
    let beyond = try await page("&cursor=\(place[0])-\(place[1])-\(Int32.max)")
    #expect(beyond.status == 200 && beyond.items("items").isEmpty)
    let huge = try await page("&cursor=\(place[0])-\(place[1])-\(Int.max)")
    #expect(huge.status == 400, "no row's number has more than 32 bits")
    while true {
      for item in answer.items("items") {
        let entry = try #require(item["entry"] as? [String: Any])
        let product = try #require(
          entry["product_id"] as? Int64 ?? (entry["product_id"] as? Int).map(Int64.init))
        let quantity = try #require(
          entry["quantity"] as? Int64 ?? (entry["quantity"] as? Int).map(Int64.init))
        #expect(seen.updateValue(quantity, forKey: product) == nil, "twice")
        if answer.int("shard") == firstShard { #expect(quantity == 10, "as it was") }
      }
      if !isChanged {
        isChanged = true
        for id in 1...40 {
          let set = try await engine.inventory(
            "set", #"{"product_id": \#(id), "location": "A", "quantity": 99}"#)
          try #require(set.status == 200)
        }
      }
      guard let cursor = answer.text("next_cursor") else { break }
      answer = try await page("&cursor=\(cursor)")
      try #require(answer.status == 200, "\(answer.bodyText)")
    }
    #expect(seen.count == 40)
    #expect(seen.values.contains(99), "the shards after the first are as they are now")
    for bad in [
      "&cursor=zz", "&cursor=1-0-0", "&cursor=1-99-0", "&limit=0", "&limit=10001", "&x=1",
    ] {
      #expect(try await page(bad).status == 400, "\(bad)")
    }
    let denied = try await engine.call(.get, "/api/v1/admin/export", as: .store)
    #expect(denied.status == 403)
    try await engine.stop()
  }

  // MARK: Back-up

  @Test("a backup made under load is restored after the data folder is lost: books right")
  func backup() async throws {
    let engine = try EngineProcess(
      EngineProcess.Options(binary: try StockBinary.find(), port: try Port.free()))
    try await engine.start(within: .seconds(120))
    let url = try await engine.url
    let client = try await HTTPClient.start(
      url: url,
      configuration: .init(connections: 4, depth: 4, timeout: .seconds(60), key: engine.adminKey))
    let products = 20
    for product in 1...products {
      let made = try await client.send(
        HTTPRequest(.put, "/api/v1/admin/products/\(product)", json: #"{"store_id": 1}"#))
      try #require(made.status == 201)
      let set = try await client.send(
        HTTPRequest(
          .post, "/api/v1/store/inventory/set",
          json: #"{"product_id": \#(product), "location": "MAIN", "quantity": 1000000}"#))
      try #require(set.status == 200)
    }
    // Buyers go on all the time: by their versions the restored books tell which answers they hold.
    let buyers = Task {
      var latest: [Int: Int64] = [:]
      var number = 0
      while !Task.isCancelled {
        number += 1
        let product = number % products + 1
        let answer = try await client.send(
          HTTPRequest(
            .post, "/api/v1/store/inventory/reserve",
            json: #"{"product_id": \#(product), "location": "MAIN", "quantity": 1}"#))
        if answer.status == 200 { latest[product] = Seen(answer).int("reserved_quantity") }
      }
      return latest
    }
    func reserved() async throws -> [Int64] {
      var all: [Int64] = []
      for product in 1...products {
        let answer = try await client.send(
          HTTPRequest(.get, "/api/v1/store/inventory/product/\(product)"))
        all.append(Seen(answer).int("total_reserved") ?? -1)
      }
      return all
    }
    let isUnderWay = try await eventually(within: .seconds(60)) {
      try await reserved().reduce(0, +) > 100
    }
    try #require(isUnderWay)
    let before = try await reserved()
    let vault = try TemporaryFolder()
    let script = "\(repository)/docs/deploy/backup.sh"
    let copied = try run(script, [engine.folder.path, "\(vault.path)/backup"])
    try #require(copied.status == 0, "\(copied.errors)")
    let after = try await reserved()
    buyers.cancel()
    _ = try await buyers.value

    // The host is lost: engine, Redis and folder.
    let redis = try #require(engine.redisPID)
    try await engine.kill()
    kill(redis, SIGKILL)
    let isGone = try await eventually(within: .seconds(60)) { engine.redisPID == nil }
    try #require(isGone)
    for name in try FileManager.default.contentsOfDirectory(atPath: engine.folder.path) {
      try FileManager.default.removeItem(atPath: "\(engine.folder.path)/\(name)")
    }
    let restored = try run(
      script, ["--restore", "\(vault.path)/backup", engine.folder.path])
    try #require(restored.status == 0, "\(restored.errors)")
    let twice = try run(script, ["--restore", "\(vault.path)/backup", engine.folder.path])
    #expect(twice.status == 1, "what is there is not overwritten")

    try await engine.start(within: .seconds(120))
    for (place, held) in try await reserved().enumerated() {
      #expect(before[place] <= held && held <= after[place], "product \(place + 1)")
    }
    let verified = try await client.send(
      HTTPRequest(.post, "/api/v1/admin/verify", json: "{}"))
    #expect(verified.status == 200)
    for shard in Seen(verified).items("shards") { #expect(shard["difference_count"] as? Int == 0) }
    await client.close()
    try await engine.stop(within: .seconds(60))
  }

  // MARK: Upgrade

  @Test("a data folder of an earlier commit opens, and its books are right")
  func upgrade() async throws {
    let fixture = "\(repository)/Tests/SystemTests/Fixtures/data-folder-c3b89f8"
    var options = EngineProcess.Options(binary: try StockBinary.find())
    options.adminKey = "sk_fixture_0123456789_0123456789_0123456789_00"
    options.arguments = ["--closed-hold-age", "365d", "--idempotency-age", "30d"]
    let engine = try EngineProcess(options)
    let unpacked = try run("/usr/bin/tar", ["-C", engine.folder.path, "-xzf", "\(fixture).tar.gz"])
    try #require(unpacked.status == 0, "\(unpacked.errors)")
    try await engine.start(within: .seconds(120))
    // Its keys are as they were.
    let client = try await HTTPClient.start(
      url: try await engine.url,
      configuration: .init(connections: 1, depth: 1, timeout: .seconds(60), key: engine.adminKey))
    let hold = Seen(
      try await client.send(HTTPRequest(.get, "/api/v1/store/reservations/fixture-hold")))
    let expiry = try #require(ISO8601DateFormatter().date(from: "2026-11-30T16:22:52Z"))
    let isHeld = Date.now < expiry
    if isHeld { #expect(hold.text("status") == "held") }
    let lines = try String(contentsOfFile: "\(fixture).csv", encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 42)
    for line in lines.dropFirst() {
      let words = line.split(separator: ",")
      let answer = try await client.send(
        HTTPRequest(.get, "/api/v1/store/inventory/product/\(words[0])"))
      let entry = try #require(
        Seen(answer).items("locations").first { $0["location"] as? String == String(words[1]) },
        "\(line)")
      #expect(entry["quantity"] as? Int == Int(words[2]), "\(line)")
      // The hold is over by now, or will be soon.
      if isHeld || !(words[1] == "B" && (words[0] == "5" || words[0] == "7")) {
        #expect(entry["reserved_quantity"] as? Int == Int(words[3]), "\(line)")
        #expect(entry["version"] as? Int == Int(words[4]), "\(line)")
      }
    }
    let store = Seen(try await client.send(HTTPRequest(.get, "/api/v1/admin/stores/1")))
    #expect(store.text("allocation_strategy") == "highest_stock")
    let moved = Seen(
      try await client.send(HTTPRequest(.get, "/api/v1/admin/inventory/movements?product_id=9")))
    #expect(moved.items("items").contains { $0["reason"] as? String == "broken" })
    // It is not only read: it goes on.
    let changed = try await client.send(
      HTTPRequest(
        .post, "/api/v1/store/inventory/reserve",
        json: #"{"product_id": 20, "location": "A", "quantity": 1}"#))
    #expect(Seen(changed).int("reserved_quantity") == 21)
    let verified = Seen(
      try await client.send(HTTPRequest(.post, "/api/v1/admin/verify", json: "{}")))
    for shard in verified.items("shards") { #expect(shard["difference_count"] as? Int == 0) }
    await client.close()
    try await engine.stop(within: .seconds(60))
  }

  // MARK: Doctor, logs, metrics, manual

  @Test("the doctor finds nothing on a good folder, and says what is wrong with a bad one")
  func doctor() throws {
    let folder = try TemporaryFolder()
    let data = "\(folder.path)/data"
    let good = try stock(["doctor", "--data", data, "--port", "0"])
    #expect(good.status == 0, "\(good.output)")
    #expect(good.output.contains("will be made at the first start"))

    try FileManager.default.createDirectory(
      atPath: data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let open = try stock(["doctor", "--data", data, "--port", "0"])
    #expect(open.status == 1)
    #expect(open.output.contains("BAD  others may look into the data folder"))
    #expect(open.output.contains("→ chmod 700 \(data)"))

    let noRedis = try stock(
      ["doctor", "--data", data + "2", "--port", "0", "--redis-server", "/no/such/redis"])
    #expect(noRedis.status == 1 && noRedis.output.contains("BAD  cannot run /no/such/redis"))
    let foreign = try stock(
      ["doctor", "--redis", "unix://\(folder.path)/none.sock", "--port", "0"])
    #expect(foreign.status == 1 && foreign.output.contains("BAD  cannot use the Redis"))
  }

  @Test("the doctor looks at a running engine's Redis, and at one with bad settings")
  func doctorOfRunning() async throws {
    let engine = try EngineProcess(EngineProcess.Options(binary: try StockBinary.find()))
    try await engine.start(within: .seconds(120))
    let port = try await engine.url.port
    let good = try stock(["doctor", "--data", engine.folder.path, "--port", "\(port)"])
    #expect(good.status == 0, "\(good.output)")
    #expect(good.output.contains("an engine listens on 127.0.0.1:\(port)"))
    #expect(good.output.contains("Redis keeps what it is given"))
    let socket = "\(engine.folder.path)/redis.sock"
    let set = try run(
      "/usr/bin/env",
      ["redis-cli", "-s", socket, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru"])
    try #require(set.status == 0)
    let bad = try stock(["doctor", "--redis", "unix://\(socket)", "--port", "0"])
    #expect(bad.status == 1 && bad.output.contains("BAD  maxmemory-policy is \"allkeys-lru\""))
    try await engine.stop(within: .seconds(60))
  }

  @Test("logs as JSON are JSON, with the request's ids and no secret, at every level")
  func logs() async throws {
    var options = EngineProcess.Options(binary: try StockBinary.find())
    options.arguments = ["--log-format", "json", "--log-level", "trace"]
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    let client = try await HTTPClient.start(
      url: try await engine.url,
      configuration: .init(connections: 1, depth: 1, timeout: .seconds(60), key: engine.adminKey))
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    let made = try await client.send(
      HTTPRequest(
        .post, "/api/v1/admin/keys",
        body: Array(#"{"role": "read", "store_id": 1, "name": "logs"}"#.utf8),
        headers: [("traceparent", trace), ("X-Request-Id", "logs-1")]))
    let newKey = try #require(Seen(made).text("key"))
    let metrics = Seen(try await client.send(HTTPRequest(.get, "/metrics"))).bodyText
    #expect(metrics.contains("\nstock_commit_seconds_count "))
    #expect(metrics.contains(#"stock_shard_load_seconds_count{shard="0"} 1"#))
    #expect(metrics.contains("\nprocess_resident_memory_bytes "))
    await client.close()
    try await engine.stop(within: .seconds(60))
    let text = try String(contentsOfFile: "\(engine.folder.path)/engine.err", encoding: .utf8)
    var ofRequest: [String: Any]?
    for line in text.split(separator: "\n") {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      #expect(object?["level"] is String && object?["time"] is String, "\(line)")
      if object?["request_id"] as? String == "logs-1" { ofRequest = object }
    }
    #expect(ofRequest?["traceparent"] as? String == trace)
    #expect(ofRequest?["status"] as? String == "201")
    #expect(!text.contains(engine.adminKey) && !text.contains(newKey))
    #expect(text.contains("\"message\":\"stopped\""))
  }

  private static let hasPython =
    ["/usr/bin", "/usr/local/bin"].contains {
      FileManager.default.isExecutableFile(atPath: "\($0)/python3")
    }

  @Test("the manual page says what --help says", .enabled(if: hasPython))
  func manual() throws {
    // The default data folder is somebody's.
    let help = try run(
      StockBinary.find(), ["--experimental-dump-help"],
      environment: ["HOME": "~", "XDG_DATA_HOME": ""])
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/help.json"
    try help.output.write(toFile: file, atomically: true, encoding: .utf8)
    let made = try run(
      "/bin/sh", ["-c", "python3 '\(repository)/docs/man/manual.py' < '\(file)'"])
    try #require(made.status == 0, "\(made.errors)")
    let committed = try String(contentsOfFile: "\(repository)/docs/man/stock.1", encoding: .utf8)
    #expect(made.output == committed, "make man")
  }

  @Test("completions are written for each shell", arguments: ["bash", "zsh", "fish"])
  func completions(_ shell: String) throws {
    let made = try stock(["--generate-completion-script", shell])
    #expect(made.status == 0)
    for command in ["serve", "export", "doctor"] { #expect(made.output.contains(command)) }
  }
}
