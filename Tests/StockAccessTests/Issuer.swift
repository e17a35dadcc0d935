import Crypto
import CryptoExtras
import Foundation
import StockHTTP

@testable import StockAccess

/// Fields of an object; nil: there is none of the name.
typealias Fields = [String: (any Sendable)?]

/// JSON's null.
struct Null: Sendable {}

/// Issues tokens with new keys, without the library that checks them. Each key's name is its algorithm.
struct Issuer {
  let secret = SymmetricKey(size: .bits256)
  let ecKey = P256.Signing.PrivateKey()
  let edKey = Curve25519.Signing.PrivateKey()
  let rsaKey: _RSA.Signing.PrivateKey

  init() throws { rsaKey = try _RSA.Signing.PrivateKey(keySize: .bits2048) }

  var modulus: Data { (try? rsaKey.publicKey.getKeyPrimitives().modulus) ?? Data() }

  /// The JWK set.
  var set: String {
    let primitives = try? rsaKey.publicKey.getKeyPrimitives()
    let point = Array(ecKey.publicKey.rawRepresentation)
    func text(_ bytes: some Sequence<UInt8>) -> String { Base64URL.encode(Array(bytes)) }
    let keys = [
      #"{"kid":"HS256","kty":"oct","alg":"HS256","k":"\#(secret.withUnsafeBytes { text($0) })"}"#,
      #"{"kid":"RS256","kty":"RSA","use":"sig","n":"\#(text(primitives?.modulus ?? Data()))","e":"\#(text(primitives?.publicExponent ?? Data()))"}"#,
      #"{"kid":"ES256","kty":"EC","crv":"P-256","x":"\#(text(point[..<32]))","y":"\#(text(point[32...]))"}"#,
      #"{"kid":"EdDSA","kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"\#(text(edKey.publicKey.rawRepresentation))"}"#,
      #"{"kid":"other","kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#,
    ]
    return "{\"keys\":[\(keys.joined(separator: ","))]}"
  }

  static func encode(_ fields: Fields) throws -> String {
    let object = fields.compactMapValues { $0 }.mapValues { plain($0) }
    return Base64URL.encode(Array(try JSONSerialization.data(withJSONObject: object)))
  }

  private static func plain(_ value: any Sendable) -> Any {
    switch value {
    case is Null: NSNull()
    case let list as [any Sendable]: list.map { plain($0) }
    case let fields as Fields: fields.compactMapValues { $0 }.mapValues { plain($0) }
    default: value
    }
  }

  /// - Parameter header: fields that are other than usual; nil leaves one out.
  func sign(
    _ claims: Fields, _ algorithm: SigningAlgorithm, header: Fields = [:],
    secret: SymmetricKey? = nil
  ) throws -> String {
    try sign(payload: Self.encode(claims), algorithm, header: header, secret: secret)
  }

  func sign(
    payload: String, _ algorithm: SigningAlgorithm, header: Fields = [:],
    secret: SymmetricKey? = nil
  ) throws -> String {
    var fields: Fields = [
      "typ": "JWT", "alg": algorithm.rawValue, "kid": algorithm.rawValue,
    ]
    fields.merge(header) { $1 }
    let text = try Self.encode(fields) + "." + payload
    let bytes = Data(text.utf8)
    let signature: [UInt8] =
      switch algorithm {
      case .hs256:
        Array(HMAC<SHA256>.authenticationCode(for: bytes, using: secret ?? self.secret))
      case .rs256:
        Array(
          try rsaKey.signature(for: SHA256.hash(data: bytes), padding: .insecurePKCS1v1_5)
            .rawRepresentation)
      case .es256: Array(try ecKey.signature(for: bytes).rawRepresentation)
      case .eddsa: Array(try edKey.signature(for: bytes))
      }
    return text + "." + Base64URL.encode(signature)
  }
}

/// A file that goes with the test.
final class TemporaryFile {
  let path: String

  init(_ text: String) throws {
    path = NSTemporaryDirectory() + "stock-test-" + UUID().uuidString
    try replace(text)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// As tools do that want no half a file to be read.
  func replace(_ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
  }
}
