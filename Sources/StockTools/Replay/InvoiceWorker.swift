import StockCore
import Synchronization

/// The books and counts of a replay, written by many invoices at once.
final class Ledger: Sendable {
  private struct State {
    var books: Books
    var counts = ReplayReport.Counts()
    var lastExpiring: ContinuousClock.Instant?
  }

  private let state: Mutex<State>

  init(_ books: Books) { state = Mutex(State(books: books)) }

  func withLock<Value: Sendable>(
    _ work: (inout Books, inout ReplayReport.Counts) -> sending Value
  ) -> Value {
    state.withLock { work(&$0.books, &$0.counts) }
  }

  /// A reservation was made that is left to expire.
  func noteExpiring() { state.withLock { $0.lastExpiring = .now } }

  /// When the last of them was made.
  var lastExpiring: ContinuousClock.Instant? { state.withLock { $0.lastExpiring } }
}

/// Takes one invoice through the engine and writes down what came of it.
struct InvoiceWorker: Sendable {
  let plan: ReplayPlan
  let items: [ReplayStock.Item]
  let options: ReplayRunner.Options
  /// Makes reservations.
  let reserver: ReservationSender
  /// Ends them.
  let finisher: ReservationSender
  let adjuster: BatchSender
  let ledger: Ledger
  /// Begins every idempotency key of this run: another run of the same file must not get its answers.
  let run: String

  func run(_ invoice: ReplayPlan.Invoice) async throws {
    let steps = plan.steps(of: invoice) { items[Int($0)].isUnlimited }
    ledger.withLock { _, counts in
      counts.linesWithoutStock += steps.withoutStock
      if invoice.isCancellation {
        counts.cancellations += 1
      } else if steps.reserved.isEmpty {
        counts.invoicesWrittenOff += 1
      }
    }
    if !steps.reserved.isEmpty { try await sell(invoice, steps.reserved) }
    if !steps.adjusted.isEmpty { try await adjust(invoice, steps.adjusted) }
  }

  private func key(_ invoice: ReplayPlan.Invoice, _ step: String) -> String {
    // Any text may be an invoice's number; a key is visible ASCII.
    let number = invoice.number.queryEscaped
    return number.utf8.count <= 200
      ? "\(run).\(number).\(step)" : "\(run).#\(invoice.lines.lowerBound).\(step)"
  }

  /// All lines or none, in one reservation, which is then shipped, given back, or left to expire.
  private func sell(_ invoice: ReplayPlan.Invoice, _ lines: [ReplayPlan.Line]) async throws {
    let strangers = lines.count { items[Int($0.sku)].product == nil }
    guard strangers == 0 else {
      ledger.withLock { _, counts in
        counts.invoicesRefused += 1
        counts.refusedReserves["product_not_found", default: 0] += strangers
      }
      return
    }
    let fate = invoice.fate(
      releaseShare: options.releaseShare, expireShare: options.expireShare)
    let end = try await reserver.hold(
      order: invoice.number, customer: invoice.customer.isEmpty ? nil : invoice.customer,
      lines: lines.compactMap { line in
        items[Int(line.sku)].product.map {
          ReservationLine(product: $0, location: options.location, quantity: line.quantity)
        }
      }, seconds: fate == .expired ? options.expireAfter : options.heldFor,
      key: key(invoice, "hold"))
    ledger.withLock { books, counts in
      counts.reserves += lines.count
      switch end {
      case .held: break
      case .refused(let codes):
        counts.invoicesRefused += 1
        for code in codes { counts.refusedReserves[code, default: 0] += 1 }
      case .unknown: Self.unknown(lines, &books, &counts)
      }
    }
    guard case .held(let id) = end else { return }
    switch fate {
    case .expired:
      ledger.withLock { _, counts in counts.invoicesExpired += 1 }
      ledger.noteExpiring()
    case .fulfilled: try await finish(invoice, lines, id, by: .fulfill)
    case .released: try await finish(invoice, lines, id, by: .release)
    }
  }

  private func finish(
    _ invoice: ReplayPlan.Invoice, _ lines: [ReplayPlan.Line], _ id: String,
    by ending: ReservationSender.Ending
  ) async throws {
    let end = try await finisher.end(id, by: ending, key: key(invoice, ending.rawValue))
    ledger.withLock { books, counts in
      switch end {
      case .done where ending == .fulfill:
        counts.invoicesFulfilled += 1
        for line in lines { books.fulfilled(line) }
      case .done: counts.invoicesReleased += 1
      case .refused(let code): counts.refusedEndings[code, default: 0] += 1
      case .unknown: Self.unknown(lines, &books, &counts)
      }
    }
  }

  private static func unknown(
    _ lines: [ReplayPlan.Line], _ books: inout Books, _ counts: inout ReplayReport.Counts
  ) {
    counts.invoicesUnknown += 1
    counts.unknownLines += lines.count
    for line in lines { books.uncertain(line) }
  }

  private func adjust(_ invoice: ReplayPlan.Invoice, _ lines: [ReplayPlan.Line]) async throws {
    let known = lines.filter { items[Int($0.sku)].product != nil }
    let strangers = lines.filter { items[Int($0.sku)].product == nil }
    let operations = known.compactMap { line in
      items[Int(line.sku)].product.map {
        BatchOperation(
          .adjust, product: $0, location: options.location, quantity: line.quantity,
          reason: line.quantity > 0 ? "return" : "write-off", reference: invoice.number)
      }
    }
    let ends =
      known.isEmpty ? [] : try await adjuster.send(operations, key: key(invoice, "adjust"))
    ledger.withLock { books, counts in
      for line in lines {
        if line.quantity > 0 { counts.returns += 1 } else { counts.writeOffs += 1 }
      }
      for line in strangers { Self.refuse(line, "product_not_found", &counts) }
      for (line, end) in zip(known, ends) {
        switch end {
        case .done: books.adjusted(line)
        case .refused(let code): Self.refuse(line, code, &counts)
        case .unknown:
          counts.unknownLines += 1
          books.uncertain(line)
        }
      }
    }
  }

  private static func refuse(
    _ line: ReplayPlan.Line, _ code: String, _ counts: inout ReplayReport.Counts
  ) {
    if line.quantity > 0 {
      counts.refusedReturns[code, default: 0] += 1
    } else {
      counts.refusedWriteOffs[code, default: 0] += 1
    }
  }
}
