import StockTools
import Testing

@Suite("The books of a replay")
struct BooksTests {
  typealias Line = ReplayPlan.Line
  typealias Counters = Administration.Counters

  /// Opening 100 (3 reserved by others), 20 sold, 5 returned, 7 written off: 78.
  static func books() -> Books {
    var books = Books([
      Books.Account(opening: 100, openingReserved: 3), Books.Account(opening: 10),
    ])
    books.fulfilled(Line(sku: 0, quantity: 12))
    books.fulfilled(Line(sku: 0, quantity: 8))
    books.adjusted(Line(sku: 0, quantity: 5))
    books.adjusted(Line(sku: 0, quantity: -7))
    return books
  }

  @Test("right books have no difference")
  func right() {
    let found = [Counters(quantity: 78, reserved: 3), Counters(quantity: 10, reserved: 0)]
    #expect(Self.books().differences(from: found).isEmpty)
  }

  @Test(
    "every kind of wrong is found",
    arguments: [
      (79, 3, "= 78, but the engine has 79"), (77, 3, "= 78, but the engine has 77"),
      (78, 4, "reserved should be 3 and is 4"), (78, 0, "reserved should be 3 and is 0"),
      (-1, 3, "oversold: quantity -1, reserved 3"), (78, 79, "oversold: quantity 78, reserved 79"),
      (78, -1, "oversold: quantity 78, reserved -1"),
    ])
  func wrong(quantity: Int64, reserved: Int64, words: String) {
    let found = [
      Counters(quantity: quantity, reserved: reserved), Counters(quantity: 10, reserved: 0),
    ]
    let differences = Self.books().differences(from: found)
    #expect(differences.map(\.sku) == [0])
    #expect(differences[0].text.contains(words))
  }

  @Test("what nobody can know, and what moves no counter, is not judged")
  func excluded() {
    var books = Self.books()
    books.uncertain(Line(sku: 0, quantity: 1))
    #expect(books.differences(from: [Counters(quantity: 5, reserved: 5), nil]).isEmpty)
    #expect(books.accounts[0].isUncertain && !books.accounts[1].isUncertain)
  }

  @Test("the largest quantities do not stop the books")
  func wraps() {
    var books = Books([Books.Account(opening: .max)])
    for _ in 0..<4 { books.adjusted(Line(sku: 0, quantity: .max)) }
    for _ in 0..<4 { books.fulfilled(Line(sku: 0, quantity: .max)) }
    #expect(books.differences(from: [Counters(quantity: .max, reserved: 0)]).isEmpty)
  }
}
