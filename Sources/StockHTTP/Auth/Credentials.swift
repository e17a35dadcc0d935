import StockCore

/// Checks the tokens of one connection. Nearly always it is the one from the request before: then a
/// comparison is all.
struct Credentials {
  private var lastValue: [UInt8] = []
  private var lastPrincipal = Principal.anyone
  private var lastGeneration = Int.min

  /// - Parameter value: of the `Authorization` header.
  /// - Returns: nil where it is not `Bearer` and the token of a key that is good.
  mutating func principal(
    for value: UnsafeBufferPointer<UInt8>, in keys: KeyCache, now: Timestamp
  ) -> Principal? {
    let isKnown =
      lastGeneration == keys.generation
      && lastValue.withUnsafeBufferPointer { Matching.equalInConstantTime(value, $0) }
    if !isKnown {
      guard let token = Self.token(in: value), let principal = keys.principal(token: token)
      else { return nil }
      lastValue = Array(value)
      lastPrincipal = principal
      lastGeneration = keys.generation
    }
    return now < lastPrincipal.expiresAt ? lastPrincipal : nil
  }

  private static func token(in value: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
    guard value.count > 7, value.count <= 512 else { return nil }
    let scheme = UnsafeBufferPointer(rebasing: value[..<7])
    guard Matching.equalIgnoringCase(scheme, "bearer ") else { return nil }
    let token = value[7...].drop { $0 == UInt8(ascii: " ") }
    return token.isEmpty ? nil : UnsafeBufferPointer(rebasing: token)
  }
}
