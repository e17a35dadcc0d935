/// Bytes that grow: what an answer is written into before it goes to its connection.
///
/// Raw memory instead of an array, because each answer appends some thirty short pieces: the room is
/// asked for once, the rest are plain stores.
struct ByteWriter: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0
  /// Times that were written, so that the same need not be worked out again.
  var times = TimeTexts()

  init(capacity: Int = 1_024) {
    precondition(capacity > 0, "a writer needs room")
    self.base = .allocate(capacity: capacity)
    self.capacity = capacity
  }

  deinit { base.deallocate() }

  /// What was written. Valid until the next call that changes the writer.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// A copy of what was written.
  var array: [UInt8] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Starts anew, and gives back the memory of an answer that was unusually large.
  mutating func removeAll(keepingAtMost limit: Int = 1 << 16) {
    count = 0
    guard capacity > limit else { return }
    base.deallocate()
    base = .allocate(capacity: limit)
    capacity = limit
  }

  @inline(__always)
  mutating func reserve(_ more: Int) {
    if capacity - count < more { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    fresh.update(from: base, count: count)
    base.deallocate()
    base = fresh
    capacity = larger
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count += 1
  }

  @inline(__always)
  mutating func append(_ text: StaticString) {
    let length = text.utf8CodeUnitCount
    reserve(length)
    (base + count).update(from: text.utf8Start, count: length)
    count += length
  }

  mutating func append(_ buffer: UnsafeRawBufferPointer) {
    guard let start = buffer.baseAddress else { return }
    reserve(buffer.count)
    UnsafeMutableRawPointer(base + count).copyMemory(from: start, byteCount: buffer.count)
    count += buffer.count
  }

  /// The text's UTF-8 as it is, without quotes or escapes.
  ///
  /// With a label: a literal would else be taken for a `String`, which costs ten times as much.
  mutating func append(utf8 text: String) {
    var text = text
    let length = text.utf8.count
    reserve(length)
    let target = base + count
    text.withUTF8 { source in
      if let start = source.baseAddress { target.update(from: start, count: length) }
    }
    count += length
  }

  /// The number in decimal digits.
  mutating func append(_ value: Int64) {
    reserve(20)
    if value < 0 {
      base[count] = UInt8(ascii: "-")
      count += 1
    }
    appendDigits(value.magnitude, width: Self.digits(of: value.magnitude))
  }

  /// Exactly `width` digits, with zeros in front.
  mutating func appendDigits(_ value: UInt64, width: Int) {
    reserve(width)
    var rest = value
    var left = width
    while left >= 2 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      left &-= 2
      store(pair: Int(truncatingIfNeeded: pair), at: count &+ left)
      rest = quotient
    }
    if left == 1 { base[count] = UInt8(truncatingIfNeeded: 48 &+ rest % 10) }
    count += width
  }

  /// Two digits, for which there is room.
  @inline(__always)
  private func store(pair: Int, at place: Int) {
    let digits = Self.pairs.utf8Start + 2 &* pair
    base[place] = digits[0]
    base[place &+ 1] = digits[1]
  }

  /// "00" to "99": half as many divisions as digits.
  private static var pairs: StaticString {
    """
    00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748\
    495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """
  }

  /// A time of day, "05:30:00.123".
  mutating func append(secondOfDay second: Int, millisecond: Int) {
    reserve(12)
    store(pair: second / 3_600, at: count)
    base[count &+ 2] = UInt8(ascii: ":")
    store(pair: second / 60 % 60, at: count &+ 3)
    base[count &+ 5] = UInt8(ascii: ":")
    store(pair: second % 60, at: count &+ 6)
    base[count &+ 8] = UInt8(ascii: ".")
    base[count &+ 9] = UInt8(truncatingIfNeeded: 48 &+ millisecond / 100)
    store(pair: millisecond % 100, at: count &+ 10)
    count += 12
  }

  /// Exactly `width` lower-case hexadecimal digits.
  mutating func appendHex(_ value: UInt64, width: Int) {
    reserve(width)
    let digits = ("0123456789abcdef" as StaticString).utf8Start
    var rest = value
    var place = count &+ width
    while place > count {
      place &-= 1
      base[place] = digits[Int(truncatingIfNeeded: rest & 0xF)]
      rest >>= 4
    }
    count += width
  }

  /// Takes back the brace that closed an object, so that more members can follow.
  mutating func reopen() {
    precondition(count > 0 && base[count - 1] == UInt8(ascii: "}"), "no object to reopen")
    count -= 1
  }

  static func digits(of value: UInt64) -> Int {
    var count = 0
    var rest = value
    while rest >= 10_000 {
      rest /= 10_000
      count &+= 4
    }
    return count &+ (rest < 10 ? 1 : rest < 100 ? 2 : rest < 1_000 ? 3 : 4)
  }
}

extension ByteWriter {
  /// The text as a JSON string, with its quotes (RFC 8259, section 7).
  mutating func append(json text: String) {
    var text = text
    reserve(text.utf8.count * 6 + 2)
    let target = base + count
    count += text.withUTF8 { source -> Int in
      var length = 0
      func put(_ byte: UInt8) {
        target[length] = byte
        length += 1
      }
      put(UInt8(ascii: "\""))
      for byte in source {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
          put(UInt8(ascii: "\\"))
          put(byte)
        case 0..<0x20:
          put(UInt8(ascii: "\\"))
          put(UInt8(ascii: "u"))
          put(48)
          put(48)
          put(48 + byte >> 4)
          let low = byte & 0xF
          put(low < 10 ? 48 + low : 87 + low)
        default:
          put(byte)
        }
      }
      put(UInt8(ascii: "\""))
      return length
    }
  }
}
