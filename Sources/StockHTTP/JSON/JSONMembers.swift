/// Goes through the members of an object whose fields are known: tells unknown and repeated ones by
/// name, and hands out the others one after the other, each at its value.
struct JSONMembers {
  let allowed: FieldSet
  private(set) var seen: FieldSet = []
  private var isFirst = true
  /// The field before, if it came where it usually does.
  private var last: Field?

  init(allowed: FieldSet) { self.allowed = allowed }

  /// - Returns: the next field, whose value the caller reads or skips, or nil behind the object.
  mutating func next(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> Field? {
    if let field = usual(&reader) { return field }
    while try reader.next(isFirst: isFirst, close: UInt8(ascii: "}")) {
      isFirst = false
      let name = try reader.memberName()
      guard let field = reader.withBytes(of: name, { Field($0) }), allowed.contains(field) else {
        errors.add(Self.shown(name, of: reader), "is not a known field here")
        try reader.skipValue()
        continue
      }
      if seen.contains(field) {
        errors.add(field, "is given more than once")
        try reader.skipValue()
        continue
      }
      seen.insert(field)
      return field
    }
    return nil
  }

  /// The next field, if it is the one that programs mostly write there, and as they write it: its name
  /// is compared then, instead of being read and looked up. Whatever else comes is left where it is.
  private mutating func usual(_ reader: inout JSONReader) -> Field? {
    var at = reader.position
    if !isFirst {
      guard reader.bytes[safe: at] == UInt8(ascii: ",") else { return nil }
      at += 1
      if reader.bytes[safe: at] == UInt8(ascii: " ") { at += 1 }
    }
    let rest = UnsafeBufferPointer(rebasing: reader.bytes[at...])
    let next: Field
    let count: Int
    switch last {
    case nil where isFirst && Matching.hasPrefix(rest, "\"product_id\":"):
      (next, count) = (.productID, 13)
    case nil where isFirst && Matching.hasPrefix(rest, "\"op\":"): (next, count) = (.op, 5)
    case .op where Matching.hasPrefix(rest, "\"product_id\":"): (next, count) = (.productID, 13)
    case .productID where Matching.hasPrefix(rest, "\"location\":"): (next, count) = (.location, 11)
    case .location where Matching.hasPrefix(rest, "\"quantity\":"): (next, count) = (.quantity, 11)
    default:
      last = nil
      return nil
    }
    guard allowed.contains(next), !seen.contains(next) else { return nil }
    reader.position = at + count
    isFirst = false
    last = next
    seen.insert(next)
    return next
  }

  /// An unknown name as far as it is worth showing.
  private static func shown(_ name: JSONText, of reader: JSONReader) -> String {
    String(reader.string(name).unicodeScalars.prefix(64).map(Character.init))
  }
}
