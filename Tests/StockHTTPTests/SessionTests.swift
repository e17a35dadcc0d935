import Foundation
import NIOConcurrencyHelpers
import NIOCore
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// Signing in to the web page, and what its cookie is good for.
@Suite struct SessionTests {
  private let session = "/admin/session"

  /// Signs in and gives the session's id and what changes have to show.
  private func signIn(
    _ wire: Wire, token: String = "admin", _ fields: String = ""
  ) throws -> (id: String, csrf: String) {
    let answer = try wire.ask(request("POST", session, nil, token: token, fields))
    try #require(answer.status == 200)
    let cookie = try #require(answer.fields["set-cookie"])
    let id = try #require(cookie.split(separator: ";").first?.split(separator: "=").last)
    return (String(id), try #require(answer.json["csrf_token"] as? String))
  }

  private func cookie(_ id: String, _ csrf: String? = nil, _ fields: String = "") -> String {
    "Cookie: theme=dark; stock_session=\(id)\r\n"
      + (csrf.map { "X-CSRF-Token: \($0)\r\n" } ?? "") + fields
  }

  @Test func cookieIsClosedToScriptsAndOtherSites() throws {
    let wire = try Wire(keys: true)
    let answer = try wire.ask(request("POST", session, nil, token: "admin"))
    let cookie = try #require(answer.fields["set-cookie"])
    let parts = cookie.components(separatedBy: "; ")
    #expect(parts.dropFirst() == ["Path=/", "HttpOnly", "SameSite=Strict"])
    // 256 bits in base 64.
    #expect(parts[0].dropFirst("stock_session=".count).count == 43)
    #expect(answer.fields["cache-control"] == "no-store")
    let secure = try wire.ask(
      request(
        "POST", session, nil, token: "admin",
        "Origin: https://stock\r\nX-Forwarded-Proto: https\r\n"))
    #expect(secure.fields["set-cookie"]?.hasSuffix("; Secure") == true)
    // Each one is another.
    #expect(secure.fields["set-cookie"]?.prefix(30) != cookie.prefix(30))
  }

  @Test(arguments: [("store", 403), ("checkout", 403), ("read", 403), ("nobody", 401)])
  func onlyAdminsSignIn(_ token: String, _ status: Int) throws {
    let answer = try Wire(keys: true).ask(request("POST", session, nil, token: token))
    #expect(answer.status == status)
    #expect(answer.fields["set-cookie"] == nil)
  }

  @Test func cookieReadsWhatTheKeyReads() throws {
    let wire = try Wire(keys: true)
    let (id, csrf) = try signIn(wire)
    #expect(try wire.ask(request("GET", base + "/41", nil, cookie(id))).status == 200)
    #expect(try wire.ask(request("GET", base + "/41", nil)).status == 401)
    let other = String(id.dropLast()) + (id.last == "A" ? "B" : "A")
    #expect(try wire.ask(request("GET", base + "/41", nil, cookie(other))).status == 401)
    let who = try wire.ask(request("GET", session, nil, cookie(id)))
    #expect(who.json["signed_in"] as? Bool == true)
    #expect(who.json["csrf_token"] as? String == csrf)
    let nobody = try wire.ask(request("GET", session, nil))
    #expect(nobody.status == 200 && nobody.json["signed_in"] as? Bool == false)
    #expect(nobody.json["csrf_token"] == nil)
  }

  @Test("a bad cookie in front of the good one does no harm, and few are looked at")
  func severalCookies() throws {
    let wire = try Wire(keys: true)
    let (id, csrf) = try signIn(wire)
    let bad = "stock_session=bad; "
    for (count, status) in [(1, 200), (3, 200), (4, 401)] {
      let cookies = "Cookie: " + String(repeating: bad, count: count) + "stock_session=\(id)\r\n"
      #expect(try wire.ask(request("GET", base + "/41", nil, cookies)).status == status)
    }
    let two = "Cookie: \(bad)stock_session=\(id)\r\n"
    let who = try wire.ask(request("GET", session, nil, two))
    #expect(who.json["signed_in"] as? Bool == true && who.json["csrf_token"] as? String == csrf)
    #expect(try wire.ask(request("DELETE", session, nil, two)).status == 403)
    let fields = two + "X-CSRF-Token: \(csrf)\r\n"
    #expect(try wire.ask(request("DELETE", session, nil, fields)).status == 204)
    #expect(try wire.ask(request("GET", base + "/41", nil, two)).status == 401)
  }

  /// The ledger names the key, whichever way it came.
  @Test func changeByCookieIsTheKeys() throws {
    let wire = try Wire(keys: true)
    _ = try wire.ask(request("POST", base + "/reserve", reserveBody, token: "admin"))
    let (id, csrf) = try signIn(wire)
    let answer = try wire.ask(request("POST", base + "/reserve", reserveBody, cookie(id, csrf)))
    #expect(answer.status == 200)
    let commands = wire.gateway.submitted.map(\.command)
    try #require(commands.count == 2)
    #expect(commands[0].actor != 0 && commands[0].actor == commands[1].actor)
  }

  @Test(arguments: [
    "", "X-CSRF-Token: \r\n", "X-CSRF-Token: AAAA\r\n",
    "TOKEN Origin: http://evil.example\r\n", "TOKEN Origin: null\r\n",
    "TOKEN Origin: http://stock.evil.example\r\n",
    "TOKEN Sec-Fetch-Site: cross-site\r\n", "TOKEN Sec-Fetch-Site: same-site\r\n",
    "TOKEN Sec-Fetch-Site: none\r\n",
    "TOKEN Sec-Fetch-Site: cross-site\r\nOrigin: http://stock\r\n",
  ])
  func changesOfOtherSitesAreRefused(_ fields: String) throws {
    let wire = try Wire(keys: true)
    let (id, csrf) = try signIn(wire)
    let own = fields.replacingOccurrences(of: "TOKEN ", with: "X-CSRF-Token: \(csrf)\r\n")
    for (method, path, body) in [
      ("POST", base + "/reserve", reserveBody as String?), ("DELETE", base + "/41", nil),
      ("PUT", base + "/41", #"{"quantity":1}"#),
    ] {
      let answer = try wire.ask(request(method, path, body, cookie(id, nil, own)))
      #expect(answer.status == 403 && answer.code == "forbidden", "\(method) \(fields)")
    }
    #expect(wire.gateway.submitted.isEmpty)
    // Nor can another site sign somebody out.
    #expect(try wire.ask(request("DELETE", session, nil, cookie(id, nil, own))).status == 403)
    #expect(try wire.ask(request("GET", base + "/41", nil, cookie(id))).status == 200)
  }

  @Test(arguments: [
    "Sec-Fetch-Site: same-origin\r\nOrigin: http://stock\r\n", "Origin: http://stock\r\n", "",
    // Behind a proxy that does not hand on the name.
    "Sec-Fetch-Site: same-origin\r\nOrigin: https://shop.example\r\n",
  ])
  func changesOfThePageAreTaken(_ fields: String) throws {
    let wire = try Wire(keys: true)
    let (id, csrf) = try signIn(wire)
    let answer = try wire.ask(
      request("POST", base + "/reserve", reserveBody, cookie(id, csrf, fields)))
    #expect(answer.status == 200)
  }

  /// A key beside a cookie is what counts, and it needs no token against other sites: they cannot send
  /// one.
  @Test func keyGoesBeforeCookie() throws {
    let wire = try Wire(keys: true)
    let (id, _) = try signIn(wire)
    let path = "/api/v1/admin/products/1"
    #expect(try wire.ask(request("GET", path, nil, token: "read", cookie(id))).status == 403)
    #expect(try wire.ask(request("GET", path, nil, token: "nobody", cookie(id))).status == 401)
    let answer = try wire.ask(
      request("POST", base + "/reserve", reserveBody, token: "store", cookie(id)))
    #expect(answer.status == 200)
  }

  @Test func signingOutEndsIt() throws {
    let wire = try Wire(keys: true)
    let (id, csrf) = try signIn(wire)
    let answer = try wire.ask(request("DELETE", session, nil, cookie(id, csrf)))
    #expect(answer.status == 204)
    #expect(answer.fields["set-cookie"]?.contains("stock_session=; ") == true)
    #expect(answer.fields["set-cookie"]?.contains("Max-Age=0") == true)
    #expect(try wire.ask(request("GET", base + "/41", nil, cookie(id))).status == 401)
  }

  /// Who signs in again does not leave the session before behind.
  @Test func signingInAgainEndsTheOneBefore() throws {
    let wire = try Wire(keys: true)
    let (old, _) = try signIn(wire)
    let (new, _) = try signIn(wire, cookie(old))
    #expect(try wire.ask(request("GET", base + "/41", nil, cookie(old))).status == 401)
    #expect(try wire.ask(request("GET", base + "/41", nil, cookie(new))).status == 200)
  }

  @Test func revokedKeyEndsIt() async throws {
    let wire = try Wire(keys: true)
    let (id, _) = try signIn(wire)
    let key = try #require(
      wire.engine.control.snapshot.keys.values.first { $0.role == .admin }?.id)
    _ = try await wire.engine.control.revokeKey(id: key)
    wire.pass(1)
    #expect(try wire.ask(request("GET", base + "/41", nil, cookie(id))).status == 401)
  }

  @Test func endsWhenItIsNotUsed() throws {
    let store = SessionStore(.init())
    let hour: Int64 = 3_600_000
    let id = store.begin(key: 7, now: 0)
    let digest = SessionStore.digest(id)
    #expect(store.use(digest, now: 7 * hour)?.key == 7)
    #expect(store.use(digest, now: 14 * hour)?.key == 7)
    #expect(store.isOpen(digest, now: 22 * hour - 1))
    #expect(!store.isOpen(digest, now: 22 * hour))
    #expect(store.use(digest, now: 22 * hour) == nil)
  }

  @Test func endsAtLast() throws {
    let store = SessionStore(.init())
    let hour: Int64 = 3_600_000
    let digest = SessionStore.digest(store.begin(key: 7, now: 0))
    for hours in 1..<Int64(24) { #expect(store.use(digest, now: hours * hour) != nil) }
    #expect(store.use(digest, now: 24 * hour) == nil)
  }

  @Test func numberIsBounded() throws {
    let store = SessionStore(.init())
    let digests = (0...SessionStore.maxSessions).map { place in
      SessionStore.digest(store.begin(key: 1, now: Int64(place)))
    }
    let now = Int64(digests.count)
    #expect(!store.isOpen(digests[0], now: now))
    #expect(store.isOpen(digests[1], now: now))
    #expect(store.isOpen(digests[digests.count - 1], now: now))
  }

  @Test func wrongKeysAreBounded() throws {
    let wire = try Wire(keys: true)
    for _ in 0..<SignInLimit.burst {
      #expect(try wire.ask(request("POST", session, nil, token: "nobody")).status == 401)
    }
    let answer = try wire.ask(request("POST", session, nil, token: "nobody"))
    #expect(answer.status == 429 && answer.code == "rate_limited")
    #expect(answer.fields["retry-after"] == "10")
    // Else a guess would tell by its answer that it was right.
    #expect(try wire.ask(request("POST", session, nil, token: "admin")).status == 429)
    wire.time.withLockedValue { $0 += SignInLimit.refill }
    wire.pass(1)
    #expect(try wire.ask(request("POST", session, nil, token: "admin")).status == 200)
  }

  @Test func otherAddressesMayGoOn() {
    let limit = SignInLimit()
    for _ in 0..<SignInLimit.burst { limit.failed("1.2.3.4", now: 0) }
    #expect(!limit.mayTry("1.2.3.4", now: SignInLimit.refill - 1))
    #expect(limit.mayTry("1.2.3.5", now: 0))
    #expect(limit.mayTry("1.2.3.4", now: SignInLimit.refill))
    limit.failed("1.2.3.4", now: SignInLimit.refill)
    #expect(!limit.mayTry("1.2.3.4", now: 2 * SignInLimit.refill - 1))
  }

  @Test func withoutKeysThereIsNothingToSignInTo() throws {
    let answer = try Wire().ask(request("GET", session, nil))
    #expect(answer.json["signed_in"] as? Bool == true)
    #expect(answer.json["keys"] as? Bool == false)
  }
}
