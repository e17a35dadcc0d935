import Foundation
import Testing

@testable import StockTools

@Suite("Workloads")
struct WorkloadTests {
  private static let heads = RequestHeads(authority: "127.0.0.1:1", key: "sk_1")

  /// The slot's next request as a text, and its kind.
  private func next<Load: Workload>(_ load: inout Load, slot: Int = 0) -> (kind: Int, text: String)
  {
    var bytes = ByteStore(capacity: 16)
    bytes.append("before")
    let kind = load.next(slot: slot, into: &bytes)
    return (kind ?? -1, String(String(decoding: bytes.bytes, as: UTF8.self).dropFirst(6)))
  }

  private func end<Load: Workload>(
    _ load: inout Load, slot: Int = 0, kind: Int, _ end: RequestEnd, _ body: String = "{}"
  ) -> Settlement {
    Array(body.utf8).withUnsafeBufferPointer {
      load.ended(slot: slot, kind: kind, end, body: $0, isCounted: true)
    }
  }

  /// The body as JSON; fails where its length is not what the head says.
  private func body(_ request: String) throws -> [String: Any] {
    let parts = request.components(separatedBy: "\r\n\r\n")
    let length = parts[0].components(separatedBy: "\r\n").first {
      $0.hasPrefix("Content-Length: ")
    }
    #expect(length.flatMap { Int($0.dropFirst(16)) } == parts[1].utf8.count, "\(request)")
    return try #require(
      JSONSerialization.jsonObject(with: Data(parts[1].utf8)) as? [String: Any])
  }

  @Test("a reserve is what the API takes, with the product in its place")
  func reserve() throws {
    var load = ReserveWorkload(
      heads: Self.heads, picker: .uniform(50), products: 50, slots: 2, seed: 1)
    var products = Set<Int>()
    for _ in 0..<500 {
      let (kind, text) = next(&load, slot: 1)
      #expect(kind == 0)
      #expect(
        text.hasPrefix("POST /api/v1/store/inventory/reserve HTTP/1.1\r\nHost: 127.0.0.1:1\r\n"))
      #expect(text.contains("\r\nAuthorization: Bearer sk_1\r\n"))
      let body = try body(text)
      #expect(body["quantity"] as? Int == 1)
      products.insert(try #require(body["product_id"] as? Int))
      _ = end(&load, slot: 1, kind: 0, .accepted)
    }
    #expect(products == Set(1_000_001...1_000_050))
    #expect(load.books.accounts.reduce(0) { $0 + $1.reservedLow } == 500)
  }

  @Test("a wave ends with its buyers; then every product is filled again")
  func flashSale() throws {
    var load = FlashSaleWorkload(
      heads: Self.heads, products: 3, units: 2, demand: 2, slots: 1, seed: 1)
    var kinds: [Int] = []
    for _ in 0..<30 {
      let (kind, text) = next(&load)
      kinds.append(kind)
      #expect(text.contains(kind == 0 ? "/reserve " : "/adjust "))
      #expect(try body(text)["quantity"] as? Int == (kind == 0 ? 1 : 2))
      _ = end(&load, kind: kind, kind == 0 ? .refused : .accepted)
    }
    let wave = [Int](repeating: 0, count: 12)
    #expect(kinds == wave + [1, 1, 1] + wave + [1, 1, 1])
    #expect(load.books.accounts.map(\.quantityLow) == [4, 4, 4])
    #expect(load.books.accounts.map(\.reservedHigh) == [0, 0, 0])
  }

  @Test("a reservation is held, then ended under its own id, each with a key of its own")
  func checkout() throws {
    var options = ReservationWorkload.Options()
    options.maxLines = 3
    options.releaseShare = 50
    var load = ReservationWorkload(
      heads: Self.heads, options: options, run: "b7-0", picker: .uniform(5), products: 5, slots: 1,
      seed: 1)
    var keys = Set<String>()
    var counts = [0, 0, 0]
    for round in 0..<200 {
      let (kind, text) = next(&load)
      counts[kind] += 1
      let key = text.components(separatedBy: "Idempotency-Key: ").dropFirst().first
      keys.insert(String(try #require(key).prefix { $0 != "\r" }))
      if kind == 0 {
        let body = try body(text)
        let lines = try #require(body["lines"] as? [[String: Any]])
        #expect((1...3).contains(lines.count))
        #expect(body["ttl_seconds"] as? Int == 900)
        _ = end(&load, kind: 0, .accepted, #"{"reservation_id":"r1-\#(round)","order_id":"x"}"#)
        #expect(load.held.first?.id == "r1-\(round)")
      } else {
        let word = kind == 1 ? "fulfill" : "release"
        #expect(text.hasPrefix("POST /api/v1/store/reservations/r1-\(round - 1)/\(word) HTTP/1.1"))
        #expect(text.hasSuffix("Content-Length: 0\r\n\r\n"))
        _ = end(&load, kind: kind, .accepted)
        #expect(load.held.isEmpty)
      }
    }
    #expect(keys.count == 200)
    #expect(counts[0] == 100 && counts[1] > 20 && counts[2] > 20)
    #expect(load.books.accounts.allSatisfy { $0.reservedLow == 0 && $0.reservedHigh == 0 })
    #expect(load.books.accounts.reduce(0) { $0 + $1.quantityLow } < 0)
  }

  @Test("one that is left to expire leaves nothing in the books, and is not asked about again")
  func expiring() throws {
    var options = ReservationWorkload.Options()
    options.expireShare = 100
    options.expireAfter = 2
    var load = ReservationWorkload(
      heads: Self.heads, options: options, run: "b", picker: .one, products: 1, slots: 1, seed: 1)
    for _ in 0..<3 {
      let (kind, text) = next(&load)
      #expect(kind == 0)
      #expect(try body(text)["ttl_seconds"] as? Int == 2)
      _ = end(&load, kind: 0, .accepted, #"{"reservation_id":"r1"}"#)
    }
    #expect(load.books.accounts[0] == .init(isUsed: true))
    #expect(load.lastExpiring > 0)
  }

  @Test("a hold whose answer has no id may be there or not")
  func holdWithoutID() {
    var load = ReservationWorkload(
      heads: Self.heads, options: .init(), run: "b", picker: .one, products: 1, slots: 1, seed: 1)
    _ = next(&load)
    #expect(end(&load, kind: 0, .accepted, "{}").isUnreadable)
    #expect(load.books.accounts[0].reservedLow == 0)
    #expect(load.books.accounts[0].reservedHigh == 1)
    #expect(next(&load).kind == 0)
  }

  private static let line = #"{"status":200,"id":1,"location":"MAIN","gtin":null}"#
  private static let short =
    #"{"status":409,"code":"insufficient_stock","title":"Not enough","requested":1}"#

  @Test("a batch counts its lines, each as it was answered")
  func batch() throws {
    var load = BatchWorkload(
      heads: Self.heads, operations: 3, picker: .uniform(9), products: 9, slots: 1, seed: 1)
    let (_, text) = next(&load)
    let lines = try #require(try body(text)["operations"] as? [[String: Any]])
    #expect(lines.map { $0["op"] as? String } == ["reserve", "reserve", "reserve"])
    let answer = "{\"results\":[\(Self.line),\(Self.short),\(Self.line)]}"
    let settlement = end(&load, kind: 0, .accepted, answer)
    #expect(settlement.operations == Operations(total: 3, accepted: 2))
    #expect(load.lineRefusals.byCode == ["insufficient_stock": 1])
    for (place, accepted) in [(0, true), (1, false), (2, true)] {
      let product = try #require(lines[place]["product_id"] as? Int) - 1_000_001
      if accepted { #expect(load.books.accounts[product].reservedLow > 0) }
    }
    #expect(load.books.accounts.reduce(0) { $0 + $1.reservedLow } == 2)
    #expect(load.books.accounts.reduce(0) { $0 + $1.reservedHigh } == 2)
  }

  @Test("a batch's answer with other lines than were asked says nothing about any")
  func batchOfAnotherLength() {
    for answer in [
      "{\"results\":[\(Self.line)]}", "{\"results\":[\(Self.line),\(Self.line),", "{}",
      "{\"results\":[\(Self.line),\(Self.line),\(Self.line)]}",
    ] {
      var load = BatchWorkload(
        heads: Self.heads, operations: 2, picker: .one, products: 1, slots: 1, seed: 1)
      _ = next(&load)
      let settlement = end(&load, kind: 0, .accepted, answer)
      #expect(settlement.isUnreadable, "\(answer)")
      #expect(load.books.accounts[0].reservedLow == 0)
      #expect(load.books.accounts[0].reservedHigh == 2)
    }
  }

  @Test("numbers are written with all their digits, over what was there")
  func digits() {
    var bytes = ByteStore(capacity: 1)
    bytes.append("ab0000cd")
    bytes.put(42, width: 4, at: 2)
    bytes.append(number: 0)
    bytes.append(number: 907)
    #expect(String(decoding: bytes.bytes, as: UTF8.self) == "ab0042cd0907")
    bytes.removeFirst(6)
    #expect(String(decoding: bytes.bytes, as: UTF8.self) == "cd0907")
  }
}
