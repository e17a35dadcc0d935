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
  /// Besides what every request says; a name that is there already is replaced.
  public var headers: [(name: String, value: String)]
  /// Doing it twice is the same as doing it once, so it may be sent again when nobody knows whether
  /// it was done.
  public var isIdempotent: Bool

  /// - Parameters:
  ///   - key: the idempotency key that it carries: with one the engine does it once, however often it
  ///     is sent.
  ///   - isIdempotent: nil: what has a key, and else as HTTP has it (RFC 9110, 9.2.2), so all but POST.
  public init(
    _ method: Method, _ path: String, body: [UInt8] = [],
    headers: [(name: String, value: String)] = [], key: String? = nil, isIdempotent: Bool? = nil
  ) {
    self.method = method
    self.path = path
    self.body = body
    self.headers = headers
    if let key { self.headers.append(("Idempotency-Key", key)) }
    self.isIdempotent = isIdempotent ?? (method != .post || key != nil)
  }
}

/// What the engine answered.
public struct HTTPAnswer: Sendable {
  public var status: Int
  public var body: [UInt8]
  /// In the order in which they came.
  public var headers: [(name: String, value: String)]
  /// Seconds, from `Retry-After`.
  public var retryAfter: Int?

  public init(
    status: Int, body: [UInt8] = [], headers: [(name: String, value: String)] = [],
    retryAfter: Int? = nil
  ) {
    self.status = status
    self.body = body
    self.headers = headers
    self.retryAfter = retryAfter
  }

  /// The first header of that name, in any case.
  public func header(_ name: String) -> String? {
    let name = name.lowercased()
    return headers.first { $0.name.lowercased() == name }?.value
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
