/// Numbers of 48 bits, kept as two fields of a row: versions and times (ms until the year 10889).
enum Packed {
  static let max: Int64 = 1 << 48 - 1

  @inline(__always)
  static func join(_ low: UInt32, _ high: UInt16) -> Int64 { Int64(high) << 32 | Int64(low) }

  /// What is out of range becomes the nearest number that is not.
  @inline(__always)
  static func split(_ value: Int64) -> (low: UInt32, high: UInt16) {
    let value = Swift.min(Swift.max(value, 0), max)
    return (UInt32(truncatingIfNeeded: value), UInt16(truncatingIfNeeded: value >> 32))
  }
}
