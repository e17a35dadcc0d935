/// One record of a CSV file.
public struct CSVRecord: Equatable, Sendable {
  /// The line on which the record begins, from 1. Newlines in quotes count.
  public var line: Int
  public var fields: [String]
  /// The places of those fields that stood in quotes.
  public var quoted: [Int]

  public init(line: Int, fields: [String], quoted: [Int] = []) {
    self.line = line
    self.fields = fields
    self.quoted = quoted
  }
}

/// Reads CSV as RFC 4180 has it, piece by piece, so that a file of any size takes little memory.
///
/// Fields are parted by commas, records by LF or CRLF. A field that begins with a quote ends with
/// one; a quote inside it is doubled; it may hold commas and newlines. A byte order mark and blank
/// lines are passed over. More lenient than the RFC in one point, for the sake of files from the
/// field: a quote inside a field that does not begin with one stands for itself (`12" RULER`).
public struct CSVReader {
  public enum Row: Equatable, Sendable {
    case record(CSVRecord)
    /// What began on `line` is no CSV. The next row begins on a new line.
    case malformed(line: Int, problem: String)
  }

  /// Bytes of one record. More is most likely a quote that was left open.
  public static let maxRecordBytes = 1 << 20

  private enum State { case start, bare, quoted, closing }

  private let refill: () throws -> [UInt8]
  private var chunk: [UInt8] = []
  private var position = 0
  private var atEnd = false
  private var started = false
  private var line = 1
  private var field: [UInt8] = []

  /// - Parameter source: gives the next bytes each time; empty at the end.
  public init(source: @escaping () throws -> [UInt8]) {
    self.refill = source
  }

  /// Reads a text that is in memory.
  public init(text: String) {
    var rest = [Array(text.utf8)]
    self.init { rest.popLast() ?? [] }
  }

  /// - Returns: nil at the end.
  /// - Throws: what the source throws.
  public mutating func next() throws -> Row? {
    if !started {
      started = true
      try skipByteOrderMark()
    }
    while try peek() != nil {
      if let row = try readRecord() { return row }
    }
    return nil
  }

  /// - Returns: nil for a blank line.
  private mutating func readRecord() throws -> Row? {
    let firstLine = line
    var fields: [String] = []
    var state = State.start
    var size = 0
    var quoted: [Int] = []
    field.removeAll(keepingCapacity: true)
    while true {
      guard let byte = try take() else {
        if state == .quoted {
          return .malformed(line: firstLine, problem: "a quote is opened and never closed")
        }
        break
      }
      size += 1
      if size > Self.maxRecordBytes {
        try skipLine()
        return .malformed(
          line: firstLine, problem: "a record of more than 1 MiB: is a quote left open?")
      }
      if state == .quoted {
        if byte == UInt8(ascii: "\"") { state = .closing } else { field.append(byte) }
        continue
      }
      if byte == UInt8(ascii: "\n") { break }
      if byte == UInt8(ascii: "\r"), try endsLine() { break }
      if byte == UInt8(ascii: ",") {
        guard let text = String(validating: field, as: UTF8.self) else {
          try skipLine()
          return .malformed(line: firstLine, problem: "not UTF-8")
        }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
        state = .start
        continue
      }
      switch state {
      case .start where byte == UInt8(ascii: "\""):
        state = .quoted
        quoted.append(fields.count)
      case .start, .bare:
        field.append(byte)
        state = .bare
      case .closing where byte == UInt8(ascii: "\""):
        field.append(byte)
        state = .quoted
      case .closing:
        try skipLine()
        return .malformed(line: firstLine, problem: "a character after a closing quote")
      case .quoted:
        preconditionFailure("handled above")
      }
    }
    if fields.isEmpty, field.isEmpty, quoted.isEmpty { return nil }
    guard let text = String(validating: field, as: UTF8.self) else {
      return .malformed(line: firstLine, problem: "not UTF-8")
    }
    fields.append(text)
    return .record(CSVRecord(line: firstLine, fields: fields, quoted: quoted))
  }

  /// After a CR: takes the LF that belongs to it.
  private mutating func endsLine() throws -> Bool {
    guard let next = try peek() else { return true }
    guard next == UInt8(ascii: "\n") else { return false }
    _ = try take()
    return true
  }

  private mutating func skipLine() throws {
    while let byte = try take() {
      if byte == UInt8(ascii: "\n") { return }
    }
  }

  private mutating func skipByteOrderMark() throws {
    while chunk.count < 3, !atEnd {
      let more = try refill()
      if more.isEmpty { atEnd = true }
      chunk += more
    }
    if chunk.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  private mutating func peek() throws -> UInt8? {
    while position == chunk.count {
      if atEnd { return nil }
      chunk = try refill()
      position = 0
      if chunk.isEmpty { atEnd = true }
    }
    return chunk[position]
  }

  private mutating func take() throws -> UInt8? {
    guard let byte = try peek() else { return nil }
    position += 1
    if byte == UInt8(ascii: "\n") { line += 1 }
    return byte
  }
}
