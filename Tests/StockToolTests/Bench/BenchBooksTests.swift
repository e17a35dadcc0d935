import Testing

@testable import StockTools

@Suite("A load's books")
struct BenchBooksTests {
  private typealias Counters = Administration.Counters

  private func difference(
    _ books: BenchBooks, opening: (Int64, Int64), found: (Int64, Int64)
  ) -> String? {
    books.difference(
      product: 0, opening: Counters(quantity: opening.0, reserved: opening.1),
      found: Counters(quantity: found.0, reserved: found.1))
  }

  @Test("accepted changes have to be there, refused ones not")
  func exact() {
    var books = BenchBooks(products: 2)
    for _ in 0..<5 { books.add(product: 0, reserved: 1, .accepted) }
    books.add(product: 0, reserved: -1, quantity: -1, .accepted)
    books.add(product: 0, reserved: 1, .refused)
    #expect(books.accounts.map(\.isUsed) == [true, false])
    #expect(difference(books, opening: (100, 3), found: (99, 7)) == nil)
    #expect(
      difference(books, opening: (100, 3), found: (99, 8)) == "reserved should be 7 and is 8")
    #expect(
      difference(books, opening: (100, 3), found: (99, 6)) == "reserved should be 7 and is 6")
    #expect(
      difference(books, opening: (100, 3), found: (100, 7)) == "quantity should be 99 and is 100")
  }

  @Test("a change that nobody knows of may be there or not, but no more than that")
  func range() {
    var books = BenchBooks(products: 1)
    books.add(product: 0, reserved: 1, .accepted)
    books.add(product: 0, reserved: 2, .unknown)
    books.add(product: 0, reserved: -1, quantity: -1, .unknown)
    for (quantity, reserved, isRight) in [
      (Int64(10), Int64(0), true), (10, 3, true), (9, 0, true), (9, 2, true), (10, -1, false),
      (10, 4, false), (8, 1, false), (11, 1, false),
    ] {
      let text = difference(books, opening: (10, 0), found: (quantity, reserved))
      #expect((text == nil) == isRight, "\(quantity) \(reserved): \(text ?? "right")")
    }
  }

  @Test("more reserved than there is, is wrong, whatever the answers said")
  func oversold() {
    var books = BenchBooks(products: 1)
    books.add(product: 0, reserved: 11, .accepted)
    let text = difference(books, opening: (10, 0), found: (10, 11))
    #expect(text == "oversold: quantity 10, reserved 11")
  }

  @Test("threads' books add up")
  func threads() {
    var one = BenchBooks(products: 2)
    var other = BenchBooks(products: 2)
    one.add(product: 0, reserved: 1, .accepted)
    other.add(product: 0, reserved: 1, .unknown)
    other.add(product: 1, reserved: 0, quantity: 5, .accepted)
    one.add(other)
    #expect(one.accounts[0].reservedLow == 1)
    #expect(one.accounts[0].reservedHigh == 2)
    #expect(one.accounts[1].quantityLow == 5)
    #expect(one.accounts[1].isUsed)
  }
}
