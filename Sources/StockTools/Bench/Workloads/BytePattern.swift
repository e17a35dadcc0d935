/// Bytes that are made once and sent often, with places for numbers of a fixed width.
struct BytePattern: Sendable {
  enum Part {
    case text(String)
    /// Room for that many decimal digits.
    case digits(Int)
  }

  private(set) var bytes: [UInt8] = []
  /// Where the digits begin, in the order of the parts.
  private(set) var places: [Int] = []

  init(_ parts: [Part]) { append(parts) }

  mutating func append(_ parts: [Part]) {
    for part in parts {
      switch part {
      case .text(let text): bytes += text.utf8
      case .digits(let width):
        places.append(bytes.count)
        bytes += [UInt8](repeating: 0x30, count: width)
      }
    }
  }

  static func + (one: BytePattern, other: BytePattern) -> BytePattern {
    var both = one
    both.places += other.places.map { $0 + one.bytes.count }
    both.bytes += other.bytes
    return both
  }
}

/// What every request of a run says, and the patterns made of it.
struct RequestHeads: Sendable {
  /// For the `Host` header.
  var authority: String
  /// The bearer token; nil: none is sent.
  var key: String?

  /// Widths of the numbers in requests: fixed, so that lengths are.
  static let productWidth = 7
  static let serialWidth = 10
  static let lengthWidth = 6

  /// The head's beginning: all but what describes the body, and the empty line.
  func start(_ method: String, _ path: [BytePattern.Part]) -> BytePattern {
    BytePattern([.text("\(method) ")]) + rest(ofPath: path)
  }

  /// As `start`, from somewhere in the path.
  func rest(ofPath path: [BytePattern.Part]) -> BytePattern {
    var pattern = BytePattern(path)
    pattern.append([.text(" HTTP/1.1\r\nHost: \(authority)\r\n")])
    if let key { pattern.append([.text("Authorization: Bearer \(key)\r\n")]) }
    return pattern
  }

  /// A whole request.
  ///
  /// - Parameter body: always of the same length.
  func request(
    _ method: String, _ path: [BytePattern.Part], headers: [BytePattern.Part] = [],
    body: BytePattern = BytePattern([])
  ) -> BytePattern {
    var pattern = start(method, path)
    pattern.append(headers)
    if !body.bytes.isEmpty { pattern.append([.text("Content-Type: application/json\r\n")]) }
    if !body.bytes.isEmpty || method != "GET" {
      pattern.append([.text("Content-Length: \(body.bytes.count)\r\n")])
    }
    pattern.append([.text("\r\n")])
    return pattern + body
  }

  static let inventory = "/api/v1/store/inventory"
  static let reservations = "/api/v1/store/reservations"

  /// One unit of one product; its places: the product.
  func reserve() -> BytePattern {
    request(
      "POST", [.text("\(Self.inventory)/reserve")],
      body: BytePattern([
        .text("{\"product_id\":"), .digits(Self.productWidth),
        .text(",\"location\":\"\(BenchStage.location)\",\"quantity\":1}"),
      ]))
  }

  /// The body of that, for one product.
  static func reserveBody(product: Int) -> String {
    "{\"product_id\":\(product),\"location\":\"\(BenchStage.location)\",\"quantity\":1}"
  }
}
