import NIOHTTP1

/// What a browser says of itself. Only requests that have a cookie or an origin carry it, and only where
/// there is no `Authorization`: the requests of programs pay nothing for it.
struct BrowserFields: Sendable {
  /// The values of the session's cookie. There may be more than one, of which one is good: other programs
  /// of the same host, or of a path below it, can set theirs in front.
  private(set) var sessions: [String] = []
  private(set) var csrfToken: String?
  private(set) var fetchSite: String?
  private(set) var origin: String?
  private(set) var host: String?
  private(set) var ifNoneMatch: String?
  /// The browser reached us, or the proxy before us, by TLS.
  private(set) var isSecure = false

  init(_ headers: HTTPHeaders) {
    for (name, value) in headers {
      switch name.lowercased() {
      case "cookie": takeSessions(from: value)
      case "x-csrf-token": csrfToken = value
      case "sec-fetch-site": fetchSite = value
      case "origin": origin = value
      case "host": host = value
      case "if-none-match": ifNoneMatch = value
      case "x-forwarded-proto": isSecure = value == "https"
      default: break
      }
    }
  }

  static let cookieName = "stock_session"

  /// As many are looked at: each costs a digest.
  static let maxSessions = 4

  private mutating func takeSessions(from cookies: String) {
    for pair in cookies.split(separator: ";") where sessions.count < Self.maxSessions {
      let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
      if parts.count == 2, parts[0] == Self.cookieName { sessions.append(String(parts[1])) }
    }
  }

  /// Whether the request can be one of our own page. A browser says from where a request comes; old ones,
  /// and all of them on a plain address that is not this machine's, say only the origin.
  var isSameOrigin: Bool {
    if let fetchSite { return fetchSite == "same-origin" }
    guard let origin else { return true }
    let schemes = ["https://", "http://"]
    guard let host, let scheme = schemes.first(where: { origin.hasPrefix($0) }) else {
      return false
    }
    return origin.dropFirst(scheme.count) == host
  }
}
