import StockTools
import Testing

@Suite("CSV as RFC 4180 has it")
struct CSVTests {
  /// What a text reads as: one line a row, fields in brackets, malformed rows by their problem.
  static func rows(_ text: String) throws -> [String] {
    var reader = CSVReader(text: text)
    return try rows(&reader)
  }

  static func rows(_ reader: inout CSVReader) throws -> [String] {
    var rows: [String] = []
    while let row = try reader.next() {
      switch row {
      case .record(let record):
        rows.append("\(record.line): " + record.fields.map { "[\($0)]" }.joined())
      case .malformed(let line, let problem):
        rows.append("\(line)! \(problem)")
      }
    }
    return rows
  }

  static let table: [(text: String, rows: [String])] = [
    ("", []),
    ("\n\r\n\n", []),
    ("a", ["1: [a]"]),
    ("a,b\nc,d\n", ["1: [a][b]", "2: [c][d]"]),
    ("a,b\r\nc,d\r\n", ["1: [a][b]", "2: [c][d]"]),
    ("a,b\r\nc,d\r", ["1: [a][b]", "2: [c][d]"]),
    ("\u{FEFF}a,b\n", ["1: [a][b]"]),
    ("\u{FEFF}\"a\",b\n", ["1: [a][b]"]),
    (",\n,,", ["1: [][]", "2: [][][]"]),
    ("\"\"\n", ["1: []"]),
    (" a , b ", ["1: [ a ][ b ]"]),
    ("\"a,b\",c", ["1: [a,b][c]"]),
    ("\"say \"\"hi\"\"\",c", ["1: [say \"hi\"][c]"]),
    ("\"\"\"\"\"\"", ["1: [\"\"]"]),
    ("\"two\nlines\",c\nd", ["1: [two\nlines][c]", "3: [d]"]),
    ("\"two\r\nlines\"\r\nd", ["1: [two\r\nlines]", "3: [d]"]),
    ("12\" RULER,5\n", ["1: [12\" RULER][5]"]),
    ("a\rb,c\n", ["1: [a\rb][c]"]),
    ("a\n\n\nb\n", ["1: [a]", "4: [b]"]),
    ("\"a\"b,c\nd,e\n", ["1! a character after a closing quote", "2: [d][e]"]),
    ("x\n\"a\nb", ["1: [x]", "2! a quote is opened and never closed"]),
    ("größe,😀\n", ["1: [größe][😀]"]),
  ]

  @Test("each text reads as it should", arguments: table)
  func reads(_ example: (text: String, rows: [String])) throws {
    #expect(try Self.rows(example.text) == example.rows)
  }

  @Test("the pieces in which a text arrives make no difference", arguments: table)
  func pieces(_ example: (text: String, rows: [String])) throws {
    var bytes = Array(example.text.utf8)[...]
    var reader = CSVReader {
      defer { bytes = bytes.dropFirst(1) }
      return Array(bytes.prefix(1))
    }
    #expect(try Self.rows(&reader) == example.rows)
  }

  @Test("bytes that are not UTF-8 make one bad line")
  func notUTF8() throws {
    for text in [[0x61, 0xFF, 0x2C, 0x62], [0x61, 0x2C, 0xFF]] as [[UInt8]] {
      var rest = [text + Array("\nc,d\n".utf8)]
      var reader = CSVReader { rest.popLast() ?? [] }
      #expect(try Self.rows(&reader) == ["1! not UTF-8", "2: [c][d]"])
    }
  }

  @Test("an endless record is given up, and the next line read")
  func tooLong() throws {
    let long = String(repeating: "x", count: CSVReader.maxRecordBytes + 1)
    #expect(
      try Self.rows("a\n\(long)\nb\n")
        == ["1: [a]", "2! a record of more than 1 MiB: is a quote left open?", "3: [b]"])
  }
}
