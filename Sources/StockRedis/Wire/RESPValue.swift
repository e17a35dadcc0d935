/// A reply that is kept: a copy of a `RedisReply`.
public enum RESPValue: Equatable, Sendable {
  case null
  case integer(Int64)
  /// A string or a status. Bytes that are not UTF-8 are replaced: what is kept so is text.
  case text(String)
  case error(String)
  case array([RESPValue])

  public init(_ reply: RedisReply) {
    switch reply.kind {
    case .string, .status: self = .text(String(decoding: reply.bytes, as: UTF8.self))
    case .error: self = .error(String(decoding: reply.bytes, as: UTF8.self))
    case .integer: self = .integer(reply.integer ?? 0)
    case .null: self = .null
    case .array: self = .array((0..<reply.count).map { RESPValue(reply[$0]) })
    }
  }

  /// The text; nil for the other kinds.
  public var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// The integer, or the text's.
  public var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .text(let text): Int64(text)
    case .null, .error, .array: nil
    }
  }

  /// The elements; none for the other kinds.
  public var elements: [RESPValue] {
    if case .array(let elements) = self { elements } else { [] }
  }
}
