import StockCore
import StockTestKit
import Testing

@testable import StockHTTP

/// What is quicker for what comes mostly says the same as the long way.
@Suite struct ShortcutTests {
  // MARK: Fields in their usual order

  private struct Read: Equatable {
    var operations: [String] = []
    var errors: [String] = []
  }

  /// The lines of a batch, in words.
  private func read(_ body: String) -> Read {
    var form = BatchForm()
    var errors = FieldErrors()
    var bytes = body
    bytes.withUTF8 { bytes in
      var reader = JSONReader(bytes)
      do throws(JSONSyntaxError) {
        try form.read(&reader, caller: .unchecked, &errors) { _ in Allocation() }
      } catch {
        errors.add(error)
      }
    }
    let operations = form.lines.map { line in
      switch line {
      case .command(let command): "\(command.operation)"
      case .refused(let problem): problem.errors.items.map { "\($0.field): \($0.message)" }.joined()
      }
    }
    return Read(operations: operations, errors: errors.items.map { "\($0.field): \($0.message)" })
  }

  private func body(_ lines: [[String]], _ comma: String, _ colon: String) -> String {
    let lines = lines.map { fields in
      "{" + fields.map { $0.replacing("=", with: colon) }.joined(separator: comma) + "}"
    }
    return #"{"operations":["# + lines.joined(separator: ",") + "]}"
  }

  @Test(arguments: 1...20)
  func theOrderOfFieldsAndTheSpaceBetweenThemSayNothing(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let locations = ["A", "a", " A", "B-1", "WAREHOUSE_MAIN", "a\\u0042", "AB"]
    var lines: [[String]] = []
    for _ in 0..<50 {
      var fields = [
        "\"op\"=\"\(random.next() % 2 == 0 ? "reserve" : "release")\"",
        "\"product_id\"=\(random.next() % 9 + 1)",
        "\"location\"=\"\(locations[Int(random.next() % 7)])\"",
        "\"quantity\"=\(random.next() % 4)",
      ]
      if random.next() % 8 == 0 { fields.append(fields[Int(random.next() % 4)]) }
      if random.next() % 8 == 0 { fields.append("\"colour\"=1") }
      if random.next() % 8 == 0 { fields.remove(at: Int(random.next() % 4)) }
      lines.append(fields)
    }
    // Without a space nothing is quick behind the first field that is not in its place; with two
    // spaces nothing ever is.
    let expected = read(body(lines, "  ,  ", "  :"))
    #expect(expected.operations.count == 50)
    #expect(read(body(lines, ",", ":")) == expected)
    #expect(read(body(lines, ", ", ": ")) == expected)
    // Of a line whose fields are all different, the order does not matter.
    let good = lines.filter { Set($0.map { $0.prefix { $0 != "=" } }).count == $0.count }
    let first = read(body(good, ",", ":"))
    let shuffled = read(body(good.map { $0.shuffled(using: &random) }, ",", ":"))
    for (one, other) in zip(first.operations, shuffled.operations) where !one.contains(":") {
      #expect(one == other)
    }
  }

  @Test func aLocationThatOnlyBeginsLikeTheLastIsAnother() {
    func names(_ locations: [String]) -> [String] {
      let lines = locations.map {
        ["\"op\"=\"reserve\"", "\"product_id\"=1", "\"location\"=\($0)", "\"quantity\"=1"]
      }
      return read(body(lines, ",", ":")).operations
    }
    let all = names([#""A""#, #""AB""#, #""A""#, #""A B""#, #""a""#, #""A""#, "1", #""A""#])
    #expect(all[0] == all[2] && all[0] == all[5] && all[0] == all[7] && all[0] == all[4])
    #expect(all[1] != all[0] && all[3] != all[0] && all[3] != all[1])
    #expect(all[6] == "location: must be a string")
  }

  // MARK: Words

  @Test(arguments: [
    "host", "content-type", "application/json", "x-request-id", "transfer-encoding", "100-continue",
  ])
  func wordsAreComparedToTheLastBit(_ text: String) {
    let word = Array(text.utf8)
    func equal(_ bytes: [UInt8]) -> (exactly: Bool, inAnyCase: Bool) {
      bytes.withUnsafeBufferPointer { bytes in
        switch text {
        case "host": both(bytes, "host")
        case "content-type": both(bytes, "content-type")
        case "application/json": both(bytes, "application/json")
        case "x-request-id": both(bytes, "x-request-id")
        case "transfer-encoding": both(bytes, "transfer-encoding")
        default: both(bytes, "100-continue")
        }
      }
    }
    func both(_ bytes: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> (Bool, Bool) {
      (Matching.equal(bytes, word), Matching.equalIgnoringCase(bytes, word))
    }
    for place in word.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = word
        changed[place] = byte
        let isUpper = byte >= 0x41 && byte <= 0x5A && byte | 0x20 == word[place]
        let found = equal(changed)
        #expect(found.exactly == (byte == word[place]))
        #expect(found.inAnyCase == (byte == word[place] || isUpper))
      }
    }
    #expect(!equal(Array(word.dropLast())).inAnyCase && !equal(word + [0x61]).inAnyCase)
  }

  // MARK: Times

  @Test func timesThatWereWrittenBefore() {
    var random = SeededRandom(seed: 3)
    var writer = ByteWriter()
    for _ in 0..<20_000 {
      let time = Timestamp(1_795_411_800_000 + random.next() % 300)
      var fresh = ByteWriter(capacity: 64)
      fresh.append(time: time)
      writer.removeAll()
      writer.append(time: time)
      #expect(writer.array == fresh.array)
    }
  }
}
