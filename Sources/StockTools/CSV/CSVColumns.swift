/// Which field of a record is which column, by the header's names.
public struct CSVColumns: Sendable {
  private let places: [String: Int]
  /// How many fields each record must have.
  public let count: Int
  /// Names that nobody asked for, in the header's order.
  public let unknown: [String]

  /// Names are compared without regard to case and to spaces round them.
  ///
  /// - Throws: `ToolError` where a required column is missing or a column is there twice.
  public init(header: CSVRecord, required: [String], optional: [String]) throws {
    var places: [String: Int] = [:]
    var unknown: [String] = []
    for (place, field) in header.fields.enumerated() {
      let name = field.trimmedBlanks.lowercased()
      guard required.contains(name) || optional.contains(name) else {
        unknown.append(field)
        continue
      }
      guard places.updateValue(place, forKey: name) == nil else {
        throw ToolError("line \(header.line): the column \(name) is there twice")
      }
    }
    let missing = required.filter { places[$0] == nil }
    guard missing.isEmpty else {
      throw ToolError(
        "line \(header.line): the header lacks \(missing.joined(separator: ", ")); "
          + "it must name the columns \(required.joined(separator: ", "))")
    }
    self.places = places
    self.count = header.fields.count
    self.unknown = unknown
  }

  public func has(_ name: String) -> Bool { places[name] != nil }

  /// The record's field of that name without blanks at its ends; empty where there is no such column.
  public func value(_ name: String, of record: CSVRecord) -> String {
    guard let place = places[name], place < record.fields.count else { return "" }
    return record.fields[place].trimmedBlanks
  }

  /// As `value`, but blanks within quotes are meant.
  public func text(_ name: String, of record: CSVRecord) -> String {
    guard let place = places[name], record.quoted.contains(place) else {
      return value(name, of: record)
    }
    return record.fields[place]
  }
}

extension String {
  /// Without spaces and tabs at both ends.
  var trimmedBlanks: String {
    let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
    guard let first = utf8.first, let last = utf8.last, blank(first) || blank(last) else {
      return self
    }
    guard let start = utf8.firstIndex(where: { !blank($0) }),
      let end = utf8.lastIndex(where: { !blank($0) })
    else { return "" }
    return String(self[start...end])
  }

  var hasControlCharacters: Bool { utf8.contains { $0 < 0x20 || $0 == 0x7F } }
}
