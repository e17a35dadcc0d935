#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Bytes in one piece of memory that grows and is kept: after the first few requests nothing is
/// allocated.
struct ByteStore: ~Copyable {
  private(set) var base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private(set) var capacity: Int

  init(capacity: Int) {
    self.capacity = max(16, capacity)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  var isEmpty: Bool { count == 0 }
  /// Until the next change.
  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  mutating func clear() { count = 0 }

  /// Makes room for `more` bytes behind those that are there.
  mutating func reserve(_ more: Int) {
    guard count + more > capacity else { return }
    let larger = max(capacity * 2, count + more)
    let new = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    new.update(from: base, count: count)
    base.deallocate()
    base = new
    capacity = larger
  }

  /// `more` bytes have been written behind those that were there, into room that `reserve` made.
  mutating func grow(by more: Int) {
    precondition(count + more <= capacity, "more than there was room for")
    count += more
  }

  mutating func append(_ more: UnsafeBufferPointer<UInt8>) {
    guard let from = more.baseAddress else { return }
    reserve(more.count)
    (base + count).update(from: from, count: more.count)
    count += more.count
  }

  mutating func append(_ more: [UInt8]) {
    more.withUnsafeBufferPointer { append($0) }
  }

  mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { append($0) }
  }

  /// Decimal, without leading zeros.
  mutating func append(number: Int) {
    var width = 1
    var rest = number / 10
    while rest > 0 {
      width += 1
      rest /= 10
    }
    reserve(width)
    count += width
    put(number, width: width, at: count - width)
  }

  /// Writes the last `width` decimal digits of `number` over what stands at `place`.
  mutating func put(_ number: Int, width: Int, at place: Int) {
    precondition(place >= 0 && place + width <= count, "outside of what is there")
    var rest = UInt64(truncatingIfNeeded: number)
    var end = base + place + width
    for _ in 0..<width {
      end -= 1
      end.pointee = UInt8(truncatingIfNeeded: 0x30 + rest % 10)
      rest /= 10
    }
  }

  mutating func removeFirst(_ gone: Int) {
    precondition(gone >= 0 && gone <= count, "more than is there")
    count -= gone
    if count > 0, gone > 0 { memmove(base, base + gone, count) }
  }
}
