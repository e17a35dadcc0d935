import NIOConcurrencyHelpers
import NIOCore
import NIOEmbedded
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// Who may do what, and where.
@Suite struct RoutingTests {
  /// One line for each route: who is let in. What the request says beyond that does not matter here:
  /// neither 401 nor 403, 404 or 405 means that it was let in.
  @Test(arguments: [
    ("POST", base + "/set", "admin store"),
    ("POST", base + "/adjust", "admin store"),
    ("POST", base + "/reserve", "admin store checkout"),
    ("POST", base + "/release", "admin store checkout"),
    ("POST", base + "/fulfill", "admin store checkout"),
    ("POST", base + "/transfer", "admin store"),
    ("POST", base + "/batch", "admin store checkout"),
    ("GET", base + "/product/123", "admin store checkout read"),
    ("GET", base + "?nonsense=1", "admin store checkout read"),
    ("GET", base + "/41", "admin store checkout read"),
    ("PUT", base + "/41", "admin store"),
    ("DELETE", base + "/41", "admin store"),
    ("POST", "/api/v1/store/reservations", "admin store checkout"),
    ("GET", "/api/v1/store/reservations?nonsense=1", "admin store checkout read"),
    ("GET", "/api/v1/store/reservations/r1", "admin store checkout read"),
    ("POST", "/api/v1/store/reservations/r1/extend", "admin store checkout"),
    ("POST", "/api/v1/store/reservations/r1/fulfill", "admin store checkout"),
    ("POST", "/api/v1/store/reservations/r1/release", "admin store checkout"),
    ("GET", base + "/movements?nonsense=1", "admin store checkout read"),
    ("GET", base + "/events?nonsense=1", "admin store checkout read"),
    ("GET", "/api/v1/admin/inventory/movements?nonsense=1", "admin"),
    ("GET", "/api/v1/admin/inventory/events?nonsense=1", "admin"),
    ("PUT", "/api/v1/admin/stores/1", "admin"),
    ("GET", "/api/v1/admin/stores?nonsense=1", "admin"),
    ("PUT", "/api/v1/admin/products/1", "admin"),
    ("GET", "/api/v1/admin/products/1", "admin"),
    ("GET", "/api/v1/admin/products?nonsense=1", "admin"),
    ("POST", "/api/v1/admin/keys", "admin"),
    ("GET", "/api/v1/admin/keys?nonsense=1", "admin"),
    ("DELETE", "/api/v1/admin/keys/1?nonsense=1", "admin"),
    ("POST", "/api/v1/admin/verify?nonsense=1", "admin"),
  ])
  func roles(_ method: String, _ path: String, _ allowed: String) throws {
    let wire = try Wire(keys: true)
    let body = method == "POST" || method == "PUT" ? "" : nil
    for role in Role.allCases {
      let response = try wire.ask(request(method, path, body, token: role.rawValue))
      let isAllowed = allowed.split(separator: " ").contains { $0 == role.rawValue }
      if isAllowed {
        #expect(![401, 403, 404, 405].contains(response.status), "\(role)")
      } else {
        #expect(response.status == 403 && response.code == "forbidden", "\(role)")
      }
    }
    let response = try wire.ask(request(method, path, body))
    #expect(response.status == 401 && response.code == "unauthorized")
    #expect(response.fields["www-authenticate"] == "Bearer")
    #expect(wire.isOpen)
  }

  @Test(arguments: [
    "", "Authorization: Bearer\r\n", "Authorization: Bearer \r\n",
    "Authorization: Bearer nobody\r\n",
    "Authorization: Basic store\r\n", "Authorization: Bearerstore\r\n", "Authorization: store\r\n",
    "Authorization: Bearer store x\r\n",
    "Authorization: Bearer store\r\nAuthorization: Bearer store\r\n",
    "Authorization: Bearer \(String(repeating: "a", count: 600))\r\n",
  ])
  func badTokens(_ field: String) throws {
    let wire = try Wire(keys: true)
    #expect(try wire.ask(request("GET", base + "/41", nil, field)).status == 401)
    // Not told either what there is.
    #expect(try wire.ask(request("GET", "/api/v1/nowhere", nil, field)).status == 401)
    #expect(try wire.ask(request("PATCH", base, nil, field)).status == 401)
  }

  @Test func goodTokens() throws {
    let wire = try Wire(keys: true)
    for field in [
      "Authorization: Bearer read", "authorization:bearer   read", "AUTHORIZATION: BEARER read",
    ] {
      #expect(try wire.ask(request("GET", base + "/41", nil, field + "\r\n")).status == 200)
    }
    // Another key on the same connection is another caller.
    let set = #"{"product_id":1,"location":"A","quantity":1}"#
    #expect(try wire.ask(request("POST", base + "/set", set, token: "store")).status == 200)
    #expect(try wire.ask(request("POST", base + "/set", set, token: "read")).status == 403)
    #expect(try wire.ask(request("POST", base + "/set", set, token: "sture")).status == 401)
  }

  @Test func keysEnd() throws {
    let wire = try Wire(keys: true)
    let now = wire.time.withLockedValue { $0 }
    let key = wire.engine.fakeControl.addKey(
      role: .read, store: 7, digest: Token.digest("new".utf8), expiresAt: now + 5_000)
    let read = request("GET", base + "/41", nil, token: "new")
    #expect(try wire.ask(read).status == 200, "a key works as soon as it is made")
    wire.time.withLockedValue { $0 += 4_900 }
    wire.loop.advanceTime(by: .milliseconds(100))
    #expect(try wire.ask(read).status == 200)
    wire.time.withLockedValue { $0 += 100 }
    wire.loop.advanceTime(by: .milliseconds(100))
    #expect(try wire.ask(read).status == 401, "expired")

    let other = request("GET", base + "/41", nil, token: "store")
    #expect(try wire.ask(other).status == 200)
    for (id, known) in wire.engine.control.snapshot.keys where known.role == .store {
      #expect(wire.engine.fakeControl.removeKey(id))
    }
    wire.loop.advanceTime(by: .milliseconds(100))
    #expect(try wire.ask(other).status == 401, "revoked")
    #expect(key.role == .read)
  }

  /// Another store's things are kept from a key by the scope that goes with each command.
  @Test func scopes() throws {
    let wire = try Wire(keys: true)
    for token in ["store", "checkout", "admin"] {
      _ = try wire.ask(request("POST", base + "/reserve", reserveBody, token: token))
    }
    #expect(wire.gateway.submitted.map(\.command.scope) == [.only(7), .only(7), .any])
    let set = #"{"product_id":1,"location":"A","quantity":1}"#
    for token in ["store", "admin"] {
      _ = try wire.ask(request("POST", base + "/set", set, token: token))
    }
    let stores = wire.gateway.submitted.map { submitted -> StoreID? in
      if case .set(let set) = submitted.command.operation { set.newProductStore } else { nil }
    }
    #expect(stores == [nil, nil, nil, 7, nil])
    let open = try Wire()
    _ = try open.ask(request("POST", base + "/set", set))
    guard case .set(let made)? = open.gateway.submitted.first?.command.operation else {
      Issue.record("not a set")
      return
    }
    #expect(made.newProductStore == 1)
    #expect(open.gateway.submitted[0].command.scope == .any)
  }

  @Test(arguments: [
    ("GET", "/", 404), ("GET", "/nowhere", 404), ("GET", "/api", 404), ("GET", "/api/v1", 404),
    ("GET", base + "/", 404), ("GET", base + "/abc", 404), ("GET", base + "/1/2", 404),
    ("GET", base + "/movement", 404), ("GET", base + "/-1", 404), ("GET", base + "/1%32", 404),
    ("GET", base + "/0", 400), ("GET", base + "/01", 400),
    ("GET", base + "/9007199254740992", 400), ("GET", base + "/99999999999999999999", 400),
    ("GET", base + "/9007199254740991", 200), ("GET", "http://stock:80" + base + "/1", 200),
    ("GET", "/metric", 404), ("GET", "/healthz", 200), ("GET", "/healthz?probe=1", 200),
    ("GET", reservations + "/a", 200), ("GET", reservations + "/A-z_0.9%3Ab", 200),
    ("GET", reservations + "/", 404), ("GET", reservations + "/a/b", 404),
    ("GET", reservations + "/a%20b", 400), ("GET", reservations + "/a+b", 400),
    ("GET", reservations + "/a%3", 400), ("GET", reservations + "/a%2Fb", 400),
    ("GET", reservations + "/" + String(repeating: "a", count: 64), 200),
    ("GET", reservations + "/" + String(repeating: "a", count: 65), 400),
    ("GET", reservations + "/a/extend", 405), ("POST", reservations + "/extend", 405),
    ("POST", reservations + "//extend", 404), ("POST", reservations + "/a/extend/", 404),
    ("POST", reservations + "/extend/extend", 400), ("POST", reservations + "/a/sell", 404),
    ("POST", reservations + "/a/b/release", 404),
    ("GET", base + "/1?x=1", 400), ("POST", base + "/01", 405),
  ])
  func paths(_ method: String, _ path: String, _ status: Int) throws {
    let wire = try Wire()
    let response = try wire.ask(request(method, path))
    #expect(response.status == status)
    if status == 404 { #expect(response.code == "not_found") }
    if status == 400 { #expect(response.code == "invalid_request") }
  }

  @Test(arguments: [
    ("GET", base + "/reserve", "POST"), ("POST", base, "GET, HEAD"),
    ("POST", base + "/41", "GET, HEAD, PUT, DELETE"),
    ("PATCH", base + "/41", "GET, HEAD, PUT, DELETE"),
    ("OPTIONS", base, "GET, HEAD"), ("DELETE", "/healthz", "GET, HEAD"),
    ("PUT", "/api/v1/admin/keys", "GET, HEAD, POST"),
    ("DELETE", "/api/v1/admin/stores/1", "GET, HEAD, PUT"),
  ])
  func methods(_ method: String, _ path: String, _ allow: String) throws {
    let response = try Wire().ask(request(method, path))
    #expect(response.status == 405)
    #expect(response.code == "method_not_allowed")
    #expect(response.fields["allow"] == allow)
  }

  @Test func headHasNoBody() throws {
    let wire = try Wire()
    try wire.send(request("HEAD", "/healthz") + request("HEAD", "/nowhere"))
    let responses = try wire.responses(withoutBodies: true)
    #expect(responses.map(\.status) == [200, 404])
    // What GET would have had.
    #expect(responses[0].fields["content-length"] == "15")
  }

  @Test func streamsHaveNoHead() throws {
    let wire = try Wire()
    try wire.send(request("HEAD", base + "/events"))
    let responses = try wire.responses(withoutBodies: true)
    #expect(responses.map(\.status) == [405])
    #expect(responses[0].fields["allow"] == "GET")
  }

  @Test func unknownMethods() throws {
    let response = try Wire().ask(request("BREW", "/healthz"))
    #expect(response.status == 405)
    #expect(response.fields["allow"] == "GET, HEAD, POST, PUT, DELETE")
  }

  @Test(arguments: [
    ("application/json", 200), ("Application/JSON; charset=utf-8", 200),
    ("application/json;charset=utf-8", 200), ("text/plain", 415), ("application/jsonx", 415),
    ("application/x-www-form-urlencoded", 415), ("", 415),
  ])
  func mediaTypes(_ type: String, _ status: Int) throws {
    let wire = try Wire()
    let field = "Content-Type: \(type)\r\n"
    let response = try wire.ask(request("POST", base + "/reserve", reserveBody, field))
    #expect(response.status == status)
    if status == 415 { #expect(response.code == "unsupported_media_type") }
    // The body was read all the same: the connection goes on.
    #expect(try wire.ask(request("GET", "/healthz")).status == 200)
    // Nobody minds where there is no body, or no use for one.
    #expect(try wire.ask(request("GET", base + "/41", "x", field)).status == 200)
  }

  @Test func encodedBodies() throws {
    let wire = try Wire()
    let gzip = request("POST", base + "/reserve", reserveBody, "Content-Encoding: gzip\r\n")
    #expect(try wire.ask(gzip).status == 415)
    let plain = request("POST", base + "/reserve", reserveBody, "Content-Encoding: identity\r\n")
    #expect(try wire.ask(plain).status == 200)
  }

  @Test func everyRouteIsFound() {
    let table = RouteTable.shared
    for row in RouteTable.rows {
      let text = row.path.description.replacing("{id}", with: "42").replacing(
        "{reservation}", with: "r1-x")
      Array(text.utf8).withUnsafeBufferPointer { bytes in
        guard case .path(let path, let id, let reservation) = table.match(bytes) else {
          Issue.record("\(text) is not found")
          return
        }
        #expect(path.row(for: row.method)?.endpoint == row.endpoint)
        #expect(id == (text.hasSuffix("42") ? 42 : 0))
        #expect(reservation == (text.contains("r1-x") ? "r1-x" : ""))
      }
    }
  }
}
