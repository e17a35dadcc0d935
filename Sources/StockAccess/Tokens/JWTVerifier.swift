import Foundation
import JWTKit
public import Logging
import NIOConcurrencyHelpers
public import StockCore
public import StockHTTP

/// Checks JSON Web Tokens (RFC 7519, 8725): signed by one of the keys of a file that is read again when it
/// changes, or with a secret.
public final class JWTVerifier: TokenVerifier {
  public struct Settings: Equatable, Sendable {
    /// Where the keys come from.
    public enum Keys: Equatable, Sendable {
      /// A JWK set: the path of its file.
      case file(String)
      /// For HS256: 32 bytes at least.
      case secret(String)
    }

    public var keys: Keys
    /// What `iss` and `aud` have to be.
    public var issuer: String
    public var audience: String
    /// The claims that tell role and store: names, with dots between where one lies in another.
    public var roleClaim = "role"
    public var storeClaim = "store_id"
    /// How far the clocks of issuer and engine may be apart, in milliseconds.
    public var leeway: Int64 = 10_000

    public init(keys: Keys, issuer: String, audience: String) {
      self.keys = keys
      self.issuer = issuer
      self.audience = audience
    }
  }

  private struct State {
    var keys: SigningKeys
    var generation = 0
    /// Of the file that was read last, whether it was good or not.
    var stamp: FileStamp?
  }

  private let rules: ClaimRules
  private let path: String?
  private let state: NIOLockedValueBox<State>
  private let logger: Logger

  /// - Throws: where there is no key to check with.
  public init(_ settings: Settings, logger: Logger) async throws(AccessError) {
    self.rules = ClaimRules(
      issuer: settings.issuer, audience: settings.audience, roleClaim: settings.roleClaim,
      storeClaim: settings.storeClaim, leeway: settings.leeway)
    self.logger = logger
    switch settings.keys {
    case .secret(let secret):
      self.path = nil
      self.state = NIOLockedValueBox(State(keys: try await SigningKeys(secret: secret)))
    case .file(let path):
      self.path = path
      // Before it is read: what changes meanwhile is read again.
      let stamp = FileStamp(path)
      self.state = NIOLockedValueBox(State(keys: try await Self.read(path), stamp: stamp))
    }
  }

  public var generation: Int { state.withLockedValue { $0.generation } }

  // MARK: Keys that change

  /// Reads the file again each time it changes, until the task is cancelled.
  public func watch() async {
    guard path != nil else { return }
    while (try? await Task.sleep(for: FileStamp.interval)) != nil { await refresh() }
  }

  /// Reads the file if it is another one than before. One that is not good changes nothing.
  func refresh() async {
    guard let path else { return }
    let stamp = FileStamp(path)
    guard stamp != state.withLockedValue({ $0.stamp }) else { return }
    state.withLockedValue { $0.stamp = stamp }
    do throws(AccessError) {
      let keys = try await Self.read(path)
      state.withLockedValue {
        $0.keys = keys
        $0.generation += 1
      }
      logger.notice("keys of tokens read anew", metadata: ["keys": "\(keys.keys.count)"])
    } catch {
      logger.error(
        "keys of tokens cannot be read: the ones before stay", metadata: ["error": "\(error)"])
    }
  }

  private static func read(_ path: String) async throws(AccessError) -> SigningKeys {
    let data = try FileStamp.content(of: path)
    do {
      return try await SigningKeys(set: data)
    } catch {
      throw AccessError("\(path): \(error)")
    }
  }

  // MARK: Tokens

  public func verify(_ token: [UInt8], now: Timestamp) async -> VerifiedToken? {
    do throws(TokenRefusal) {
      return try await judge(token, now: now)
    } catch {
      logger.debug("token refused", metadata: ["why": "\(error.rawValue)"])
      return nil
    }
  }

  func judge(_ token: [UInt8], now: Timestamp) async throws(TokenRefusal) -> VerifiedToken {
    let header = try TokenHeader(token)
    let keys = state.withLockedValue { $0.keys }
    guard let key = keys.key(id: header.keyID, header.algorithm) else { throw .noKey }
    let claims: Claims
    do {
      claims = try await key.collection.verify(token, as: Claims.self)
    } catch let error as JWTError where error.errorType == .malformedToken {
      throw .malformed
    } catch {
      throw .badSignature
    }
    return try rules.judge(claims, now: now)
  }
}

/// What a token's header says that matters. Whatever it says of where keys are to be found (`jku`, `x5u`,
/// `jwk`) is not looked at.
struct TokenHeader {
  var algorithm: SigningAlgorithm
  var keyID: String?

  init(_ token: [UInt8]) throws(TokenRefusal) {
    let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    // The library reads base 64 more leniently.
    let decoded = parts.map { Base64URL.decode(String(decoding: $0, as: UTF8.self)) }
    guard parts.count == 3, let first = decoded[0], let second = decoded[1], decoded[2] != nil
    else { throw .malformed }
    // Members that come twice (RFC 7515, section 4; RFC 7519, section 4) would be read here in one way and
    // by the library in another.
    guard JSONCheck.isUnambiguousObject(first), JSONCheck.isUnambiguousObject(second),
      let header = try? JSONSerialization.jsonObject(with: Data(first)) as? [String: Any]
    else { throw .malformed }
    guard let name = header["alg"] as? String, let algorithm = SigningAlgorithm(rawValue: name)
    else { throw .unknownAlgorithm }
    guard header["crit"] == nil, header["b64"] == nil else { throw .criticalExtension }
    if let type = header["typ"] {
      let known = ["jwt", "at+jwt", "application/at+jwt"]
      guard let text = type as? String, known.contains(text.lowercased()) else { throw .wrongType }
    }
    if let id = header["kid"] {
      guard let text = id as? String else { throw .malformed }
      keyID = text
    }
    self.algorithm = algorithm
  }
}
