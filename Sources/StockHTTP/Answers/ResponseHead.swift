import StockCore

/// A request's id: the client's, or one of ours.
enum RequestID: Sendable {
  case client(String)
  /// A number that is unique on its loop.
  case number(UInt64)
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
  var allow: String?
  /// Where the resource is that was made.
  var location: String?
  /// The first answer to an idempotency key, given again.
  var isReplay = false
  /// Server-Sent Events: the body ends with the connection.
  var isStream = false
  /// 409, but asking again in a moment helps.
  var canBeRetried = false

  init(_ requestID: RequestID) { self.requestID = requestID }
}

extension ByteWriter {
  /// The first line and the header fields, up to and with the empty line.
  ///
  /// - Parameters:
  ///   - length: bytes of the body. nil: the status has none (204).
  ///   - prefix: the header field of request ids, up to where the number begins.
  ///   - date: the value of `Date`.
  mutating func append(
    _ head: borrowing ResponseHead, length: Int?, prefix: borrowing ByteWriter,
    date: borrowing ByteWriter
  ) {
    reserve(512)
    append(Self.statusLine(head.status))
    append("Date: ")
    append(date.bytes)
    if let length {
      append(
        head.isProblem
          ? "\r\nContent-Type: application/problem+json\r\nContent-Length: "
          : "\r\nContent-Type: application/json\r\nContent-Length: ")
      append(Int64(length))
    }
    if head.isStream {
      // Proxies are to pass it on as it comes.
      append(
        "\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no")
    }
    switch head.requestID {
    case .client(let id):
      append("\r\nX-Request-Id: ")
      append(id)
    case .number(let number):
      append(prefix.bytes)
      appendHex(number, width: 8)
    }
    if head.shard >= 0 {
      append("\r\nX-Stock-Shard: ")
      append(Int64(head.shard))
      append("\r\nX-Stock-Sequence: ")
      append(head.sequence)
    }
    if head.version > 0 {
      append("\r\nETag: \"")
      append(head.version)
      append("\"")
    }
    if let location = head.location {
      append("\r\nLocation: ")
      append(location)
    }
    if head.isReplay { append("\r\nIdempotency-Replayed: true") }
    if head.status >= 400 { appendErrorFields(head) }
    if !head.keepsAlive {
      append("\r\nConnection: close")
    } else if head.isOldVersion {
      append("\r\nConnection: keep-alive")
    }
    append("\r\n\r\n")
  }

  private mutating func appendErrorFields(_ head: borrowing ResponseHead) {
    switch head.status {
    case 401: append("\r\nWWW-Authenticate: Bearer")
    case 503: append("\r\nRetry-After: 1")
    default: if head.canBeRetried { append("\r\nRetry-After: 1") }
    }
    if let allow = head.allow {
      append("\r\nAllow: ")
      append(allow)
    }
  }

  static func statusLine(_ status: Int) -> StaticString {
    switch status {
    case 200: "HTTP/1.1 200 OK\r\n"
    case 201: "HTTP/1.1 201 Created\r\n"
    case 204: "HTTP/1.1 204 No Content\r\n"
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
    case 431: "HTTP/1.1 431 Request Header Fields Too Large\r\n"
    case 503: "HTTP/1.1 503 Service Unavailable\r\n"
    default: preconditionFailure("no endpoint answers with status \(status)")
    }
  }
}
