import CHiredis

/// hiredis's incremental parser, owned. After an error it is of no more use.
///
/// hiredis believes a length as it comes: for `*1000000000` it reserves 8 GB, and looks through all of it
/// when it gives it back; for `$2000000000` it collects bytes until it has them. Redis says nothing
/// like that to us, so both are errors here.
final class ReplyReader {
  private let reader: UnsafeMutablePointer<redisReader>
  /// Bytes that have come of replies that are not whole.
  private var unfinished = 0
  private let maxBytes: Int

  /// Bytes that the parser's idle buffer may keep between replies.
  static let maxIdleBytes = 1 << 20
  /// Of one reply, about. The largest that is asked for are a few megabytes.
  static let maxReplyBytes = 1 << 28
  /// Of one array. The longest are those of hashes that are read whole: stores, keys.
  static let maxElements: Int32 = 1 << 21

  /// hiredis's own functions; but its arrays have a bound.
  // Made once and never changed: hiredis only reads it.
  nonisolated(unsafe) private static let functions:
    UnsafeMutablePointer<redisReplyObjectFunctions>? =
      {
        guard let reader = redisReaderCreate() else { return nil }
        defer { redisReaderFree(reader) }
        let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
        functions.initialize(to: reader.pointee.fn.pointee)
        makeArray = functions.pointee.createArray
        functions.pointee.createArray = { task, count in
          count <= ReplyReader.maxElements ? ReplyReader.makeArray?(task, count) : nil
        }
        return functions
      }()

  // Written once, before the first reader is there.
  nonisolated(unsafe) private static var makeArray:
    (@convention(c) (UnsafePointer<redisReadTask>?, Int32) -> UnsafeMutableRawPointer?)?

  /// nil: out of memory.
  init?(maxBytes: Int = ReplyReader.maxReplyBytes) {
    guard let functions = Self.functions, let reader = redisReaderCreate() else { return nil }
    reader.pointee.maxbuf = Self.maxIdleBytes
    reader.pointee.fn = functions
    self.reader = reader
    self.maxBytes = maxBytes
  }

  deinit { redisReaderFree(reader) }

  /// What is whole already must have been taken with `next`.
  ///
  /// - Throws: `ReplyReaderError` if memory is short, or a reply is larger than any that we ask for.
  func feed(_ bytes: UnsafeRawBufferPointer) throws(ReplyReaderError) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
    unfinished += bytes.count
    guard unfinished <= maxBytes else {
      throw ReplyReaderError(message: "a reply has more than \(maxBytes) bytes")
    }
    guard redisReaderFeed(reader, start, bytes.count) == REDIS_OK else { throw failure }
  }

  /// Hands the next whole reply to `body`, and frees it after that.
  ///
  /// - Returns: false if more bytes are needed first.
  func next(_ body: (RedisReply) -> Void) throws(ReplyReaderError) -> Bool {
    var object: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &object) == REDIS_OK else { throw failure }
    guard let object else { return false }
    defer { freeReplyObject(object) }
    unfinished = reader.pointee.len - reader.pointee.pos
    body(RedisReply(raw: object.assumingMemoryBound(to: redisReply.self)))
    return true
  }

  private var failure: ReplyReaderError {
    let words = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    if reader.pointee.err == REDIS_ERR_OOM {
      return ReplyReaderError(
        message: "\(words): no memory, or an array of more than \(Self.maxElements) elements")
    }
    return ReplyReaderError(message: words.isEmpty ? "the parser of replies failed" : words)
  }
}

struct ReplyReaderError: Error {
  var message: String
}
