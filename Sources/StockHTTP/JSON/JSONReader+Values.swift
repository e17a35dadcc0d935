import StockCore

/// Values of one type. One of another type is an error of its field: the reader goes past it, and
/// on, so that an answer can name all that is wrong.
extension JSONReader {
  /// An integer in `range`, which lies in −(2^53 − 1)...2^53 − 1.
  mutating func integer(
    _ field: Field, in range: ClosedRange<Int64>, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> Int64? {
    switch try peek() {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      switch try number() {
      case .integer(let value) where range.contains(value):
        return value
      case .integer, .outOfRange:
        errors.add(field, Self.rangeMessage(range))
      case .notInteger:
        errors.add(field, "must be an integer, without fraction or exponent")
      }
    default:
      errors.add(field, "must be an integer")
      try skipValue()
    }
    return nil
  }

  static func rangeMessage(_ range: ClosedRange<Int64>) -> String {
    "must be from \(range.lowerBound) to \(range.upperBound)"
  }

  /// A string of any length.
  mutating func text(
    _ field: Field, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> JSONText? {
    if try peek() == UInt8(ascii: "\"") { return try text() }
    errors.add(field, "must be a string")
    try skipValue()
    return nil
  }

  /// A string for people or other programs: `bytes` long at least and at most, no control characters.
  mutating func note(
    _ field: Field, bytes range: ClosedRange<Int>, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> String? {
    guard let text = try text(field, &errors) else { return nil }
    let string = string(text)
    guard range.contains(string.utf8.count) else {
      errors.add(
        field,
        range.lowerBound == 0
          ? "must have at most \(range.upperBound) bytes"
          : "must have \(range.lowerBound) to \(range.upperBound) bytes")
      return nil
    }
    guard string.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
      errors.add(field, "must have no control characters")
      return nil
    }
    return string
  }

  /// A location's name, normalised.
  mutating func location(
    _ field: Field, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> String? {
    if let name = sameLocation() { return name }
    guard let text = try text(field, &errors) else { return nil }
    if let name = withBytes(of: text, { LocationName.normalize($0) }) {
      note(location: name, at: text)
      return name
    }
    errors.add(field, Self.locationMessage)
    return nil
  }

  static let locationMessage =
    "must be 1 to \(Bounds.maxLocationBytes) bytes of letters, digits, '_', '-', '.', '/' and spaces inside"

  mutating func gtin(
    _ field: Field, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> GTIN? {
    guard let text = try text(field, &errors) else { return nil }
    if let gtin = GTIN(string(text)) { return gtin }
    errors.add(field, "must be a string of 8, 12, 13 or 14 digits")
    return nil
  }

  /// A time since 1970.
  mutating func time(
    _ field: Field, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> Timestamp? {
    guard let text = try text(field, &errors) else { return nil }
    if let time = CivilTime.parse(string(text)), time >= 0 { return time }
    errors.add(field, CivilTime.message)
    return nil
  }

  mutating func boolean(
    _ field: Field, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> Bool? {
    switch try peek() {
    case UInt8(ascii: "t"), UInt8(ascii: "f"):
      return try literal()
    default:
      errors.add(field, "must be true or false")
      try skipValue()
      return nil
    }
  }

  /// Whether `null` is next. Goes past it.
  mutating func isNull() throws(JSONSyntaxError) -> Bool {
    guard try peek() == UInt8(ascii: "n") else { return false }
    _ = try literal()
    return true
  }
}
