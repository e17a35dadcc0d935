import NIOHTTP1
import StockCore
import StockEngine
import StockLoop

// Signing in to the web page, and what its cookie is good for.
extension HTTPConnection {
  /// Who asks, by the cookie of a session. A change needs more than a cookie, which browsers send of
  /// themselves.
  func principal(
    _ browser: BrowserFields, _ method: HTTPMethod, _ request: Exchange
  ) throws(Problem) -> Principal? {
    guard let found = openSession(browser) else { return nil }
    if method != .GET, !isOwn(browser, found.id) { throw .crossSite }
    request.session = found.digest
    return found.principal
  }

  /// The first session of the cookies that is open.
  private func openSession(
    _ browser: BrowserFields
  ) -> (id: String, digest: SessionStore.Digest, principal: Principal)? {
    for id in browser.sessions {
      let digest = SessionStore.digest(id)
      guard let session = front.shared.sessions.use(digest, now: front.now),
        var principal = front.keys.principal(id: session.key), front.now < principal.expiresAt
      else { continue }
      principal.expiresAt = min(principal.expiresAt, session.endsAt)
      return (id, digest, principal)
    }
    return nil
  }

  private func isOwn(_ browser: BrowserFields, _ id: String) -> Bool {
    guard browser.isSameOrigin, let token = browser.csrfToken else { return false }
    let expected = Array(SessionStore.csrfToken(id).utf8)
    return Array(token.utf8).withUnsafeBufferPointer { given in
      expected.withUnsafeBufferPointer { Matching.equalInConstantTime(given, $0) }
    }
  }

  /// `POST /admin/session`: the key comes as in every other call, the session leaves in a cookie.
  func signIn(_ request: Exchange) {
    guard front.shared.signIns.mayTry(peer, now: front.now) else {
      return respond(.tooManySignIns, request)
    }
    guard request.browser?.isSameOrigin ?? true else { return respond(.crossSite, request) }
    guard let principal = request.signingIn else {
      front.shared.signIns.failed(peer, now: front.now)
      return respond(.unknownKey, request)
    }
    // A session lives on its key: it ends when that is revoked, which a token cannot be.
    guard principal.role == .admin, !Principal.isOfToken(principal.actor) else {
      return respond(.notAnAdmin, request)
    }
    let id = front.shared.sessions.begin(key: principal.actor, now: front.now)
    for old in request.browser?.sessions ?? [] {
      front.shared.sessions.end(SessionStore.digest(old))
    }
    request.head.extra = .cookie(cookie(id, request))
    respond(request) { $0.appendSession(key: principal.actor, name: name(principal), id: id) }
  }

  /// `GET /admin/session`: who is signed in, and what changes have to show.
  func readSession(_ request: Exchange) {
    request.head.extra = .uncached
    if case .none = front.configuration.authorization {
      return respond(request) {
        $0.append("{\"signed_in\":true,\"keys\":false,\"csrf_token\":\"\"}")
      }
    }
    guard let found = request.browser.flatMap(openSession), found.principal.role == .admin
    else { return respond(request) { $0.append("{\"signed_in\":false,\"keys\":true}") } }
    request.session = found.digest
    respond(request) {
      $0.appendSession(
        key: found.principal.actor, name: name(found.principal), id: found.id)
    }
  }

  /// `DELETE /admin/session`. Once more is as once.
  func signOut(_ request: Exchange) {
    if let browser = request.browser, !browser.sessions.isEmpty {
      let own = browser.sessions.filter { isOwn(browser, $0) }
      guard !own.isEmpty else { return respond(.crossSite, request) }
      for id in own { front.shared.sessions.end(SessionStore.digest(id)) }
    }
    request.head.status = 204
    request.head.extra = .cookie(cookie("", request) + "; Max-Age=0")
    respond(request) { _ in }
  }

  private func name(_ principal: Principal) -> String {
    front.keys.name(of: principal.actor)
  }

  /// No `Max-Age`: it goes with the browser's session, or when ours ends.
  private func cookie(_ id: String, _ request: Exchange) -> String {
    let isSecure = isSecure || request.browser?.isSecure == true
    return "\(BrowserFields.cookieName)=\(id); Path=/; HttpOnly; SameSite=Strict"
      + (isSecure ? "; Secure" : "")
  }
}

extension ByteWriter {
  fileprivate mutating func appendSession(key: ActorID, name: String, id: String) {
    append("{\"signed_in\":true,\"keys\":true,\"key_id\":")
    append(key)
    append(",\"name\":")
    append(json: name)
    append(",\"csrf_token\":")
    append(json: SessionStore.csrfToken(id))
    append("}")
  }
}

extension Problem {
  static let crossSite = Problem(
    .forbidden, "A change by cookie needs the page's X-CSRF-Token, and the page's own origin.")
  static let unknownKey = Problem(.unauthorized, "This is not a key that is good.")
  static let notAnAdmin = Problem(.forbidden, "The page needs an admin key.")
  static let tooManySignIns = Problem(
    .rateLimited, "Too many keys were wrong. Wait a minute and try again.")
}
