import StockCore

/// Checks the tokens of one connection. Nearly always it is the one from the request before: then a
/// comparison is all.
struct Credentials {
  /// How often a connection tells that its key is in use, in milliseconds.
  static let useInterval: Int64 = 60_000
  /// How long a token that was not good is not checked again, in milliseconds: it may become good.
  static let refusalTime: Int64 = 1_000

  private var lastValue: [UInt8] = []
  private var lastPrincipal: Principal?
  private var lastGeneration = Int.min
  /// When the next use is told; where there is no principal, when the token may be checked again.
  private var notedAt = Timestamp.min

  /// A token that has to be checked before the request that carries it can be judged.
  private(set) var unverified: [UInt8]?

  /// - Parameter value: of the `Authorization` header.
  /// - Returns: nil where it is not `Bearer` and the token of a key that is good; also where the token
  ///   has to be checked first, which is then in `unverified`.
  mutating func principal(
    for value: UnsafeBufferPointer<UInt8>, in keys: KeyCache, now: Timestamp
  ) -> Principal? {
    let isKnown =
      lastGeneration == keys.generation
      && lastValue.withUnsafeBufferPointer { Matching.equalInConstantTime(value, $0) }
    if !isKnown {
      guard let token = Self.token(in: value) else { return nil }
      switch keys.find(token: token) {
      case .nobody: return nil
      case .known(let principal): keep(Array(value), principal, keys)
      case .unverified:
        unverified = Array(value)
        return nil
      }
    }
    guard let principal = lastPrincipal else {
      if now >= notedAt { unverified = Array(value) }
      return nil
    }
    guard now < principal.expiresAt else { return nil }
    if now >= notedAt {
      keys.noteUse(of: principal.actor, now: now)
      notedAt = now + Self.useInterval
    }
    return principal
  }

  private mutating func keep(_ value: [UInt8], _ principal: Principal?, _ keys: KeyCache) {
    lastValue = value
    lastPrincipal = principal
    lastGeneration = keys.generation
    notedAt = .min
  }

  /// Forgets what had to be checked: a new request is looked at.
  mutating func begin() { if unverified != nil { unverified = nil } }

  /// The token of `unverified` has been checked. One that is not good is not checked again on this
  /// connection for a while, unless the keys change.
  mutating func learn(
    _ value: [UInt8], _ principal: Principal?, in keys: KeyCache, now: Timestamp
  ) {
    unverified = nil
    keep(value, principal, keys)
    if principal == nil { notedAt = now + Self.refusalTime }
  }

  static func token(in value: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
    guard value.count > 7, value.count <= TokenCache.maxTokenBytes else { return nil }
    let scheme = UnsafeBufferPointer(rebasing: value[..<7])
    guard Matching.equalIgnoringCase(scheme, "bearer ") else { return nil }
    let token = value[7...].drop { $0 == UInt8(ascii: " ") }
    return token.isEmpty ? nil : UnsafeBufferPointer(rebasing: token)
  }
}
