import NIOHTTP1
import StockCore

/// What matters of a request's header, gathered in one pass.
struct HeaderFields {
  private(set) var hostCount = 0
  /// A `Host` has bytes that no host has.
  private(set) var hasOddHost = false
  private(set) var authorizationCount = 0
  /// Whose token `Authorization` carries.
  private(set) var principal: Principal?
  /// The body is JSON, or its type is not said.
  private(set) var isJSON = true
  private(set) var contentLength: Int?
  private(set) var isChunked = false
  /// A `Transfer-Encoding` that is not `chunked` alone, and once: who reads it otherwise than we do takes
  /// the body's end to be elsewhere.
  private(set) var hasOddCoding = false
  /// The body is compressed, which no endpoint takes.
  private(set) var isEncoded = false
  private(set) var expectsContinue = false
  /// All of them, in their order, as one list (RFC 9110, section 5.3).
  private(set) var ifMatch: [UInt8]?
  /// The client's, if it is one that may be repeated.
  private(set) var requestID: String?
  /// `Idempotency-Key`, if it is 1 to 255 visible ASCII bytes. Nearly always there is none, and then
  /// nothing is made for it.
  private(set) var idempotencyKey: [UInt8]?
  private(set) var idempotencyKeyCount = 0
  private(set) var lastEventID: String?
  /// A well-formed one: others are passed over, as the standard asks for.
  private(set) var traceParent: String?
  /// What a browser tells, where no token was sent.
  private(set) var browser: BrowserFields?
  /// The client wants another protocol: the decoder takes no further request from it.
  private(set) var wantsUpgrade = false

  var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

  init() {}

  /// - Parameter authorize: says whose token a value of `Authorization` carries.
  init(_ headers: HTTPHeaders, authorize: (UnsafeBufferPointer<UInt8>) -> Principal?) {
    for (name, value) in headers {
      var (name, value) = (name, value)
      name.withUTF8 { name in
        value.withUTF8 { value in
          _ = take(name, Self.trimmed(value), authorize: authorize)
        }
      }
    }
    let ofBrowsers = ["cookie", "origin", "if-none-match"]
    if ofBrowsers.contains(where: { headers.contains(name: $0) }) {
      browser = BrowserFields(headers)
    }
  }

  /// White space around a value is not part of it (RFC 9110, section 5.5). The decoder leaves what
  /// stands behind it.
  private static func trimmed(
    _ value: UnsafeBufferPointer<UInt8>
  ) -> UnsafeBufferPointer<UInt8> {
    var end = value.count
    while end > 0, value[end - 1] == 0x20 || value[end - 1] == 0x09 { end -= 1 }
    var start = 0
    while start < end, value[start] == 0x20 || value[start] == 0x09 { start += 1 }
    return UnsafeBufferPointer(rebasing: value[start..<end])
  }

  /// Takes one field.
  ///
  /// - Returns: false where a second `Content-Length` is given.
  mutating func take(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>,
    authorize: (UnsafeBufferPointer<UInt8>) -> Principal?
  ) -> Bool {
    switch name.count {
    case 4 where Matching.equalIgnoringCase(name, "host"):
      hostCount += 1
      for byte in value where !Self.isOfHost(byte) { hasOddHost = true }
    case 6 where Matching.equalIgnoringCase(name, "expect"):
      expectsContinue = Matching.equalIgnoringCase(value, "100-continue")
    case 7 where Matching.equalIgnoringCase(name, "upgrade"):
      wantsUpgrade = true
    case 8 where Matching.equalIgnoringCase(name, "if-match"):
      if ifMatch != nil { ifMatch?.append(UInt8(ascii: ",")) }
      ifMatch = (ifMatch ?? []) + value
    case 11 where Matching.equalIgnoringCase(name, "traceparent"):
      traceParent = TraceParent.parse(value)
    case 12 where Matching.equalIgnoringCase(name, "content-type"):
      isJSON = Self.isJSON(value)
    case 12 where Matching.equalIgnoringCase(name, "x-request-id"):
      if Self.isVisible(value, atMost: 128) { requestID = String(decoding: value, as: UTF8.self) }
    case 13 where Matching.equalIgnoringCase(name, "authorization"):
      principal = authorize(value)
      authorizationCount += 1
    case 13 where Matching.equalIgnoringCase(name, "last-event-id"):
      lastEventID = String(decoding: value, as: UTF8.self)
    case 14 where Matching.equalIgnoringCase(name, "content-length"):
      guard contentLength == nil else { return false }
      // More than an Int holds is too much anyway. That it is digits is checked elsewhere.
      contentLength = Numerals.length(value) ?? .max
    case 15 where Matching.equalIgnoringCase(name, "idempotency-key"):
      idempotencyKey =
        Self.isVisible(value, atMost: Bounds.maxIdempotencyKeyBytes) ? Array(value) : nil
      idempotencyKeyCount += 1
    case 16 where Matching.equalIgnoringCase(name, "content-encoding"):
      isEncoded = !Matching.equalIgnoringCase(value, "identity")
    case 17 where Matching.equalIgnoringCase(name, "transfer-encoding"):
      hasOddCoding = isChunked || !Matching.equalIgnoringCase(value, "chunked")
      isChunked = true
    default:
      break
    }
    return true
  }

  /// What a name, an address or a port is made of (RFC 3986, section 3.2).
  @inline(__always)
  private static func isOfHost(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "&")...UInt8(ascii: "."), UInt8(ascii: "0")...UInt8(ascii: ";"),
      UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "="),
      UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "_"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  private static func isJSON(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    if Matching.equal(value, "application/json") { return true }
    let type = value.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 && $0 != 0x09 }
    return Matching.equalIgnoringCase(
      UnsafeBufferPointer(rebasing: type), "application/json")
  }

  /// 1 to `limit` visible ASCII bytes.
  private static func isVisible(
    _ value: UnsafeBufferPointer<UInt8>, atMost limit: Int
  ) -> Bool {
    (1...limit).contains(value.count) && value.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}
