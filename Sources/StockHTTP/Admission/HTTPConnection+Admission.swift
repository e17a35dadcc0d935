import StockCore
import StockEngine

extension HTTPConnection {
  /// Takes a request that is complete from what its key may ask, also where it is refused for
  /// something else.
  ///
  /// - Returns: why not; nil: the key may ask.
  func takeFromRate(_ request: Exchange) -> Problem? {
    let limiter = front.shared.rateLimiter
    guard let limit = request.principal.rateLimit ?? limiter.standard, request.principal.isLimited
    else { return nil }
    let verdict = limiter.take(request.principal.actor, within: limit, at: request.arrivedAt)
    request.rate = verdict
    return verdict.isTaken ? nil : .rateLimited(limit)
  }

  /// Asks whether a request may go on, by what is under way.
  ///
  /// - Returns: why not; nil: it may, and counts as under way from now on.
  func admit(_ request: Exchange, bodyBytes: Int) -> Problem? {
    if front.hasTooMuchUnsent, request.endpoint.answersAtLength { return .tooMuchUnsent }
    let store: StoreID = if case .only(let id) = request.principal.scope { id } else { 0 }
    guard
      let load = front.admission.take(
        request.endpoint.urgency, store: store, isFirst: pending.isEmpty, bodyBytes: bodyBytes)
    else { return .tooMuchUnderWay }
    request.load = load
    return nil
  }
}

extension Principal {
  /// Has a key whose rate is limited: admins have to get in when it matters.
  fileprivate var isLimited: Bool { !role.isEmpty && role != .admin }
}

extension Problem {
  fileprivate static let tooMuchUnderWay = Problem(
    .overloaded, "Too much is under way. Nothing has changed.")

  fileprivate static let tooMuchUnsent = Problem(
    .overloaded, "Too many answers wait for clients to read them. Nothing has changed.")

  fileprivate static func rateLimited(_ limit: RateLimit) -> Problem {
    Problem(
      .rateLimited, "This key may ask \(limit.rate) times a second, \(limit.burst) times at once.")
  }
}

extension ByteWriter {
  /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers).
  mutating func append(rate: RateLimiter.Verdict) {
    append("\r\nRateLimit-Policy: \"key\";q=")
    append(Int64(rate.quota))
    append(";w=1\r\nRateLimit: \"key\";r=")
    append(Int64(rate.left))
    append(";t=")
    append(rate.waitSeconds)
  }
}

extension RateLimiter.Verdict {
  /// Whole seconds, rounded up, as headers tell them.
  var waitSeconds: Int64 { (wait + 999_999_999) / 1_000_000_000 }
}
