/// The rules for a location's name.
public enum LocationName {
  /// Trims spaces and upper-cases: "  warehouse_a " is "WAREHOUSE_A".
  ///
  /// - Returns: nil unless 1 to `Bounds.maxLocationBytes` bytes are left, all of them ASCII letters,
  ///   digits, `_`, `-`, `.`, `/` or spaces inside.
  public static func normalize(_ text: String) -> String? {
    var text = text
    return text.withUTF8 { normalize($0) }
  }

  /// As above, from UTF-8 bytes.
  public static func normalize(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    var start = bytes.startIndex
    var end = bytes.endIndex
    while start < end, isBlank(bytes[start]) { start += 1 }
    while end > start, isBlank(bytes[end - 1]) { end -= 1 }
    let count = end - start
    guard count >= 1, count <= Bounds.maxLocationBytes else { return nil }
    var alreadyNormal = true
    for index in start..<end {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"),
        UInt8(ascii: " "):
        continue
      case UInt8(ascii: "a")...UInt8(ascii: "z"):
        alreadyNormal = false
      default:
        return nil
      }
    }
    let trimmed = UnsafeBufferPointer(rebasing: bytes[start..<end])
    if alreadyNormal { return String(decoding: trimmed, as: UTF8.self) }
    return String(unsafeUninitializedCapacity: count) { out in
      for index in 0..<count {
        let byte = trimmed[index]
        let isLower = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
        out[index] = isLower ? byte - 0x20 : byte
      }
      return count
    }
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
      || byte == UInt8(ascii: "\r")
  }
}
