import CHiredis

/// A reply, as hiredis parsed it. Valid only while the callback that got it runs.
public struct RedisReply {
  let raw: UnsafeMutablePointer<redisReply>

  public enum Kind: Equatable, Sendable {
    case string, status, error, integer, array, null
  }

  public var kind: Kind {
    switch raw.pointee.type {
    case REDIS_REPLY_STRING: .string
    case REDIS_REPLY_STATUS: .status
    case REDIS_REPLY_ERROR: .error
    case REDIS_REPLY_INTEGER: .integer
    case REDIS_REPLY_ARRAY: .array
    default: .null
    }
  }

  public var isError: Bool { raw.pointee.type == REDIS_REPLY_ERROR }
  public var isNull: Bool { raw.pointee.type == REDIS_REPLY_NIL }
  public var isArray: Bool { raw.pointee.type == REDIS_REPLY_ARRAY }

  /// The bytes of a string, status or error, not copied; none for the other kinds.
  public var bytes: UnsafeBufferPointer<UInt8> {
    switch kind {
    case .string, .status, .error:
      // hiredis ends what it copies with a zero, so `str` is there even for an empty string.
      let start = UnsafeRawPointer(raw.pointee.str)?.assumingMemoryBound(to: UInt8.self)
      return UnsafeBufferPointer(start: start, count: start == nil ? 0 : Int(raw.pointee.len))
    case .integer, .array, .null:
      return UnsafeBufferPointer(start: nil, count: 0)
    }
  }

  /// The text of a string, status or error; nil for the other kinds.
  public var string: String? {
    switch kind {
    case .string, .status, .error: String(decoding: bytes, as: UTF8.self)
    case .integer, .array, .null: nil
    }
  }

  /// An integer, or a string of decimal digits, as scripts return numbers.
  public var integer: Int64? {
    switch kind {
    case .integer: raw.pointee.integer
    case .string: DecimalText.signed(bytes)
    case .status, .error, .array, .null: nil
    }
  }

  /// Elements of an array; 0 for the other kinds.
  public var count: Int { isArray ? Int(raw.pointee.elements) : 0 }

  /// - Precondition: `index` is 0 up to `count`.
  public subscript(index: Int) -> RedisReply {
    precondition(index >= 0 && index < count, "element out of range")
    guard let element = raw.pointee.element[index] else {
      preconditionFailure("hiredis fills every element before it hands out an array")
    }
    return RedisReply(raw: element)
  }

  /// Whether this is a string or status of exactly these bytes.
  public func equals(_ text: StaticString) -> Bool {
    let bytes = self.bytes
    return !isError
      && bytes.elementsEqual(
        UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

extension RedisReply: CustomStringConvertible {
  /// For logs: long strings and arrays are cut.
  public var description: String {
    switch kind {
    case .string, .status: Self.cut(bytes)
    case .error: "error: " + Self.cut(bytes)
    case .integer: String(raw.pointee.integer)
    case .null: "null"
    case .array:
      "[" + (0..<min(count, 8)).map { self[$0].description }.joined(separator: ", ")
        + (count > 8 ? ", … \(count) in all]" : "]")
    }
  }

  private static func cut(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    return bytes.count > 200 ? text + "…" : text
  }
}
