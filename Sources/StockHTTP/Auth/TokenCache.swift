import StockCore

/// One loop's tokens that were found good. Bounded, and none is kept for longer than it is good.
struct TokenCache {
  /// Tokens at a time. One more throws out those that have expired, else any one.
  static let maxTokens = 4_096
  /// Bytes of a token at most. A longer one is not good.
  static let maxTokenBytes = 4_096

  private struct Entry {
    var principal: Principal
    var subject: String
  }

  private var byDigest: [[UInt8]: Entry] = [:]

  var count: Int { byDigest.count }

  func principal(_ digest: [UInt8]) -> Principal? { byDigest[digest]?.principal }

  /// Whom a token was issued to that is in use.
  func subject(of actor: ActorID) -> String? {
    byDigest.values.first { $0.principal.actor == actor }?.subject
  }

  mutating func add(
    _ digest: [UInt8], _ principal: Principal, subject: String, now: Timestamp
  ) {
    if byDigest.count >= Self.maxTokens, byDigest[digest] == nil {
      byDigest = byDigest.filter { now < $0.value.principal.expiresAt }
      if byDigest.count >= Self.maxTokens, let any = byDigest.keys.first { byDigest[any] = nil }
    }
    byDigest[digest] = Entry(principal: principal, subject: subject)
  }

  mutating func removeAll() { byDigest.removeAll(keepingCapacity: true) }

  /// Whether a bearer's text can be a signed token: three parts, of which the first two are not empty.
  /// Says nothing of what is in them.
  static func isToken(_ text: some Collection<UInt8>) -> Bool {
    guard text.count <= maxTokenBytes, text.starts(with: "eyJ".utf8) else { return false }
    return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).count == 3
  }
}
