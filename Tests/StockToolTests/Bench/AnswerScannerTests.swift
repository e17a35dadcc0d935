import Testing

@testable import StockTools

@Suite("The scanner of answers")
struct AnswerScannerTests {
  private static func scan(_ text: String, from start: Int = 0) -> AnswerScanner.Result {
    Array(text.utf8).withUnsafeBufferPointer { AnswerScanner.scan($0, from: start) }
  }

  private static let full =
    "HTTP/1.1 200 OK\r\nDate: Mon\r\nContent-Type: application/json\r\nContent-Length: 11\r\n"
    + "X-Stock-Shard: 1\r\n\r\n{\"id\":1234}"

  @Test("an answer is its status and its body")
  func whole() {
    let count = Self.full.utf8.count
    #expect(
      Self.scan(Self.full)
        == .answer(.init(status: 200, body: (count - 11)..<count, closes: false)))
  }

  @Test("cut anywhere, it is incomplete, and says what is missing once the length is known")
  func cut() {
    let bytes = Array(Self.full.utf8)
    for length in 0..<bytes.count {
      let result = bytes[..<length].withUnsafeBufferPointer { AnswerScanner.scan($0, from: 0) }
      let missing = length >= bytes.count - 11 ? bytes.count - length : 1
      #expect(result == .incomplete(missing: missing), "cut at \(length)")
    }
  }

  @Test("answers that follow each other are found one by one")
  func several() {
    let text = Self.full + "HTTP/1.1 409 Conflict\r\ncontent-length:2\r\n\r\n{}" + Self.full
    guard case .answer(let first) = Self.scan(text) else { return #expect(Bool(false)) }
    guard case .answer(let second) = Self.scan(text, from: first.body.upperBound) else {
      return #expect(Bool(false))
    }
    #expect(second.status == 409)
    #expect(second.body.count == 2)
    guard case .answer(let third) = Self.scan(text, from: second.body.upperBound) else {
      return #expect(Bool(false))
    }
    #expect(third.status == 200)
    #expect(third.body.upperBound == text.utf8.count)
  }

  @Test(
    "what a header says about length and end",
    arguments: [
      ("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", 204, 0, false),
      ("HTTP/1.1 100 Continue\r\n\r\n", 100, 0, false),
      ("HTTP/1.1 200 OK\r\nCONTENT-LENGTH:   3 \r\n\r\nabc", 200, 3, false),
      ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nConnection: Close\r\n\r\n", 200, 0, true),
      ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, 1, true),
      ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", 200, 1, false),
      ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, 2, false),
      ("HTTP/1.1 503 Busy\r\nContent-Language: de\r\nTrailer: x\r\n\r\n", 503, 0, false),
    ])
  func heads(text: String, status: Int, length: Int, closes: Bool) {
    guard case .answer(let answer) = Self.scan(text) else { return #expect(Bool(false), "\(text)") }
    #expect(answer.status == status)
    #expect(answer.body.count == length)
    #expect(answer.closes == closes)
  }

  @Test(
    "what is no answer that it understands is said to be so",
    arguments: [
      "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 xyz What\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 70_000),
    ])
  func malformed(text: String) {
    guard case .malformed = Self.scan(text) else {
      return #expect(Bool(false), "\(text.prefix(40))")
    }
  }

  @Test("a refusal's code is counted under its name")
  func codes() {
    var tally = CodeTally()
    for (body, count) in [
      ("{\"status\":409,\"code\":\"insufficient_stock\",\"detail\":\"x\"}", 3),
      ("{\"code\":\"overloaded\"}", 1), ("{\"id\":1}", 1), ("", 1), ("\"code\":\"", 1),
    ] {
      for _ in 0..<count {
        Array(body.utf8).withUnsafeBufferPointer { bytes in
          if let code = CodeTally.code(in: bytes) { tally.add(code) }
        }
      }
    }
    #expect(tally.byCode == ["insufficient_stock": 3, "overloaded": 1])
    var both = tally
    both.add(tally)
    #expect(both.byCode == ["insufficient_stock": 6, "overloaded": 2])
  }
}
