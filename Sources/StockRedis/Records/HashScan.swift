public import NIOCore

extension ByteBuffer {
  /// HSCAN of a hash. Read by `HashScanPage`, or by `TextScanPage` where fields are no ids.
  ///
  /// - Parameters:
  ///   - cursor: "0" to begin, then `HashScanPage.next`.
  ///   - count: how many fields to look at; Redis may return more, or all of a small hash.
  public mutating func writeHashScan(_ key: String, cursor: String, count: Int) {
    writeRESPArray(5)
    writeRESPBulk("HSCAN" as StaticString)
    writeRESPBulk(key)
    writeRESPBulk(cursor)
    writeRESPBulk("COUNT" as StaticString)
    writeRESPBulk(Int64(count))
  }
}

/// A page of an HSCAN. Valid only while the callback that got the reply runs.
///
/// Redis promises that each field that is there all the time comes at least once: one may come twice.
public struct HashScanPage {
  private let pairs: RedisReply
  /// The cursor of the next page; nil after the last.
  public let next: String?

  /// nil: an error, or no reply to HSCAN.
  public init?(_ reply: RedisReply) {
    guard let (next, pairs) = reply.hashScan else { return nil }
    self.next = next
    self.pairs = pairs
  }

  public var count: Int { pairs.count / 2 }

  /// - Throws: `RecordError` if a field is no id, with the field in the text; and what `body` throws.
  public func forEach(
    _ body: (_ id: Int64, _ value: UnsafeBufferPointer<UInt8>) throws(RecordError) -> Void
  ) throws(RecordError) {
    for index in stride(from: 0, to: pairs.count, by: 2) {
      let id = try FieldReader.number("field", pairs[index].bytes, from: 1)
      do {
        try body(id, pairs[index + 1].bytes)
      } catch {
        throw RecordError("field \(id): \(error.reason)")
      }
    }
  }
}

/// A page of an HSCAN of a hash whose fields are text. Valid only while the callback that got the
/// reply runs. One field may come twice, as in `HashScanPage`.
public struct TextScanPage {
  private let pairs: RedisReply
  /// The cursor of the next page; nil after the last.
  public let next: String?

  /// nil: an error, or no reply to HSCAN.
  public init?(_ reply: RedisReply) {
    guard let (next, pairs) = reply.hashScan else { return nil }
    self.next = next
    self.pairs = pairs
  }

  public var count: Int { pairs.count / 2 }

  /// - Throws: what `body` throws, with the field in the text.
  public func forEach(
    _ body: (_ field: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>)
      throws(RecordError) -> Void
  ) throws(RecordError) {
    for index in stride(from: 0, to: pairs.count, by: 2) {
      let field = pairs[index].bytes
      do {
        try body(field, pairs[index + 1].bytes)
      } catch {
        let name = String(decoding: field.prefix(200), as: UTF8.self)
        throw RecordError("field \(name): \(error.reason)")
      }
    }
  }
}

extension RedisReply {
  /// The next cursor, nil after the last page, and the fields with their values.
  fileprivate var hashScan: (next: String?, pairs: RedisReply)? {
    guard count == 2, let cursor = self[0].string, self[1].isArray, self[1].count.isMultiple(of: 2)
    else { return nil }
    return (cursor == "0" ? nil : cursor, self[1])
  }
}
