import Testing

@testable import StockFaults

@Suite("Streams of Server-Sent Events are taken apart as the standard has it")
struct ServerEventTests {
  /// The events, one a line, whatever pieces the stream comes in.
  private func parse(_ text: String, inPiecesOf size: Int) -> [String] {
    var parser = ServerEventParser()
    let bytes = Array(text.utf8)
    var events: [ServerEvent] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      events += parser.take(bytes[start..<min(start + size, bytes.count)])
    }
    return events.map { "\($0.name) \($0.id) \($0.data)" } + ["at \(parser.lastID)"]
  }

  @Test(
    "Events, comments, ids without events, and what was cut off",
    arguments: [
      ("retry: 2000\nid: 1.2\n\n", ["at 1.2"]),
      ("event: movement\ndata: {}\nid: 7\n\n", ["movement 7 {}", "at 7"]),
      ("id: 7\nevent: a\ndata: 1\n\ndata: 2\n\n", ["a 7 1", "message 7 2", "at 7"]),
      (": alive\n\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\n", ["a  1\n2", "at "]),
      ("event: a\ndata: 1\nid: 8\n", ["at "]),
      ("id: 5\n\nevent: a\ndata: 1\nid: 8", ["at 5"]),
    ])
  func streams(text: String, expected: [String]) {
    for size in [1, 2, 5, 1_000] { #expect(parse(text, inPiecesOf: size) == expected) }
  }
}
