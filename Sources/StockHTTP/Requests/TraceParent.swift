/// A W3C trace context's `traceparent` (https://www.w3.org/TR/trace-context/, section 3.2).
enum TraceParent {
  /// 2 digits of version, 32 of trace, 16 of parent, 2 of flags, with `-` between.
  static let length = 55

  /// - Returns: nil unless it is well formed: lower-case hexadecimal, neither id all zeros, and not
  ///   version ff. A later version may be longer; the part that is known is taken.
  static func parse(_ value: UnsafeBufferPointer<UInt8>) -> String? {
    guard value.count >= length, value.count <= 512 else { return nil }
    for place in 0..<length {
      let byte = value[place]
      if place == 2 || place == 35 || place == 52 {
        guard byte == UInt8(ascii: "-") else { return nil }
      } else {
        guard byte >= 48 && byte <= 57 || byte >= 97 && byte <= 102 else { return nil }
      }
    }
    let isFirst = value[0] == 48 && value[1] == 48
    let isInvalid = value[0] == UInt8(ascii: "f") && value[1] == UInt8(ascii: "f")
    guard !isInvalid, value.count == length || (!isFirst && value[length] == UInt8(ascii: "-")),
      value[3..<35].contains(where: { $0 != 48 }), value[36..<52].contains(where: { $0 != 48 })
    else { return nil }
    return String(decoding: value[..<length], as: UTF8.self)
  }
}
