import Foundation
import NIOConcurrencyHelpers
import NIOCore
import StockCore
import Testing

@testable import StockHTTP

/// What a server and a proxy before it could read differently, byte by byte over a real socket: a request
/// that ends elsewhere for the one than for the other is how requests are smuggled past checks.
@Suite struct RawRequestTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var bytes: String
    /// Of the answers, in order.
    var statuses: [Int]
    /// The connection is closed behind the last of them.
    var closes: Bool
    /// Commands that reach the engine.
    var commands: Int

    init(
      _ name: String, _ bytes: String, _ statuses: Int..., closes: Bool = false, commands: Int = 0
    ) {
      testDescription = name
      self.bytes = bytes
      self.statuses = statuses
      self.closes = closes
      self.commands = commands
    }
  }

  private static let body = #"{"product_id":123,"location":"A","quantity":5}"#
  private static let size = body.utf8.count

  /// A reserve with its fields, one a line, and what follows them.
  private static func post(_ fields: String..., then rest: String = body) -> String {
    let lines = (["Host: stock", "Authorization: Bearer checkout"] + fields).map { $0 + "\r\n" }
    return "POST \(base)/reserve HTTP/1.1\r\n" + lines.joined() + "\r\n" + rest
  }

  private static func get(_ line: String, _ fields: String = "Host: stock\r\n") -> String {
    line + "\r\n" + fields + "\r\n"
  }

  /// A request that is good.
  private static let probe = "GET /healthz HTTP/1.1\r\nHost: stock\r\n\r\n"
  private static let length = "Content-Length: \(size)"
  private static let chunked = "Transfer-Encoding: chunked"
  private static func chunks(_ sizeLine: String? = nil, end: String = "0\r\n\r\n") -> String {
    (sizeLine ?? String(size, radix: 16)) + "\r\n" + body + "\r\n" + end
  }

  static let good: [Row] = [
    Row("a length", post(length) + probe, 200, 200, commands: 1),
    Row("chunks", post(chunked, then: chunks()) + probe, 200, 200, commands: 1),
    Row(
      "chunks, in capitals", post("TRANSFER-ENCODING: CHUNKED", then: chunks()), 200, commands: 1),
    Row(
      "a length with zeros in front", post("Content-Length: 00\(size)") + probe, 200, 200,
      commands: 1),
    Row(
      "spaces around a length", post("Content-Length:   \(size)  ") + probe, 200, 200, commands: 1),
    Row(
      "chunk extensions",
      post(chunked, then: chunks(String(size, radix: 16) + ";a=b;c=\"d\"")) + probe, 200, 200,
      commands: 1),
    Row(
      "zeros before a chunk's size",
      post(chunked, then: chunks("0000" + String(size, radix: 16))) + probe, 200, 200, commands: 1),
    Row(
      "trailer fields", post(chunked, then: chunks(end: "0\r\nX-Sum: 1\r\n\r\n")) + probe, 200, 200,
      commands: 1),
    Row(
      "a trailer that names a length",
      post(chunked, then: chunks(end: "0\r\nContent-Length: 5\r\n\r\n")) + probe, 400, closes: true),
    Row("HTTP/1.0", get("GET /healthz HTTP/1.0") + probe, 200, closes: true),
    Row("HTTP/1.0 without Host", get("GET /healthz HTTP/1.0", ""), 200, closes: true),
    Row(
      "HTTP/1.0, kept alive", get("GET /healthz HTTP/1.0", "Connection: keep-alive\r\n") + probe,
      200, 200),
    Row("the whole URL", get("GET http://stock/healthz HTTP/1.1") + probe, 200, 200),
    Row(
      "the whole URL, another host's", get("GET http://other:99/healthz HTTP/1.1") + probe, 200, 200
    ),
    Row(
      "the whole URL without a path, a path behind a question mark",
      get("GET http://evil?/healthz HTTP/1.1") + probe, 404, 200),
    Row(
      "the whole URL without a path, a path behind a number sign",
      get("GET http://evil#/healthz HTTP/1.1") + probe, 400, closes: true),
    Row(
      "an address and a port as Host", get("GET /healthz HTTP/1.1", "Host: [::1]:8080\r\n") + probe,
      200, 200),
    Row(
      "a Host with a space", get("GET /healthz HTTP/1.1", "Host: a b\r\n") + probe, 400,
      closes: true),
    Row(
      "a Host with brackets", get("GET /healthz HTTP/1.1", "Host: a<>\r\n") + probe, 400,
      closes: true),
    Row(
      "a Host with a path", get("GET /healthz HTTP/1.1", "Host: a/b\r\n") + probe, 400, closes: true
    ),
    Row("empty lines before a request", "\r\n\r\n" + probe, 200),
    Row(
      "closing", get("GET /healthz HTTP/1.1", "Host: stock\r\nConnection: close\r\n") + probe, 200,
      closes: true),
  ]

  static let lengths: [Row] = [
    Row("length and chunks", post(length, chunked, then: chunks()) + probe, 400, closes: true),
    Row("chunks and length", post(chunked, length, then: chunks()) + probe, 400, closes: true),
    Row(
      "length 0 and chunks", post("Content-Length: 0", chunked, then: chunks()) + probe, 400,
      closes: true),
    Row("two lengths, the same", post(length, length) + probe, 400, closes: true),
    Row("two lengths, not the same", post(length, "Content-Length: 1") + probe, 400, closes: true),
    Row("two lengths, 0 first", post("Content-Length: 0", length) + probe, 400, closes: true),
    Row("a list of lengths", post("Content-Length: \(size), \(size)") + probe, 400, closes: true),
    Row("a length with a plus", post("Content-Length: +\(size)") + probe, 400, closes: true),
    Row("a length with a minus", post("Content-Length: -\(size)") + probe, 400, closes: true),
    Row("a length in hex", post("Content-Length: 0x2e") + probe, 400, closes: true),
    Row("a length with a fraction", post("Content-Length: \(size).0") + probe, 400, closes: true),
    Row("a length with a space inside", post("Content-Length: 4 6") + probe, 400, closes: true),
    Row("a length with letters", post("Content-Length: \(size)a") + probe, 400, closes: true),
    Row("an empty length", post("Content-Length:", then: "") + probe, 400, closes: true),
    Row(
      "a length of 2^64", post("Content-Length: 18446744073709551616") + probe, 400, closes: true),
    Row("a length of 2^63", post("Content-Length: 9223372036854775808") + probe, 413, closes: true),
    Row(
      "a length of 2^64 and the body's", post("Content-Length: 18446744073709551662") + probe, 400,
      closes: true),
    Row("a huge length", post("Content-Length: 999999999999") + probe, 413, closes: true),
    Row(
      "a body on GET", "GET /healthz HTTP/1.1\r\nHost: stock\r\n\(length)\r\n\r\n\(body)" + probe,
      200, 200),
    Row(
      "a length shorter than the body", post("Content-Length: \(size - 1)") + probe, 400, 405,
      closes: true),
  ]

  static let codings: [Row] = [
    Row("xchunked", post("Transfer-Encoding: xchunked", then: chunks()) + probe, 400, closes: true),
    Row(
      "chunked, identity", post("Transfer-Encoding: chunked, identity", then: chunks()) + probe,
      400, closes: true),
    Row("identity", post("Transfer-Encoding: identity", length) + probe, 400, closes: true),
    Row(
      "gzip, chunked", post("Transfer-Encoding: gzip, chunked", then: chunks()) + probe, 400,
      closes: true),
    Row("chunked twice", post(chunked, chunked, then: chunks()) + probe, 400, closes: true),
    Row(
      "chunked, chunked", post("Transfer-Encoding: chunked, chunked", then: chunks()) + probe, 400,
      closes: true),
    Row("an empty coding", post("Transfer-Encoding:", then: "") + probe, 400, closes: true),
    Row(
      "chunked and another coding",
      post(chunked, "Transfer-Encoding: identity", then: chunks()) + probe, 400, closes: true),
    Row(
      "another coding and chunked", post("Transfer-Encoding: x", chunked, then: chunks()) + probe,
      400, closes: true),
    Row(
      "a tab behind chunked", post("Transfer-Encoding: chunked\t", then: chunks()) + probe, 400,
      closes: true),
    Row(
      "a tab before chunked", post("Transfer-Encoding:\tchunked", then: chunks()) + probe, 200, 200,
      commands: 1),
    Row(
      "a vertical tab before chunked",
      post("Transfer-Encoding: \u{b}chunked", then: chunks()) + probe, 400, closes: true),
    Row(
      "chunked in quotes", post("Transfer-Encoding: \"chunked\"", then: chunks()) + probe, 400,
      closes: true),
    Row(
      "chunked with a parameter", post("Transfer-Encoding: chunked;q=1", then: chunks()) + probe,
      400, closes: true),
    Row(
      "an underscore for the hyphen", post("Transfer_Encoding: chunked", length) + probe, 200, 200,
      commands: 1),
    Row(
      "HTTP/1.0 with chunks",
      "POST \(base)/reserve HTTP/1.0\r\nAuthorization: Bearer checkout\r\nConnection: keep-alive\r\n\(chunked)\r\n\r\n"
        + chunks() + probe, 400, closes: true),
  ]

  static let chunkSizes: [Row] = [
    Row("a size with a sign", post(chunked, then: chunks("+2e")) + probe, 400, closes: true),
    Row("a negative size", post(chunked, then: chunks("-2e")) + probe, 400, closes: true),
    Row("a size with 0x", post(chunked, then: chunks("0x2e")) + probe, 400, closes: true),
    Row(
      "a size with a space in front", post(chunked, then: chunks(" 2e")) + probe, 400, closes: true),
    Row("an empty size", post(chunked, then: chunks("")) + probe, 400, closes: true),
    Row("a size that is no number", post(chunked, then: chunks("zz")) + probe, 400, closes: true),
    Row(
      "a size of 2^64", post(chunked, then: chunks("10000000000000000")) + probe, 400, closes: true),
    Row(
      "a size of 2^64 and the body's", post(chunked, then: chunks("1000000000000002e")) + probe,
      400, closes: true),
    Row("a size of 8 MiB and more", post(chunked, then: chunks("FFFFFFFF")), closes: false),
    Row("a size too small", post(chunked, then: chunks("2d")) + probe, 400, closes: true),
    Row(
      "a chunk without its line end", post(chunked, then: "2e\r\n" + body + "0\r\n\r\n") + probe,
      400, closes: true),
    Row(
      "a line feed alone behind a size",
      post(chunked, then: "2e\n" + body + "\r\n0\r\n\r\n") + probe, 400, closes: true),
    Row(
      "a line feed alone behind a chunk",
      post(chunked, then: "2e\r\n" + body + "\n0\r\n\r\n") + probe, 400, closes: true),
    Row(
      "a line feed alone in an extension",
      post(chunked, then: "2e;a\n" + body + "\r\n0\r\n\r\n") + probe, 400, closes: true),
    Row(
      "a CR in an extension", post(chunked, then: "2e;a\rb\r\n" + body + "\r\n0\r\n\r\n") + probe,
      400, closes: true),
  ]

  static let lines: [Row] = [
    Row(
      "a field folded over lines",
      get("GET /healthz HTTP/1.1", "Host: stock\r\nX-A: b\r\n c\r\n") + probe, 400, closes: true),
    Row(
      "a length folded over lines", post("Content-Length:\r\n \(size)") + probe, 400, closes: true),
    Row(
      "a folded coding", post("Transfer-Encoding:\r\n chunked", then: chunks()) + probe, 400,
      closes: true),
    Row(
      "a folded first field", "GET /healthz HTTP/1.1\r\n Host: stock\r\n\r\n" + probe, 400,
      closes: true),
    Row("line feeds alone", "GET /healthz HTTP/1.1\nHost: stock\n\n" + probe, 400, closes: true),
    Row(
      "a line feed alone in the header",
      "GET /healthz HTTP/1.1\r\nHost: stock\nX: y\r\n\r\n" + probe, 400, closes: true),
    Row(
      "a line feed alone at the header's end", "GET /healthz HTTP/1.1\r\nHost: stock\r\n\n" + probe,
      400, closes: true),
    Row("CR alone", "GET /healthz HTTP/1.1\rHost: stock\r\r" + probe, 400, closes: true),
    Row(
      "a CR in a value", get("GET /healthz HTTP/1.1", "Host: stock\r\nX-A: b\rc\r\n") + probe, 400,
      closes: true),
    Row("CR CR LF", get("GET /healthz HTTP/1.1", "Host: stock\r\r\n") + probe, 400, closes: true),
    Row(
      "a space before the colon", get("GET /healthz HTTP/1.1", "Host : stock\r\n") + probe, 400,
      closes: true),
    Row(
      "a space before a length's colon", post("Content-Length : \(size)") + probe, 400, closes: true
    ),
    Row("a tab before the colon", post("Content-Length\t: \(size)") + probe, 400, closes: true),
    Row(
      "no colon", get("GET /healthz HTTP/1.1", "Host: stock\r\nX-A\r\n") + probe, 400, closes: true),
    Row(
      "no name", get("GET /healthz HTTP/1.1", "Host: stock\r\n: a\r\n") + probe, 400, closes: true),
    Row(
      "NUL in a name", get("GET /healthz HTTP/1.1", "Host: stock\r\nX\u{0}A: b\r\n") + probe, 400,
      closes: true),
    Row(
      "NUL in a value", get("GET /healthz HTTP/1.1", "Host: stock\r\nX-A: b\u{0}c\r\n") + probe,
      400, closes: true),
    Row("NUL in the target", get("GET /health\u{0}z HTTP/1.1") + probe, 400, closes: true),
    Row(
      "a control character in a value",
      get("GET /healthz HTTP/1.1", "Host: stock\r\nX-A: \u{1}\r\n") + probe, 400, closes: true),
    Row(
      "another alphabet in a name",
      get("GET /healthz HTTP/1.1", "Host: stock\r\nX-\u{e4}: b\r\n") + probe, 400, closes: true),
    Row(
      "brackets in a name", get("GET /healthz HTTP/1.1", "Host: stock\r\nX[a]: b\r\n") + probe, 400,
      closes: true),
  ]

  static let firstLines: [Row] = [
    Row("no Host", get("GET /healthz HTTP/1.1", "") + probe, 400, closes: true),
    Row(
      "two Hosts", get("GET /healthz HTTP/1.1", "Host: stock\r\nHost: stock\r\n") + probe, 400,
      closes: true),
    Row(
      "two Hosts, in HTTP/1.0", get("GET /healthz HTTP/1.0", "Host: a\r\nHost: b\r\n") + probe, 400,
      closes: true),
    Row("a target without a slash", get("GET healthz HTTP/1.1") + probe, 400, closes: true),
    Row("authority as target", get("GET stock:80 HTTP/1.1") + probe, 400, closes: true),
    Row("CONNECT", get("CONNECT stock:80 HTTP/1.1") + probe, 404, closes: true),
    Row("an asterisk as target", get("OPTIONS * HTTP/1.1") + probe, 404, 200),
    Row("an unknown method", get("BREW /healthz HTTP/1.1") + probe, 405, closes: true),
    Row("a method in small letters", get("get /healthz HTTP/1.1") + probe, 405, closes: true),
    Row("a space before the method", " " + probe, 405, closes: true),
    // What RFC 9112 (section 3) leaves to the server: it can be read in one way only.
    Row("two spaces behind the method", get("GET  /healthz HTTP/1.1") + probe, 200, 200),
    Row("two spaces before the version", get("GET /healthz  HTTP/1.1") + probe, 200, 200),
    Row("a tab for a space", get("GET\t/healthz HTTP/1.1") + probe, 405, closes: true),
    Row("no version", get("GET /healthz") + probe, 400, closes: true),
    Row("a space behind the version", get("GET /healthz HTTP/1.1 ") + probe, 400, closes: true),
    Row("HTTP/2.0", get("GET /healthz HTTP/2.0") + probe, 400, closes: true),
    Row("HTTP/0.9", get("GET /healthz HTTP/0.9") + probe, 400, closes: true),
    Row("HTTP/1.9", get("GET /healthz HTTP/1.9") + probe, 400, closes: true),
    Row("http/1.1", get("GET /healthz http/1.1") + probe, 400, closes: true),
    Row("HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, closes: true),
    Row("a fragment", get("GET /healthz#a HTTP/1.1") + probe, 404, 200),
    Row("an escaped path", get("GET /%68ealthz HTTP/1.1") + probe, 404, 200),
    Row("dots in a path", get("GET /admin/../healthz HTTP/1.1") + probe, 404, 200),
    Row("two slashes", get("GET //healthz HTTP/1.1") + probe, 404, 200),
    Row(
      "a TLS handshake", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}\r\n\r\n", 405,
      closes: true),
    Row("garbage behind a good request", probe + "garbage\r\n\r\n" + probe, 200, 405, closes: true),
    Row(
      "garbage behind a body", post(length) + "\u{0}\u{1}\u{2}" + probe, 200, 405, closes: true,
      commands: 1),
    Row("a body that nobody announced", post(then: body) + probe, 400, 405, closes: true),
  ]

  static let floods: [Row] = [
    Row(
      "100 fields", get("GET /healthz HTTP/1.1", "Host: stock\r\n" + fields(99)) + probe, 200, 200),
    Row(
      "101 fields", get("GET /healthz HTTP/1.1", "Host: stock\r\n" + fields(100)) + probe, 431,
      closes: true),
    Row(
      "10,000 fields", get("GET /healthz HTTP/1.1", "Host: stock\r\n" + fields(10_000)), 431,
      closes: true),
    Row(
      "a value of 20 KB", get("GET /healthz HTTP/1.1", "Host: stock\r\nX: \(letters(20_000))\r\n"),
      431, closes: true),
    Row(
      "a name of 20 KB", get("GET /healthz HTTP/1.1", "Host: stock\r\n\(letters(20_000)): x\r\n"),
      431, closes: true),
    Row(
      "an endless field", "GET /healthz HTTP/1.1\r\nHost: stock\r\nX: " + letters(200_000), 431,
      closes: true),
    Row("an endless target", "GET /" + letters(200_000), 431, closes: true),
    Row("a long target", get("GET /" + letters(9_000) + " HTTP/1.1"), 431, closes: true),
    Row("an endless method", letters(200_000), 405, closes: true),
    Row(
      "20 KB in trailers", post(chunked, then: chunks(end: "0\r\nX: \(letters(20_000))\r\n\r\n")),
      431, closes: true),
  ]

  private static func fields(_ count: Int) -> String {
    (0..<count).map { "X-\($0): y\r\n" }.joined()
  }

  private static func letters(_ count: Int) -> String { String(repeating: "a", count: count) }

  @Test(arguments: good) func takeGood(_ row: Row) async throws { try await check(row) }
  @Test(arguments: lengths) func takeLengths(_ row: Row) async throws { try await check(row) }
  @Test(arguments: codings) func takeCodings(_ row: Row) async throws { try await check(row) }
  @Test(arguments: chunkSizes) func takeChunkSizes(_ row: Row) async throws { try await check(row) }
  @Test(arguments: lines) func takeLines(_ row: Row) async throws { try await check(row) }
  @Test(arguments: firstLines) func takeFirstLines(_ row: Row) async throws { try await check(row) }
  @Test(arguments: floods) func takeFloods(_ row: Row) async throws { try await check(row) }

  /// All at once, and in two pieces cut at several places: where a request is cut must not matter.
  private func check(_ row: Row) async throws {
    let bytes = row.bytes.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    let commands = Commands()
    try await withServer(
      loops: 1,
      judge: { _ in
        commands.add()
        return .entry(entry())
      }
    ) { server, engine, group in
      for cut in Set([0, 1, 30, bytes.count / 2, bytes.count - 1]) where cut < bytes.count {
        let before = commands.count
        let client = try await Client(server.localAddress, group: group)
        for piece in [bytes[..<cut], bytes[cut...]] where !piece.isEmpty {
          client.sendWithoutWaiting(Array(piece))
          try await Task.sleep(for: .milliseconds(1))
        }
        var statuses: [Int] = []
        for _ in 0..<6_000 {
          // In this order: what came before the end is there when the end is.
          let isClosed = client.isClosed
          statuses = client.statuses
          // One that should close and does not is seen by what else it answers.
          if isClosed || statuses.count >= row.statuses.count + (row.closes ? 1 : 0) {
            break
          }
          try await Task.sleep(for: .milliseconds(10))
        }
        let ending = client.isClosed ? "closed" : "open"
        let expected = "\(row.statuses) \(row.closes ? "closed" : "open") \(row.commands)"
        #expect("\(statuses) \(ending) \(commands.count - before)" == expected, "cut at \(cut)")
        await client.close()
      }
    }
  }

  @Test("an extension without end is taken for as long as a request may take, and kept nowhere")
  func endlessExtension() async throws {
    try await withServer(loops: 1, configure: { $0.requestTimeout = .seconds(1) }) {
      server, engine, group in
      let client = try await Client(server.localAddress, group: group)
      client.sendWithoutWaiting(
        Self.post(Self.chunked, then: "2e;" + String(repeating: "a", count: 100_000)))
      try await client.closed()
      #expect([400, 408, 431].contains(try client.all().first?.status))
    }
  }

  private final class Commands: Sendable {
    private let number = NIOLockedValueBox(0)
    var count: Int { number.withLockedValue { $0 } }
    func add() { number.withLockedValue { $0 += 1 } }
  }
}
