public import NIOCore

// RESP2, as Redis reads commands: an array of bulk strings
// (https://redis.io/docs/latest/develop/reference/protocol-spec/).
extension ByteBuffer {
  /// The head of a command of `count` bulk strings, its name included.
  public mutating func writeRESPArray(_ count: Int) {
    writeRaw(maxBytes: RawWriter.bulkFrame) { writer in
      writer.byte(UInt8(ascii: "*"))
      writer.decimal(Int64(count))
      writer.lineEnd()
    }
  }

  public mutating func writeRESPBulk(_ text: String) {
    let count = text.utf8.count
    writeRaw(maxBytes: RawWriter.bulkFrame + count) { writer in
      writer.bulkHead(count)
      writer.text(text)
      writer.lineEnd()
    }
  }

  public mutating func writeRESPBulk(_ text: StaticString) {
    writeRaw(maxBytes: RawWriter.bulkFrame + text.utf8CodeUnitCount) { writer in
      writer.bulkHead(text.utf8CodeUnitCount)
      writer.text(text)
      writer.lineEnd()
    }
  }

  public mutating func writeRESPBulk(_ bytes: some Collection<UInt8>) {
    writeRaw(maxBytes: RawWriter.bulkFrame) { $0.bulkHead(bytes.count) }
    writeBytes(bytes)
    writeRaw(maxBytes: 2) { $0.lineEnd() }
  }

  public mutating func writeRESPBulk(_ number: Int64) {
    writeRaw(maxBytes: RawWriter.bulkFrame + RawWriter.maxDigits + 1) { $0.bulk(number) }
  }

  /// As 16 hex digits.
  public mutating func writeRESPBulk(hex number: UInt64) {
    writeRaw(maxBytes: RawWriter.bulkFrame + 16) { writer in
      writer.bulkHead(16)
      writer.hex(number)
      writer.lineEnd()
    }
  }

  /// A whole command, its name first.
  public mutating func writeRESPCommand(_ words: [String]) {
    writeRESPArray(words.count)
    for word in words { writeRESPBulk(word) }
  }
}
