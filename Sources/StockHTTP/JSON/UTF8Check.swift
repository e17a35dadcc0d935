/// Whether bytes are UTF-8, by the table of well-formed sequences (Unicode 15, table 3-7).
enum UTF8Check {
  /// - Returns: where the first sequence begins that is not well formed, or nil.
  static func firstMistake(
    in bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int
  ) -> Int? {
    var index = start
    while index < end {
      let lead = bytes[index]
      let length: Int
      var second: ClosedRange<UInt8> = 0x80...0xBF
      switch lead {
      case 0x00...0x7F:
        index += 1
        continue
      case 0xC2...0xDF: length = 2
      case 0xE0: (length, second) = (3, 0xA0...0xBF)
      case 0xED: (length, second) = (3, 0x80...0x9F)
      case 0xE1...0xEF: length = 3
      case 0xF0: (length, second) = (4, 0x90...0xBF)
      case 0xF1...0xF3: length = 4
      case 0xF4: (length, second) = (4, 0x80...0x8F)
      default: return index
      }
      guard index + length <= end, second.contains(bytes[index + 1]) else { return index }
      for place in 2..<max(length, 2) where bytes[index + place] & 0xC0 != 0x80 { return index }
      index += length
    }
    return nil
  }
}
