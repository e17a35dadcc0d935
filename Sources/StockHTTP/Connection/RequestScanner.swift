import NIOHTTP1

/// Reads a request where it lies, if it is of the plain kind that clients send nearly always: POST,
/// GET, PUT or DELETE, HTTP/1.1, no transfer coding, no upgrade, everything in one piece.
///
/// It refuses nothing: whatever is not plain is `unusual`, and goes to NIO's decoder from its first
/// byte on. So it may be as strict as it likes, and decides nothing that matters for security but
/// where a plain request ends: one `Content-Length` of digits alone, lines that end in CR LF, no
/// white space around names.
struct RequestScanner {
  enum Scan {
    /// The request takes so many bytes.
    case complete(Int)
    /// More has to come; it may still turn out to be unusual.
    case incomplete
    case unusual
  }

  /// A longer body is not collected here.
  static let maxBodyBytes = 1 << 14
  /// Header bytes and fields, target bytes: with more it is for the decoder to say what is too much.
  static let maxHeaderBytes = 1 << 13
  static let maxHeaderCount = 64

  private(set) var method = HTTPMethod.GET
  /// Points into the bytes that were scanned, as do the fields.
  private(set) var target = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  private(set) var fields = HeaderFields()
  /// Where the body begins, and its length.
  private(set) var bodyStart = 0
  private(set) var bodyLength = 0

  /// - Parameter authorize: gets the value of `Authorization`.
  mutating func scan(
    _ bytes: UnsafeBufferPointer<UInt8>,
    authorize: (UnsafeBufferPointer<UInt8>) -> Principal?
  ) -> Scan {
    var at: Int
    switch line(bytes) {
    case .complete(let end): at = end
    case .incomplete: return tooLongToWait(bytes) ? .unusual : .incomplete
    case .unusual: return .unusual
    }
    var count = 0
    while true {
      guard at + 1 < bytes.count else {
        let mayGoOn = at == bytes.count || isLineStart(bytes[at])
        return tooLongToWait(bytes) || !mayGoOn ? .unusual : .incomplete
      }
      if bytes[at] == Self.carriageReturn {
        guard bytes[at + 1] == Self.lineFeed else { return .unusual }
        at += 2
        break
      }
      count += 1
      guard count <= Self.maxHeaderCount, at < Self.maxHeaderBytes else { return .unusual }
      switch field(bytes, at, authorize) {
      case .complete(let end): at = end
      case .incomplete: return tooLongToWait(bytes) ? .unusual : .incomplete
      case .unusual: return .unusual
      }
    }
    guard at <= Self.maxHeaderBytes else { return .unusual }
    bodyStart = at
    bodyLength = fields.contentLength ?? 0
    guard bodyLength <= Self.maxBodyBytes else { return .unusual }
    return bytes.count - at >= bodyLength ? .complete(at + bodyLength) : .incomplete
  }

  private func isLineStart(_ byte: UInt8) -> Bool {
    byte == Self.carriageReturn || Self.isNameByte(byte)
  }

  private func tooLongToWait(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    bytes.count >= Self.maxHeaderBytes
  }

  private static let carriageReturn = UInt8(ascii: "\r")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let space = UInt8(ascii: " ")

  /// The request line, up to the byte behind it.
  private mutating func line(_ bytes: UnsafeBufferPointer<UInt8>) -> Scan {
    var at: Int
    if Matching.hasPrefix(bytes, "POST ") {
      method = .POST
      at = 5
    } else if Matching.hasPrefix(bytes, "GET ") {
      method = .GET
      at = 4
    } else if Matching.hasPrefix(bytes, "PUT ") {
      method = .PUT
      at = 4
    } else if Matching.hasPrefix(bytes, "DELETE ") {
      method = .DELETE
      at = 7
    } else {
      return bytes.count < 7 && bytes.allSatisfy { $0 >= 0x41 && $0 <= 0x5A || $0 == Self.space }
        ? .incomplete : .unusual
    }
    let start = at
    at = Matching.endOfText(in: bytes, from: at, low: 0x21)
    guard at < bytes.count else { return .incomplete }
    guard bytes[at] == Self.space, at > start, bytes[start] == UInt8(ascii: "/"),
      at < Self.maxHeaderBytes / 2
    else { return .unusual }
    target = UnsafeBufferPointer(rebasing: bytes[start..<at])
    let rest = UnsafeBufferPointer(rebasing: bytes[at...])
    if Matching.hasPrefix(rest, " HTTP/1.1\r\n") { return .complete(at + 11) }
    return rest.count < 11 ? .incomplete : .unusual
  }

  /// One header field, up to the byte behind it.
  private mutating func field(
    _ bytes: UnsafeBufferPointer<UInt8>, _ start: Int,
    _ authorize: (UnsafeBufferPointer<UInt8>) -> Principal?
  ) -> Scan {
    var at = start
    while at < bytes.count, Self.isNameByte(bytes[at]) { at += 1 }
    guard at < bytes.count else { return .incomplete }
    guard bytes[at] == UInt8(ascii: ":"), at > start else { return .unusual }
    let name = UnsafeBufferPointer(rebasing: bytes[start..<at])
    at += 1
    while at < bytes.count, bytes[at] == Self.space { at += 1 }
    let valueStart = at
    at = Matching.endOfText(in: bytes, from: at, low: 0x20)
    guard at + 1 < bytes.count else {
      return at == bytes.count || bytes[at] == Self.carriageReturn ? .incomplete : .unusual
    }
    guard bytes[at] == Self.carriageReturn, bytes[at + 1] == Self.lineFeed else { return .unusual }
    var valueEnd = at
    while valueEnd > valueStart, bytes[valueEnd - 1] == Self.space { valueEnd -= 1 }
    let value = UnsafeBufferPointer(rebasing: bytes[valueStart..<valueEnd])
    return fields.take(name, value, authorize: authorize) && isPlain(name, value)
      ? .complete(at + 2) : .unusual
  }

  /// Fields that change where a request ends, or what comes behind it, are not for us.
  private func isPlain(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    switch name.count {
    case 6:
      !Matching.equalIgnoringCase(name, "expect")
        // A browser: who it is, and whether it may, is asked where there is time for it.
        && !Matching.equalIgnoringCase(name, "cookie")
        && !Matching.equalIgnoringCase(name, "origin")
    case 7: !Matching.equalIgnoringCase(name, "upgrade")
    case 10:
      !Matching.equalIgnoringCase(name, "connection")
        || Matching.equalIgnoringCase(value, "keep-alive")
    case 13: !Matching.equalIgnoringCase(name, "if-none-match")
    case 14: !Matching.equalIgnoringCase(name, "content-length") || Self.isLength(value)
    case 17: !Matching.equalIgnoringCase(name, "transfer-encoding")
    default: true
    }
  }

  private static func isLength(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    (1...9).contains(value.count) && value.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }

  /// A token's byte (RFC 9110, section 5.6.2): letters, digits, `-` and `_` are all that is plain.
  @inline(__always)
  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
