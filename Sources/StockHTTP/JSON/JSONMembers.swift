/// Goes through the members of an object whose fields are known: tells unknown and repeated ones by
/// name, and hands out the others one after the other, each at its value.
struct JSONMembers {
  let allowed: FieldSet
  private(set) var seen: FieldSet = []
  private var isFirst = true

  init(allowed: FieldSet) { self.allowed = allowed }

  /// - Returns: the next field, whose value the caller reads or skips, or nil behind the object.
  mutating func next(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> Field? {
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

  /// An unknown name as far as it is worth showing.
  private static func shown(_ name: JSONText, of reader: JSONReader) -> String {
    String(reader.string(name).unicodeScalars.prefix(64).map(Character.init))
  }
}
