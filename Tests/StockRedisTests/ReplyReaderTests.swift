import Testing

@testable import StockRedis

@Suite("Replies of any length")
struct ReplyReaderTests {
  private func feed(_ reader: ReplyReader, _ text: String) throws(ReplyReaderError) -> Int {
    var whole = 0
    do {
      try Array(text.utf8).withUnsafeBytes { try reader.feed($0) }
      while try reader.next({ _ in whole += 1 }) {}
    } catch let error as ReplyReaderError {
      throw error
    } catch {
      throw ReplyReaderError(message: "\(error)")
    }
    return whole
  }

  @Test(
    "An array longer than any that is asked for is an error, before memory is taken for it",
    arguments: [
      "*1000000000\r\n", "*2097153\r\n", "*1\r\n*1000000000\r\n", "*2147483647\r\n",
      "*4294967297\r\n+OK\r\n", "*99999999999999999999\r\n",
    ])
  func arrays(text: String) throws {
    let reader = try #require(ReplyReader())
    #expect(throws: ReplyReaderError.self) { try feed(reader, text) }
  }

  @Test("The longest array that may come does")
  func longestArray() throws {
    let reader = try #require(ReplyReader())
    let count = Int(ReplyReader.maxElements)
    var text = "*\(count)\r\n"
    for _ in 0..<count { text += ":7\r\n" }
    #expect(try feed(reader, text) == 1)
  }

  @Test("A string that is longer than a reply may be is an error, as soon as so much has come")
  func strings() throws {
    let reader = try #require(ReplyReader(maxBytes: 10_000))
    #expect(try feed(reader, "$2000000000\r\n") == 0)
    let part = String(repeating: "x", count: 1_000)
    for _ in 0..<9 { #expect(try feed(reader, part) == 0) }
    #expect(throws: ReplyReaderError.self) { try feed(reader, part) }
  }

  @Test("The bound is for one reply, not for all")
  func many() throws {
    let reader = try #require(ReplyReader(maxBytes: 1_000))
    let reply = "$100\r\n" + String(repeating: "x", count: 100) + "\r\n"
    // Each comes in two parts, the second with the first part of the next.
    var whole = try feed(reader, String(reply.prefix(50)))
    for _ in 0..<200 {
      whole += try feed(reader, String(reply.dropFirst(50)) + reply.prefix(50))
    }
    #expect(whole == 200)
  }
}
