/// Reads numbers out of bytes, without a `String` in between.
enum DecimalText {
  /// ASCII digits only, no sign, no zero in front but for 0 itself, at most 2^63 − 1.
  static func unsigned(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard let first = bytes.first, bytes.count <= 19 else { return nil }
    if first == UInt8(ascii: "0") { return bytes.count == 1 ? 0 : nil }
    var value: UInt64 = 0
    for byte in bytes {
      let digit = byte &- UInt8(ascii: "0")
      guard digit <= 9 else { return nil }
      value = value &* 10 &+ UInt64(digit)
    }
    // 19 digits stay below 2^64, so nothing has wrapped.
    return Int64(exactly: value)
  }

  /// As above, and with a minus sign in front.
  static func signed(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard bytes.first == UInt8(ascii: "-") else { return unsigned(bytes) }
    let rest = unsigned(UnsafeBufferPointer(rebasing: bytes.dropFirst()))
    return rest == 0 ? nil : rest.map { -$0 }
  }

  /// Exactly 16 lower-case hex digits.
  static func hex(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64? {
    guard bytes.count == 16 else { return nil }
    var value: UInt64 = 0
    for byte in bytes {
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      default: return nil
      }
      value = value << 4 | UInt64(digit)
    }
    return value
  }
}
