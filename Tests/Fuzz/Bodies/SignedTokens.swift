import Crypto
import Foundation
import Logging
import StockCore
import StockEngine

@testable import StockAccess
@testable import StockHTTP

/// An issuer and the verifier that trusts it. The keys are always the same.
struct SignedTokens: Sendable {
  /// With what a token is signed.
  enum Signer: CaseIterable {
    case secret, ecKey, edKey
    /// HMAC, with a public key's bytes for a secret, and with nothing.
    case publicKey, nothing

    /// What its tokens have to say of it; nil: whatever they say, none is good.
    var algorithm: String? {
      switch self {
      case .secret: "HS256"
      case .ecKey: "ES256"
      case .edKey: "EdDSA"
      case .publicKey, .nothing: nil
      }
    }
  }

  static let shared = SignedTokens()

  private let secret = SymmetricKey(data: Data(0..<32))
  private let ecKey: P256.Signing.PrivateKey
  private let edKey: Curve25519.Signing.PrivateKey
  private let verifier: JWTVerifier
  private let now = FuzzControl.now

  private init?() {
    do {
      ecKey = try P256.Signing.PrivateKey(rawRepresentation: Data(1..<33))
      edKey = try Curve25519.Signing.PrivateKey(rawRepresentation: Data(2..<34))
      let point = Array(ecKey.publicKey.rawRepresentation)
      let text = { (bytes: Data) in Base64URL.encode(Array(bytes)) }
      let set = """
        {"keys":[{"kid":"a","kty":"oct","alg":"HS256","k":"\(text(Data(0..<32)))"},
        {"kid":"b","kty":"EC","crv":"P-256","x":"\(text(Data(point[..<32])))","y":"\(text(Data(point[32...])))"},
        {"kid":"c","kty":"OKP","crv":"Ed25519","x":"\(text(edKey.publicKey.rawRepresentation))"}]}
        """
      let path = NSTemporaryDirectory() + "stock-fuzz-" + UUID().uuidString
      try Data(set.utf8).write(to: URL(fileURLWithPath: path))
      defer { try? FileManager.default.removeItem(atPath: path) }
      let settings = JWTVerifier.Settings(
        keys: .file(path), issuer: "https://id.example", audience: "stock")
      let made = InlineTasks.run {
        try? await JWTVerifier(
          settings, logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() })
      }
      guard let verifier = made ?? nil else { return nil }
      self.verifier = verifier
    } catch {
      return nil
    }
  }

  private func verify(_ token: [UInt8]) -> VerifiedToken? {
    let (verifier, now) = (verifier, now)
    guard let result = InlineTasks.run({ await verifier.verify(token, now: now) }) else {
      fatalError("checking a token waits")
    }
    return result
  }

  // MARK: What is tried

  /// A token as it came.
  func raw(_ token: [UInt8]) -> String? {
    guard verify(token) != nil else { return nil }
    return isSigned(token) ? nil : "a token that nobody has signed is good"
  }

  /// Claims, signed with the secret.
  func claims(_ claims: [UInt8]) -> String? {
    let header = Array(#"{"alg":"HS256","kid":"a","typ":"JWT"}"#.utf8)
    guard let token = sign(header, claims, .secret) else { return "nothing can be signed" }
    guard let verified = verify(token) else { return nil }
    return ClaimCheck.judge(verified, claims, now: now)
  }

  /// A header and claims, with a newline between.
  func headers(_ text: [UInt8], _ signer: Signer) -> String? {
    let parts = text.split(
      separator: 0x0A, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let token = sign(Array(parts[0]), Array(parts[1]), signer),
      let verified = verify(token)
    else { return nil }
    let header = try? JSONSerialization.jsonObject(with: Data(parts[0])) as? [String: Any]
    guard let algorithm = signer.algorithm else { return "signed with \(signer), and good" }
    guard header?["alg"] as? String == algorithm else {
      return "signed with \(signer), good as \(String(decoding: parts[0], as: UTF8.self))"
    }
    guard header?["crit"] == nil, header?["b64"] == nil else { return "a critical extension" }
    return ClaimCheck.judge(verified, Array(parts[1]), now: now)
  }

  // MARK: Signing

  private func sign(_ header: [UInt8], _ claims: [UInt8], _ signer: Signer) -> [UInt8]? {
    let text = Array((Base64URL.encode(header) + "." + Base64URL.encode(claims)).utf8)
    let signature: [UInt8]? =
      switch signer {
      case .secret: Array(HMAC<SHA256>.authenticationCode(for: text, using: secret))
      case .publicKey:
        Array(
          HMAC<SHA256>.authenticationCode(
            for: text, using: SymmetricKey(data: ecKey.publicKey.rawRepresentation)))
      case .nothing: []
      case .ecKey: (try? ecKey.signature(for: text)).map { Array($0.rawRepresentation) }
      case .edKey: (try? edKey.signature(for: text)).map { Array($0) }
      }
    return signature.map { text + [UInt8(ascii: ".")] + Array(Base64URL.encode($0).utf8) }
  }

  /// Its signature is one of a key of ours, over just these bytes.
  private func isSigned(_ token: [UInt8]) -> Bool {
    guard let dot = token.lastIndex(of: UInt8(ascii: ".")),
      let signature = Base64URL.decode(String(decoding: token[(dot + 1)...], as: UTF8.self))
    else { return false }
    let text = token[..<dot]
    if HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: text, using: secret) {
      return true
    }
    if edKey.publicKey.isValidSignature(signature, for: text) { return true }
    guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else {
      return false
    }
    return ecKey.publicKey.isValidSignature(signature, for: text)
  }
}
