/// What the accepted requests should have changed, product by product.
///
/// A request whose outcome nobody knows widens what may be there from one number to a range.
struct BenchBooks: Sendable {
  struct Account: Equatable, Sendable {
    /// The change of `reserved` since the run began, at least and at most.
    var reservedLow: Int64 = 0
    var reservedHigh: Int64 = 0
    /// The change of `quantity`.
    var quantityLow: Int64 = 0
    var quantityHigh: Int64 = 0
    /// A request about it has been sent.
    var isUsed = false
  }

  private(set) var accounts: [Account]

  /// - Parameter products: how many there are; each is known by its place.
  init(products: Int) { accounts = Array(repeating: Account(), count: products) }

  /// A change of `reserved` and `quantity` has been asked for.
  @inline(__always)
  mutating func add(product: Int, reserved: Int64, quantity: Int64 = 0, _ end: RequestEnd) {
    accounts[product].isUsed = true
    switch end {
    case .accepted:
      accounts[product].reservedLow &+= reserved
      accounts[product].reservedHigh &+= reserved
      accounts[product].quantityLow &+= quantity
      accounts[product].quantityHigh &+= quantity
    case .refused: break
    case .unknown:
      accounts[product].reservedLow &+= min(0, reserved)
      accounts[product].reservedHigh &+= max(0, reserved)
      accounts[product].quantityLow &+= min(0, quantity)
      accounts[product].quantityHigh &+= max(0, quantity)
    }
  }

  /// Another thread's books of the same products.
  mutating func add(_ other: BenchBooks) {
    precondition(other.accounts.count == accounts.count, "the books of other products")
    for index in accounts.indices {
      let more = other.accounts[index]
      accounts[index].reservedLow &+= more.reservedLow
      accounts[index].reservedHigh &+= more.reservedHigh
      accounts[index].quantityLow &+= more.quantityLow
      accounts[index].quantityHigh &+= more.quantityHigh
      accounts[index].isUsed = accounts[index].isUsed || more.isUsed
    }
  }

  /// What is wrong with a product, in words; nil: nothing.
  ///
  /// - Parameters:
  ///   - opening: what the engine said before the run.
  ///   - found: what it says now.
  func difference(
    product: Int, opening: Administration.Counters, found: Administration.Counters
  ) -> String? {
    let account = accounts[product]
    var wrong: [String] = []
    let reserved =
      opening.reserved
      &+ account.reservedLow...max(
        opening.reserved &+ account.reservedLow, opening.reserved &+ account.reservedHigh)
    if !reserved.contains(found.reserved) {
      wrong.append("reserved should be \(Self.words(reserved)) and is \(found.reserved.grouped)")
    }
    let quantity =
      opening.quantity
      &+ account.quantityLow...max(
        opening.quantity &+ account.quantityLow, opening.quantity &+ account.quantityHigh)
    if !quantity.contains(found.quantity) {
      wrong.append("quantity should be \(Self.words(quantity)) and is \(found.quantity.grouped)")
    }
    if found.reserved < 0 || found.reserved > found.quantity {
      wrong.append(
        "oversold: quantity \(found.quantity.grouped), reserved \(found.reserved.grouped)")
    }
    return wrong.isEmpty ? nil : wrong.joined(separator: "; ")
  }

  private static func words(_ range: ClosedRange<Int64>) -> String {
    range.lowerBound == range.upperBound
      ? range.lowerBound.grouped
      : "\(range.lowerBound.grouped) to \(range.upperBound.grouped)"
  }
}
