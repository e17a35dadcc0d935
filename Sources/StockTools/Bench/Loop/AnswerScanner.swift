#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Finds where an HTTP/1.1 answer ends, and what it says: its status, and its body as it stands.
///
/// As little as counting needs: a body in chunks is not understood, and said to be so.
enum AnswerScanner {
  struct Answer: Equatable {
    var status: Int
    var body: Range<Int>
    /// The connection ends behind it.
    var closes: Bool
  }

  enum Result: Equatable {
    /// More bytes have to come, `missing` at least.
    case incomplete(missing: Int)
    case answer(Answer)
    case malformed(StaticString)

    static func == (one: Result, other: Result) -> Bool {
      switch (one, other) {
      case (.incomplete(let one), .incomplete(let other)): one == other
      case (.answer(let one), .answer(let other)): one == other
      case (.malformed(let one), .malformed(let other)): "\(one)" == "\(other)"
      case (.incomplete, _), (.answer, _), (.malformed, _): false
      }
    }
  }

  /// A header longer than this is none.
  static let maxHeaderBytes = 64 << 10

  /// - Parameter start: where the answer begins.
  static func scan(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Result {
    let count = bytes.count - start
    guard let all = bytes.baseAddress, count >= 13 else { return .incomplete(missing: 1) }
    let base = all + start
    // "HTTP/1.1 200"
    guard base[0] == UInt8(ascii: "H"), base[5] == UInt8(ascii: "1"),
      base[8] == UInt8(ascii: " ")
    else { return .malformed("an answer that is not HTTP/1.1") }
    let hundreds = Int(base[9]) - 0x30
    let tens = Int(base[10]) - 0x30
    let ones = Int(base[11]) - 0x30
    guard 1...5 ~= hundreds, 0...9 ~= tens, 0...9 ~= ones else {
      return .malformed("an answer without a status")
    }
    let status = hundreds * 100 + tens * 10 + ones

    // "HTTP/1.0" closes unless it says that it does not.
    var closes = base[7] == UInt8(ascii: "0")
    var length = 0
    var place = 12
    while true {
      guard let found = memchr(base + place, 0x0A, count - place) else {
        return count > maxHeaderBytes
          ? .malformed("an answer whose header has no end") : .incomplete(missing: 1)
      }
      let end = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
      // The empty line: "\r\n", or "\n" alone.
      if end - place <= 1, place > 12 {
        place = end + 1
        break
      }
      let line = UnsafeBufferPointer(start: base + place, count: end - place)
      // Only names that begin with c or t matter.
      switch line.first.map({ $0 | 0x20 }) {
      case UInt8(ascii: "c"):
        if let value = field(line, "content-length:") {
          guard let number = decimal(value) else {
            return .malformed("an answer whose Content-Length is no number")
          }
          length = number
        } else if let value = field(line, "connection:") {
          if begins(value, "close") { closes = true }
          if begins(value, "keep-alive") { closes = false }
        }
      case UInt8(ascii: "t"):
        if field(line, "transfer-encoding:") != nil {
          return .malformed("an answer in chunks, which is not understood")
        }
      default: break
      }
      place = end + 1
    }
    if status == 204 || status == 304 || status < 200 { length = 0 }
    guard count - place >= length else {
      return .incomplete(missing: length - (count - place))
    }
    return .answer(
      Answer(
        status: status, body: (start + place)..<(start + place + length), closes: closes))
  }

  /// The value of a header line whose name is `name`, which is in small letters and has its colon.
  @inline(__always)
  private static func field(
    _ line: UnsafeBufferPointer<UInt8>, _ name: StaticString
  ) -> UnsafeBufferPointer<UInt8>? {
    guard begins(line, name) else { return nil }
    var rest = UnsafeBufferPointer(rebasing: line.dropFirst(name.utf8CodeUnitCount))
    while let first = rest.first, first == 0x20 || first == 0x09 {
      rest = UnsafeBufferPointer(rebasing: rest.dropFirst())
    }
    return rest
  }

  /// - Parameter name: small letters and signs.
  @inline(__always)
  private static func begins(
    _ text: UnsafeBufferPointer<UInt8>, _ name: StaticString
  ) -> Bool {
    let length = name.utf8CodeUnitCount
    guard text.count >= length else { return false }
    for index in 0..<length {
      let byte = text[index]
      let small = byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
      if small != name.utf8Start[index] { return false }
    }
    return true
  }

  private static func decimal(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    var number = 0
    var digits = 0
    for byte in text {
      guard byte >= 0x30, byte <= 0x39 else {
        guard byte == 0x0D || byte == 0x20 else { return nil }
        break
      }
      digits += 1
      number = number * 10 + Int(byte - 0x30)
      guard digits <= 12 else { return nil }
    }
    return digits > 0 ? number : nil
  }
}
