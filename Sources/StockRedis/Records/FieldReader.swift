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

  /// A number, with a minus sign or without.
  mutating func signed(_ name: StaticString, separator: UInt8) throws(RecordError) -> Int64 {
    try Self.signed(name, field(name, separator: separator))
  }

  static func signed(
    _ name: StaticString, _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> Int64 {
    guard let value = DecimalText.signed(bytes) else {
      let text = String(decoding: bytes.prefix(40), as: UTF8.self)
      throw RecordError("\(name) is not a whole number: \"\(text)\"")
    }
    return value
  }

  /// `-` for none.
  static func gtin(_ bytes: UnsafeBufferPointer<UInt8>) throws(RecordError) -> GTIN {
    if bytes.count == 1, bytes[0] == UInt8(ascii: "-") { return .none }
    guard let gtin = GTIN(String(decoding: bytes, as: UTF8.self)) else {
      throw RecordError("the GTIN is not 8, 12, 13 or 14 digits, nor -")
    }
    return gtin
  }

  /// Text that may be empty.
  static func text(
    _ name: StaticString, _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw RecordError("\(name) is not UTF-8")
    }
    return text
  }

  /// A location in its normal form, or nothing.
  static func locationOrEmpty(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> String {
    if bytes.isEmpty { return "" }
    guard let name = LocationName.normalize(bytes), name.utf8.elementsEqual(bytes) else {
      throw RecordError("the location is not a normal name")
    }
    return name
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
