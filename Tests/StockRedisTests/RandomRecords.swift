import StockCore

/// Random values of what goes to Redis and comes back, with the extremes in them.
enum RandomRecords {
  static func number(_ range: ClosedRange<Int64>) -> Int64 {
    switch Int.random(in: 0..<8) {
    case 0: range.lowerBound
    case 1: range.upperBound
    default:
      // Any number of bits, so that short and long ones come up alike.
      min(
        max(range.lowerBound, Int64.random(in: 0..<(1 << Int64.random(in: 0...53)))),
        range.upperBound)
    }
  }

  static func count() -> Int64 { number(0...Bounds.maxQuantity) }
  static func id() -> Int64 { number(1...Bounds.maxID) }
  static func time() -> Timestamp { number(0...4_102_444_800_000) }

  /// Anything that a client may call itself.
  static func text(_ bytes: ClosedRange<Int>) -> String {
    let letters = Array("abcXYZ019 _-.:/=,|'\"\\{}[]é–€😀")
    let count = Int.random(in: bytes)
    return String((0..<count).map { _ in letters.randomElement() ?? "a" })
  }

  static func location(orEmpty: Bool = true) -> String {
    orEmpty && Bool.random() ? "" : ["WAREHOUSE_A", "SHELF 3 / B", "Z", "0"].randomElement() ?? "A"
  }

  static func lines() -> [HoldLine] {
    (0..<Int.random(in: 0...4)).map { _ in
      HoldLine(
        product: id(), location: location(), quantity: count(), held: count(), fulfilled: count(),
        unlimited: .random(), sale: .random() ? number(-9_999...4_102_444_800_000) : nil)
    }
  }

  static func hold() -> Hold {
    let kinds: [HoldOperation.Kind] = [.take, .fulfill, .release, .expire, .reserve]
    let phases: [HoldOperation.Phase] = [.preparing, .finishing, .undoing]
    let operation = HoldOperation(
      kind: kinds.randomElement() ?? .take, phase: phases.randomElement() ?? .preparing,
      target: lines(), expiresAt: time(),
      participants: (0..<Int.random(in: 0...3)).map { _ in .random(in: 0..<Bounds.maxShards) })
    return Hold(
      id: "r3-\(UInt64.random(in: 0 ... .max))", order: text(0...9), customer: text(0...9),
      store: count(), status: HoldStatus.allCases.randomElement() ?? .held, lines: lines(),
      createdAt: time(), updatedAt: time(), expiresAt: time(), revision: id(),
      operation: .random() ? operation : nil)
  }

  static func part() -> HoldPart {
    HoldPart(
      hold: text(1...9), home: .random(in: 0..<Bounds.maxShards), customer: text(0...9),
      lines: lines(), revision: id())
  }

  static func entry() -> EntrySnapshot {
    let value = EntryValue(
      quantity: count(), reserved: count(), version: count(), createdAt: time(), updatedAt: time(),
      gtin: [GTIN.none, GTIN("00012345") ?? .none, GTIN("12345678901234") ?? .none]
        .randomElement() ?? .none, location: 0)
    return EntrySnapshot(
      id: count(), product: count(), store: count(), location: location(), value: value,
      unlimited: .random())
  }

  static func product() -> ProductSnapshot {
    let limit = PurchaseLimit(
      quantity: id(), startsAt: Bool.random() ? 0 : time(), endsAt: Bool.random() ? .max : time())
    let value = ProductValue(
      store: id(), type: ProductType.allCases.randomElement() ?? .physical, sku: text(0...9),
      title: text(0...9),
      policy: StockPolicy(
        lowStockThreshold: .random() ? count() : nil, safetyStock: count(), backorderLimit: count(),
        purchaseLimit: .random() ? limit : nil), version: id(), createdAt: time(),
      updatedAt: time())
    return ProductSnapshot(id: id(), value: value)
  }

  /// Each kind of refusal but that of lines.
  static func refusals() -> [Refusal] {
    [
      .productNotFound, .entryNotFound, .locationRequired,
      .versionConflict(.version(expected: count(), actual: count())),
      .versionConflict(.quantity(expected: count(), actual: count())),
      .insufficientStock(requested: count(), available: -count()),
      .insufficientReserved(requested: count(), reserved: count()),
      .belowReserved(requested: count(), reserved: count()),
      .quantityTooLarge, .locationTaken, .entryInUse(reserved: count()),
      .capacityReached(.locationsOfProduct), .capacityReached(.locationsOfStore),
      .capacityReached(.linesOfHold), .capacityReached(.locations),
      .capacityReached(.products), .capacityReached(.entries), .capacityReached(.holds),
      .purchaseLimit(requested: count(), limit: id(), had: count()), .customerRequired,
      .holdNotFound, .holdClosed(HoldStatus.allCases.randomElement() ?? .expired), .holdIDTaken,
      .lineNotFound(product: id(), location: location()), .idempotencyMismatch, .idempotencyRunning,
    ]
  }

  /// Each kind of outcome that is kept.
  static func outcomes() -> [Outcome] {
    let refused = refusals().map {
      LineRefusal(product: id(), location: location(), refusal: $0)
    }
    return [
      .entry(entry()), .transferred(from: entry(), to: entry()), .deleted, .product(product()),
      .productCreated(product()),
      .allocated(
        (0..<Int.random(in: 0...3)).map { _ in AllocatedLine(quantity: count(), entry: entry()) }),
      .hold(hold()), .holdCreated(hold()),
      .reservedTogether((0..<Int.random(in: 0...3)).map { _ in entry() }),
      .refused(.linesRefused([])), .refused(.linesRefused(refused.shuffled())),
    ] + refusals().map { .refused($0) }
  }
}
