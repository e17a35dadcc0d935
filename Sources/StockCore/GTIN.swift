/// A Global Trade Item Number: 8, 12, 13 or 14 digits (GS1 General Specifications, section 3.3).
///
/// Kept as one integer: the number of digits in the top byte, the digits below. The check digit is
/// not verified: shops have old labels that fail it.
public struct GTIN: Hashable, Sendable {
  public let rawValue: UInt64

  /// No GTIN.
  public static let none = GTIN(rawValue: 0)

  init(rawValue: UInt64) { self.rawValue = rawValue }

  /// - Returns: nil unless `text` is 8, 12, 13 or 14 ASCII digits.
  public init?(_ text: some StringProtocol) {
    let digits = text.utf8
    guard [8, 12, 13, 14].contains(digits.count) else { return nil }
    var value: UInt64 = 0
    for digit in digits {
      guard digit >= 0x30, digit <= 0x39 else { return nil }
      value = value * 10 + UInt64(digit - 0x30)
    }
    self.rawValue = UInt64(digits.count) << 56 | value
  }

  public var isNone: Bool { rawValue == 0 }
}

extension GTIN: CustomStringConvertible {
  /// The digits with their leading zeros; empty for `none`.
  public var description: String {
    let count = Int(rawValue >> 56)
    let digits = String(rawValue & 0x00FF_FFFF_FFFF_FFFF)
    return isNone ? "" : String(repeating: "0", count: count - digits.utf8.count) + digits
  }
}
