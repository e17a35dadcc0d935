import StockCore
import Testing

@testable import StockHTTP

@Suite struct AdmissionTests {
  private var admission = Admission()

  /// Takes so many of one store, each the first of its connection.
  private mutating func fill(
    _ count: Int, store: StoreID = 1, _ urgency: Urgency = .change
  ) -> [Admission.Load] {
    (0..<count).compactMap { _ in
      admission.take(urgency, store: store, isFirst: true, bodyBytes: 60)
    }
  }

  private mutating func takes(
    _ urgency: Urgency, store: StoreID = 1, isFirst: Bool = true
  ) -> Bool {
    guard let load = admission.take(urgency, store: store, isFirst: isFirst, bodyBytes: 60)
    else { return false }
    admission.finish(load)
    return true
  }

  @Test("Below `busy` everything is taken, pipelined or not, whoever it is")
  mutating func quiet() {
    #expect(fill(Admission.busy - 1).count == Admission.busy - 1)
    for urgency in Urgency.allCases {
      #expect(takes(urgency, isFirst: false))
      #expect(takes(urgency, store: 2, isFirst: false))
    }
  }

  @Test(
    "Reads go before changes, changes before what gives stock back, and that before what watches")
  mutating func order() {
    _ = fill(Admission.busy)
    #expect(!takes(.read))
    #expect(takes(.change))
    _ = fill(Admission.limit)
    #expect(admission.underWay == Admission.limitOfOne)
    #expect(!takes(.change))
    #expect(takes(.finish, isFirst: false))
    _ = fill(Admission.limit, .finish)
    #expect(admission.underWay == Admission.limit)
    #expect(!takes(.finish))
    #expect(takes(.watch))
  }

  @Test("When it is busy, who sends without waiting for answers waits")
  mutating func pipelining() {
    _ = fill(Admission.busy)
    #expect(takes(.change, isFirst: true))
    #expect(!takes(.change, isFirst: false))
  }

  @Test("Ten thousand buyers of one store, each with one request, are all served")
  mutating func crowd() {
    #expect(fill(10_000).count == 10_000)
  }

  @Test("One store's flood leaves the others their share")
  mutating func shares() {
    var flood = fill(Admission.limit, store: 1)
    #expect(flood.count == Admission.limitOfOne)
    // Another one comes: it is served at once, and the flood no longer, down to its share.
    let others = fill(1, store: 2)
    #expect(others.count == 1)
    #expect(!takes(.change, store: 1))
    #expect(takes(.change, store: 2))
    #expect(takes(.finish, store: 1))
    // Down to its share the flood goes on, however much the others have.
    while admission.underWay >= Admission.busy { admission.finish(flood.removeLast()) }
    let third = fill(Admission.busy, store: 3)
    #expect(third.count >= Admission.busy / 3)
    #expect(!takes(.change, store: 3))
    #expect(takes(.change, store: 2))
  }

  @Test("However many stores there are, something is left to what gives stock back")
  mutating func manyStores() {
    _ = fill(Admission.limit, store: 1)
    for store in 2...4_096 { _ = fill(1, store: StoreID(store)) }
    #expect(admission.underWay == Admission.limitOfChanges)
    #expect(!takes(.change, store: 5_000))
    #expect(takes(.finish, store: 5_000))
  }

  @Test("A store's share is never nothing, with as many stores as there may be")
  mutating func smallestShare() {
    for store in 1...4_096 { _ = fill(2, store: StoreID(store)) }
    #expect(admission.underWay == Admission.busy)
    let more = fill(1_000, store: 1)
    #expect(more.count == Admission.smallestShare - 2)
  }

  @Test("A batch counts by its bytes")
  mutating func weight() {
    let load = admission.take(.change, store: 1, isFirst: true, bodyBytes: 1 << 20)
    #expect(admission.underWay == 257)
    admission.finish(load ?? .none)
    #expect(admission.underWay == 0)
    #expect(admission.activeStores == 0)
  }

  @Test("What is refused counts nothing, and what is given back twice is a mistake that shows")
  mutating func books() {
    var random = SystemRandomNumberGenerator()
    var taken: [Admission.Load] = []
    for _ in 0..<100_000 {
      if Bool.random(using: &random) || taken.isEmpty {
        let load = admission.take(
          Urgency.allCases.randomElement(using: &random) ?? .read,
          store: StoreID(Int.random(in: 0..<20, using: &random)),
          isFirst: Bool.random(using: &random),
          bodyBytes: Int.random(in: 0..<10_000, using: &random))
        if let load { taken.append(load) }
      } else {
        admission.finish(taken.remove(at: Int.random(in: taken.indices, using: &random)))
      }
      #expect(admission.underWay >= 0)
    }
    for load in taken { admission.finish(load) }
    #expect(admission.underWay == 0)
    #expect(admission.activeStores == 0)
  }
}
