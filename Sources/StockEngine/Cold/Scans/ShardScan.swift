import StockCore

/// Something that looks at shards, one after the other, in small steps.
protocol ShardScan: Sendable {
  /// Begins with a shard.
  mutating func begin(_ shard: borrowing ShardStateMachine)
  /// Some more microseconds' work on it.
  ///
  /// - Returns: true when it is done with this shard.
  mutating func step(_ shard: borrowing ShardStateMachine) -> Bool
}

/// A list of entries on some shards.
struct EntryScan: ShardScan {
  private let filter: EntryFilter
  private(set) var selection: EntrySelection
  /// Of the shards that it is done with.
  private(set) var total = 0
  private var walk: EntryWalk?

  init(_ query: EntryQuery) {
    filter = EntryFilter(
      scope: query.scope, product: query.product, location: query.location,
      lowStock: query.lowStock, search: query.search.map(TextNeedle.init))
    selection = EntrySelection(
      sort: query.sort, descending: query.descending, after: query.after, limit: query.limit)
  }

  mutating func begin(_ shard: borrowing ShardStateMachine) {
    walk = shard.beginWalk(filter, for: selection)
  }

  mutating func step(_ shard: borrowing ShardStateMachine) -> Bool {
    guard var current = walk else { return true }
    walk = nil
    shard.step(&current, &selection)
    if current.isDone {
      total += current.total
      return true
    }
    walk = current
    return false
  }
}

/// A list of products on some shards.
struct ProductScan: ShardScan {
  private let query: ProductQuery
  private let needle: TextNeedle?
  private(set) var selection: ProductSelection
  private(set) var total = 0
  private var walk: ProductWalk?

  init(_ query: ProductQuery) {
    self.query = query
    needle = query.search.map(TextNeedle.init)
    selection = ProductSelection(limit: query.limit)
  }

  mutating func begin(_ shard: borrowing ShardStateMachine) {
    walk = shard.beginWalk(store: query.store, search: needle, after: query.after)
  }

  mutating func step(_ shard: borrowing ShardStateMachine) -> Bool {
    guard var current = walk else { return true }
    walk = nil
    shard.step(&current, &selection)
    if current.isDone {
      total += current.total
      return true
    }
    walk = current
    return false
  }
}

/// A list of holds on some shards.
struct HoldScan: ShardScan {
  private let query: HoldQuery
  private(set) var items: [Hold] = []
  private(set) var total = 0
  private var row = 0

  init(_ query: HoldQuery) { self.query = query }

  mutating func begin(_ shard: borrowing ShardStateMachine) { row = 0 }

  mutating func step(_ shard: borrowing ShardStateMachine) -> Bool {
    let slice = query.slice(of: shard, from: row)
    total += slice.total
    if !slice.items.isEmpty { items = query.best(items + slice.items) }
    row = slice.next ?? 0
    return slice.next == nil
  }
}

/// The running sums of some shards.
struct OverviewScan: ShardScan {
  let store: StoreID?
  private(set) var sums = StockSums()
  private(set) var stores: [ShardStateMachine.StoreOverview] = []
  private(set) var locations: [(location: String, entries: Int)] = []

  init(store: StoreID?) { self.store = store }

  mutating func begin(_ shard: borrowing ShardStateMachine) {
    sums += shard.committedSums(of: store)
    if store == nil { stores += shard.storesWithEntries }
    locations += shard.locationsWithEntries(of: store)
  }

  mutating func step(_ shard: borrowing ShardStateMachine) -> Bool { true }
}
