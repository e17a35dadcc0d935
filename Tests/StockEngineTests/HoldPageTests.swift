import StockCore
import Testing

@testable import StockEngine

/// Where a page of reservations ends.
@Suite struct HoldPageTests {
  private func hold(_ number: Int, lines: Int) -> Hold {
    Hold(
      id: "h\(number)", order: "o\(number)", customer: "", store: 1, status: .held,
      lines: (0..<lines).map { HoldLine(product: 1, location: "L\($0)", quantity: 1) },
      createdAt: Timestamp(1_000 - number), updatedAt: 1_000, expiresAt: 2_000)
  }

  @Test("A page ends with its limit, and before too many lines; one reservation is always on it")
  func ends() {
    let query = HoldQuery(scope: .any, limit: 3)
    let small = query.page(of: (1...4).map { hold($0, lines: 2) })
    #expect(small.items.map(\.id) == ["h1", "h2", "h3"])
    #expect(small.next == query.cursor(of: small.items[2]))
    let all = query.page(of: (1...3).map { hold($0, lines: 2) })
    #expect(all.items.count == 3 && all.next == nil)
    let most = HoldPage.maxLines
    let long = query.page(of: [hold(1, lines: most - 1), hold(2, lines: 1), hold(3, lines: 1)])
    #expect(long.items.map(\.id) == ["h1", "h2"])
    #expect(long.next == query.cursor(of: long.items[1]))
    let huge = query.page(of: [hold(1, lines: most + 1), hold(2, lines: 1)])
    #expect(huge.items.map(\.id) == ["h1"] && huge.next != nil)
    #expect(query.page(of: []).items.isEmpty && query.page(of: []).next == nil)
  }
}
