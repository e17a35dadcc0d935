import NIOCore

/// Writes text at a raw pointer, without bounds: whoever makes one has reserved the bytes.
///
/// The commit path writes millions of small numbers; a `String` for each would cost more than all else.
struct RawWriter {
  private(set) var next: UnsafeMutablePointer<UInt8>

  init(_ start: UnsafeMutablePointer<UInt8>) { next = start }

  /// Digits of the longest number, 2^64 − 1.
  static let maxDigits = 20

  /// How many decimal digits `value` has.
  static func digitCount(_ value: UInt64) -> Int {
    var count = 1
    var left = value
    while left >= 10_000 {
      left /= 10_000
      count += 4
    }
    if left >= 1000 { return count + 3 }
    if left >= 100 { return count + 2 }
    return left >= 10 ? count + 1 : count
  }

  /// As above, with the sign.
  static func digitCount(_ value: Int64) -> Int {
    digitCount(value.magnitude) + (value < 0 ? 1 : 0)
  }

  mutating func byte(_ value: UInt8) {
    next.pointee = value
    next += 1
  }

  /// Leaves room that is written later.
  mutating func skip(_ count: Int) { next += count }

  mutating func space() { byte(UInt8(ascii: " ")) }

  mutating func tab() { byte(UInt8(ascii: "\t")) }

  mutating func lineEnd() {
    byte(UInt8(ascii: "\r"))
    byte(UInt8(ascii: "\n"))
  }

  mutating func decimal(_ value: UInt64, digits: Int) {
    var at = next + digits
    next = at
    var left = value
    repeat {
      at -= 1
      let (quotient, remainder) = left.quotientAndRemainder(dividingBy: 10)
      at.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: remainder)
      left = quotient
    } while left != 0
  }

  mutating func decimal(_ value: Int64) {
    if value < 0 { byte(UInt8(ascii: "-")) }
    decimal(value.magnitude, digits: Self.digitCount(value.magnitude))
  }

  /// 16 lower-case hex digits.
  mutating func hex(_ value: UInt64) {
    let digits = ("0123456789abcdef" as StaticString).utf8Start
    var rest = value
    for place in stride(from: 15, through: 0, by: -1) {
      next[place] = digits[Int(truncatingIfNeeded: rest & 15)]
      rest >>= 4
    }
    next += 16
  }

  mutating func text(_ text: StaticString) {
    next.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    next += text.utf8CodeUnitCount
  }

  mutating func text(_ text: String) {
    let utf8 = text.utf8
    let count =
      utf8.withContiguousStorageIfAvailable { bytes -> Int in
        if let start = bytes.baseAddress { next.update(from: start, count: bytes.count) }
        return bytes.count
      } ?? -1
    guard count < 0 else {
      next += count
      return
    }
    for unit in utf8 { byte(unit) }
  }

  /// "$17\r\n": the head of a bulk string of `count` bytes.
  mutating func bulkHead(_ count: Int) {
    byte(UInt8(ascii: "$"))
    decimal(Int64(count))
    lineEnd()
  }

  mutating func bulk(_ value: Int64) {
    bulkHead(Self.digitCount(value))
    decimal(value)
    lineEnd()
  }

  mutating func emptyBulk() { text("$0\r\n\r\n") }

  /// Bytes around a bulk string's own: "$", its length, two line ends.
  static let bulkFrame = 1 + maxDigits + 4
}

extension ByteBuffer {
  /// The head of a bulk string before its length is known: "$", eight digits, a line end.
  private static var widestHead: Int { 11 }

  /// A bulk string of what `body` appends, less than 100 MB. Its length is written when it is known;
  /// the bytes then move together by the digits that the length does not have.
  mutating func writeBulk(of body: (inout ByteBuffer) -> Void) {
    let start = writerIndex
    writeRaw(maxBytes: Self.widestHead) { $0.skip(Self.widestHead) }
    body(&self)
    let count = writerIndex - start - Self.widestHead
    precondition(count < 100_000_000, "a value of 100 MB")
    let head = 3 + RawWriter.digitCount(Int64(count))
    let place = start - readerIndex
    withUnsafeMutableReadableBytes { bytes in
      guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
      var writer = RawWriter(base + place)
      writer.bulkHead(count)
      if head < Self.widestHead {
        writer.next.update(from: base + place + Self.widestHead, count: count)
      }
    }
    moveWriterIndex(to: start + head + count)
    writeRaw(maxBytes: 2) { $0.lineEnd() }
  }

  /// Lets `body` write up to `maxBytes` at the writer index.
  mutating func writeRaw(maxBytes: Int, _ body: (inout RawWriter) -> Void) {
    _ = writeWithUnsafeMutableBytes(minimumWritableBytes: maxBytes) { space in
      guard let start = space.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
      var writer = RawWriter(start)
      body(&writer)
      let written = writer.next - start
      precondition(written <= maxBytes, "more bytes written than reserved")
      return written
    }
  }
}
