/// Comparing bytes with words that are known when the program is built.
enum Matching {
  @inline(__always)
  static func equal(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count == count else { return false }
    return hasPrefix(bytes, word)
  }

  @inline(__always)
  static func hasPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count >= count else { return false }
    let raw = UnsafeRawBufferPointer(bytes)
    let start = UnsafeRawPointer(word.utf8Start)
    var at = 0
    // Eight bytes at a time: the word and its length are known where this is built.
    while at &+ 8 <= count {
      let other = start.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      if raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) != other { return false }
      at &+= 8
    }
    while at < count {
      if raw[at] != start.load(fromByteOffset: at, as: UInt8.self) { return false }
      at &+= 1
    }
    return true
  }

  /// Whether `bytes` are `word`, in any case. `word` is in lower case, letters, digits, `-` and `/`.
  @inline(__always)
  static func equalIgnoringCase(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count == count else { return false }
    let raw = UnsafeRawBufferPointer(bytes)
    let start = UnsafeRawPointer(word.utf8Start)
    var at = 0
    while at &+ 8 <= count {
      let other = start.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      // Only letters have the bit 0x40 in a word, and only they may differ, in the bit 0x20.
      let mayDiffer = (other & 0x4040_4040_4040_4040) >> 1
      if (raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ other) & ~mayDiffer != 0 {
        return false
      }
      at &+= 8
    }
    while at < count {
      if lower(raw[at]) != start.load(fromByteOffset: at, as: UInt8.self) { return false }
      at &+= 1
    }
    return true
  }

  @inline(__always)
  static func lower(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }

  /// Eight bytes at a time, as long as there are so many, in the manner of "Bit Twiddling Hacks"
  /// (Anderson): each byte of a word is compared at once, by where a borrow or a carry comes up.
  ///
  /// - Parameter low: 1 to 0x7F.
  /// - Returns: the place of the first byte, from `start` on, that is below `low` or above 0x7E;
  ///   `bytes.count` if there is none.
  @inline(__always)
  static func endOfText(
    in bytes: UnsafeBufferPointer<UInt8>, from start: Int, low: UInt8
  ) -> Int {
    let raw = UnsafeRawBufferPointer(bytes)
    let ones: UInt64 = 0x0101_0101_0101_0101
    let highs = ones &* 0x80
    let lows = ones &* UInt64(low)
    var at = start
    while at &+ 8 <= bytes.count {
      let word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      let isBelow = (word &- lows) & ~word
      let isAbove = (word &+ ones) | word
      if (isBelow | isAbove) & highs != 0 { break }
      at &+= 8
    }
    while at < bytes.count, bytes[at] >= low, bytes[at] <= 0x7E { at &+= 1 }
    return at
  }

  /// Takes the same time whatever the bytes are, so that a guess tells nothing of how near it was.
  /// Only the lengths are no secret.
  static func equalInConstantTime(
    _ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in 0..<left.count { difference |= left[index] ^ right[index] }
    return difference == 0
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// The byte there; nil behind the end.
  @inline(__always)
  subscript(safe index: Int) -> UInt8? { index < count ? self[index] : nil }
}
