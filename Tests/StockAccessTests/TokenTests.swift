import Crypto
import Foundation
import JWTKit
import Logging
import StockCore
import StockEngine
import StockHTTP
import Testing

@testable import StockAccess

/// Signed tokens: one of each algorithm is taken, and everything that is wrong is named.
@Suite struct TokenTests {
  static let rules = ClaimRules(issuer: "https://id.example", audience: "stock")

  static func settings(_ keys: JWTVerifier.Settings.Keys) -> JWTVerifier.Settings {
    JWTVerifier.Settings(keys: keys, issuer: "https://id.example", audience: "stock")
  }

  private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private func verifier(_ issuer: Issuer) async throws -> JWTVerifier {
    let file = try TemporaryFile(issuer.set)
    return try await JWTVerifier(Self.settings(.file(file.path)), logger: quiet)
  }

  private func refusal(_ verifier: JWTVerifier, _ token: String) async -> String {
    do throws(TokenRefusal) {
      _ = try await verifier.judge(Array(token.utf8), now: TokenTable.now)
      return "taken"
    } catch {
      return error.rawValue
    }
  }

  // MARK: What is taken

  @Test("a token of each algorithm is taken", arguments: SigningAlgorithm.allCases)
  func algorithms(_ algorithm: SigningAlgorithm) async throws {
    let issuer = try Issuer()
    let token = try issuer.sign(TokenTable.claims, algorithm)
    let found = try await verifier(issuer).judge(Array(token.utf8), now: TokenTable.now)
    #expect(found.role == .store)
    #expect(found.store == 7)
    #expect(found.subject == "alice")
    #expect(found.expiresAt == TokenTable.now + 60_000 + 10_000)
    #expect(found.actor == ClaimRules.actor("https://id.example", "alice"))
    #expect(VerifiedToken.actors.contains(found.actor))
  }

  @Test("a secret alone will do, for HS256 only")
  func secret() async throws {
    let issuer = try Issuer()
    let secret = String(repeating: "s", count: 32)
    let verifier = try await JWTVerifier(Self.settings(.secret(secret)), logger: quiet)
    let key = SymmetricKey(data: Array(secret.utf8))
    let good = try issuer.sign(TokenTable.claims, .hs256, header: ["kid": nil], secret: key)
    #expect(await refusal(verifier, good) == "taken")
    let named = try issuer.sign(TokenTable.claims, .hs256, header: ["kid": "any"], secret: key)
    #expect(await refusal(verifier, named) == "taken")
    let other = try issuer.sign(TokenTable.claims, .es256)
    #expect(await refusal(verifier, other) == "no such key for this algorithm")
    await #expect(throws: AccessError.self) {
      try await JWTVerifier(Self.settings(.secret(String(secret.dropLast()))), logger: quiet)
    }
  }

  // MARK: What is not

  @Test("no signature but that of the key that is named, by its own algorithm")
  func signatures() async throws {
    let issuer = try Issuer()
    let stranger = try Issuer()
    let verifier = try await verifier(issuer)
    for algorithm in SigningAlgorithm.allCases {
      let forged = try stranger.sign(TokenTable.claims, algorithm)
      #expect(await refusal(verifier, forged) == "bad signature", "\(algorithm)")
      // Another payload under a good signature.
      let good = try issuer.sign(TokenTable.claims, algorithm).split(separator: ".")
      var admin = TokenTable.claims
      admin.merge(["role": "admin", "store_id": nil]) { $1 }
      let swapped = try "\(good[0]).\(Issuer.encode(admin)).\(good[2])"
      #expect(await refusal(verifier, swapped) == "bad signature", "\(algorithm)")
      #expect(await refusal(verifier, "\(good[0]).\(good[1]).") == "bad signature")
      // A key's name with another algorithm: the first step of every key confusion.
      for other in SigningAlgorithm.allCases where other != algorithm {
        let confused = try issuer.sign(
          TokenTable.claims, other, header: ["kid": algorithm.rawValue])
        #expect(
          await refusal(verifier, confused) == "no such key for this algorithm",
          "\(algorithm) \(other)")
      }
    }
  }

  @Test("the text of a public key is no secret", arguments: ["n", "x", "pem"])
  func keyConfusion(_ kind: String) async throws {
    let issuer = try Issuer()
    let verifier = try await verifier(issuer)
    let secret: [UInt8] =
      switch kind {
      case "n": Array(issuer.modulus)
      case "x": Array(issuer.ecKey.publicKey.x963Representation)
      default: Array(issuer.ecKey.publicKey.pemRepresentation.utf8)
      }
    for kid in ["RS256", "ES256", "EdDSA", "HS256", nil] {
      let token = try issuer.sign(
        TokenTable.claims, .hs256, header: ["kid": kid], secret: SymmetricKey(data: secret))
      #expect(await refusal(verifier, token) != "taken")
    }
  }

  @Test("headers that are not taken", arguments: TokenTable.badHeaders.map(\.name))
  func headers(_ name: String) async throws {
    let row = try #require(TokenTable.badHeaders.first { $0.name == name })
    let issuer = try Issuer()
    let token = try issuer.sign(TokenTable.claims, .hs256, header: row.header)
    #expect(await refusal(try await verifier(issuer), token) == row.refusal)
    // Nor without a signature.
    let bare = token.split(separator: ".").prefix(2).joined(separator: ".") + "."
    #expect(await refusal(try await verifier(issuer), bare) == row.refusal)
  }

  @Test("texts that are no tokens")
  func malformed() async throws {
    let issuer = try Issuer()
    let verifier = try await verifier(issuer)
    let good = try issuer.sign(TokenTable.claims, .hs256)
    let parts = good.split(separator: ".").map(String.init)
    for text in [
      "", ".", "..", "...", "a.b", "a.b.c.d", good + ".", "." + good, good + "=", good + "\n",
      " " + good, "\(parts[0])=.\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1])!.\(parts[2])",
      "e30.\(parts[1]).\(parts[2])x+", "W10.\(parts[1]).\(parts[2])",
      "\(parts[0])\u{0}.\(parts[1]).\(parts[2])",
    ] {
      #expect(await refusal(verifier, text) == "malformed", "\(text.debugDescription)")
    }
    // Signed well, but no object.
    let list = try issuer.sign(payload: "WzFd", .hs256)
    #expect(await refusal(verifier, list) == "malformed")
  }

  /// Two readers would take different ones of the two.
  @Test("what names a member twice, or is JSON to some only", arguments: TokenTable.ambiguous)
  func ambiguous(_ text: String) async throws {
    let issuer = try Issuer()
    let verifier = try await verifier(issuer)
    let claims = #""iss":"https://id.example","aud":"stock","sub":"a","exp":9e9,"store_id":7"#
    let good = try issuer.sign(
      payload: Base64URL.encode(Array("{\(claims),\"role\":\"read\"}".utf8)), .hs256)
    #expect(await refusal(verifier, good) == "taken")
    let token = try issuer.sign(payload: Base64URL.encode(Array("{\(claims)\(text)".utf8)), .hs256)
    #expect(await refusal(verifier, token) == "malformed")
  }

  @Test("a header that names a member twice")
  func ambiguousHeader() async throws {
    let issuer = try Issuer()
    let verifier = try await verifier(issuer)
    let claims = try Issuer.encode(TokenTable.claims)
    func token(_ header: String) -> String {
      let text = Base64URL.encode(Array(header.utf8)) + "." + claims
      let code = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: issuer.secret)
      return text + "." + Base64URL.encode(Array(code))
    }
    #expect(await refusal(verifier, token(#"{"alg":"HS256","kid":"HS256"}"#)) == "taken")
    for header in [
      #"{"alg":"HS256","kid":"HS256","alg":"HS256"}"#, #"{"alg":"none","alg":"HS256"}"#,
      #"{"alg":"HS256","alg":"none"}"#, #"{"alg":"HS256","\u0061lg":"RS256","kid":"HS256"}"#,
      #"{"alg":"HS256","kid":"HS256","kid":"RS256"}"#, #"{"alg":"HS256","x":[{"a":1,"a":1}]}"#,
    ] {
      #expect(await refusal(verifier, token(header)) == "malformed", "\(header)")
    }
  }

  @Test("claims that are not taken", arguments: TokenTable.badClaims.map(\.name))
  func claims(_ name: String) async throws {
    let row = try #require(TokenTable.badClaims.first { $0.name == name })
    let issuer = try Issuer()
    var claims = TokenTable.claims
    claims.merge(row.change) { $1 }
    #expect(
      await refusal(try await verifier(issuer), try issuer.sign(claims, .eddsa)) == row.refusal)
  }

  @Test("every refusal has a row")
  func allRefusals() {
    let rows = Set(TokenTable.badHeaders.map(\.refusal) + TokenTable.badClaims.map(\.refusal))
    #expect(
      Set(TokenRefusal.allCases.map(\.rawValue)).subtracting(rows) == ["bad signature"])
  }

  @Test("claims that are taken", arguments: TokenTable.goodClaims.map(\.name))
  func goodClaims(_ name: String) async throws {
    let row = try #require(TokenTable.goodClaims.first { $0.name == name })
    let issuer = try Issuer()
    var claims = TokenTable.claims
    claims.merge(row.change) { $1 }
    let token = try issuer.sign(claims, .es256)
    let found = try await verifier(issuer).judge(Array(token.utf8), now: TokenTable.now)
    #expect(found.role == row.role)
    #expect(found.store == (row.role == .admin ? nil : 7))
  }

  @Test("role and store may lie deeper, or under a name with dots")
  func claimPaths() throws {
    var rules = Self.rules
    rules.roleClaim = "realm.roles"
    rules.storeClaim = "https://shop.example/store"
    var values: [String: Claims.Value] = [
      "iss": .text("https://id.example"), "aud": .text("stock"), "sub": .text("a"),
      "exp": .number(TokenTable.seconds + 1), "https://shop.example/store": .number(9),
      "realm": .object(["roles": .list([.text("read")])]),
    ]
    #expect(try rules.judge(Claims(values), now: TokenTable.now).store == 9)
    values["realm"] = .text("read")
    #expect(throws: TokenRefusal.noRole) { try rules.judge(Claims(values), now: TokenTable.now) }
  }

  // MARK: Files of keys

  @Test("a token need not name the only key of its algorithm, but must not name another")
  func unnamed() async throws {
    let issuer = try Issuer()
    let verifier = try await verifier(issuer)
    for algorithm in SigningAlgorithm.allCases {
      let token = try issuer.sign(TokenTable.claims, algorithm, header: ["kid": nil])
      #expect(await refusal(verifier, token) == "taken")
    }
  }

  static let badSets: [(set: String, says: String)] = [
    ("", "not a JSON object"), ("[]", "not a JSON object"), ("{}", "not a JSON object"),
    (#"{"keys": []}"#, "no key"),
    (#"{"keys": [{"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}]}"#, "no key"),
    (#"{"keys": [{"kty": "RSA", "alg": "RSA-OAEP", "n": "AQAB", "e": "AQAB"}]}"#, "no key"),
    (#"{"keys": [{"kty": "oct", "k": "AAAA"}]}"#, "no key"),
    (#"{"keys": [{"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}]}"#, "no key"),
    (#"{"keys": [{"kty": "oct", "alg": "HS256", "kid": "a", "k": "AAAA"}]}"#, "key a: \"k\""),
    (#"{"keys": [{"kty": "RSA", "kid": "b", "n": "AQAB", "e": "AQAB"}]}"#, "2048"),
    (#"{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}"#, "key number 1"),
    (#"{"keys": [{"kty": "EC", "crv": "P-256"}]}"#, "ES256"),
    (#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]}"#, "EdDSA"),
    (#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}]}"#, "private"),
  ]

  @Test("sets that are not taken say why", arguments: badSets.indices)
  func sets(_ place: Int) async throws {
    let row = Self.badSets[place]
    do throws(AccessError) {
      _ = try await SigningKeys(set: Data(row.set.utf8))
      Issue.record("taken")
    } catch {
      #expect(error.description.contains(row.says), "\(error)")
    }
  }

  @Test("two keys of one name, or without, are not taken")
  func doubles() async throws {
    let issuer = try Issuer()
    for change in ["\"kid\":\"same\"", "\"none\":\"of them\""] {
      let set = issuer.set.replacing(#/"kid":"\w+"/#, with: change)
      await #expect(throws: AccessError.self) { try await SigningKeys(set: Data(set.utf8)) }
    }
  }

  @Test("the file is read again when it changes; a bad one changes nothing")
  func rotation() async throws {
    let old = try Issuer()
    let new = try Issuer()
    let file = try TemporaryFile(old.set)
    let verifier = try await JWTVerifier(Self.settings(.file(file.path)), logger: quiet)
    let oldToken = try old.sign(TokenTable.claims, .es256)
    let newToken = try new.sign(TokenTable.claims, .es256)
    #expect(await refusal(verifier, oldToken) == "taken")
    #expect(await refusal(verifier, newToken) == "bad signature")

    try file.replace("not a set")
    await verifier.refresh()
    #expect(verifier.generation == 0)
    #expect(await refusal(verifier, oldToken) == "taken")

    try file.replace(new.set)
    await verifier.refresh()
    #expect(verifier.generation == 1)
    #expect(await refusal(verifier, newToken) == "taken")
    #expect(await refusal(verifier, oldToken) == "bad signature")

    await verifier.refresh()
    #expect(verifier.generation == 1)
    await #expect(throws: AccessError.self) {
      try await JWTVerifier(Self.settings(.file(file.path + ".gone")), logger: quiet)
    }
  }

  @Test("actors are the same for a subject, and others for others")
  func actors() {
    let alice = ClaimRules.actor("https://id.example", "alice")
    #expect(alice == ClaimRules.actor("https://id.example", "alice"))
    #expect(alice != ClaimRules.actor("https://id.example", "bob"))
    #expect(alice != ClaimRules.actor("https://id.example2", "alice"))
    #expect(ClaimRules.actor("a", "bc") != ClaimRules.actor("ab", "c"))
  }
}
