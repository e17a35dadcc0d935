/// What a replay did, and whether the books are right.
public struct ReplayReport: Sendable {
  /// What happened to the invoices and their lines.
  public struct Counts: Equatable, Sendable {
    public var invoicesFulfilled = 0
    public var invoicesReleased = 0
    /// Held, and left to expire.
    public var invoicesExpired = 0
    /// A line was refused, so none was held.
    public var invoicesRefused = 0
    public var invoicesUnknown = 0
    public var cancellations = 0
    /// Nothing but write-offs.
    public var invoicesWrittenOff = 0
    public var reserves = 0
    public var returns = 0
    public var writeOffs = 0
    /// Charges given back or corrected: they move no counter.
    public var linesWithoutStock = 0
    public var unknownLines = 0
    /// Refused lines by code, under what was asked for.
    public var refusedReserves: [String: Int] = [:]
    public var refusedWriteOffs: [String: Int] = [:]
    public var refusedReturns: [String: Int] = [:]
    /// Refused fulfils and releases of reservations that had been made: should be none.
    public var refusedEndings: [String: Int] = [:]

    public init() {}
  }

  public var lines = 0
  public var invoices = 0
  public var skus = 0
  public var counts = Counts()
  public var elapsed: Duration = .zero
  /// Requests that reserve, in words: how many and how long.
  public var reserving = ""
  /// All other requests.
  public var others = ""
  public var differences: [(sku: String, text: String)] = []
  /// SKUs that have no verdict, because a request that touched them had an unknown outcome.
  public var excluded: [String] = []
  public var checked = 0

  public init() {}

  public var booksAreRight: Bool { differences.isEmpty }

  public var text: String {
    let counts = self.counts
    var text = [
      "lines          \(lines.grouped) on \(skus.grouped) SKUs",
      "invoices       \(invoices.grouped): \(counts.invoicesFulfilled.grouped) fulfilled, "
        + (counts.invoicesReleased > 0 ? "\(counts.invoicesReleased.grouped) released, " : "")
        + (counts.invoicesExpired > 0 ? "\(counts.invoicesExpired.grouped) expired, " : "")
        + "\(counts.invoicesRefused.grouped) refused, "
        + "\(counts.cancellations.grouped) cancellations, "
        + "\(counts.invoicesWrittenOff.grouped) write-offs"
        + (counts.invoicesUnknown > 0 ? ", \(counts.invoicesUnknown.grouped) unknown" : ""),
      "reserves       \(counts.reserves.grouped) lines sent",
    ]
    text += Self.causes(counts.refusedReserves)
    if counts.refusedReserves["product_not_found"] != nil {
      text.append("  (SKUs that the store does not have; --opening N makes them)")
    }
    text.append("returns        \(counts.returns.grouped) lines")
    text += Self.causes(counts.refusedReturns)
    text.append("write-offs     \(counts.writeOffs.grouped) lines")
    text += Self.causes(counts.refusedWriteOffs)
    if counts.linesWithoutStock > 0 {
      text.append("without stock  \(counts.linesWithoutStock.grouped) lines of charges")
    }
    if !counts.refusedEndings.isEmpty {
      text.append("fulfils and releases refused, which should not be:")
      text += Self.causes(counts.refusedEndings)
    }
    text += [
      "time           \(elapsed.spoken), \(elapsed.rate(of: lines).grouped) lines/s, "
        + "\(elapsed.rate(of: counts.reserves).grouped) reserves/s",
      "reserving      \(reserving)",
      "the rest       \(others)",
    ]
    text += verdict
    return text.joined(separator: "\n")
  }

  private var verdict: [String] {
    var text: [String] = []
    if !excluded.isEmpty {
      text.append(
        "NOT CHECKED    \(excluded.count.grouped) SKUs: \(counts.unknownLines.grouped) lines had an "
          + "unknown outcome, so nobody can say what these should hold:")
      text += excluded.map { "  \($0)" }
    }
    if booksAreRight {
      text.append("books          right: \(checked.grouped) SKUs, nothing oversold, nothing lost")
    } else {
      text.append(
        "books          WRONG for \(differences.count.grouped) of \(checked.grouped) SKUs:")
      text += differences.map { "  \($0.sku): \($0.text)" }
    }
    return text
  }

  private static func causes(_ causes: [String: Int]) -> [String] {
    causes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "  \($0.value.grouped) refused: \($0.key)" }
  }
}
