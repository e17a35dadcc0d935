/// What a search looks for in titles, SKUs and GTINs: a part of the text, any case.
public struct TextNeedle: Sendable {
  /// In lower case, UTF-8.
  private let bytes: [UInt8]
  private let isASCII: Bool
  /// Only then it can be in a GTIN.
  let isDigits: Bool

  public init(_ text: String) {
    bytes = Array(text.lowercased().utf8)
    isASCII = bytes.allSatisfy { $0 < 0x80 }
    isDigits = bytes.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
  }

  public func isIn(_ text: String) -> Bool {
    guard text.utf8.count >= bytes.count || !isASCII else { return false }
    // Letters beyond ASCII change their length with their case: only a whole conversion tells.
    var text = isASCII ? text : text.lowercased()
    return text.withUTF8 { isIn($0) }
  }

  func isIn(_ gtin: GTIN) -> Bool { isDigits && !gtin.isNone && isIn(gtin.description) }

  func isIn(_ product: ProductValue) -> Bool {
    isIn(product.title) || isIn(product.sku) || isIn(product.gtin)
  }

  private func isIn(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = bytes.first else { return true }
    guard text.count >= bytes.count else { return false }
    return bytes.withUnsafeBufferPointer { needle in
      for start in 0...(text.count - needle.count) where Self.lowered(text[start]) == first {
        var place = 1
        while place < needle.count, Self.lowered(text[start + place]) == needle[place] {
          place += 1
        }
        if place == needle.count { return true }
      }
      return false
    }
  }

  @inline(__always)
  private static func lowered(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
  }
}
