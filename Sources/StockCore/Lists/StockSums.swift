/// What entries add up to.
public struct StockSums: Equatable, Sendable {
  public var entries = 0
  /// Units; those of products that never run out included.
  public var quantity: Int64 = 0
  public var reserved: Int64 = 0
  /// Entries of physical products with at most `Bounds.lowStock` available.
  public var lowStock = 0

  public init() {}

  public var available: Int64 { quantity &- reserved }

  public static func += (left: inout StockSums, right: StockSums) {
    left.entries += right.entries
    left.quantity &+= right.quantity
    left.reserved &+= right.reserved
    left.lowStock += right.lowStock
  }

  /// Takes a change of one entry in. nil: it is not there.
  ///
  /// Wraps: no product has more than 2^53 units, but there may be more than 1,024 such products. What
  /// was added is taken away again, so the sum is right whenever it can be said at all.
  @inline(__always)
  mutating func apply(_ before: EntryValue?, _ after: EntryValue?, unlimited: Bool) {
    if let before {
      entries -= 1
      quantity &-= before.quantity
      reserved &-= before.reserved
      if before.available <= Bounds.lowStock, !unlimited { lowStock -= 1 }
    }
    if let after {
      entries += 1
      quantity &+= after.quantity
      reserved &+= after.reserved
      if after.available <= Bounds.lowStock, !unlimited { lowStock += 1 }
    }
  }
}
