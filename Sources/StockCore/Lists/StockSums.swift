/// What entries add up to.
public struct StockSums: Equatable, Sendable {
  public var entries = 0
  /// Units; those of products that never run out included.
  ///
  /// Wide: no product has more than 2^53 units, but there may be more than 1,024 such products.
  public var quantity: Int128 = 0
  public var reserved: Int128 = 0
  /// Entries of physical products with at most `Bounds.lowStock` available.
  public var lowStock = 0

  public init() {}

  public var available: Int128 { quantity - reserved }

  public static func += (left: inout StockSums, right: StockSums) {
    left.entries += right.entries
    left.quantity += right.quantity
    left.reserved += right.reserved
    left.lowStock += right.lowStock
  }

  /// Takes a change of one entry in. nil: it is not there.
  @inline(__always)
  mutating func apply(_ before: EntryValue?, _ after: EntryValue?, unlimited: Bool) {
    if let before {
      entries -= 1
      quantity -= Int128(before.quantity)
      reserved -= Int128(before.reserved)
      if before.available <= Bounds.lowStock, !unlimited { lowStock -= 1 }
    }
    if let after {
      entries += 1
      quantity += Int128(after.quantity)
      reserved += Int128(after.reserved)
      if after.available <= Bounds.lowStock, !unlimited { lowStock += 1 }
    }
  }
}
