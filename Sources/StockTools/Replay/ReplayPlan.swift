import StockCore

/// Order lines of CSV files, grouped by invoice: compact, for years of orders.
public struct ReplayPlan: Sendable {
  public struct SKU: Equatable, Sendable {
    public var name: String
    /// The first description that is not empty.
    public var title: String
    /// By its name (`ReplayPlan.looksLikeService`): used only where the product has to be made.
    public var isService: Bool
  }

  public struct Line: Equatable, Sendable {
    /// Its place in `skus`.
    public var sku: Int32
    /// Negative: given back (cancellations) or written off. Never 0.
    public var quantity: Int64

    public init(sku: Int32, quantity: Int64) {
      self.sku = sku
      self.quantity = quantity
    }
  }

  public struct Invoice: Equatable, Sendable {
    public var number: String
    /// The first that its lines name; empty: none does.
    public var customer = ""
    /// Its places in `lines`.
    public var lines: Range<Int>

    /// A cancellation: gives units back.
    public var isCancellation: Bool { number.first == "C" }

    /// What becomes of its reservation. The same in every run.
    ///
    /// - Parameters:
    ///   - releaseShare: percent of all invoices, by a hash of their numbers.
    ///   - expireShare: the same; both together at most 100.
    public func fate(releaseShare: Int, expireShare: Int) -> Fate {
      var hash: UInt64 = 0
      for byte in number.utf8 { hash = ShardMap.mix(hash ^ UInt64(byte)) }
      let percent = Int(hash % 100)
      if percent < releaseShare { return .released }
      return percent < releaseShare + expireShare ? .expired : .fulfilled
    }
  }

  /// How a reservation ends.
  public enum Fate: Equatable, Sendable { case fulfilled, released, expired }

  public internal(set) var skus: [SKU] = []
  /// In the order of their first lines.
  public internal(set) var invoices: [Invoice] = []
  public internal(set) var lines: [Line] = []

  init() {}

  /// Codes without a digit, such as POST, DOT, M and BANK CHARGES, are charges, not goods; so are C2
  /// (carriage) and its like.
  public static func looksLikeService(_ sku: String) -> Bool {
    let isDigit: (UInt8) -> Bool = { $0 >= 0x30 && $0 <= 0x39 }
    let bytes = Array(sku.utf8)
    if !bytes.contains(where: isDigit) { return true }
    return bytes.count == 2 && bytes[0] == UInt8(ascii: "C") && isDigit(bytes[1])
  }

  /// What is to be done for an invoice, in this order: `reserved` all in one reservation; `adjusted`
  /// all in one request.
  public struct Steps: Equatable, Sendable {
    /// Positive quantities.
    public var reserved: [Line] = []
    /// Positive: given back. Negative: written off.
    public var adjusted: [Line] = []
    /// Lines that move no counter: charges given back or corrected.
    public var withoutStock = 0
  }

  /// - Parameter isUnlimited: for a place in `skus`: a product that moves no counter.
  public func steps(
    of invoice: Invoice, isUnlimited: (Int32) -> Bool
  ) -> Steps {
    var steps = Steps()
    for line in lines[invoice.lines] {
      if invoice.isCancellation {
        if isUnlimited(line.sku) {
          steps.withoutStock += 1
        } else {
          steps.adjusted.append(Line(sku: line.sku, quantity: -line.quantity))
        }
      } else if line.quantity > 0 {
        steps.reserved.append(line)
      } else if isUnlimited(line.sku) {
        steps.withoutStock += 1
      } else {
        steps.adjusted.append(line)
      }
    }
    return steps
  }
}
