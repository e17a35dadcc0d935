import Foundation
import Synchronization

/// Loads a running engine with one scenario, and holds what it has afterwards against the answers.
public struct BenchRunner: Sendable {
  private let url: EngineURL
  private let exchange: any Exchange
  private let options: BenchOptions

  /// - Parameter exchange: to the engine at `url`, with an admin key.
  public init(url: EngineURL, exchange: any Exchange, options: BenchOptions) {
    self.url = url
    self.exchange = exchange
    self.options = options
  }

  /// - Throws: `ToolError` or `ClientError` where there is nothing to report.
  public func run() async throws -> BenchReport {
    let stage = try await BenchStage(url: url, exchange: exchange)
    do {
      let opening = try await stage.fill(
        products: options.products, stock: options.stock, isNewEngine: options.isNewEngine)
      let report = try await run(stage, opening)
      await stage.close()
      return report
    } catch {
      await stage.close()
      throw error
    }
  }

  private func run(
    _ stage: BenchStage, _ opening: [Administration.Counters]
  ) async throws -> BenchReport {
    let options = options
    let heads = stage.heads
    @Sendable func seed(_ thread: Int) -> UInt64 {
      options.load.seed &+ UInt64(thread) &* 0x9E37_79B9
    }
    let picker = picker
    switch options.scenario {
    case .hot, .spread, .zipf:
      return try await run(stage, opening) { thread, slots in
        ReserveWorkload(
          heads: heads, picker: picker, products: options.products, slots: slots,
          seed: seed(thread))
      }
    case .flashSale:
      return try await run(stage, opening) { thread, slots in
        FlashSaleWorkload(
          heads: heads, products: options.products, units: options.stock, demand: options.demand,
          slots: slots, seed: seed(thread))
      }
    case .batch:
      return try await run(stage, opening) { thread, slots in
        BatchWorkload(
          heads: heads, operations: options.operations, picker: picker,
          products: options.products, slots: slots, seed: seed(thread))
      }
    case .checkout, .cart:
      let run = "b" + String(UInt64.random(in: 0...UInt64.max), radix: 36)
      return try await self.run(stage, opening) { thread, slots in
        ReservationWorkload(
          heads: heads, options: reservations, run: "\(run)-\(thread)", picker: picker,
          products: options.products, slots: slots, seed: seed(thread))
      }
    case .mixedAdmin:
      return try await runBesideLists(stage, opening, seed: seed)
    }
  }

  private var picker: ProductPicker {
    if options.products == 1 { return .one }
    if options.scenario == .zipf {
      return .zipf(ZipfTable(count: options.products, exponent: options.zipfExponent))
    }
    return .uniform(options.products)
  }

  private var reservations: ReservationWorkload.Options {
    let isCheckout = options.scenario == .checkout
    return ReservationWorkload.Options(
      maxLines: options.maxLines, hasKeys: isCheckout,
      releaseShare: isCheckout ? options.releaseShare : 0,
      expireShare: isCheckout ? options.expireShare : 0, expireAfter: options.expireAfter)
  }

  private func runBesideLists(
    _ stage: BenchStage, _ opening: [Administration.Counters],
    seed: @escaping @Sendable (Int) -> UInt64
  ) async throws -> BenchReport {
    let lists = ListsSwitch()
    let options = options
    let heads = stage.heads
    let picker = picker
    let admin = AdminLoad(exchange: exchange, paths: options.listPaths, lists: lists)
    let beside = StartedOnce { window in try await admin.run(in: window) }
    var report = try await run(stage, opening, isReady: { beside.start($0) }) { thread, slots in
      ReserveWorkload(
        heads: heads, picker: picker, products: options.products, slots: slots,
        seed: seed(thread), lists: lists)
    }
    if let outcome = try await beside.value {
      report.lists = BenchReport.Lists(outcome)
      for (place, kind) in report.kinds.enumerated() {
        report.kinds[place].seconds =
          kind.name == ReserveWorkload.besideLists.name
          ? outcome.seconds : options.load.seconds - outcome.seconds
      }
    }
    return report
  }

  private func run<Load: Workload>(
    _ stage: BenchStage, _ opening: [Administration.Counters],
    isReady: @Sendable (ClosedRange<UInt64>) -> Void = { _ in },
    make: @escaping @Sendable (_ thread: Int, _ slots: Int) -> Load
  ) async throws -> BenchReport {
    let startedAt = Date()
    let outcome = try await LoadThreads(url: url, options: options.load).run(
      options.scenario.rawValue, isReady: isReady, make: make)
    var report = BenchReport(options, startedAt: startedAt)
    report.take(outcome)
    report.books = try await BookCheck(stage: stage, opening: opening, options: options).verdict(
      of: outcome.loads)
    return report
  }
}

/// A task that is begun by one and awaited by another.
private final class StartedOnce<Input: Sendable, Value: Sendable>: Sendable {
  private let work: @Sendable (Input) async throws -> Value
  private let task = Mutex<Task<Value, any Error>?>(nil)

  init(_ work: @escaping @Sendable (Input) async throws -> Value) { self.work = work }

  func start(_ input: Input) {
    let work = work
    task.withLock { task in
      if task == nil { task = Task { try await work(input) } }
    }
  }

  /// nil: it was never begun.
  var value: Value? {
    get async throws {
      let task = task.withLock { $0 }
      return try await task?.value
    }
  }
}
