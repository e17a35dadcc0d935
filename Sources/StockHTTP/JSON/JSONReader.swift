#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Why bytes are not JSON, and where.
struct JSONSyntaxError: Error, Equatable {
  var message: String
  /// Bytes from the start of the body.
  var position: Int
}

/// Reads JSON (RFC 8259) from bytes, one token at a time, without a tree and without allocating.
///
/// Stricter than most: no byte order mark, no byte after the value, well-formed UTF-8, no lone
/// surrogate. Each method begins at a value or a separator and leaves the position behind it.
/// The bytes have to outlive the reader.
struct JSONReader {
  /// Arrays and objects inside each other.
  static let maxDepth = 16

  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0
  /// The last location's name as it stood there, with its quotes, and what it means: the lines of a
  /// batch mostly name the same.
  private(set) var lastLocation: (text: Range<Int>, name: String)?

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  func failure(_ message: String) -> JSONSyntaxError {
    JSONSyntaxError(message: message, position: position)
  }

  /// The last location's name, if it stands here again. Goes past it.
  mutating func sameLocation() -> String? {
    guard let (text, name) = lastLocation, bytes.count - position >= text.count,
      let base = bytes.baseAddress,
      memcmp(base + position, base + text.lowerBound, text.count) == 0
    else { return nil }
    position += text.count
    return name
  }

  mutating func note(location: String, at text: JSONText) {
    lastLocation = (text.start - 1..<text.start + text.count + 1, location)
  }

  /// The first byte of the next token, which is not consumed.
  @inline(__always)
  mutating func peek() throws(JSONSyntaxError) -> UInt8 {
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        position += 1
      default:
        return byte
      }
    }
    throw failure("ends too early")
  }

  /// The beginning of a body, which has to be an object.
  mutating func beginBody() throws(JSONSyntaxError) {
    if bytes.isEmpty { throw failure("is empty, but must be a JSON object") }
    if bytes[0] == 0xEF { throw failure("must not begin with a byte order mark") }
    guard try peek() == UInt8(ascii: "{") else { throw failure("must be a JSON object") }
    position += 1
  }

  /// Nothing but white space may be left.
  mutating func endBody() throws(JSONSyntaxError) {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
        position += 1
      default:
        throw failure("has bytes after its end")
      }
    }
  }

  /// Goes on to the next element, or past the end.
  ///
  /// - Parameter close: `}` or `]`.
  /// - Returns: false at the end.
  @inline(__always)
  mutating func next(isFirst: Bool, close: UInt8) throws(JSONSyntaxError) -> Bool {
    let byte = try peek()
    if byte == close {
      position += 1
      return false
    }
    if isFirst { return true }
    guard byte == UInt8(ascii: ",") else {
      throw failure(close == UInt8(ascii: "}") ? "needs ',' or '}'" : "needs ',' or ']'")
    }
    position += 1
    // A comma announces another element: `[1,]` is not JSON.
    if try peek() == close { throw failure("has a comma before its end") }
    return true
  }

  /// A member's name and the colon behind it.
  @inline(__always)
  mutating func memberName() throws(JSONSyntaxError) -> JSONText {
    guard try peek() == UInt8(ascii: "\"") else { throw failure("needs a field's name in quotes") }
    let name = try text()
    guard try peek() == UInt8(ascii: ":") else { throw failure("needs ':' after a field's name") }
    position += 1
    return name
  }

  /// `true`, `false` or `null`, whose first letter is next.
  mutating func literal() throws(JSONSyntaxError) -> Bool? {
    let rest = UnsafeBufferPointer(rebasing: bytes[position...])
    if Matching.hasPrefix(rest, "true") {
      position += 4
      return true
    }
    if Matching.hasPrefix(rest, "false") {
      position += 5
      return false
    }
    if Matching.hasPrefix(rest, "null") {
      position += 4
      return nil
    }
    throw failure("needs a value")
  }

  /// Goes past a value of any kind, which has to be well formed all the same.
  mutating func skipValue(depth: Int = 1) throws(JSONSyntaxError) {
    guard depth <= Self.maxDepth else { throw failure("is nested too deep") }
    switch try peek() {
    case UInt8(ascii: "{"):
      position += 1
      var isFirst = true
      while try next(isFirst: isFirst, close: UInt8(ascii: "}")) {
        isFirst = false
        _ = try memberName()
        try skipValue(depth: depth + 1)
      }
    case UInt8(ascii: "["):
      position += 1
      var isFirst = true
      while try next(isFirst: isFirst, close: UInt8(ascii: "]")) {
        isFirst = false
        try skipValue(depth: depth + 1)
      }
    case UInt8(ascii: "\""):
      _ = try text()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      _ = try number()
    default:
      _ = try literal()
    }
  }
}
