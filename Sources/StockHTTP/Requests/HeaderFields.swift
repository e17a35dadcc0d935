import NIOHTTP1
import StockCore

/// What matters of a request's header, gathered in one pass.
struct HeaderFields {
  var hostCount = 0
  var authorization: String?
  var authorizationCount = 0
  var contentType: String?
  var contentLength: Int?
  var isChunked = false
  /// The body is compressed, which no endpoint takes.
  var isEncoded = false
  var expectsContinue = false
  var ifMatch: String?
  var ifMatchCount = 0
  /// The client's, if it is one that may be repeated.
  var requestID: String?
  /// The client wants another protocol: the decoder takes no further request from it.
  var wantsUpgrade = false

  var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

  init(_ headers: HTTPHeaders) {
    for (name, value) in headers {
      switch name.utf8.count {
      case 4 where Matching.equalIgnoringCase(name, "host"):
        hostCount += 1
      case 6 where Matching.equalIgnoringCase(name, "expect"):
        expectsContinue = Matching.equalIgnoringCase(value, "100-continue")
      case 7 where Matching.equalIgnoringCase(name, "upgrade"):
        wantsUpgrade = true
      case 8 where Matching.equalIgnoringCase(name, "if-match"):
        ifMatch = value
        ifMatchCount += 1
      case 12 where Matching.equalIgnoringCase(name, "content-type"):
        contentType = value
      case 12 where Matching.equalIgnoringCase(name, "x-request-id"):
        if Self.isRequestID(value) { requestID = value }
      case 13 where Matching.equalIgnoringCase(name, "authorization"):
        authorization = value
        authorizationCount += 1
      case 14 where Matching.equalIgnoringCase(name, "content-length"):
        // The decoder has checked that it is digits; more than an Int holds is too much anyway.
        contentLength = Int(value) ?? .max
      case 16 where Matching.equalIgnoringCase(name, "content-encoding"):
        isEncoded = !Matching.equalIgnoringCase(value, "identity")
      case 17 where Matching.equalIgnoringCase(name, "transfer-encoding"):
        isChunked = true
      default:
        break
      }
    }
  }

  /// JSON, or not said.
  var isJSON: Bool {
    // Nearly always it is written so; going over characters costs more than all other headers.
    guard let contentType, contentType != "application/json" else { return true }
    let type = contentType.prefix { $0 != ";" && $0 != " " && $0 != "\t" }
    return Matching.equalIgnoringCase(type, "application/json")
  }

  /// The version that `If-Match` asks for (RFC 9110, section 13.1.1): one strong tag, or `*`.
  ///
  /// - Returns: nil for `*` or no such header.
  func expectedVersion(_ errors: inout FieldErrors) -> Int64? {
    guard let ifMatch, ifMatch != "*" || ifMatchCount > 1 else { return nil }
    if ifMatchCount == 1, ifMatch.utf8.count >= 3, ifMatch.hasPrefix("\""), ifMatch.hasSuffix("\""),
      let version = Numerals.integer(ifMatch.dropFirst().dropLast())
    {
      return version
    }
    errors.add("If-Match", "must be * or one version in quotes, as in ETag")
    return nil
  }

  /// 1 to 128 visible ASCII bytes.
  private static func isRequestID(_ value: String) -> Bool {
    (1...128).contains(value.utf8.count) && value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}
