import CHiredis

/// hiredis's incremental parser, owned. After an error it is of no more use.
final class ReplyReader {
  private let reader: UnsafeMutablePointer<redisReader>

  /// Bytes that the parser's idle buffer may keep between replies.
  static let maxIdleBytes = 1 << 20

  /// nil: out of memory.
  init?() {
    guard let reader = redisReaderCreate() else { return nil }
    reader.pointee.maxbuf = Self.maxIdleBytes
    self.reader = reader
  }

  deinit { redisReaderFree(reader) }

  /// - Throws: `ReplyReaderError` if memory is short.
  func feed(_ bytes: UnsafeRawBufferPointer) throws(ReplyReaderError) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
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
    body(RedisReply(raw: object.assumingMemoryBound(to: redisReply.self)))
    return true
  }

  private var failure: ReplyReaderError {
    let words = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return ReplyReaderError(message: words.isEmpty ? "the parser of replies failed" : words)
  }
}

struct ReplyReaderError: Error {
  var message: String
}
