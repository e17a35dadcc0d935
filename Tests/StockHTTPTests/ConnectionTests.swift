import NIOCore
import StockCore
import StockLoop
import Testing

@testable import StockHTTP

/// What a connection does, whatever the request is about.
@Suite struct ConnectionTests {
  private let reserve = request("POST", base + "/reserve", reserveBody)

  @Test func answersARequest() throws {
    let wire = try Wire()
    let response = try wire.ask(reserve)
    #expect(response.status == 200)
    #expect(response.fields["content-type"] == "application/json")
    #expect(response.fields["x-stock-shard"] == "3")
    #expect(response.fields["x-stock-sequence"] == "12")
    #expect(response.fields["date"] == "Mon, 23 Nov 2026 05:30:00 GMT")
    #expect(response.fields["x-request-id"]?.utf8.count == 24)
    #expect(response.fields["connection"] == nil)
    #expect(response.json["available_quantity"] as? Int == 95)
    #expect(wire.isOpen)
  }

  @Test func halvesAreJoinedWhereverTheyAreCut() throws {
    let whole = Array(reserve.utf8)
    let wire = try Wire()
    for cut in 1..<whole.count {
      try wire.send(Array(whole[..<cut]))
      #expect(try wire.written().isEmpty)
      try wire.send(Array(whole[cut...]))
      #expect(try wire.responses().map(\.status) == [200], "cut at \(cut)")
    }
    for byte in whole { try wire.send([byte]) }
    #expect(try wire.responses().map(\.status) == [200])
    guard case .reserve(let amount)? = wire.gateway.submitted.last?.command.operation else {
      Issue.record("not a reserve")
      return
    }
    #expect(amount.product == 123 && amount.location == "WAREHOUSE_A" && amount.quantity == 5)
  }

  @Test func chunkedBodies() throws {
    let wire = try Wire()
    let head = "POST \(base)/reserve HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n"
    let half = reserveBody.utf8.count / 2
    let first = reserveBody.prefix(half)
    let second = reserveBody.dropFirst(half)
    let chunks = [first, second].map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }
    #expect(try wire.ask(head + chunks.joined() + "0\r\n\r\n").status == 200)
  }

  @Test func pipelinedRequestsAreAnsweredInOrderByOneWrite() throws {
    let wire = try Wire(judge: nil)
    let read = request("GET", base + "/41")
    try wire.send(reserve + read + request("GET", "/healthz") + reserve)
    #expect(wire.gateway.submitted.count == 3)
    #expect(try wire.written().isEmpty)
    // The last and the middle first: nothing can be written yet.
    wire.gateway.answer([(2, .entry(entry(id: 3)))])
    wire.gateway.answer([(1, .entry(entry(id: 2)))])
    #expect(try wire.written().isEmpty)
    wire.gateway.answer([(0, .entry(entry(id: 1)))])
    let responses = try wire.responses()
    #expect(responses.map { $0.json["id"] as? Int } == [1, 2, nil, 3])
    #expect(responses[2].json["status"] as? String == "ok")

    let counted = try Wire(inPackets: true, judge: nil)
    try counted.send(reserve + reserve)
    counted.gateway.answer([(1, .entry(entry())), (0, .entry(entry()))])
    #expect(counted.writes() == 1)
  }

  @Test func answersForNobodyAreDropped() throws {
    let wire = try Wire(judge: nil)
    try wire.send(reserve)
    let ticket = try #require(wire.gateway.submitted.first).ticket
    wire.gateway.answer([(0, .entry(entry()))])
    #expect(try wire.responses().count == 1)
    // Once more, and for a place that does not exist.
    wire.gateway.answer([(0, .entry(entry()))])
    let nowhere = Ticket(loop: ticket.loop, connection: 99, request: 0)
    wire.front.receive([
      Answer(ticket: nowhere, outcome: .entry(entry()), shard: 0, sequence: 1)
    ])
    #expect(try wire.written().isEmpty)
  }

  /// An answer for a connection that is gone must not reach the next one in its place.
  @Test func placesAreReusedWithoutMixingUpAnswers() throws {
    let wire = try Wire(judge: nil)
    try wire.send(reserve + reserve)
    wire.close()
    let gone = try #require(wire.connection)
    wire.gateway.answer([(0, .entry(entry())), (1, .entry(entry()))])
    #expect(!gone.isOpen)
    let second = try ClientEnd(wire.front)
    second.send(Array(reserve.utf8))
    let tickets = wire.gateway.submitted.map(\.ticket)
    #expect(tickets.count == 3)
    #expect(tickets[2].connection == tickets[0].connection)
    #expect(Set(tickets).count == 3)
    wire.gateway.answer([(0, .entry(entry(id: 1))), (1, .entry(entry(id: 2)))])
    #expect(second.take().isEmpty)
    wire.gateway.answer([(2, .entry(entry(id: 3)))])
    let text = String(decoding: second.take(), as: UTF8.self)
    #expect(try Response.parse(text).first?.json["id"] as? Int == 3)
  }

  // MARK: Staying open and closing

  @Test(
    arguments: [
      ("HTTP/1.1", "", true, nil),
      ("HTTP/1.1", "Connection: close\r\n", false, "close"),
      ("HTTP/1.0", "", false, "close"),
      ("HTTP/1.0", "Connection: keep-alive\r\n", true, "keep-alive"),
      ("HTTP/1.1", "Upgrade: h2c\r\nConnection: Upgrade\r\n", false, "close"),
    ] as [(String, String, Bool, String?)])
  func keepAlive(_ version: String, _ field: String, _ stays: Bool, _ said: String?) throws {
    let wire = try Wire()
    let response = try wire.ask("GET /healthz \(version)\r\nHost: s\r\n\(field)\r\n")
    #expect(response.status == 200)
    #expect(response.fields["connection"] == said)
    #expect(wire.isOpen == stays)
  }

  @Test func nothingIsTakenBehindTheLastRequest() throws {
    let wire = try Wire()
    let last = request("POST", base + "/reserve", reserveBody, "Connection: close\r\n")
    try wire.send(last + reserve)
    #expect(wire.gateway.submitted.count == 1)
    #expect(try wire.responses().count == 1)
    #expect(!wire.isOpen)
  }

  @Test func aHalfClosedClientGetsItsAnswers() throws {
    let wire = try Wire(judge: nil)
    try wire.send(reserve + reserve)
    wire.endInput()
    #expect(wire.isOpen)
    wire.gateway.answer([(0, .entry(entry()))])
    #expect(wire.isOpen)
    wire.gateway.answer([(1, .entry(entry()))])
    #expect(try wire.responses().count == 2)
    #expect(!wire.isOpen)
  }

  @Test func aClientThatLeavesHalfwayIsForgotten() throws {
    let wire = try Wire()
    try wire.send("POST \(base)/reserve HTTP/1.1\r\nHost: s\r\nContent-Length: 100\r\n\r\n{")
    wire.endInput()
    #expect(try wire.written().isEmpty)
    #expect(!wire.isOpen)
    #expect(wire.gateway.submitted.isEmpty)
  }

  // MARK: Time

  @Test func idleConnectionsAreClosed() throws {
    let wire = try Wire()
    _ = try wire.ask(reserve)
    wire.pass(74)
    #expect(wire.isOpen)
    wire.pass(3)
    #expect(!wire.isOpen)
    #expect(try wire.written().isEmpty)
  }

  @Test func whoWaitsForTheEngineIsNotIdle() throws {
    let wire = try Wire(judge: nil)
    try wire.send(reserve)
    wire.pass(300)
    #expect(wire.isOpen)
    wire.gateway.answer([(0, .entry(entry()))])
    #expect(try wire.responses().map(\.status) == [200])
  }

  @Test(arguments: [
    "POST \(base)/reserve HTTP/1.1\r\nHo",
    "POST \(base)/reserve HTTP/1.1\r\nHost: s\r\nContent-Length: 50\r\n\r\n{",
  ])
  func slowRequestsAreCutOff(_ start: String) throws {
    let wire = try Wire()
    try wire.send(start)
    for _ in 0..<29 {
      wire.pass(1)
      // A byte now and then does not help.
      try wire.send("a")
    }
    #expect(wire.isOpen)
    wire.pass(3)
    let response = try #require(try wire.responses().first)
    #expect(response.status == 408)
    #expect(response.fields["connection"] == "close")
    #expect(!wire.isOpen)
  }

  // MARK: Too much

  @Test func readingStopsWhileTooMuchIsUnderWay() throws {
    let wire = try Wire(configure: { $0.maxRequestsUnderWay = 2 }, judge: nil)
    let connection = try #require(wire.connection)
    try wire.send(reserve)
    #expect(connection.isReading)
    try wire.send(reserve)
    #expect(!connection.isReading)
    try wire.send(reserve)
    #expect(wire.gateway.submitted.count == 2)
    wire.gateway.answer([(0, .entry(entry()))])
    #expect(connection.isReading)
    #expect(try wire.responses().count == 1)
    #expect(wire.gateway.submitted.count == 3)
  }

  @Test func readingStopsWhileTheClientDoesNotRead() throws {
    let title = String(repeating: "0123456789", count: 1_000)
    let value = ProductValue(store: 7, type: .physical, title: title, createdAt: 0, updatedAt: 0)
    let wire = try Wire(judge: { _ in .product(ProductSnapshot(id: 5, value: value)) })
    let connection = try #require(wire.connection)
    let read = request("GET", "/api/v1/admin/products/5")
    var asked = 0
    while connection.isReading, asked < 1_000 {
      try wire.send(read)
      asked += 1
    }
    #expect(!connection.isReading && !connection.isWritable)
    // What it still asks for stays with the kernel.
    let judged = wire.gateway.submitted.count
    try wire.send(read)
    #expect(wire.gateway.submitted.count == judged)
    let answered = try wire.responses().count
    #expect(answered == judged + 1, "asked \(asked), judged \(judged)")
    #expect(connection.isReading && connection.isWritable)
  }

  /// A body of exactly `length` bytes: white space in front of an object.
  private func padded(_ length: Int, _ body: String) -> String {
    String(repeating: " ", count: length - body.utf8.count) + body
  }

  @Test func bodiesOfAllowedSize() throws {
    let wire = try Wire()
    let limit = Bounds.maxBodyBytes
    #expect(
      try wire.ask(request("POST", base + "/reserve", padded(limit, reserveBody))).status == 200)
    let batch = padded(Bounds.maxBatchBodyBytes, #"{"operations":[]}"#)
    #expect(try wire.ask(request("POST", base + "/batch", batch)).status == 200)
    #expect(wire.front.bodyBytesHeld == 0)
    #expect(wire.isOpen)
  }

  @Test func longBodiesAreRefusedUnread() throws {
    for (path, limit) in [
      ("/reserve", Bounds.maxBodyBytes), ("/batch", Bounds.maxBatchBodyBytes),
    ] {
      let wire = try Wire()
      let head = "POST \(base)\(path) HTTP/1.1\r\nHost: s\r\nContent-Length: \(limit + 1)\r\n\r\n"
      let response = try wire.ask(head)
      #expect(response.status == 413)
      #expect(response.code == "payload_too_large")
      #expect(response.fields["connection"] == "close")
      #expect(!wire.isOpen)
    }
  }

  @Test func longChunkedBodiesAreRefusedOnTheWay() throws {
    let wire = try Wire()
    try wire.send("POST \(base)/reserve HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n")
    let chunk = "80000\r\n" + String(repeating: " ", count: 0x80000) + "\r\n"
    try wire.send(chunk)
    try wire.send(chunk)
    #expect(try wire.written().isEmpty)
    try wire.send("1\r\n \r\n")
    #expect(try wire.responses().map(\.status) == [413])
    #expect(!wire.isOpen)
    #expect(wire.front.bodyBytesHeld == 0)
  }

  @Test func leaveToSendABody() throws {
    let wire = try Wire(keys: true)
    let head =
      "POST \(base)/reserve HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\n"
      + "Content-Length: \(reserveBody.utf8.count)\r\n"
    try wire.send(head + "Authorization: Bearer store\r\n\r\n")
    #expect(try wire.written() == "HTTP/1.1 100 Continue\r\n\r\n")
    #expect(try wire.ask(reserveBody).status == 200)
    // Refused instead of waited for.
    let response = try wire.ask(head + "\r\n")
    #expect(response.status == 401)
    #expect(!wire.isOpen)
  }

  @Test func leaveComesBehindEarlierAnswers() throws {
    let wire = try Wire(judge: nil)
    let head =
      "POST \(base)/reserve HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    try wire.send(reserve + head)
    #expect(try wire.written().isEmpty)
    wire.gateway.answer([(0, .entry(entry()))])
    let text = try wire.written()
    #expect(text.hasPrefix("HTTP/1.1 200"))
    #expect(text.hasSuffix("}HTTP/1.1 100 Continue\r\n\r\n"))
  }

  @Test(arguments: [
    (String(repeating: "X-A: b\r\n", count: 101), 431),
    ("X-A: \(String(repeating: "a", count: 17_000))\r\n", 431),
    (String(repeating: "X-Long: \(String(repeating: "a", count: 1_000))\r\n", count: 17), 431),
    (String(repeating: "X-A: b\r\n", count: 98), 200),
  ])
  func headers(_ fields: String, _ status: Int) throws {
    let wire = try Wire()
    let response = try wire.ask("GET /healthz HTTP/1.1\r\nHost: s\r\n\(fields)\r\n")
    #expect(response.status == status)
    #expect(wire.isOpen == (status == 200))
  }

  @Test(arguments: [
    "GET /healthz\r\n\r\n", "GET /healthz HTTP/2.0\r\nHost: s\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: s\r\nBad Field: x\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: s\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: s\r\nContent-Length: -1\r\n\r\n",
    "POST /healthz HTTP/1.1\r\nHost: s\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  ])
  func malformedRequests(_ text: String) throws {
    let wire = try Wire()
    try wire.send(text)
    let responses = try wire.responses()
    #expect(responses.map(\.status) == [400])
    #expect(responses.first?.code == "invalid_request")
    #expect(responses.first?.fields["connection"] == "close")
    #expect(!wire.isOpen)
  }

  /// What does not begin with a method that HTTP knows, whatever it is.
  @Test func unknownMethods() throws {
    let wire = try Wire()
    try wire.send("nonsense\r\n\r\n")
    let response = try #require(try wire.responses().first)
    #expect(response.status == 405)
    #expect(response.fields["allow"] == "GET, HEAD, POST, PUT, DELETE")
    #expect(response.fields["connection"] == "close")
    #expect(!wire.isOpen)
  }

  @Test func mistakesAreAnsweredBehindWhatCameBefore() throws {
    let wire = try Wire(judge: nil)
    try wire.send(reserve + "nonsense\r\n\r\n")
    #expect(try wire.written().isEmpty)
    #expect(wire.isOpen)
    wire.gateway.answer([(0, .entry(entry()))])
    #expect(try wire.responses().map(\.status) == [200, 405])
    #expect(!wire.isOpen)
  }

  @Test func requestIDs() throws {
    let wire = try Wire()
    func id(_ given: String) throws -> String? {
      try wire.ask(request("GET", "/healthz", nil, "X-Request-Id: \(given)\r\n"))
        .fields["x-request-id"]
    }
    #expect(try id("abc-1") == "abc-1")
    let longest = String(repeating: "x", count: 128)
    #expect(try id(longest) == longest)
    #expect(try id(longest + "x")?.utf8.count == 24)
    #expect(try id("a b")?.utf8.count == 24)
    #expect(try id("ä")?.utf8.count == 24)
    #expect(try id("") != id(""))
  }
}
