import Foundation
import JWTKit
import StockHTTP

/// How a token is signed. No other way is known, least of all `none`.
enum SigningAlgorithm: String, CaseIterable, Sendable {
  case hs256 = "HS256"
  case rs256 = "RS256"
  case es256 = "ES256"
  case eddsa = "EdDSA"
}

/// The keys that tokens are checked with. Each is bound to the one algorithm that it is for: what a token
/// says of its algorithm only has to agree with that.
struct SigningKeys: Sendable {
  static let maxKeys = 64
  /// An HMAC secret has as many bytes as its digest, at least (RFC 7518, section 3.2).
  static let minSecretBytes = 32
  /// A modulus: 2,048 bits at least (RFC 7518, section 3.3); checking by a huge one would take long.
  static let modulusBytes = 256...1_024

  struct Key: Sendable {
    /// nil: the only key there is.
    var id: String?
    var algorithm: SigningAlgorithm
    /// Holds this key alone: the library takes another one of a collection where it does not find the
    /// one that a token names.
    var collection: JWTKeyCollection
  }

  private(set) var keys: [Key] = []

  /// One secret, for HS256.
  init(secret: String) async throws(AccessError) {
    guard secret.utf8.count >= Self.minSecretBytes else {
      throw AccessError("the secret of tokens needs \(Self.minSecretBytes) bytes at least")
    }
    keys = [await Self.key(id: nil, secret: Array(secret.utf8))]
  }

  /// A JWK set (RFC 7517). Keys that are for something else are passed over.
  init(set: Data) async throws(AccessError) {
    guard let object = try? JSONSerialization.jsonObject(with: set) as? [String: Any],
      let list = object["keys"] as? [[String: Any]]
    else { throw AccessError("is not a JSON object with an array \"keys\"") }
    guard list.count <= Self.maxKeys else {
      throw AccessError("has \(list.count) keys, and \(Self.maxKeys) are the most")
    }
    for (place, fields) in list.enumerated() {
      do {
        guard let key = try await Self.key(fields) else { continue }
        keys.append(key)
      } catch {
        throw AccessError("key \(fields["kid"] as? String ?? "number \(place + 1)"): \(error)")
      }
    }
    guard !keys.isEmpty else {
      throw AccessError("has no key for HS256, RS256, ES256 or EdDSA")
    }
    let ids = keys.compactMap(\.id)
    guard Set(ids).count == ids.count, keys.count == 1 || ids.count == keys.count else {
      throw AccessError("has several keys, and not all have a \"kid\" of their own")
    }
  }

  /// The key that a token names, if it is for the algorithm that the token names.
  func key(id: String?, _ algorithm: SigningAlgorithm) -> Key? {
    let candidates = keys.filter { $0.algorithm == algorithm }
    if let id, let named = keys.first(where: { $0.id == id }) {
      return named.algorithm == algorithm ? named : nil
    }
    // A token need not name the only key that it can mean; but one that it names must be there.
    guard candidates.count == 1, id == nil || candidates[0].id == nil else { return nil }
    return candidates[0]
  }

  private static func key(id: String?, secret: [UInt8]) async -> Key {
    let collection = JWTKeyCollection()
    await collection.add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
    return Key(id: id, algorithm: .hs256, collection: collection)
  }

  /// - Returns: nil for a key that is for something else.
  private static func key(_ fields: [String: Any]) async throws(AccessError) -> Key? {
    func text(_ name: String) -> String? { fields[name] as? String }
    guard text("use") ?? "sig" == "sig", let algorithm = algorithm(of: fields) else { return nil }
    let id = text("kid")
    if algorithm == .hs256 {
      guard let secret = text("k").flatMap({ Base64URL.decode($0) }),
        secret.count >= minSecretBytes
      else { throw AccessError("\"k\" must be base64url of \(minSecretBytes) bytes at least") }
      return await key(id: id, secret: secret)
    }
    guard fields["d"] == nil else {
      throw AccessError("is a private key, which belongs nowhere but to its issuer")
    }
    if algorithm == .rs256 {
      let modulus = text("n").flatMap { Base64URL.decode($0) } ?? []
      guard modulusBytes.contains(modulus.drop { $0 == 0 }.count) else {
        throw AccessError("an RSA key must have 2048 to 8192 bits")
      }
    }
    var known: [String: Any] = ["kid": id ?? "only", "alg": algorithm.rawValue]
    for name in ["kty", "crv", "x", "y", "n", "e"] { known[name] = fields[name] }
    let collection = JWTKeyCollection()
    do {
      let jwk = try JSONDecoder().decode(
        JWK.self, from: try JSONSerialization.data(withJSONObject: known))
      try await collection.add(jwk: jwk)
      guard try await collection.getKey().name == algorithm.rawValue else {
        throw AccessError("is not a key for \(algorithm.rawValue)")
      }
    } catch {
      throw AccessError("is not a key for \(algorithm.rawValue)")
    }
    return Key(id: id, algorithm: algorithm, collection: collection)
  }

  /// What a key is for, by its type; what it says of that itself has to agree.
  private static func algorithm(of fields: [String: Any]) -> SigningAlgorithm? {
    let algorithm: SigningAlgorithm
    var names: [String] = []
    switch (fields["kty"] as? String, fields["crv"] as? String) {
    case ("RSA", _): algorithm = .rs256
    case ("EC", "P-256"): algorithm = .es256
    case ("OKP", "Ed25519"):
      algorithm = .eddsa
      names = ["Ed25519"]
    case ("oct", _): algorithm = .hs256
    default: return nil
    }
    names.append(algorithm.rawValue)
    guard let said = fields["alg"] else { return algorithm == .hs256 ? nil : algorithm }
    return (said as? String).map(names.contains) == true ? algorithm : nil
  }
}
