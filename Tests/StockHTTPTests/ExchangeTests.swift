import NIOHTTP1
import StockCore
import Testing

@testable import StockHTTP

/// An exchange serves one request after the other: the next must see nothing of the one before.
@Suite struct ExchangeTests {
  private let head = ResponseHead(.number(2))

  /// Each stored property, by its name, but for the clock's.
  private func fields(of exchange: Exchange) -> [String: String] {
    var found: [String: String] = [:]
    for (label, value) in Mirror(reflecting: exchange).children where label != "arrivedAt" {
      found[label ?? ""] = String(reflecting: value)
    }
    return found
  }

  /// One with each property as no fresh one has it.
  private func used() throws -> Exchange {
    var first = ResponseHead(.number(1))
    first.status = 409
    let exchange = Exchange(first, startTick: 1)
    exchange.isHead = true
    exchange.endpoint = .reserve
    exchange.principal = .unchecked
    exchange.id = 7
    exchange.expectedVersions = [3]
    exchange.idempotency = Array("/".utf8).withUnsafeBufferPointer {
      IdempotencyContext([1], owner: .unchecked, method: .POST, target: $0)
    }
    exchange.keepsBody = true
    exchange.body = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 64), count: 8)
    var admission = Admission()
    let load = admission.take(.change, store: 1, isFirst: true, bodyBytes: 0)
    exchange.load = try #require(load)
    exchange.isMutation = true
    exchange.showsVersion = true
    exchange.subject = Subject(product: 1, location: "A", entry: 2)
    exchange.problem = .insufficientStock
    exchange.gather = BatchGather([])
    exchange.ready = [1]
    exchange.query = "page=2"
    return exchange
  }

  @Test func nothingIsLeftOfTheRequestBefore() throws {
    let fresh = fields(of: Exchange(head, startTick: 2))
    let exchange = try used()
    for (name, value) in fields(of: exchange) {
      #expect(value != fresh[name], "\(name) is not tried")
    }
    exchange.renew(head, startTick: 2)
    for (name, value) in fields(of: exchange) {
      #expect(value == fresh[name], "\(name) is left")
    }
  }

  @Test func whatSomebodyHoldsIsNotUsedAgain() {
    var spare = SpareExchanges()
    let held = Exchange(head, startTick: 1)
    spare.keep(held)
    #expect(spare.take(head, startTick: 2) !== held)
  }

  @Test func whatIsSpareIsUsedAgainAndBounded() {
    var spare = SpareExchanges()
    var places: Set<ObjectIdentifier> = []
    do {
      let all = (0..<(SpareExchanges.capacity + 10)).map { Exchange(head, startTick: $0) }
      all.forEach { spare.keep($0) }
      places = Set(all.prefix(SpareExchanges.capacity).map { ObjectIdentifier($0) })
    }
    for _ in 0..<3 {
      let again = spare.take(head, startTick: 0)
      #expect(places.contains(ObjectIdentifier(again)))
    }
  }

  @Test func whatHoldsMoreThanItselfIsLetGo() {
    var spare = SpareExchanges()
    var exchange = Exchange(head, startTick: 1)
    exchange.query = "a=b"
    spare.keep(exchange)
    #expect(isKnownUniquelyReferenced(&exchange))
  }
}
