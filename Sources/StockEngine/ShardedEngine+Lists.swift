import NIOCore
public import StockCore

/// Lists and figures: each loop looks at its shards, all loops at the same time.
extension ShardedEngine {
  public func entries(_ query: EntryQuery) async throws(EngineError) -> EntryPage {
    let wanted = query.product.map { [shardMap.shard(ofProduct: $0)] }
    var selection = EntrySelection(
      sort: query.sort, descending: query.descending, after: query.after, limit: query.limit)
    var total = 0
    for scan in try await scan(EntryScan(query), shards: wanted) {
      selection.insert(contentsOf: scan.selection)
      total += scan.total
    }
    let (items, next) = selection.page()
    return EntryPage(items: items, total: total, next: next)
  }

  public func products(_ query: ProductQuery) async throws(EngineError) -> ProductPage {
    var selection = ProductSelection(limit: query.limit)
    var total = 0
    for scan in try await scan(ProductScan(query)) {
      selection.insert(contentsOf: scan.selection)
      total += scan.total
    }
    let (items, next) = selection.page()
    return ProductPage(items: items, total: total, next: next)
  }

  public func holds(_ query: HoldQuery) async throws(EngineError) -> HoldPage {
    var items: [Hold] = []
    var total = 0
    for scan in try await scan(HoldScan(query)) {
      items += scan.items
      total += scan.total
    }
    let page = query.page(of: query.best(items))
    return HoldPage(items: page.items, total: total, next: page.next)
  }

  public func overview(store: StoreID?) async throws(EngineError) -> StockOverview {
    var sums = StockSums()
    var stores: [StoreID: StockSums] = [:]
    var locations: [String: Int] = [:]
    for scan in try await scan(OverviewScan(store: store)) {
      sums += scan.sums
      for one in scan.stores { stores[one.store, default: StockSums()] += one.sums }
      for (location, entries) in scan.locations { locations[location, default: 0] += entries }
    }
    if let store, sums.entries > 0 { stores[store] = sums }
    return StockOverview(
      sums: sums,
      stores: stores.map { .init(store: $0.key, sums: $0.value) }.sorted { $0.store < $1.store },
      locations: locations.map { .init(location: $0.key, entries: $0.value) }
        .sorted { $0.location.utf8.lexicographicallyPrecedes($1.location.utf8) })
  }

  /// - Parameter wanted: nil: all shards.
  /// - Returns: for each loop that has some of them, what it came to.
  private func scan<Scan: ShardScan>(
    _ scan: Scan, shards wanted: [ShardID]? = nil
  ) async throws(EngineError) -> [Scan] {
    let all = wanted ?? Array(0..<shardMap.shardCount)
    let done = await withTaskGroup(of: Scan?.self) { group in
      for (index, bound) in engineLoops.enumerated() {
        let here = all.filter { $0 % engineLoops.count == index }
        if here.isEmpty { continue }
        group.addTask {
          await withCheckedContinuation { continuation in
            bound.eventLoop.execute {
              bound.value.scan(scan, shards: here) { continuation.resume(returning: $0) }
            }
          }
        }
      }
      var done: [Scan] = []
      for await one in group {
        guard let one else { return [Scan]?.none }
        done.append(one)
      }
      return done
    }
    guard let done else { throw .unavailable("a shard is not there") }
    return done
  }
}
