import StockCore

/// A JSON number, as far as this API has a use for it.
enum JSONNumber: Equatable {
  /// −(2^53 − 1) to 2^53 − 1.
  case integer(Int64)
  /// Written without fraction or exponent, but beyond that.
  case outOfRange
  /// With a fraction or an exponent, even if the value is whole: 1.0, 1e2.
  case notInteger
}

extension JSONReader {
  /// A number, whose sign or first digit is next.
  mutating func number() throws(JSONSyntaxError) -> JSONNumber {
    let isNegative = bytes[position] == UInt8(ascii: "-")
    if isNegative { position += 1 }
    let start = position
    var magnitude: Int64 = 0
    while let digit = nextDigit() {
      // Stops growing once out of range, so no number of digits overflows.
      if magnitude <= Bounds.maxQuantity { magnitude = magnitude * 10 + Int64(digit) }
    }
    let count = position - start
    if count == 0 { throw failure("needs a digit after '-'") }
    if count > 1, bytes[start] == UInt8(ascii: "0") {
      position = start
      throw failure("has a number with a leading zero")
    }
    var result: JSONNumber =
      magnitude > Bounds.maxQuantity ? .outOfRange : .integer(isNegative ? -magnitude : magnitude)
    guard position < bytes.count else { return result }
    if bytes[position] == UInt8(ascii: ".") {
      position += 1
      result = .notInteger
      if nextDigit() == nil { throw failure("needs a digit after '.'") }
      while nextDigit() != nil {}
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      result = .notInteger
      if position < bytes.count,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      if nextDigit() == nil { throw failure("needs a digit in the exponent") }
      while nextDigit() != nil {}
    }
    return result
  }

  @inline(__always)
  private mutating func nextDigit() -> UInt8? {
    guard position < bytes.count else { return nil }
    let digit = bytes[position] &- 48
    guard digit <= 9 else { return nil }
    position += 1
    return digit
  }
}
