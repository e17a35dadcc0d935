import StockCore

/// The versions of an entry that `If-Match` asks for (RFC 9110, section 13.1.1): `*`, or a list of entity
/// tags of which one has to be the entry's.
struct IfMatch: Equatable {
  /// nil: any version will do. Else one of these has to be the entry's; there is at least one.
  let versions: [Int64]?

  static let message = "must be * or versions in quotes, as in ETag, with commas between"

  /// - Parameter list: the header's value, or those of several such headers with commas between.
  /// - Returns: nil where that is no list of tags, or where none of them is a version in quotes, so that
  ///   no entry could ever match: a weak tag (`W/"7"`) never does.
  init?(_ list: [UInt8]) {
    let blanks: [UInt8] = [0x20, 0x09]
    if list == [UInt8(ascii: "*")] {
      versions = nil
      return
    }
    var found: [Int64] = []
    var rest = list[...]
    func skipBlanks() { rest = rest.drop { blanks.contains($0) } }
    while true {
      skipBlanks()
      guard let first = rest.first else { break }
      // Elements of a list may be empty (section 5.6.1).
      if first != UInt8(ascii: ",") {
        let isWeak = rest.starts(with: [UInt8(ascii: "W"), UInt8(ascii: "/")])
        if isWeak { rest = rest.dropFirst(2) }
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        let tag = rest.prefix { $0 == 0x21 || (0x23...0x7E).contains($0) || $0 >= 0x80 }
        rest = rest[tag.endIndex...]
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        if !isWeak, let version = tag.withUnsafeBufferPointer({ Numerals.integer($0) }) {
          found.append(version)
        }
        skipBlanks()
        if rest.isEmpty { break }
      }
      guard rest.popFirst() == UInt8(ascii: ",") else { return nil }
    }
    if found.isEmpty { return nil }
    versions = found
  }
}
