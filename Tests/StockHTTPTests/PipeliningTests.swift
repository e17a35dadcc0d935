import NIOCore
import NIOEmbedded
import StockCore
import StockEngine
import StockLoop
import Testing

@testable import StockHTTP

/// Many requests at once, from somebody who does not read the answers: what is kept for one connection
/// stays small, whatever came in one piece.
@Suite struct PipeliningTests {
  /// Half a million bytes of answer.
  private let large = request("GET", "/docs")

  private func wire(scans: Bool, judge: (@Sendable (Command) -> Outcome)? = nil) throws -> Wire {
    let wire = try Wire(judge: judge)
    wire.front.scansPlainRequests = scans
    return wire
  }

  @Test("answers that nobody reads are not made", arguments: [true, false])
  func unreadAnswersAreBounded(scans: Bool) throws {
    let wire = try wire(scans: scans)
    let connection = try #require(wire.connection)
    try wire.send(String(repeating: large, count: 400))
    // What the kernel takes is its own.
    #expect(connection.firstNumber < 60, "\(connection.firstNumber) answers were made")
    #expect(connection.isHeldUp && !connection.isReading)
    let statuses = try wire.responses().map(\.status)
    #expect(statuses == Array(repeating: 200, count: 400))
    #expect(!connection.isHeldUp && connection.isReading)
    #expect(try wire.ask(request("GET", "/healthz")).status == 200)
  }

  @Test("when too many answers are unread, reads are refused, and who reads nothing is let go")
  func unreadAnswersOfAll() throws {
    let wire = try Wire(configure: { $0.maxUnsentBytes = 1 << 10 })
    let other = try ClientEnd(wire.front)
    try wire.send(String(repeating: large, count: 10))
    func ask(_ text: String) throws -> Response? {
      other.send(Array(text.utf8))
      wire.loop.run()
      return try Response.parse(String(decoding: other.take(), as: UTF8.self)).first
    }
    #expect(try ask(large)?.status == 200)
    while !other.take().isEmpty { wire.loop.run() }
    // It is looked at every second.
    wire.pass(2)
    #expect(wire.front.hasTooMuchUnsent)
    let refused = try ask(large)
    #expect(refused?.status == 503 && refused?.code == "overloaded")
    #expect(refused?.fields["retry-after"] == "1")
    #expect(try ask(request("POST", base + "/batch", #"{"operations":[]}"#))?.status == 503)
    #expect(try ask(request("POST", base + "/reserve", reserveBody))?.status == 200)
    #expect(wire.connection?.isOpen == true)
    wire.pass(5)
    #expect(wire.connection?.isOpen == false)
    wire.pass(2)
    #expect(!wire.front.hasTooMuchUnsent)
    #expect(try ask(request("GET", base + "/product/5"))?.status == 200)
  }

  @Test("who reads, if slowly, is not let go")
  func slowReading() throws {
    // Some three megabytes.
    let lines = (0..<20_000).map { HoldLine(product: 1, location: "L\($0)", quantity: 1) }
    let hold = Hold(
      id: "h", order: "o", customer: "", store: 7, status: .held, lines: lines, createdAt: 1,
      updatedAt: 1, expiresAt: 2)
    let wire = try Wire(configure: { $0.idleTimeout = .seconds(5) }, judge: { _ in .hold(hold) })
    let connection = try #require(wire.connection)
    try wire.send(request("GET", reservations + "/h"))
    for _ in 0..<8 {
      wire.pass(2)
      #expect(connection.isOpen && connection.unsentBytes > StreamSocket.highMark)
      wire.client.drop(upTo: 256 << 10)
    }
    wire.pass(2)
    #expect(connection.isOpen)
    wire.pass(5)
    #expect(!connection.isOpen)
  }

  @Test("what comes at once is taken up as the answers come", arguments: [true, false])
  func underWayIsBounded(scans: Bool) throws {
    let wire = try wire(scans: scans)
    let reserve = request("POST", base + "/reserve", reserveBody)
    let count = 150
    try wire.send(String(repeating: reserve, count: count))
    let bound = HTTPConfiguration().maxRequestsUnderWay
    var answered = 0
    for round in 1...3 {
      #expect(wire.gateway.submitted.count == min(count, round * bound))
      let upTo = wire.gateway.submitted.count
      wire.gateway.answer((answered..<upTo).map { ($0, .entry(entry())) })
      wire.loop.run()
      answered = upTo
    }
    #expect(try wire.responses().count == count)
  }

  @Test("answers that wait for an earlier one are bounded", arguments: [true, false])
  func readyAnswersAreBounded(scans: Bool) throws {
    let wire = try wire(scans: scans)
    let connection = try #require(wire.connection)
    let reserve = request("POST", base + "/reserve", reserveBody)
    try wire.send(reserve + String(repeating: large, count: 50))
    #expect(connection.pending.count == 2 && connection.isHeldUp)
    wire.gateway.answer([(0, .entry(entry()))])
    wire.loop.run()
    #expect(try wire.responses().map(\.status) == Array(repeating: 200, count: 51))
    #expect(connection.readyBytes == 0)
  }

  @Test("who sends all at once and ends its side gets all answers", arguments: [true, false])
  func halfClosed(scans: Bool) throws {
    let wire = try wire(scans: scans)
    wire.client.send(Array(String(repeating: large, count: 30).utf8))
    wire.endInput()
    #expect(try wire.responses().map(\.status) == Array(repeating: 200, count: 30))
    #expect(!wire.isOpen)
  }

  @Test("whoever asks whether the engine is ready takes it from nobody")
  func readinessIsForAll() async throws {
    try await withServer(loops: 1) { server, _, group in
      let client = try await Client(server.localAddress, group: group)
      let once = try await client.ask(request("GET", "/readyz")).status
      let asked = HTTPLimits.maxColdRequests + 100
      var clients: [Client] = []
      for _ in 0..<10 {
        let other = try await Client(server.localAddress, group: group)
        try await other.send(String(repeating: request("GET", "/readyz"), count: asked / 10))
        clients.append(other)
      }
      for other in clients {
        #expect(try await other.responses(asked / 10).allSatisfy { $0.status == once })
        await other.close()
      }
      await client.close()
    }
  }
}
