/// The part of a URL behind the `?`, decoded (application/x-www-form-urlencoded).
struct QueryString {
  private var pairs: [(name: String, value: String)] = []

  /// Complains of unknown and repeated names, and of what cannot be decoded.
  ///
  /// - Parameter query: without the `?`; nil for none.
  init(_ query: String?, allowed: [StaticString], _ errors: inout FieldErrors) {
    guard let query, !query.isEmpty else { return }
    for pair in query.split(separator: "&", omittingEmptySubsequences: true) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(parts[0]) else {
        errors.add("query", "has a name that is not percent-encoded UTF-8")
        continue
      }
      let shown = String(name.prefix(64))
      guard allowed.contains(where: { $0.description == name }) else {
        errors.add(shown, "is not a known parameter here")
        continue
      }
      guard !pairs.contains(where: { $0.name == name }) else {
        errors.add(shown, "is given more than once")
        continue
      }
      guard let value = Self.decode(parts.count > 1 ? parts[1] : "") else {
        errors.add(shown, "is not percent-encoded UTF-8")
        continue
      }
      pairs.append((name, value))
    }
  }

  func text(_ name: String) -> String? {
    pairs.first { $0.name == name }?.value
  }

  /// A number in decimal digits, if the parameter is there.
  func integer(
    _ name: String, in range: ClosedRange<Int64>, _ errors: inout FieldErrors
  ) -> Int64? {
    guard let text = text(name) else { return nil }
    guard let value = Numerals.integer(text), range.contains(value) else {
      errors.add(
        name, "must be an integer from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  /// - Returns: nil where a `%` is not followed by two hexadecimal digits, or the result is no UTF-8.
  static func decode(_ text: some StringProtocol) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var source = text.utf8.makeIterator()
    while let byte = source.next() {
      switch byte {
      case UInt8(ascii: "+"):
        bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = source.next().flatMap(hex), let low = source.next().flatMap(hex) else {
          return nil
        }
        bytes.append(high << 4 | low)
      default:
        bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 48
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - 87
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - 55
    default: nil
    }
  }
}
