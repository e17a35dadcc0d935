import StockCore

/// Takes a record's bytes apart, field by field, without copies.
struct FieldReader {
  private(set) var rest: UnsafeBufferPointer<UInt8>

  init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = bytes }

  /// The bytes up to the next separator, which is taken too. It must be there.
  mutating func field(
    _ name: StaticString, separator: UInt8
  ) throws(RecordError) -> UnsafeBufferPointer<UInt8> {
    guard let end = rest.firstIndex(of: separator) else {
      throw RecordError("the record ends within the field \(name)")
    }
    let field = UnsafeBufferPointer(rebasing: rest[..<end])
    rest = UnsafeBufferPointer(rebasing: rest[(end + 1)...])
    return field
  }

  /// As `field`, for the last one: it may end with the record.
  mutating func lastOrField(separator: UInt8) -> UnsafeBufferPointer<UInt8> {
    let end = rest.firstIndex(of: separator) ?? rest.endIndex
    let field = UnsafeBufferPointer(rebasing: rest[..<end])
    rest = UnsafeBufferPointer(rebasing: rest[min(end + 1, rest.endIndex)...])
    return field
  }

  /// A number, 0 to 2^53 − 1.
  mutating func number(
    _ name: StaticString, separator: UInt8
  ) throws(RecordError) -> Int64 {
    try Self.number(name, field(name, separator: separator), from: 0)
  }

  /// A number, 1 to 2^53 − 1.
  mutating func id(_ name: StaticString, separator: UInt8) throws(RecordError) -> Int64 {
    try Self.number(name, field(name, separator: separator), from: 1)
  }

  static func number(
    _ name: StaticString, _ bytes: UnsafeBufferPointer<UInt8>, from lowest: Int64
  ) throws(RecordError) -> Int64 {
    guard let value = DecimalText.unsigned(bytes), value >= lowest, value <= Bounds.maxID else {
      let text = String(decoding: bytes.prefix(40), as: UTF8.self)
      throw RecordError("\(name) is not a number from \(lowest) to \(Bounds.maxID): \"\(text)\"")
    }
    return value
  }
}
