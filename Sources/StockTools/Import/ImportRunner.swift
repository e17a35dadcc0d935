public import StockCore
import Synchronization

/// Carries out an `ImportPlan`: first the products, then their quantities.
public struct ImportRunner: Sendable {
  /// `set` operations in one request: big enough for few requests, small enough to be fair to others.
  static let operationsPerBatch = 2_000

  private let exchange: any Exchange
  private let store: StoreID
  private let connections: Int
  private let depth: Int

  /// - Parameters:
  ///   - exchange: asks again what may be asked again.
  ///   - depth: requests under way on each connection.
  public init(_ exchange: any Exchange, store: StoreID, connections: Int, depth: Int) {
    self.exchange = exchange
    self.store = store
    self.connections = max(1, connections)
    self.depth = max(1, depth)
  }

  private struct Tally {
    var failed: Set<Int32> = []
    var refused = RefusalTally()
    var entriesSet = 0
  }

  /// - Throws: `ToolError` or `ClientError` where it cannot go on; what was done until then stays.
  ///   An import may be run again: it sets, it does not add.
  public func run(_ plan: ImportPlan) async throws -> ImportReport {
    let start = ContinuousClock.now
    let latency = Latency()
    let tally = Mutex(Tally())
    try await Administration(exchange).ensureStore(store)
    try await putProducts(plan, latency: latency) { product, code in
      tally.withLock {
        $0.failed.insert(product)
        $0.refused.add(code, line: plan.products[Int(product)].line)
      }
    }
    let failed = tally.withLock { $0.failed }
    // An entry of a product that was refused is not tried: its product's line says why.
    let entries = plan.entries.filter { !failed.contains($0.product) }
    try await setEntries(entries, of: plan, latency: latency) { entry, end in
      tally.withLock {
        switch end {
        case .done: $0.entriesSet += 1
        case .refused(let code): $0.refused.add(code, line: Int(entry.line))
        case .unknown: $0.refused.add("outcome_unknown", line: Int(entry.line))
        }
      }
    }
    let result = tally.withLock { $0 }
    let refusedProducts = { (change: ImportPlan.Change) in
      result.failed.reduce(0) { $0 + (plan.products[Int($1)].change == change ? 1 : 0) }
    }
    return ImportReport(
      lines: plan.lineCount, badLines: plan.problems.count,
      productsMade: plan.count(of: .new) - refusedProducts(.new),
      productsChanged: plan.count(of: .changed) - refusedProducts(.changed),
      productsUnchanged: plan.count(of: .unchanged), entriesSet: result.entriesSet,
      entriesNotTried: plan.entries.count - entries.count, refused: result.refused,
      elapsed: ContinuousClock.now - start, requests: latency.count, latency: latency.report)
  }

  private func putProducts(
    _ plan: ImportPlan, latency: Latency, refused: @escaping @Sendable (Int32, String) -> Void
  ) async throws {
    let places = plan.products.indices.filter { plan.products[$0].change != .unchanged }
    guard !places.isEmpty else { return }
    let progress = Progress("products", total: places.count, unit: "products")
    defer { progress.finish() }
    let administration = Administration(exchange)
    try await forEachConcurrently(places.count, limit: connections * depth) { index in
      let place = places[index]
      let refusal = try await administration.put(
        plan.products[place].product, store: store, latency: latency)
      if let refusal { refused(Int32(place), refusal.code) }
      progress.advance()
    }
  }

  private func setEntries(
    _ entries: [ImportPlan.PlannedEntry], of plan: ImportPlan, latency: Latency,
    ended: @escaping @Sendable (ImportPlan.PlannedEntry, OperationEnd) -> Void
  ) async throws {
    guard !entries.isEmpty else { return }
    let progress = Progress("quantities", total: entries.count, unit: "entries")
    defer { progress.finish() }
    let sender = BatchSender(exchange, latency: latency)
    let size = Self.operationsPerBatch
    let batches = (entries.count + size - 1) / size
    try await forEachConcurrently(batches, limit: connections) { index in
      let part = entries[index * size..<min((index + 1) * size, entries.count)]
      let ends = try await sender.send(
        part.map { entry in
          BatchOperation(
            .set, product: plan.products[Int(entry.product)].product.id,
            location: plan.locations[Int(entry.location)], quantity: entry.quantity,
            reason: "import")
        }, isIdempotent: true)
      for (entry, end) in zip(part, ends) { ended(entry, end) }
      progress.advance(by: part.count)
    }
  }
}

/// What an import did.
public struct ImportReport: Sendable {
  public var lines: Int
  public var badLines: Int
  public var productsMade: Int
  public var productsChanged: Int
  public var productsUnchanged: Int
  public var entriesSet: Int
  /// Of products that were refused.
  public var entriesNotTried: Int
  public var refused: RefusalTally
  public var elapsed: Duration
  public var requests: Int
  public var latency: String

  public var text: String {
    var lines = [
      "lines       \(self.lines.grouped), \(badLines.grouped) bad",
      "products    \(productsMade.grouped) made, \(productsChanged.grouped) updated, "
        + "\(productsUnchanged.grouped) as they were",
      "entries     \(entriesSet.grouped) set"
        + (entriesNotTried > 0 ? ", \(entriesNotTried.grouped) not tried" : ""),
      "refused     \(refused.total.grouped)",
    ]
    lines += refused.report
    lines.append(
      "time        \(elapsed.spoken), \(elapsed.rate(of: self.lines).grouped) lines/s")
    lines.append("requests    \(requests.grouped): \(latency)")
    return lines.joined(separator: "\n")
  }
}
