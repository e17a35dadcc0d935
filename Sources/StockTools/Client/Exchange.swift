/// A request to a running engine.
public struct HTTPRequest: Sendable {
  public enum Method: String, Sendable {
    case get = "GET", post = "POST", put = "PUT", delete = "DELETE"
  }

  public var method: Method
  /// With its query, percent-encoded: "/api/v1/admin/keys".
  public var path: String
  /// JSON, or empty.
  public var body: [UInt8]
  /// Doing it twice is the same as doing it once, so it may be sent again when nobody knows whether
  /// it was done.
  public var isIdempotent: Bool

  /// - Parameter isIdempotent: nil: as HTTP has it (RFC 9110, 9.2.2), so all but POST.
  public init(
    _ method: Method, _ path: String, body: [UInt8] = [], isIdempotent: Bool? = nil
  ) {
    self.method = method
    self.path = path
    self.body = body
    self.isIdempotent = isIdempotent ?? (method != .post)
  }
}

/// What the engine answered.
public struct HTTPAnswer: Sendable {
  public var status: Int
  public var body: [UInt8]
  /// Seconds, from `Retry-After`.
  public var retryAfter: Int?

  public init(status: Int, body: [UInt8] = [], retryAfter: Int? = nil) {
    self.status = status
    self.body = body
    self.retryAfter = retryAfter
  }

  public var isSuccess: Bool { status >= 200 && status < 300 }
}

/// Why there is no answer.
public enum ClientError: Error, Equatable, CustomStringConvertible, Sendable {
  /// Nothing of the request reached the engine.
  case notSent(String)
  /// The request was sent and no answer came: nobody knows whether it was done.
  case outcomeUnknown(String)

  public var description: String {
    switch self {
    case .notSent(let reason): reason
    case .outcomeUnknown(let reason): "outcome unknown: \(reason)"
    }
  }
}

/// The way to a running engine. `HTTPClient` is the real one; tests bring their own.
public protocol Exchange: Sendable {
  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPAnswer
}
