import StockCore

/// A request's id: the client's, or one of ours.
enum RequestID: Sendable {
  case client(String)
  /// A number that is unique on its loop.
  case number(UInt64)
}

/// What only few responses' headers tell. Boxed, since the others carry it about.
enum ExtraField: Sendable {
  case none
  /// The methods of a path (405).
  indirect case allow(String)
  /// A session begins or ends: the cookie.
  indirect case cookie(String)
  /// Nobody may keep the answer.
  case uncached
  /// A file of the web page.
  indirect case file(PageFile)
  /// Where the resource is that was made (201).
  indirect case location(String)
}

/// What a response's header says beyond its length.
struct ResponseHead {
  var status = 200
  var isProblem = false
  var requestID: RequestID
  /// The connection stays open behind this response.
  var keepsAlive = true
  /// HTTP/1.0: staying open has to be said.
  var isOldVersion = false
  /// The commit that a change rests on. A negative shard: none is told.
  var shard: ShardID = -1
  var sequence: Sequence64 = 0
  /// 0: no `ETag`.
  var version: Int64 = 0
  var extra = ExtraField.none
  /// The first answer to an idempotency key, given again.
  var isReplay = false
  /// Server-Sent Events: the body ends with the connection.
  var isStream = false
  /// Plain text (of Prometheus), not JSON.
  var isText = false
  /// `extra` tells the length and the type.
  var writesOwnLength = false
  /// It leaves by TLS: from now on the browser shall use nothing else.
  var isSecure = false
  /// 409, but asking again in a moment helps.
  var canBeRetried = false

  init(_ requestID: RequestID) { self.requestID = requestID }
}

extension ByteWriter {
  /// The first line and the header fields, up to and with the empty line.
  ///
  /// - Parameters:
  ///   - exchange: whose response it is. Not its head alone: that would be copied.
  ///   - length: bytes of the body. nil: the status has none (204).
  ///   - prefix: the header field of request ids, up to where the number begins.
  ///   - date: the value of `Date`.
  mutating func append(
    headOf exchange: Exchange, length: Int?, prefix: borrowing ByteWriter,
    date: borrowing ByteWriter
  ) {
    reserve(512)
    append(Self.statusLine(exchange.head.status))
    append("Date: ")
    append(date.bytes)
    if let length {
      append(
        exchange.head.isText
          ? "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: "
          : exchange.head.isProblem
            ? "\r\nContent-Type: application/problem+json\r\nContent-Length: "
            : "\r\nContent-Type: application/json\r\nContent-Length: ")
      append(Int64(length))
    }
    if exchange.head.isStream {
      // Proxies are to pass it on as it comes.
      append(
        "\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no")
    }
    switch exchange.head.requestID {
    case .client(let id):
      append("\r\nX-Request-Id: ")
      append(utf8: id)
    case .number(let number):
      append(prefix.bytes)
      appendHex(number, width: 8)
    }
    if exchange.head.shard >= 0 {
      append("\r\nX-Stock-Shard: ")
      append(Int64(exchange.head.shard))
      append("\r\nX-Stock-Sequence: ")
      append(exchange.head.sequence)
    }
    if exchange.head.version > 0 {
      append("\r\nETag: \"")
      append(exchange.head.version)
      append("\"")
    }
    switch exchange.head.extra {
    case .none: break
    case .allow(let methods):
      append("\r\nAllow: ")
      append(utf8: methods)
    case .location(let path):
      append("\r\nLocation: ")
      append(utf8: path)
    case .cookie(let cookie):
      append("\r\nCache-Control: no-store\r\nSet-Cookie: ")
      append(utf8: cookie)
    case .uncached: append("\r\nCache-Control: no-store")
    case .file(let file): append(fieldsOf: file, status: exchange.head.status)
    }
    if exchange.head.isSecure { append("\r\nStrict-Transport-Security: max-age=31536000") }
    if let rate = exchange.rate { append(rate: rate) }
    if exchange.head.isReplay { append("\r\nIdempotency-Replayed: true") }
    if exchange.head.status >= 400 { appendErrorFields(exchange) }
    if !exchange.head.keepsAlive {
      append("\r\nConnection: close")
    } else if exchange.head.isOldVersion {
      append("\r\nConnection: keep-alive")
    }
    append("\r\n\r\n")
  }

  private mutating func appendErrorFields(_ exchange: Exchange) {
    switch exchange.head.status {
    case 401: append("\r\nWWW-Authenticate: Bearer")
    case 503: append("\r\nRetry-After: 1")
    case 429:
      append("\r\nRetry-After: ")
      append(exchange.rate?.waitSeconds ?? 10)
    default: if exchange.head.canBeRetried { append("\r\nRetry-After: 1") }
    }
  }

  static func statusLine(_ status: Int) -> StaticString {
    switch status {
    case 200: "HTTP/1.1 200 OK\r\n"
    case 201: "HTTP/1.1 201 Created\r\n"
    case 204: "HTTP/1.1 204 No Content\r\n"
    case 304: "HTTP/1.1 304 Not Modified\r\n"
    case 400: "HTTP/1.1 400 Bad Request\r\n"
    case 401: "HTTP/1.1 401 Unauthorized\r\n"
    case 403: "HTTP/1.1 403 Forbidden\r\n"
    case 404: "HTTP/1.1 404 Not Found\r\n"
    case 405: "HTTP/1.1 405 Method Not Allowed\r\n"
    case 408: "HTTP/1.1 408 Request Timeout\r\n"
    case 409: "HTTP/1.1 409 Conflict\r\n"
    case 413: "HTTP/1.1 413 Content Too Large\r\n"
    case 415: "HTTP/1.1 415 Unsupported Media Type\r\n"
    case 422: "HTTP/1.1 422 Unprocessable Content\r\n"
    case 429: "HTTP/1.1 429 Too Many Requests\r\n"
    case 431: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
    case 503: "HTTP/1.1 503 Service Unavailable\r\n"
    default: preconditionFailure("no endpoint answers with status \(status)")
    }
  }
}
