import Crypto
import Foundation
import NIOCore
import NIOSSL
import StockCore
import StockFaults
import StockHTTP
import StockProcesses
import StockRedis
import StockTools
import Testing

@testable import StockAccess

/// `stock serve` itself: tokens, TLS, what it writes into its log, and what it needs of Redis.
@Suite("Access to an engine", .timeLimit(.minutes(20)))
struct EngineAccessTests {
  /// One connection's request, in the clear, as bytes.
  private static func request(
    _ method: String, _ path: String, _ token: String?, _ body: String = "", _ fields: String = ""
  ) -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      + (token.map { "Authorization: Bearer \($0)\r\n" } ?? "")
      + "Content-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
  }

  private static func ask(
    _ port: Int, _ context: NIOSSLContext? = nil, _ request: String
  ) async throws -> String {
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
    let client = try await TLSClient(address, context)
    try await client.send(request)
    try await client.ended()
    let text = client.text
    await client.close()
    return text
  }

  private static func status(_ answer: String) -> Int {
    Int(answer.dropFirst("HTTP/1.1 ".count).prefix(3)) ?? 0
  }

  private static func claims(_ change: Fields = [:]) -> Fields {
    let now = Date().timeIntervalSince1970
    let claims: Fields = [
      "iss": "https://id.example", "aud": "stock", "sub": "alice", "exp": now + 600,
      "role": "store", "store_id": 1,
    ]
    return claims.merging(change) { $1 }
  }

  private static let tokenFlags = ["--jwt-issuer", "https://id.example", "--jwt-audience", "stock"]

  // MARK: Tokens

  @Test("tokens of a key set are taken; a key that leaves the set takes its tokens along")
  func tokens() async throws {
    let issuer = try Issuer()
    let set = try TemporaryFile(issuer.set)
    var options = EngineProcess.Options(binary: try StockBinary.find())
    options.arguments = ["--jwt-keys", set.path] + Self.tokenFlags
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    let port = try await engine.url.port
    let body = #"{"product_id": 1, "location": "MAIN", "quantity": 5}"#
    let inventory = "/api/v1/store/inventory"
    for algorithm in SigningAlgorithm.allCases {
      let token = try issuer.sign(Self.claims(), algorithm)
      let answer = try await Self.ask(
        port, nil, Self.request("POST", "\(inventory)/set", token, body))
      #expect(Self.status(answer) == 200, "\(algorithm): \(answer)")
    }
    // Roles and stores are those of the token.
    for (change, path, status) in [
      (["role": "read"], "\(inventory)/set", 403), (["store_id": 2], "\(inventory)/set", 401),
      (["role": "admin", "store_id": nil], "/api/v1/admin/verify", 200),
      (["exp": 1_000_000], "\(inventory)/set", 401), (["aud": "other"], "\(inventory)/set", 401),
    ] as [(Fields, String, Int)] {
      let token = try issuer.sign(Self.claims(change), .eddsa)
      let text = path.hasSuffix("verify") ? "" : body
      let answer = try await Self.ask(port, nil, Self.request("POST", path, token, text))
      #expect(Self.status(answer) == status, "\(change): \(answer)")
    }
    // The ledger names the subject.
    let admin = try issuer.sign(Self.claims(["role": "admin", "store_id": nil]), .es256)
    let movements = try await Self.ask(
      port, nil, Self.request("GET", "\(inventory)/movements?product_id=1", admin))
    #expect(
      movements.contains("\"actor\":\"token:\(ClaimRules.actor("https://id.example", "alice"))\""))
    // And so does the log of what admins do.
    #expect(engine.log.contains("alice"))

    // Another set, without a restart.
    try set.replace(try Issuer().set)
    let isRefused = try await eventually(within: .seconds(60), every: .milliseconds(200)) {
      Self.status(
        try await Self.ask(port, nil, Self.request("GET", "\(inventory)?limit=1", admin))) == 401
    }
    #expect(isRefused)
    try await engine.stop()
  }

  @Test("settings that do not fit are refused at the start, by name")
  func settingsThatDoNotFit() async throws {
    let set = try TemporaryFile(try Issuer().set)
    for (flags, environment, says) in [
      (["--jwt-keys", set.path], [:], "--jwt-issuer"),
      (Self.tokenFlags, [:], "--jwt-keys or STOCK_JWT_SECRET"),
      (Self.tokenFlags, ["STOCK_JWT_SECRET": "short"], "32 bytes"),
      (
        ["--jwt-keys", set.path] + Self.tokenFlags,
        ["STOCK_JWT_SECRET": String(repeating: "s", count: 32)], "not both"
      ),
      (["--jwt-keys", "/gone"] + Self.tokenFlags, [:], "/gone"),
      (["--tls-cert", set.path], [:], "--tls-key"),
      (["--tls-cert", set.path, "--tls-key", set.path], [:], set.path),
      (["--jwt-keys", set.path, "--auth", "none"] + Self.tokenFlags, [:], "--auth none"),
    ] as [([String], [String: String], String)] {
      var options = EngineProcess.Options(binary: try StockBinary.find())
      options.arguments = flags
      options.environment = environment
      let engine = try EngineProcess(options)
      await #expect(throws: ProcessError.self, "\(flags)") {
        try await engine.start(within: .seconds(120))
      }
      #expect(engine.log.contains(says), "\(flags): \(engine.errorTail)")
    }
  }

  // MARK: TLS

  @Test("with a certificate it speaks TLS, and plain HTTP with this machine only")
  func tls() async throws {
    let signed = try SelfSigned()
    let certificate = try TemporaryFile(signed.certificate)
    let key = try TemporaryFile(signed.key)
    var options = EngineProcess.Options(binary: try StockBinary.find())
    options.arguments = [
      "--host", "0.0.0.0", "--tls-cert", certificate.path, "--tls-key", key.path, "--tls-port",
      "0",
    ]
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    let lines = engine.output.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("listening on http://127.0.0.1:") })
    let line = try #require(lines.first { $0.hasPrefix("listening on https://0.0.0.0:") })
    let port = try #require(
      Int(line[line.index(after: line.lastIndex(of: ":") ?? line.startIndex)...]))

    let answer = try await Self.ask(
      port, signed.client(), Self.request("GET", "/healthz", nil))
    #expect(Self.status(answer) == 200)
    #expect(answer.contains("\r\nStrict-Transport-Security: max-age=31536000\r\n"))
    let plainPort = try await engine.url.port
    let plain = try await Self.ask(plainPort, nil, Self.request("GET", "/healthz", nil))
    #expect(Self.status(plain) == 200 && !plain.contains("Strict-Transport-Security"))

    let signIn = try await Self.ask(
      port, signed.client(), Self.request("POST", "/admin/session", engine.adminKey))
    #expect(Self.status(signIn) == 200 && signIn.contains("; Secure\r\n"))
    // The client's address is known behind TLS too.
    #expect(engine.log.contains("peer=127.0.0.1"))

    // A page, and a body that does not fit into one of TLS's records.
    let docs = try await Self.ask(port, signed.client(), Self.request("GET", "/docs", nil))
    #expect(docs.utf8.count > 100_000 && docs.hasSuffix("</html>\n"))
    let large = String(repeating: " ", count: 900_000) + #"{"name": "One"}"#
    let put = try await Self.ask(
      port, signed.client(),
      Self.request(
        "PUT", "/api/v1/admin/stores/1", engine.adminKey, large,
        "Content-Type: application/json\r\n"))
    #expect(Self.status(put) == 200, "\(put)")

    // Another certificate, without a restart.
    let next = try SelfSigned()
    try key.replace(next.key)
    try certificate.replace(next.certificate)
    let isNew = try await eventually(within: .seconds(60), every: .milliseconds(200)) {
      let answer = try? await Self.ask(
        port, next.client(), Self.request("GET", "/healthz", nil))
      return answer.map(Self.status) == 200
    }
    #expect(isNew)
    try await engine.stop()
  }

  // MARK: Secrets

  @Test("no key, token, cookie or password gets into the log, at any level")
  func noSecrets() async throws {
    let redis = try RedisProcess(arguments: [
      "--user", "stock", "on", ">redis-pass-word", "~*", "+@all",
    ])
    try await redis.start()
    let secret = "jwt-secret-" + String(repeating: "x", count: 32)
    var options = EngineProcess.Options(
      binary: try StockBinary.find(),
      redis: "unix://stock:redis-pass-word@\(redis.socketPath)")
    options.arguments = ["--log-level", "trace", "--log-format", "json"] + Self.tokenFlags
    options.environment = ["STOCK_JWT_SECRET": secret]
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    let port = try await engine.url.port
    var secrets = [engine.adminKey, "redis-pass-word", secret]

    let made = try await Self.ask(
      port, nil,
      Self.request(
        "POST", "/api/v1/admin/keys", engine.adminKey,
        #"{"role": "store", "store_id": 1, "name": "shop"}"#))
    let key = try #require(made.firstMatch(of: /"key":"(sk_[^"]+)"/)?.output.1)
    secrets.append(String(key))
    let issuer = try Issuer()
    let token = try issuer.sign(
      Self.claims(), .hs256, header: ["kid": nil], secret: .init(data: Array(secret.utf8)))
    let forged = try issuer.sign(Self.claims(), .hs256)
    secrets += [token, forged]
    secrets += token.split(separator: ".").map(String.init)
    let signIn = try await Self.ask(
      port, nil, Self.request("POST", "/admin/session", engine.adminKey))
    let cookie = String(try #require(signIn.firstMatch(of: /stock_session=([^;]+)/)?.output.1))
    let csrf = String(try #require(signIn.firstMatch(of: /"csrf_token":"([^"]+)"/)?.output.1))
    secrets += [cookie, csrf]

    let wrong = "sk_wrong-key-of-somebody"
    secrets.append(wrong)
    let inventory = "/api/v1/store/inventory"
    let body = #"{"product_id": 1, "location": "MAIN", "quantity": 5, "reason": "a private note"}"#
    secrets.append("a private note")
    for (request, status) in [
      (Self.request("POST", "\(inventory)/set", String(key), body), 200),
      (Self.request("POST", "\(inventory)/set", token, body), 200),
      (Self.request("POST", "\(inventory)/set", forged, body), 401),
      (Self.request("POST", "\(inventory)/set", wrong, body), 401),
      (Self.request("POST", "/admin/session", wrong), 401),
      (
        Self.request("GET", "/api/v1/admin/keys", nil, "", "Cookie: stock_session=\(cookie)\r\n"),
        200
      ),
      (
        Self.request(
          "DELETE", "/admin/session", nil, "",
          "Cookie: stock_session=\(cookie)\r\nX-CSRF-Token: \(csrf)\r\n"), 204
      ),
      (Self.request("GET", "/api/v1/no?key=\(wrong)", wrong), 401),
      (Self.request("GET", "\(inventory)?search=\(wrong)", String(key)), 200),
      ("\(wrong) / HTTP/1.1\r\n\r\n", 405),
    ] {
      let answer = try await Self.ask(port, nil, request)
      #expect(Self.status(answer) == status, "\(request.prefix(60)): \(answer.prefix(200))")
    }
    // Redis goes, so that what is said of connections is said too.
    try await redis.kill()
    _ = try await Self.ask(port, nil, Self.request("POST", "\(inventory)/set", String(key), body))
    try await redis.start()
    try await engine.stop()
    try await redis.stop()

    let log = engine.log
    #expect(log.contains("\"level\":\"debug\"") && log.contains("request"))
    for text in secrets { #expect(!log.contains(text), "\(text) is in the log") }
    #expect(!engine.output.contains(engine.adminKey))
    // Whoever cannot connect is told where, not with which password.
    options.redis = "redis://stock:redis-pass-word@127.0.0.1:1/0"
    let lost = try EngineProcess(options)
    await #expect(throws: ProcessError.self) { try await lost.start(within: .seconds(120)) }
    #expect(!lost.log.contains("redis-pass-word") && !lost.log.isEmpty)
  }

  @Test("what admins do is in the log: who, what, from where, how it ended")
  func audit() async throws {
    var options = EngineProcess.Options(binary: try StockBinary.find())
    options.arguments = ["--log-format", "json"]
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    let port = try await engine.url.port
    let made = try await Self.ask(
      port, nil,
      Self.request(
        "POST", "/api/v1/admin/keys", engine.adminKey,
        #"{"role": "store", "store_id": 1, "name": "shop"}"#))
    let key = String(try #require(made.firstMatch(of: /"key":"(sk_[^"]+)"/)?.output.1))
    _ = try await Self.ask(
      port, nil, Self.request("PUT", "/api/v1/admin/stores/1", key, #"{"name": "x"}"#))
    _ = try await Self.ask(
      port, nil, Self.request("DELETE", "/api/v1/admin/keys/2", engine.adminKey))
    _ = try await Self.ask(port, nil, Self.request("POST", "/admin/session", "sk_nobody"))
    _ = try await Self.ask(
      port, nil,
      Self.request(
        "POST", "/api/v1/admin/inventory/set", engine.adminKey,
        #"{"store_id": 1, "product_id": 5, "location": "A", "quantity": 1}"#))
    // A store's own doing is in the ledger, not here.
    _ = try await Self.ask(
      port, nil,
      Self.request(
        "POST", "/api/v1/store/inventory/set", key,
        #"{"product_id": 5, "location": "A", "quantity": 1}"#))
    try await engine.stop()
    let lines = engine.log.split(separator: "\n").compactMap { line -> [String: Any]? in
      let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return object?["logger"] as? String == "stock.audit" ? object : nil
    }
    let said = lines.map { line in
      ["message", "actor", "name", "method", "route", "status", "id", "made", "product_id"]
        .compactMap { line[$0] as? String }.joined(separator: " ")
    }
    #expect(
      said == [
        "done key:1 STOCK_ADMIN_KEY POST /api/v1/admin/keys 201 2",
        "refused key:2 shop PUT /api/v1/admin/stores/{id} 403 1",
        "done key:1 STOCK_ADMIN_KEY DELETE /api/v1/admin/keys/{id} 204 2",
        "refused nobody POST /admin/session 401",
        "done key:1 STOCK_ADMIN_KEY POST /api/v1/admin/inventory/set 200 5",
      ])
    #expect(lines.allSatisfy { $0["peer"] as? String == "127.0.0.1" && $0["time"] != nil })
    #expect(lines.allSatisfy { $0["level"] as? String == "notice" && $0["request_id"] != nil })
  }

  @Test("a key's last use is listed, and survives a restart")
  func lastUse() async throws {
    let engine = try EngineProcess(.init(binary: try StockBinary.find()))
    try await engine.start(within: .seconds(120))
    let made = try await Self.ask(
      engine.url.port, nil,
      Self.request(
        "POST", "/api/v1/admin/keys", engine.adminKey,
        #"{"role": "store", "store_id": 1, "name": "shop"}"#))
    #expect(made.contains("\"last_used_at\":null"))
    let key = String(try #require(made.firstMatch(of: /"key":"(sk_[^"]+)"/)?.output.1))
    func list() async throws -> String {
      try await Self.ask(
        engine.url.port, nil, Self.request("GET", "/api/v1/admin/keys", engine.adminKey))
    }
    #expect(try await list().contains(#""name":"shop""#))
    #expect(try await list().contains(/"name":"shop"[^}]*"last_used_at":null/))
    _ = try await Self.ask(
      engine.url.port, nil, Self.request("GET", "/api/v1/store/inventory", key))
    let isListed = try await eventually(within: .seconds(60), every: .milliseconds(100)) {
      try await list().contains(/"name":"shop"[^}]*"last_used_at":"20/)
    }
    #expect(isListed)
    try await engine.stop()
    try await engine.start(within: .seconds(120))
    #expect(try await list().contains(/"name":"shop"[^}]*"last_used_at":"20/))
    try await engine.stop()
  }

  // MARK: Redis

  /// The line of docs/operations.md that makes the user.
  private static func documentedUser() throws -> [String] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/operations.md").path
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let line = try #require(
      text.split(separator: "\n").first { $0.hasPrefix("ACL SETUSER stock ") })
    return line.split(separator: " ").dropFirst(2).map(String.init)
  }

  @Test("the Redis user of docs/operations.md may do what the engine needs, and nothing else")
  func redisUser() async throws {
    let redis = try RedisProcess(arguments: ["--user"] + Self.documentedUser())
    try await redis.start()
    let options = EngineProcess.Options(
      binary: try StockBinary.find(), redis: "unix://stock:secret@\(redis.socketPath)")
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    let client = try await HTTPClient.start(
      url: engine.url, configuration: .init(connections: 1, key: engine.adminKey))
    func ask(
      _ method: HTTPRequest.Method, _ path: String, _ body: String = "", status: Int = 200
    ) async throws {
      let answer = try await client.send(
        HTTPRequest(method, "/api/v1/\(path)", body: Array(body.utf8)))
      #expect(
        answer.status == status, "\(path): \(String(decoding: answer.body, as: UTF8.self))")
    }
    try await ask(.put, "admin/stores/1", #"{"name": "One"}"#)
    try await ask(.put, "admin/products/1", #"{"store_id": 1, "title": "x"}"#, status: 201)
    for call in ["set", "adjust", "reserve", "release", "reserve", "fulfill"] {
      try await ask(
        .post, "store/inventory/\(call)",
        #"{"product_id": 1, "location": "MAIN", "quantity": 5}"#)
    }
    for product in 2...5 {
      try await ask(.put, "admin/products/\(product)", #"{"store_id": 1}"#, status: 201)
      let set = HTTPRequest(
        .post, "/api/v1/store/inventory/set",
        json: #"{"product_id": \#(product), "location": "MAIN", "quantity": 9}"#)
      #expect(try await client.send(set).status == 200)
    }
    try await ask(
      .post, "store/reservations",
      #"{"order_id": "1", "lines": [{"product_id": 1, "quantity": 1}, {"product_id": 2, "quantity": 1}, {"product_id": 3, "quantity": 1}]}"#,
      status: 201)
    try await ask(.get, "store/inventory/movements")
    try await ask(.get, "store/reservations?order_id=1")
    try await ask(.post, "admin/keys", #"{"role": "admin", "name": "x"}"#, status: 201)
    try await ask(.delete, "admin/keys/2", status: 204)
    let verified = try await client.send(HTTPRequest(.post, "/api/v1/admin/verify"))
    #expect(String(decoding: verified.body, as: UTF8.self).contains("\"difference_count\":0"))
    // What somebody threw away is written again from memory.
    let user = try await RedisAccess.open("unix://stock:secret@\(redis.socketPath)")
    _ = try await user.call(["UNLINK", "stock:{0}:entries", "stock:{1}:log"])
    let mended = try await client.send(
      HTTPRequest(.post, "/api/v1/admin/verify", json: #"{"repair": true}"#))
    #expect(mended.isSuccess, "\(String(decoding: mended.body, as: UTF8.self))")
    let again = try await client.send(HTTPRequest(.post, "/api/v1/admin/verify"))
    #expect(String(decoding: again.body, as: UTF8.self).contains("\"difference_count\":0"))
    await client.close()
    // A crash, and a start that reads everything.
    try await engine.kill()
    try await engine.start(within: .seconds(120))
    try await engine.stop()

    for words in [
      ["FLUSHALL"], ["FLUSHDB"], ["KEYS", "*"], ["CONFIG", "SET", "appendonly", "no"], ["SHUTDOWN"],
      ["ACL", "LIST"], ["MONITOR"], ["SAVE"], ["BGREWRITEAOF"],
      ["REPLICAOF", "NO", "ONE"], ["MODULE", "LIST"], ["CLIENT", "KILL", "ID", "1"],
      ["SCRIPT", "FLUSH"], ["GET", "other"], ["SET", "other", "1"],
      ["HGETALL", "other:{0}:entries"],
      ["PUBLISH", "x", "y"], ["SUBSCRIBE", "x"], ["FUNCTION", "LIST"], ["SWAPDB", "0", "1"],
      ["DEL", "stock:{0}:entries"], ["RENAME", "stock:{0}:entries", "x"],
      ["EXPIRE", "stock:{0}:entries", "1"], ["MIGRATE", "h", "1", "k", "0", "1"],
      ["EVAL", "return redis.call('FLUSHALL')", "0"],
      ["EVAL", "return redis.call('HGETALL', 'other')", "0"],
      ["EVAL", "return redis.call('HSET', KEYS[1], 'a', 'b')", "1", "other"],
    ] {
      guard case .error(let text) = try await user.call(words) else {
        Issue.record("\(words) was allowed")
        continue
      }
      #expect(
        text.hasPrefix("NOPERM") || text.contains("The user executing the script can't"),
        "\(words): \(text)")
    }
    await user.disconnect()
    try await redis.stop()
  }
}
