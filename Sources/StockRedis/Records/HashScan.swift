public import NIOCore

extension ByteBuffer {
  /// HSCAN of a hash whose fields are ids. Read by `HashScanPage`.
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
    guard reply.count == 2, let cursor = reply[0].string, reply[1].isArray,
      reply[1].count.isMultiple(of: 2)
    else { return nil }
    next = cursor == "0" ? nil : cursor
    pairs = reply[1]
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
