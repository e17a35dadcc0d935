import StockCore

/// Numbers outside of JSON: in paths, queries and headers.
enum Numerals {
  /// Digits without zeros in front, from 0 to 2^53 − 1.
  static func integer(_ digits: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard digits.count >= 1, digits.count <= 16 else { return nil }
    if digits.count > 1, digits[0] == UInt8(ascii: "0") { return nil }
    var value: Int64 = 0
    for byte in digits {
      guard byte >= 48, byte <= 57 else { return nil }
      value = value * 10 + Int64(byte - 48)
    }
    return value <= Bounds.maxQuantity ? value : nil
  }

  static func integer(_ text: some StringProtocol) -> Int64? {
    var text = String(text)
    return text.withUTF8 { integer($0) }
  }

  /// A `Content-Length`, which may have zeros in front. nil: not digits, or more than 18 of them.
  static func length(_ digits: UnsafeBufferPointer<UInt8>) -> Int? {
    guard digits.count >= 1, digits.count <= 18 else { return nil }
    var value = 0
    for byte in digits {
      guard byte >= 48, byte <= 57 else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    return value
  }

  /// As `integer`, from 1.
  static func id(_ digits: UnsafeBufferPointer<UInt8>) -> Int64? {
    guard let value = integer(digits), value >= 1, value <= Bounds.maxID else { return nil }
    return value
  }
}
