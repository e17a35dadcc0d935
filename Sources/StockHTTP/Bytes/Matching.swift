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
    let start = word.utf8Start
    for index in 0..<count where bytes[index] != start[index] { return false }
    return true
  }

  /// Whether `bytes` are `word`, in any case. `word` is in lower case, letters, digits, `-` and `/`.
  @inline(__always)
  static func equalIgnoringCase(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard bytes.count == count else { return false }
    let start = word.utf8Start
    for index in 0..<count where lower(bytes[index]) != start[index] { return false }
    return true
  }

  @inline(__always)
  static func lower(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
  }

  /// Sixteen bytes at a time, as long as there are so many.
  ///
  /// - Returns: the place of the first byte, from `start` on, below `low` or above `high`; `bytes.count`
  ///   if there is none.
  @inline(__always)
  static func firstByte(
    in bytes: UnsafeBufferPointer<UInt8>, from start: Int, outside low: UInt8, _ high: UInt8
  ) -> Int {
    let raw = UnsafeRawBufferPointer(bytes)
    var at = start
    while at &+ 16 <= bytes.count {
      let chunk = raw.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
      if any((chunk .< low) .| (chunk .> high)) { break }
      at &+= 16
    }
    while at < bytes.count, bytes[at] >= low, bytes[at] <= high { at &+= 1 }
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
