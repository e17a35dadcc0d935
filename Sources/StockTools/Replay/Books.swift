/// What should be in stock by what the engine answered, SKU by SKU, to be held against what is.
///
/// Sums wrap round: differences stay exact modulo 2^64, and no input can stop the books.
public struct Books: Sendable {
  public struct Account: Equatable, Sendable {
    /// When the replay began.
    public var opening: Int64 = 0
    public var openingReserved: Int64 = 0
    public var returned: Int64 = 0
    public var fulfilled: Int64 = 0
    public var writtenOff: Int64 = 0
    /// A request that touched it had an unknown outcome: nobody can say what should be there.
    public var isUncertain = false

    public init(opening: Int64 = 0, openingReserved: Int64 = 0) {
      self.opening = opening
      self.openingReserved = openingReserved
    }

    /// The quantity that should be there.
    public var expected: Int64 { opening &+ returned &- fulfilled &- writtenOff }
  }

  public private(set) var accounts: [Account]

  public init(_ accounts: [Account]) { self.accounts = accounts }

  public mutating func fulfilled(_ line: ReplayPlan.Line) {
    accounts[Int(line.sku)].fulfilled &+= line.quantity
  }

  /// - Parameter line: positive: given back; negative: written off.
  public mutating func adjusted(_ line: ReplayPlan.Line) {
    if line.quantity > 0 {
      accounts[Int(line.sku)].returned &+= line.quantity
    } else {
      accounts[Int(line.sku)].writtenOff &-= line.quantity
    }
  }

  public mutating func uncertain(_ line: ReplayPlan.Line) {
    accounts[Int(line.sku)].isUncertain = true
  }

  /// What is wrong with one SKU, in words.
  public struct Difference: Equatable, Sendable {
    public var sku: Int
    public var text: String
  }

  /// - Parameter found: what the engine says now, by SKU; nil for those that have no books (products
  ///   that move no counter, or that the engine does not know).
  public func differences(from found: [Administration.Counters?]) -> [Difference] {
    precondition(found.count == accounts.count, "one answer a SKU")
    var differences: [Difference] = []
    for (sku, (account, counters)) in zip(accounts, found).enumerated() {
      guard let counters, !account.isUncertain else { continue }
      var wrong: [String] = []
      if counters.quantity != account.expected {
        wrong.append(
          "opening \(account.opening.grouped) + returned \(account.returned.grouped) "
            + "− fulfilled \(account.fulfilled.grouped) − written off \(account.writtenOff.grouped) "
            + "= \(account.expected.grouped), but the engine has \(counters.quantity.grouped)")
      }
      if counters.reserved != account.openingReserved {
        wrong.append(
          "reserved should be \(account.openingReserved.grouped) and is "
            + counters.reserved.grouped)
      }
      if counters.quantity < 0 || counters.reserved < 0 || counters.reserved > counters.quantity {
        wrong.append(
          "oversold: quantity \(counters.quantity.grouped), "
            + "reserved \(counters.reserved.grouped)")
      }
      if !wrong.isEmpty {
        differences.append(Difference(sku: sku, text: wrong.joined(separator: "; ")))
      }
    }
    return differences
  }
}
