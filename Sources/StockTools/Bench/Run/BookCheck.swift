/// Counts the products that a run has used, and holds them against its books.
struct BookCheck: Sendable {
  let stage: BenchStage
  let opening: [Administration.Counters]
  let options: BenchOptions

  /// How much longer than their time reservations may take to expire.
  private static let patience: UInt64 = 15_000_000_000

  func verdict<Load: Workload>(of loads: [Load]) async throws -> BenchReport.Books {
    var books = BenchBooks(products: options.products)
    for load in loads { books.add(load.books) }
    try await giveBack(loads, &books)
    let used = books.accounts.indices.filter { books.accounts[$0].isUsed }
    let last = loads.compactMap { ($0 as? ReservationWorkload)?.lastExpiring }.max() ?? 0
    var end: UInt64 = 0
    if last > 0 {
      let expired = last + UInt64(options.expireAfter) * 1_000_000_000
      end = expired + Self.patience
      let now = LoadClock.now
      if expired > now {
        let progress = Progress("waiting for reservations to expire", total: 0, unit: "looks")
        defer { progress.finish() }
        try await Task.sleep(for: .nanoseconds(expired - now))
      }
    }
    while true {
      let differences = differences(books, used, try await stage.count(used))
      if differences.isEmpty || LoadClock.now >= end {
        return BenchReport.Books(checked: used.count, differences: differences)
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  /// Gives back what is still held, so that the next run finds nothing that expires beneath it.
  private func giveBack<Load: Workload>(_ loads: [Load], _ books: inout BenchBooks) async throws {
    for held in loads.flatMap({ ($0 as? ReservationWorkload)?.held ?? [] }) {
      let end = try await stage.release(held.id)
      for product in held.products { books.add(product: product, reserved: -1, end) }
    }
  }

  private func differences(
    _ books: BenchBooks, _ used: [Int], _ found: [Administration.Counters?]
  ) -> [String] {
    zip(used, found).compactMap { place, counters in
      let product = BenchStage.firstProduct + place
      guard let counters else { return "product \(product) is not there" }
      return books.difference(product: place, opening: opening[place], found: counters)
        .map { "product \(product): \($0)" }
    }
  }
}
