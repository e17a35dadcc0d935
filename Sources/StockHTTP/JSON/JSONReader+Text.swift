/// Where a JSON string lies in the bytes, without its quotes. Its form has been checked.
struct JSONText: Equatable {
  var start: Int
  var count: Int
  var hasEscapes: Bool
}

extension JSONReader {
  /// A string, whose opening quote is next.
  @inline(__always)
  mutating func text() throws(JSONSyntaxError) -> JSONText {
    position += 1
    let start = position
    var hasEscapes = false
    var isASCII = true
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        let text = JSONText(start: start, count: position - start, hasEscapes: hasEscapes)
        if !isASCII, let bad = UTF8Check.firstMistake(in: bytes, from: start, to: position) {
          position = bad
          throw failure("is not well-formed UTF-8")
        }
        position += 1
        return text
      }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        try checkEscape()
        continue
      }
      if byte < 0x20 { throw failure("has a control character that is not escaped") }
      if byte >= 0x80 { isASCII = false }
      position += 1
    }
    throw failure("ends inside a string")
  }

  /// The bytes that the string stands for.
  func withBytes<R>(of text: JSONText, _ body: (UnsafeBufferPointer<UInt8>) -> R) -> R {
    let raw = UnsafeBufferPointer(rebasing: bytes[text.start..<text.start + text.count])
    guard text.hasEscapes else { return body(raw) }
    return Self.unescape(raw).withUnsafeBufferPointer(body)
  }

  func string(_ text: JSONText) -> String {
    withBytes(of: text) { String(decoding: $0, as: UTF8.self) }
  }

  /// Goes past an escape, whose backslash is next.
  @inline(never)
  private mutating func checkEscape() throws(JSONSyntaxError) {
    guard position + 1 < bytes.count else { throw failure("ends inside a string") }
    switch bytes[position + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      position += 2
    case UInt8(ascii: "u"):
      guard let unit = Self.codeUnit(bytes, at: position) else {
        throw failure("has a \\u without four hexadecimal digits")
      }
      switch unit {
      case 0xD800..<0xDC00:
        guard let low = Self.codeUnit(bytes, at: position + 6), (0xDC00..<0xE000).contains(low)
        else { throw failure("has half of a surrogate pair") }
        position += 12
      case 0xDC00..<0xE000:
        throw failure("has half of a surrogate pair")
      default:
        position += 6
      }
    default:
      throw failure("has an unknown escape")
    }
  }

  /// The four digits of `\uXXXX` at `index`.
  private static func codeUnit(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt32? {
    guard index + 6 <= bytes.count, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return nil }
    var unit: UInt32 = 0
    for digit in bytes[(index + 2)..<(index + 6)] {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt32(digit - 48)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt32(digit - 87)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt32(digit - 55)
      default: return nil
      }
    }
    return unit
  }

  /// Escapes are well formed here: `checkEscape` has seen them.
  private static func unescape(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(raw.count)
    var index = 0
    while index < raw.count {
      guard raw[index] == UInt8(ascii: "\\") else {
        result.append(raw[index])
        index += 1
        continue
      }
      if let unit = codeUnit(raw, at: index) {
        var scalar = unit
        index += 6
        if (0xD800..<0xDC00).contains(unit), let low = codeUnit(raw, at: index) {
          scalar = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
          index += 6
        }
        if let scalar = Unicode.Scalar(scalar) {
          result.append(contentsOf: Array(String(Character(scalar)).utf8))
        }
        continue
      }
      switch raw[index + 1] {
      case UInt8(ascii: "b"): result.append(8)
      case UInt8(ascii: "f"): result.append(12)
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "t"): result.append(9)
      case let other: result.append(other)
      }
      index += 2
    }
    return result
  }
}
