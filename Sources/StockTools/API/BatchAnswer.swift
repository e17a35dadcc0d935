/// How one line of a batch request ended.
public struct LineResult: Equatable, Sendable {
  public var status: Int
  /// nil where the line was done.
  public var code: String?

  public init(status: Int, code: String? = nil) {
    self.status = status
    self.code = code
  }
}

/// Reads the answer of a batch request: of each line its status and code. The rest, most of it, is
/// passed over, so that reading costs less than making it did.
struct BatchAnswer {
  private let bytes: [UInt8]
  private var position = 0

  private struct Malformed: Error {}

  /// - Returns: nil unless it is `{"results": [{"status": …, …}, …]}`.
  static func read(_ bytes: [UInt8]) -> [LineResult]? {
    var reader = BatchAnswer(bytes: bytes)
    return try? reader.results()
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private mutating func results() throws -> [LineResult] {
    var results: [LineResult]?
    try object { reader, name in
      guard name == "results" else { return try reader.skipValue() }
      var lines: [LineResult] = []
      try reader.array { reader in lines.append(try reader.line()) }
      results = lines
    }
    guard let results else { throw Malformed() }
    return results
  }

  private mutating func line() throws -> LineResult {
    var result = LineResult(status: 0)
    try object { reader, name in
      switch name {
      case "status": result.status = try reader.integer()
      case "code": result.code = try reader.stringOrNull()
      default: try reader.skipValue()
      }
    }
    guard result.status != 0 else { throw Malformed() }
    return result
  }

  private mutating func object(
    _ member: (inout BatchAnswer, String) throws -> Void
  ) throws {
    try expect(UInt8(ascii: "{"))
    if try take(UInt8(ascii: "}")) { return }
    repeat {
      let name = try string()
      try expect(UInt8(ascii: ":"))
      try member(&self, name)
    } while try take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"))
  }

  private mutating func array(_ element: (inout BatchAnswer) throws -> Void) throws {
    try expect(UInt8(ascii: "["))
    if try take(UInt8(ascii: "]")) { return }
    repeat { try element(&self) } while try take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"))
  }

  private mutating func integer() throws -> Int {
    skipBlanks()
    let start = position
    while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 {
      position += 1
    }
    guard let value = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
      throw Malformed()
    }
    return value
  }

  /// Escapes are kept as they stand: neither names nor codes have any.
  private mutating func string() throws -> String {
    let range = try stringRange()
    return String(decoding: bytes[range], as: UTF8.self)
  }

  private mutating func stringOrNull() throws -> String? {
    skipBlanks()
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") { return try string() }
    try skipValue()
    return nil
  }

  private mutating func stringRange() throws -> Range<Int> {
    try expect(UInt8(ascii: "\""))
    let start = position
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\\"): position += 2
      case UInt8(ascii: "\""):
        position += 1
        return start..<(position - 1)
      default: position += 1
      }
    }
    throw Malformed()
  }

  private mutating func skipValue() throws {
    skipBlanks()
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        _ = try stringRange()
        if depth == 0 { return }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        // The end of what holds the value.
        if depth == 0 { return }
        depth -= 1
        position += 1
        if depth == 0 { return }
      case UInt8(ascii: ",") where depth == 0:
        return
      default:
        position += 1
      }
    }
    throw Malformed()
  }

  private mutating func skipBlanks() {
    while position < bytes.count,
      bytes[position] == 0x20 || (bytes[position] >= 0x09 && bytes[position] <= 0x0D)
    {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) throws -> Bool {
    skipBlanks()
    guard position < bytes.count else { throw Malformed() }
    guard bytes[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ byte: UInt8) throws {
    guard try take(byte) else { throw Malformed() }
  }
}
