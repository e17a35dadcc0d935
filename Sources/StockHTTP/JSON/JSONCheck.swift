/// Whether bytes are JSON that every reader takes for the same.
public enum JSONCheck {
  /// An object, as strict as `JSONReader` is, in which no object names a member twice: of two of one name
  /// some readers take the first and some the last (RFC 8259, section 4). Names that Unicode takes for
  /// the same count as one, since they do in a `Dictionary` of strings.
  public static func isUnambiguousObject(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes)
      do throws(JSONSyntaxError) {
        try reader.beginBody()
        guard try reader.skipUniqueMembers(depth: 1) else { return false }
        try reader.endBody()
        return true
      } catch {
        return false
      }
    }
  }
}

extension JSONReader {
  /// Goes past an object whose brace lies behind.
  ///
  /// - Returns: false where a name comes twice, in it or deeper. The position is then anywhere.
  fileprivate mutating func skipUniqueMembers(depth: Int) throws(JSONSyntaxError) -> Bool {
    var names: Set<String> = []
    while try next(isFirst: names.isEmpty, close: UInt8(ascii: "}")) {
      guard names.insert(string(try memberName())).inserted else { return false }
      guard try skipUniqueValue(depth: depth + 1) else { return false }
    }
    return true
  }

  private mutating func skipUniqueValue(depth: Int) throws(JSONSyntaxError) -> Bool {
    guard depth <= Self.maxDepth else { throw failure("is nested too deep") }
    switch try peek() {
    case UInt8(ascii: "{"):
      position += 1
      return try skipUniqueMembers(depth: depth)
    case UInt8(ascii: "["):
      position += 1
      var isFirst = true
      while try next(isFirst: isFirst, close: UInt8(ascii: "]")) {
        isFirst = false
        guard try skipUniqueValue(depth: depth + 1) else { return false }
      }
      return true
    default:
      try skipValue(depth: depth)
      return true
    }
  }
}
