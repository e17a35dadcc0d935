import StockCore

/// The texts of some times. What is answered within a moment has few of them: an entry was made when
/// it was made, and all of a batch were changed in the same millisecond.
struct TimeTexts: ~Copyable {
  /// Bytes of "2026-11-23T05:30:00.123Z".
  static let length = 24
  private static let bits = 6
  private static let slotBytes = 8 + length

  /// Each slot a time, behind it its text. nil until there is one.
  private var slots: UnsafeMutableRawPointer?

  deinit { slots?.deallocate() }

  init() {}

  /// Valid until `note` is called.
  func text(of time: Timestamp) -> UnsafeRawBufferPointer? {
    guard let slot = slots.map({ $0 + Self.offset(time) }),
      slot.load(as: Timestamp.self) == time
    else { return nil }
    return UnsafeRawBufferPointer(start: slot + 8, count: Self.length)
  }

  /// - Parameter text: `length` bytes.
  mutating func note(_ time: Timestamp, _ text: UnsafeRawBufferPointer) {
    precondition(text.count == Self.length, "a time has \(Self.length) bytes")
    let slots = self.slots ?? Self.empty()
    self.slots = slots
    let slot = slots + Self.offset(time)
    slot.storeBytes(of: time, as: Timestamp.self)
    UnsafeMutableRawBufferPointer(start: slot + 8, count: Self.length).copyMemory(from: text)
  }

  private static func empty() -> UnsafeMutableRawPointer {
    let slots = UnsafeMutableRawPointer.allocate(
      byteCount: slotBytes << bits, alignment: MemoryLayout<Timestamp>.alignment)
    for slot in 0..<1 << bits {
      (slots + slot * slotBytes).storeBytes(of: .min, as: Timestamp.self)
    }
    return slots
  }

  /// Times that follow each other lie in different slots.
  private static func offset(_ time: Timestamp) -> Int {
    let hash = UInt64(bitPattern: time) &* 0x9E37_79B9_7F4A_7C15
    return Int(hash >> UInt64(64 - bits)) * slotBytes
  }
}
