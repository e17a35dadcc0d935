import StockCore

/// Checks the tokens of one connection. Nearly always it is the one from the request before: then a
/// comparison is all.
struct Credentials {
  private var lastValue: [UInt8] = []
  private var lastPrincipal = Principal.anyone
  private var lastGeneration = Int.min

  /// - Parameter value: of the `Authorization` header.
  /// - Returns: nil where it is not `Bearer` and the token of a key that is good.
  mutating func principal(for value: String, in keys: KeyCache, now: Timestamp) -> Principal? {
    var value = value
    let known = value.withUTF8 { bytes in
      lastGeneration == keys.generation
        && lastValue.withUnsafeBufferPointer { Matching.equalInConstantTime(bytes, $0) }
    }
    if !known {
      guard let token = Self.token(in: value), let principal = keys.principal(token: token.utf8)
      else { return nil }
      lastValue = Array(value.utf8)
      lastPrincipal = principal
      lastGeneration = keys.generation
    }
    return now < lastPrincipal.expiresAt ? lastPrincipal : nil
  }

  private static func token(in value: String) -> Substring? {
    guard value.utf8.count > 7, value.utf8.count <= 512,
      Matching.equalIgnoringCase(value.prefix(6), "bearer"), value.dropFirst(6).first == " "
    else { return nil }
    let token = value.dropFirst(7).drop { $0 == " " }
    return token.isEmpty ? nil : token
  }
}
