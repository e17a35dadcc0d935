import Foundation
import StockCore
import StockEngine
import StockHTTP

/// Whether claims say what was taken from them, read by Foundation's other reader of JSON.
enum ClaimCheck {
  /// - Returns: what is wrong; nil: nothing.
  static func judge(_ verified: VerifiedToken, _ bytes: [UInt8], now: Timestamp) -> String? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let claims = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
      return "claims that are no object are good: \(text)"
    }
    guard claims["iss"] as? String == "https://id.example" else { return "another issuer: \(text)" }
    guard contains(claims["aud"], "stock") else { return "another audience: \(text)" }
    // The clocks may be 10 s apart.
    guard let expiry = claims["exp"] as? Double, Double(now) < (expiry + 10) * 1_000 + 1,
      abs(Double(verified.expiresAt) - (expiry + 10) * 1_000) <= 1
    else { return "expired: \(text)" }
    if let begin = claims["nbf"] {
      guard let begin = begin as? Double, Double(now) > (begin - 10) * 1_000 - 1 else {
        return "not yet valid: \(text)"
      }
    }
    guard let subject = claims["sub"] as? String, !subject.isEmpty, subject == verified.subject
    else { return "no subject: \(text)" }
    guard contains(claims["role"], verified.role.rawValue) else { return "another role: \(text)" }
    guard (verified.role == .admin) == (verified.store == nil) else { return "no store: \(text)" }
    let store = claims["store_id"]
    guard verified.store == (store as? StoreID ?? (store as? String).flatMap { StoreID($0) }) else {
      return "another store: \(text)"
    }
    return VerifiedToken.actors.contains(verified.actor) ? nil : "an actor of a key's: \(text)"
  }

  private static func contains(_ value: Any?, _ text: String) -> Bool {
    value as? String == text || (value as? [Any])?.contains { $0 as? String == text } == true
  }
}
