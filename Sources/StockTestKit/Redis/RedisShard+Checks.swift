public import StockCore

extension CommitRequest {
  /// A record that could not be read again from its text (`StockRedis` has the readers), in words.
  var unreadable: String? {
    for change in entries {
      guard let value = change.after?.value else { continue }
      guard (0...Bounds.maxQuantity).contains(value.quantity),
        (0...Bounds.maxID).contains(value.reserved),
        (1...Bounds.maxVersion).contains(value.version),
        value.createdAt >= 0, value.updatedAt >= 0
      else { return "entry \(change.id) cannot be read again: \(value)" }
    }
    for change in products where !(1...Bounds.maxVersion).contains(change.after.version) {
      return "product \(change.id) cannot be read again: \(change.after)"
    }
    for change in holds {
      guard let after = change.after else { continue }
      guard (1...Bounds.maxID).contains(after.revision), after.allLines.allSatisfy(\.isReadable)
      else { return "hold \(change.key) cannot be read again: \(after)" }
    }
    for change in purchases {
      guard let after = change.after else { continue }
      guard (1...Bounds.maxID).contains(after.units), !change.key.customer.isEmpty else {
        return "\(change.key) cannot be read again: \(after)"
      }
    }
    return nil
  }
}

extension HoldRecord {
  /// Those that it has, and those that it is to have.
  fileprivate var allLines: [HoldLine] {
    switch self {
    case .hold(let hold): hold.lines + (hold.operation?.target ?? [])
    case .part(let part): part.lines
    }
  }
}

extension HoldLine {
  fileprivate var isReadable: Bool {
    [quantity, held, fulfilled].allSatisfy { (0...Bounds.maxID).contains($0) }
  }
}

extension RedisShard {
  /// What differs from a machine's committed state, in words.
  public func differences(from machine: borrowing ShardStateMachine) -> [String] {
    var found: [String] = []
    if meta?.sequence != machine.committedSequence {
      found.append("sequence \(meta?.sequence ?? -1), memory \(machine.committedSequence)")
    }
    var entryCount = 0
    _ = machine.visitEntries(from: 0, count: .max) { _, _ in entryCount += 1 }
    if entries.count != entryCount {
      found.append("\(entries.count) entries, memory \(entryCount)")
    }
    var productCount = 0
    _ = machine.visitProducts(from: 0, count: .max) { _ in productCount += 1 }
    if products.count != productCount {
      found.append("\(products.count) products, memory \(productCount)")
    }
    for (id, held) in entries {
      guard let known = machine.committedEntry(id)?.withoutLocationNumber else {
        found.append("entry \(id) is not in memory")
        continue
      }
      if known.value != held.value || known.location != held.location
        || known.product != held.product
      {
        found.append("entry \(id): \(held), memory \(known)")
      }
    }
    for (id, held) in products where machine.committedProduct(id) != held {
      found.append("product \(id): \(held)")
    }
    return found + differencesOfHolds(from: machine)
  }

  private func differencesOfHolds(from machine: borrowing ShardStateMachine) -> [String] {
    var found: [String] = []
    let known = machine.committedRecords
    for id in Set(known.holds).union(holds.keys) where machine.committedHold(id) != holds[id] {
      found.append(
        "hold \(id): \(String(describing: holds[id])), memory "
          + "\(String(describing: machine.committedHold(id)))")
    }
    for key in Set(known.purchases).union(purchases.keys)
    where machine.committedPurchases(key) != purchases[key] {
      found.append(
        "\(key): \(String(describing: purchases[key])), memory \(String(describing: machine.committedPurchases(key)))"
      )
    }
    return found
  }

  /// What is wrong with the stream: movements have the numbers 1, 2, 3 …, each builds on the one before
  /// it, and together they make the counters.
  public func ledgerFaults() -> [String] {
    var books = LedgerBooks()
    for batch in ledger { books.add(batch) }
    var found = books.wrong
    if books.lastNumber != meta?.movements ?? 0 {
      found.append("movement \(books.lastNumber) is the last, meta says \(meta?.movements ?? -1)")
    }
    var stored: [LedgerBooks.Place: LedgerBooks.Counters] = [:]
    for entry in entries.values where entry.value.quantity != 0 || entry.value.reserved != 0 {
      stored[.init(product: entry.product, location: entry.location)] = .init(
        quantity: entry.value.quantity, reserved: entry.value.reserved)
    }
    for place in Set(stored.keys).union(books.counters.keys)
    where stored[place] != books.counters[place] {
      found.append(
        "movements say \(String(describing: books.counters[place])) of \(place), the entries "
          + "\(String(describing: stored[place]))")
    }
    return found
  }
}

/// Counters that are made of movements alone, as a reader of the stream would.
public struct LedgerBooks: Sendable {
  public struct Place: Hashable, Sendable {
    public var product: ProductID
    public var location: String
  }

  public struct Counters: Equatable, Sendable {
    public var quantity: Int64
    public var reserved: Int64
  }

  /// Places whose counters are not both 0.
  public private(set) var counters: [Place: Counters] = [:]
  public private(set) var lastNumber: Int64 = 0
  public private(set) var wrong: [String] = []

  public init() {}

  public mutating func add(_ batch: LedgerBatch) {
    for entry in batch.entries {
      if entry.number != lastNumber + 1 {
        wrong.append("movement \(entry.number) comes after \(lastNumber)")
      }
      lastNumber = entry.number
      let place = Place(product: entry.product, location: entry.location)
      var now = counters[place] ?? Counters(quantity: 0, reserved: 0)
      now.quantity += entry.quantityChange
      now.reserved += entry.reservedChange
      if now.quantity != entry.quantityAfter || now.reserved != entry.reservedAfter {
        wrong.append("movement \(entry.number) says \(entry), and before it were \(now)")
      }
      if entry.quantityChange == 0, entry.reservedChange == 0 {
        wrong.append("movement \(entry.number) moves nothing")
      }
      counters[place] = now.quantity == 0 && now.reserved == 0 ? nil : now
    }
  }
}
