public import StockCore

/// Runs invoices through an engine, many at once, and then checks the engine's stock against its own
/// books.
///
/// The books hold only while nobody else changes the stock of these SKUs at this location.
public struct ReplayRunner: Sendable {
  public struct Options: Sendable {
    public var store: StoreID
    /// Normalised.
    public var location: String
    /// nil: what is there.
    public var opening: Int64?
    /// Invoices under way at once.
    public var underWay: Int
    /// Percent of the invoices whose reservations are released, by a hash of their numbers.
    public var releaseShare = 0
    /// Percent of the invoices whose reservations are left to expire. Both together at most 100.
    public var expireShare = 0
    /// Seconds for which those are held.
    public var expireAfter = 30
    /// Seconds for which the others are held at most.
    public var heldFor = 900
    /// How much longer than that may pass until nothing is reserved any more.
    public var expiryPatience: Duration = .seconds(30)

    public init(store: StoreID = 1, location: String, opening: Int64?, underWay: Int) {
      self.store = store
      self.location = location
      self.opening = opening
      self.underWay = max(1, underWay)
    }
  }

  private let exchange: any Exchange
  private let options: Options

  /// - Parameter exchange: asks again what may be asked again.
  public init(_ exchange: any Exchange, options: Options) {
    self.exchange = exchange
    self.options = options
  }

  /// - Throws: `ToolError` or `ClientError` where it cannot go on: there is no verdict then.
  public func run(_ plan: ReplayPlan) async throws -> ReplayReport {
    let stock = ReplayStock(
      exchange, store: options.store, location: options.location, underWay: options.underWay)
    let items = try await stock.items(of: plan.skus, making: options.opening != nil)
    if let opening = options.opening {
      try await stock.setOpening(opening, items: items, skus: plan.skus)
    }
    let before = try await stock.count(items)
    try checkOpening(before, plan)

    let ledger = Ledger(
      Books(
        before.map {
          Books.Account(opening: $0?.quantity ?? 0, openingReserved: $0?.reserved ?? 0)
        }))
    let reserving = Latency()
    let others = Latency()
    let worker = InvoiceWorker(
      plan: plan, items: items, options: options,
      reserver: ReservationSender(exchange, latency: reserving),
      finisher: ReservationSender(exchange, latency: others),
      adjuster: BatchSender(exchange, latency: others), ledger: ledger,
      run: "replay-" + String(UInt64.random(in: 0...UInt64.max), radix: 36))
    let start = ContinuousClock.now
    try await process(plan, worker)
    let elapsed = ContinuousClock.now - start

    let after = try await countAtEnd(stock, items, before, ledger)
    return ledger.withLock { books, counts in
      var report = ReplayReport()
      report.lines = plan.lines.count
      report.invoices = plan.invoices.count
      report.skus = plan.skus.count
      report.counts = counts
      report.elapsed = elapsed
      report.reserving = "\(reserving.count.grouped) requests: \(reserving.report)"
      report.others = "\(others.count.grouped) requests: \(others.report)"
      report.differences = books.differences(from: after)
        .map { (plan.skus[$0.sku].name, $0.text) }
      report.excluded = plan.skus.indices
        .filter { books.accounts[$0].isUncertain && after[$0] != nil }
        .map { plan.skus[$0].name }
      report.checked = after.count { $0 != nil } - report.excluded.count
      return report
    }
  }

  /// What was set must be what is read: else somebody else is at work, and no books would hold.
  private func checkOpening(_ found: [Administration.Counters?], _ plan: ReplayPlan) throws {
    guard let opening = options.opening else { return }
    for (place, counters) in found.enumerated() {
      if let counters, counters.quantity != opening {
        throw ToolError(
          "\(plan.skus[place].name) was set to \(opening.grouped) and reads "
            + "\(counters.quantity.grouped): is somebody else changing the stock?")
      }
    }
  }

  /// Counts when nothing is held any more: waits for what was left to expire, but not for ever.
  private func countAtEnd(
    _ stock: ReplayStock, _ items: [ReplayStock.Item], _ before: [Administration.Counters?],
    _ ledger: Ledger
  ) async throws -> [Administration.Counters?] {
    guard let last = ledger.lastExpiring else { return try await stock.count(items) }
    let expiry = last + .seconds(options.expireAfter)
    let progress = Progress("waiting for reservations to expire", total: 0, unit: "looks")
    defer { progress.finish() }
    try await Task.sleep(until: expiry, clock: .continuous)
    while true {
      let after = try await stock.count(items)
      progress.advance()
      let isOver = zip(before, after).allSatisfy { $0?.reserved == $1?.reserved }
      if isOver || ContinuousClock.now >= expiry + options.expiryPatience { return after }
      try await Task.sleep(for: .seconds(1))
    }
  }

  private func process(_ plan: ReplayPlan, _ worker: InvoiceWorker) async throws {
    let progress = Progress("orders", total: plan.lines.count, unit: "lines")
    defer { progress.finish() }
    try await forEachConcurrently(plan.invoices.count, limit: options.underWay) { index in
      try await worker.run(plan.invoices[index])
      progress.advance(by: plan.invoices[index].lines.count)
    }
  }
}
