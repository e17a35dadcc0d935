import NIOCore
import NIOHTTP1
import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// What becomes of `Idempotency-Key`.
@Suite struct IdempotencyTests {
  private func key(_ text: String) -> String { "Idempotency-Key: \(text)\r\n" }

  /// The key that goes with the only command of a request.
  private func submitted(
    _ method: String = "POST", _ path: String = base + "/reserve", _ body: String? = reserveBody,
    token: String? = "store", fields: String
  ) throws -> IdempotencyKey? {
    let wire = try Wire(keys: token != nil)
    let response = try wire.ask(request(method, path, body, token: token, fields))
    try #require(wire.gateway.submitted.count == 1, "\(response.body)")
    return wire.gateway.submitted[0].command.idempotency
  }

  @Test func keysAreTheOwnersOwn() throws {
    let first = try #require(try submitted(fields: key("k")))
    #expect(try submitted(fields: key("k")) == first, "the same request is the same")
    #expect(try submitted(fields: "") == nil)
    let other = try #require(try submitted(fields: key("l")))
    #expect(other.high != first.high && other.low != first.low)
    #expect(other.fingerprint == first.fingerprint, "the same request with another key")
    let admin = try #require(try submitted(token: "admin", fields: key("k")))
    #expect(admin.high != first.high && admin.fingerprint == first.fingerprint)
  }

  @Test func fingerprints() throws {
    let put = (base + "/41", #"{"quantity":5}"#)
    let all = [
      try submitted(fields: key("k")),
      try submitted("POST", base + "/reserve", reserveBody + " ", fields: key("k")),
      try submitted("POST", base + "/reserve?", reserveBody, fields: key("k")),
      try submitted("POST", base + "/release", reserveBody, fields: key("k")),
      try submitted("PUT", put.0, put.1, fields: key("k")),
      try submitted("DELETE", put.0, nil, fields: key("k")),
    ].compactMap { $0 }
    #expect(all.count == 6)
    #expect(Set(all.map(\.fingerprint)).count == 6)
    #expect(Set(all.map(\.low)).count == 1, "the key itself is the same")
  }

  @Test("a condition is part of the request")
  func condition() throws {
    let plain = try #require(try submitted(fields: key("k")))
    let first = try #require(try submitted(fields: key("k") + "If-Match: \"1\"\r\n"))
    let second = try #require(try submitted(fields: key("k") + "If-Match: \"2\"\r\n"))
    let again = try #require(try submitted(fields: "If-Match: \"2\"\r\n" + key("k")))
    #expect(Set([plain, first, second].map(\.fingerprint)).count == 3 && again == second)
    #expect(Set([plain, first, second].map(\.low)).count == 1)
  }

  @Test("a subject's stores are apart; records of keys are what they were")
  func stores() {
    func key(_ actor: ActorID, _ store: StoreID?) -> IdempotencyKey {
      let owner = Principal(
        APIKey(
          id: actor, role: store == nil ? .admin : .store, store: store, name: "", digest: [],
          createdAt: 0, expiresAt: nil))
      let context = Array("/x".utf8).withUnsafeBufferPointer {
        IdempotencyContext(Array("k".utf8), owner: owner, method: .POST, target: $0)
      }
      context.take(UnsafeRawBufferPointer(start: nil, count: 0))
      return context.key(operation: 0)
    }
    let subject = VerifiedToken.actors.lowerBound + 5
    #expect(key(subject, 1) == key(subject, 1))
    let all = [key(subject, 1), key(subject, 2), key(subject, nil), key(5, 1)]
    #expect(Set(all.map(\.high)).count == 4)
    #expect(key(5, 1) == key(5, nil), "a key is known by its id alone")
    // SHA-256 of 5 and 0, in 8 bytes each, and "k"; and of "POST /x" and a line's end.
    #expect(key(5, 1).high == 0x779c8884e6cef5a8 && key(5, 1).fingerprint == 0x416743b001479e75)
  }

  /// Reads have no effect that could be had twice.
  @Test func readsHaveNone() throws {
    #expect(try submitted("GET", base + "/41", nil, fields: key("k")) == nil)
    #expect(try submitted("GET", base + "/41", nil, fields: key("")) == nil, "nobody looks at it")
  }

  @Test(arguments: [
    "", "a b", "a\tb", "é", String(repeating: "k", count: 256),
  ])
  func badKeys(_ text: String) throws {
    let wire = try Wire()
    for method in ["POST", "PUT", "DELETE"] {
      let path = method == "POST" ? base + "/reserve" : base + "/41"
      let response = try wire.ask(
        request(method, path, method == "DELETE" ? nil : reserveBody, key(text)))
      #expect(response.status == 400 && response.errorFields == ["Idempotency-Key"])
    }
    #expect(wire.gateway.submitted.isEmpty)
  }

  @Test func onceOnly() throws {
    let wire = try Wire()
    let response = try wire.ask(
      request("POST", base + "/reserve", reserveBody, key("a") + key("a")))
    #expect(response.status == 400)
    #expect(response.errors == ["Idempotency-Key: must be given once"])
    #expect(try submitted(fields: key(String(repeating: "k", count: 255))) != nil)
  }

  @Test func replaysSayThatTheyAre() throws {
    let wire = try Wire(judge: nil)
    let reserve = request("POST", base + "/reserve", reserveBody, key("k"))
    try wire.send(reserve + reserve + request("GET", "/healthz"))
    wire.gateway.answer([(1, .entry(entry()))], isReplay: true)
    #expect(try wire.written().isEmpty, "in the order of the requests")
    wire.gateway.answer([(0, .entry(entry()))])
    let responses = try wire.responses()
    #expect(responses.map { $0.fields["idempotency-replayed"] } == [nil, "true", nil])
    #expect(responses[0].body == responses[1].body)
    #expect(responses[1].fields["x-stock-sequence"] == "12")
  }

  @Test func refusedKeys() throws {
    for (refusal, status, code) in [
      (Refusal.idempotencyMismatch, 422, "idempotency_mismatch"),
      (.idempotencyRunning, 409, "idempotency_running"),
    ] {
      let wire = try Wire(judge: { _ in .refused(refusal) })
      let response = try wire.ask(
        request("POST", base + "/reserve", reserveBody, key("k")))
      #expect(response.status == status && response.code == code)
      #expect(response.fields["retry-after"] == (status == 409 ? "1" : nil))
      #expect(response.fields["x-stock-sequence"] == nil, "it rests on no commit")
    }
  }

  // MARK: Batches

  private let path = base + "/batch"
  private func batch(_ count: Int) -> String {
    let line = #"{"op":"reserve","product_id":1,"location":"a","quantity":1}"#
    return #"{"operations":["# + Array(repeating: line, count: count).joined(separator: ",") + "]}"
  }

  /// The first command goes ahead: its record tells another request from this one.
  @Test func theFirstGoesAhead() throws {
    let wire = try Wire(judge: nil)
    try wire.send(request("POST", path, batch(3), key("k")))
    #expect(wire.gateway.submitted.map(\.ticket.operation) == [0])
    wire.gateway.answer([(0, .entry(entry()))])
    #expect(wire.gateway.submitted.map(\.ticket.operation) == [0, 1, 2])
    let keys = wire.gateway.submitted.compactMap(\.command.idempotency)
    #expect(Set(keys.map(\.low)).count == 3, "each operation has a key of its own")
    #expect(Set(keys.map(\.fingerprint)).count == 1)
    wire.gateway.answer([(2, .entry(entry())), (1, .refused(.entryNotFound))])
    let response = try #require(try wire.responses().first)
    #expect(response.status == 200 && response.fields["idempotency-replayed"] == nil)
    let connection = try #require(wire.connection)
    #expect(connection.operationsUnderWay == 0)

    // Again: all of it is there already.
    try wire.send(request("POST", path, batch(3), key("k")))
    wire.gateway.answer([(3, .entry(entry()))], isReplay: true)
    #expect(wire.gateway.submitted.dropFirst(3).compactMap(\.command.idempotency) == keys)
    wire.gateway.answer(
      [(5, .entry(entry())), (4, .refused(.entryNotFound))], isReplay: true)
    let again = try #require(try wire.responses().first)
    #expect(again.body == response.body)
    #expect(again.fields["idempotency-replayed"] == "true")
  }

  @Test func onePartOfAReplayIsNone() throws {
    let wire = try Wire(judge: nil)
    try wire.send(request("POST", path, batch(2), key("k")))
    wire.gateway.answer([(0, .entry(entry()))], isReplay: true)
    wire.gateway.answer([(1, .entry(entry()))])
    #expect(try wire.responses().first?.fields["idempotency-replayed"] == nil)
  }

  @Test(
    arguments: [
      (.idempotencyMismatch, 422, nil), (.idempotencyRunning, 409, "1"),
    ] as [(Refusal, Int, String?)])
  func refusedAsAWhole(_ refusal: Refusal, _ status: Int, _ retry: String?) throws {
    let wire = try Wire(judge: { _ in .refused(refusal) })
    let response = try wire.ask(request("POST", path, batch(3), key("k")))
    #expect(response.status == status && response.code == refusal.code.name.description)
    #expect(response.fields["retry-after"] == retry)
    #expect(wire.gateway.submitted.count == 1, "nothing else was done")
    // One of the later ones: a batch of its own time may be under way still.
    let late = try Wire(judge: nil)
    try late.send(request("POST", path, batch(2), key("k")))
    late.gateway.answer([(0, .entry(entry()))], isReplay: true)
    late.gateway.answer([(1, .refused(refusal))])
    #expect(try late.responses().map(\.status) == [status])
  }

  @Test func withoutTheFirstNothingIsDone() throws {
    let wire = try Wire(judge: { _ in .unavailable(.outcomeUnknown) })
    let response = try wire.ask(request("POST", path, batch(3), key("k")))
    #expect(response.status == 200)
    let codes = (response.json["results"] as? [[String: Any]])?.map { $0["code"] as? String }
    #expect(codes == ["outcome_unknown", "store_unavailable", "store_unavailable"])
    #expect(wire.gateway.submitted.count == 1)
    #expect(response.fields["x-stock-sequence"] == nil)
    let connection = try #require(wire.connection)
    #expect(connection.operationsUnderWay == 0)
  }

  /// Operations that no shard sees do not count: the first that one sees is the first.
  @Test func mistakesComeFirst() throws {
    let wire = try Wire()
    let lines = [
      "{}", #"{"op":"reserve","product_id":1,"location":"a","quantity":1}"#, "7",
      #"{"op":"reserve","product_id":2,"location":"a","quantity":1}"#,
    ]
    let body = #"{"operations":["# + lines.joined(separator: ",") + "]}"
    let response = try wire.ask(request("POST", path, body, key("k")))
    let statuses = (response.json["results"] as? [[String: Any]])?.map { $0["status"] as? Int }
    #expect(statuses == [400, 200, 400, 200])
    #expect(wire.gateway.submitted.map(\.ticket.operation) == [1, 3])
    let first = try #require(try submitted("POST", path, batch(1), token: nil, fields: key("k")))
    #expect(first.low == wire.gateway.submitted[0].command.idempotency?.low)
  }
}
