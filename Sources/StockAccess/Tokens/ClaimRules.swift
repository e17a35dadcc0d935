import Crypto
import StockCore
import StockEngine
import StockHTTP

/// Why a token is not good. For the log: its bearer is not told.
enum TokenRefusal: String, Error, CaseIterable, Sendable {
  // In the order in which they are found.
  case malformed
  case unknownAlgorithm = "unknown algorithm"
  case criticalExtension = "critical extension"
  case wrongType = "wrong type"
  case noKey = "no such key for this algorithm"
  case badSignature = "bad signature"
  case wrongIssuer = "wrong issuer"
  case wrongAudience = "wrong audience"
  case noExpiry = "no expiry"
  case expired
  case notYetValid = "not yet valid"
  case noSubject = "no subject"
  case oddSubject = "control characters in the subject"
  case noRole = "no role, or more than one"
  case noStore = "no store for the role"
  case storeOfAdmin = "a store for an admin"
}

/// What a token has to say so that its bearer is let in, and as whom.
struct ClaimRules: Sendable {
  static let maxSubjectBytes = 255

  var issuer: String
  var audience: String
  var roleClaim = "role"
  var storeClaim = "store_id"
  /// How far the clocks of issuer and engine may be apart, in milliseconds.
  var leeway: Int64 = 10_000

  func judge(_ claims: Claims, now: Timestamp) throws(TokenRefusal) -> VerifiedToken {
    guard claims["iss"] == .text(issuer) else { throw .wrongIssuer }
    switch claims["aud"] {
    case .text(audience): break
    case .list(let list) where list.contains(.text(audience)): break
    default: throw .wrongAudience
    }
    guard let expiry = Self.time(claims["exp"]) else { throw .noExpiry }
    let expiresAt = expiry + leeway
    guard now < expiresAt else { throw .expired }
    if let begin = claims["nbf"] {
      guard let begin = Self.time(begin), now + leeway >= begin else { throw .notYetValid }
    }
    guard case .text(let subject)? = claims["sub"], !subject.isEmpty,
      subject.utf8.count <= Self.maxSubjectBytes
    else { throw .noSubject }
    // It is written into logs.
    guard !subject.unicodeScalars.contains(where: Self.isControl) else { throw .oddSubject }
    guard let role = role(claims[roleClaim]) else { throw .noRole }
    let store = Self.store(claims[storeClaim])
    if role == .admin {
      guard claims[storeClaim] == nil else { throw .storeOfAdmin }
    } else {
      guard store != nil else { throw .noStore }
    }
    return VerifiedToken(
      subject: subject, role: role, store: store, actor: Self.actor(issuer, subject),
      expiresAt: expiresAt)
  }

  /// A `NumericDate` in milliseconds: seconds, perhaps with a fraction, of a year below 5138.
  private static func time(_ value: Claims.Value?) -> Timestamp? {
    guard case .number(let seconds)? = value, seconds >= 0, seconds <= 1e11 else { return nil }
    return Timestamp(seconds * 1_000)
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  /// One role, or a list in which only one is a role of ours: many issuers give lists.
  private func role(_ value: Claims.Value?) -> Role? {
    switch value {
    case .text(let name): return Role(rawValue: name)
    case .list(let list):
      let roles = Set(
        list.compactMap { item -> Role? in
          guard case .text(let name) = item else { return nil }
          return Role(rawValue: name)
        })
      return roles.count == 1 ? roles.first : nil
    case .number, .object, .other, nil: return nil
    }
  }

  /// A number, or one in digits.
  private static func store(_ value: Claims.Value?) -> StoreID? {
    let id: StoreID?
    switch value {
    case .number(let number): id = StoreID(exactly: number)
    case .text(let text): id = text.utf8.allSatisfy { 48...57 ~= $0 } ? StoreID(text) : nil
    case .list, .object, .other, nil: id = nil
    }
    guard let id, id >= 1, id <= Bounds.maxID else { return nil }
    return id
  }

  /// Of `VerifiedToken.actors`, by the SHA-256 of issuer and subject: the same for all tokens of one subject.
  /// Two of a million subjects share one with a chance of 1 in 10,000.
  static func actor(_ issuer: String, _ subject: String) -> ActorID {
    let digest = SHA256.hash(data: Array(issuer.utf8) + [0] + Array(subject.utf8))
    let bits = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return VerifiedToken.actors.lowerBound | ActorID(bits & (1 << 52 - 1))
  }
}
