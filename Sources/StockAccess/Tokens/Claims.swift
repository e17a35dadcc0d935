import JWTKit

/// What a token says: any JSON object. What of it counts, `ClaimRules` decides.
struct Claims: JWTPayload {
  enum Value: Codable, Equatable, Sendable {
    case text(String)
    case number(Double)
    case list([Value])
    case object([String: Value])
    /// true, false, null.
    case other

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let text = try? container.decode(String.self) {
        self = .text(text)
      } else if (try? container.decode(Bool.self)) != nil || container.decodeNil() {
        self = .other
      } else if let number = try? container.decode(Double.self) {
        self = .number(number)
      } else if let list = try? container.decode([Value].self) {
        self = .list(list)
      } else {
        self = .object(try container.decode([String: Value].self))
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(number)
      case .list(let list): try container.encode(list)
      case .object(let object): try container.encode(object)
      case .other: try container.encodeNil()
      }
    }
  }

  var values: [String: Value]

  init(_ values: [String: Value]) { self.values = values }

  init(from decoder: any Decoder) throws {
    values = try decoder.singleValueContainer().decode([String: Value].self)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values)
  }

  /// Nothing: time and names are judged by `ClaimRules`, with a clock that is handed in.
  func verify(using algorithm: some JWTAlgorithm) async throws {}

  /// The value at a path: names with dots between, the outermost first. A name that has dots itself is
  /// found as well.
  subscript(path: String) -> Value? {
    if let value = values[path] { return value }
    var value = Value.object(values)
    for name in path.split(separator: ".") {
      guard case .object(let object) = value, let next = object[String(name)] else { return nil }
      value = next
    }
    return value
  }
}
