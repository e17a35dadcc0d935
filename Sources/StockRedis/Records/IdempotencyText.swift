public import NIOCore
public import StockCore

/// A first answer to an idempotency key, as Redis holds it: the field of a bucket's hash is the key's
/// digest, 32 hex digits; the value is `FINGERPRINT SEQUENCE OUTCOME`: 16 hex digits, the number of the
/// commit, and the outcome's text (`OutcomeText`). So
/// `00000000deadbeef 42 refused insufficient_stock 5 3`.
public enum IdempotencyText {
  /// The outcome that is read is equal to the one that was written, but for the numbers of its
  /// locations: they are 0, their names count.
  public static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> (fingerprint: UInt64, sequence: Sequence64, outcome: Outcome) {
    let (fingerprint, sequence, rest) = try head(bytes)
    return (fingerprint, sequence, try OutcomeText.decode(rest))
  }

  /// The fingerprint alone, without looking at the outcome: all that memory keeps.
  public static func fingerprint(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> UInt64 {
    try head(bytes).fingerprint
  }

  private static func head(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> (
    fingerprint: UInt64, sequence: Sequence64, rest: UnsafeBufferPointer<UInt8>
  ) {
    var words = FieldReader(bytes)
    let word = try words.field("fingerprint", separator: UInt8(ascii: " "))
    guard let fingerprint = DecimalText.hex(word) else {
      throw RecordError("the fingerprint is not 16 hex digits")
    }
    let sequence = try words.number("sequence", separator: UInt8(ascii: " "))
    return (fingerprint, sequence, words.rest)
  }

  /// The field under which a key's record is held.
  public static func field(of key: IdempotencyKey) -> String {
    var buffer = ByteBuffer()
    buffer.writeIdempotencyField(key)
    return String(buffer: buffer)
  }

  /// The key whose record is held under `field`.
  public static func key(
    fromField field: UnsafeBufferPointer<UInt8>, fingerprint: UInt64
  ) throws(RecordError) -> IdempotencyKey {
    guard field.count == 32,
      let high = DecimalText.hex(UnsafeBufferPointer(rebasing: field[..<16])),
      let low = DecimalText.hex(UnsafeBufferPointer(rebasing: field[16...]))
    else { throw RecordError("the field is not 32 hex digits") }
    return IdempotencyKey(high: high, low: low, fingerprint: fingerprint)
  }

  /// As above, for text that was kept.
  public static func key(
    fromField field: String, fingerprint: UInt64
  ) throws(RecordError) -> IdempotencyKey {
    var field = field
    return try field.withUTF8 { bytes -> Result<IdempotencyKey, RecordError> in
      do throws(RecordError) {
        return .success(try key(fromField: bytes, fingerprint: fingerprint))
      } catch { return .failure(error) }
    }.get()
  }
}

extension ByteBuffer {
  /// Writes a record's field, without a length in front.
  public mutating func writeIdempotencyField(_ key: IdempotencyKey) {
    writeRaw(maxBytes: 32) { writer in
      writer.hex(key.high)
      writer.hex(key.low)
    }
  }

  /// Writes a record's value, without a length in front.
  ///
  /// - Parameter sequence: the number of the commit that the outcome rests on.
  public mutating func writeIdempotencyRecord(_ record: IdempotencyRecord, sequence: Sequence64) {
    writeRaw(maxBytes: 16 + 2 + RawWriter.maxDigits + 1) { writer in
      writer.hex(record.key.fingerprint)
      writer.space()
      writer.decimal(sequence)
      writer.space()
    }
    writeOutcome(record.outcome)
  }
}
