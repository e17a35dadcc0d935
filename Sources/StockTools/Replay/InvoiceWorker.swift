import StockCore
import Synchronization

/// The books and counts of a replay, written by many invoices at once.
final class Ledger: Sendable {
  private struct State {
    var books: Books
    var counts = ReplayReport.Counts()
  }

  private let state: Mutex<State>

  init(_ books: Books) { state = Mutex(State(books: books)) }

  func withLock<Value: Sendable>(
    _ work: (inout Books, inout ReplayReport.Counts) -> sending Value
  ) -> Value {
    state.withLock { work(&$0.books, &$0.counts) }
  }
}

/// Takes one invoice through the engine and writes down what came of it.
struct InvoiceWorker: Sendable {
  let plan: ReplayPlan
  let items: [ReplayStock.Item]
  let location: String
  let reserver: BatchSender
  let sender: BatchSender
  let ledger: Ledger

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
    if !steps.reserved.isEmpty { try await sell(steps.reserved) }
    if !steps.adjusted.isEmpty { try await adjust(steps.adjusted) }
  }

  /// All lines or none: reserved together, then fulfilled together or given back together.
  private func sell(_ lines: [ReplayPlan.Line]) async throws {
    let strangers = lines.count { items[Int($0.sku)].product == nil }
    guard strangers == 0 else {
      ledger.withLock { _, counts in
        counts.invoicesRefused += 1
        counts.refusedReserves["product_not_found", default: 0] += strangers
      }
      return
    }
    let ends = try await reserver.send(operations(.reserve, lines))
    var accepted: [ReplayPlan.Line] = []
    ledger.withLock { books, counts in
      counts.reserves += lines.count
      var isUnknown = false
      for (line, end) in zip(lines, ends) {
        switch end {
        case .done: accepted.append(line)
        case .refused(let code): counts.refusedReserves[code, default: 0] += 1
        case .unknown:
          isUnknown = true
          counts.unknownLines += 1
          books.uncertain(line)
        }
      }
      if isUnknown {
        counts.invoicesUnknown += 1
      } else if accepted.count < lines.count {
        counts.invoicesRefused += 1
      }
    }
    guard !accepted.isEmpty else { return }
    let isWhole = accepted.count == lines.count
    try await end(accepted, isWhole ? .fulfill : .release)
  }

  private func end(
    _ lines: [ReplayPlan.Line], _ kind: BatchOperation.Kind
  ) async throws {
    let ends = try await sender.send(operations(kind, lines))
    ledger.withLock { books, counts in
      var isUnknown = false
      for (line, end) in zip(lines, ends) {
        switch end {
        case .done: if kind == .fulfill { books.fulfilled(line) }
        case .refused(let code): counts.refusedEndings[code, default: 0] += 1
        case .unknown:
          isUnknown = true
          counts.unknownLines += 1
          books.uncertain(line)
        }
      }
      guard kind == .fulfill else { return }
      if isUnknown { counts.invoicesUnknown += 1 } else { counts.invoicesFulfilled += 1 }
    }
  }

  private func adjust(_ lines: [ReplayPlan.Line]) async throws {
    let known = lines.filter { items[Int($0.sku)].product != nil }
    let strangers = lines.filter { items[Int($0.sku)].product == nil }
    let ends = known.isEmpty ? [] : try await sender.send(operations(.adjust, known))
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

  private func operations(
    _ kind: BatchOperation.Kind, _ lines: [ReplayPlan.Line]
  ) -> [BatchOperation] {
    lines.compactMap { line in
      items[Int(line.sku)].product.map {
        BatchOperation(kind, product: $0, location: location, quantity: line.quantity)
      }
    }
  }
}
