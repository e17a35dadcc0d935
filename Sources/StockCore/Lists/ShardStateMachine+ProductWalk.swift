/// How far a list of products has come in one shard.
public struct ProductWalk: Sendable {
  let store: StoreID?
  let search: TextNeedle?
  let after: ProductID
  /// The place in the store's products, or the row.
  var next = 0
  let storeRow: Int?
  let knownTotal: Int?
  var found = 0

  public internal(set) var isDone: Bool
  /// All matches of this shard, whichever page they are on. Right when the walk is done.
  public var total: Int { knownTotal ?? found }
}

/// The products with the smallest ids of those that it is shown: a page and one more, which tells that
/// there is a next page.
public struct ProductSelection: Sendable {
  private let capacity: Int
  private var items: [ProductSnapshot] = []
  private(set) var bound: ProductID = .max

  /// - Parameter limit: products on a page.
  public init(limit: Int) { capacity = limit + 1 }

  mutating func insert(_ product: ProductSnapshot) {
    items.append(product)
    if items.count >= 2 * capacity || (bound == .max && items.count == capacity) { prune() }
  }

  private mutating func prune() {
    items.sort { $0.id < $1.id }
    guard items.count >= capacity else { return }
    items.removeLast(items.count - capacity)
    bound = items.last?.id ?? .max
  }

  /// Joins what was selected of other shards.
  public mutating func insert(contentsOf other: ProductSelection) {
    for item in other.items where item.id < bound { insert(item) }
  }

  /// The page, and the last id on it if there is another one.
  public consuming func page() -> (items: [ProductSnapshot], next: ProductID?) {
    prune()
    guard items.count == capacity else { return (items, nil) }
    items.removeLast()
    return (items, items.last?.id)
  }
}

extension ShardStateMachine {
  /// - Parameter after: the last id of the page before.
  public func beginWalk(
    store: StoreID?, search: TextNeedle?, after: ProductID?
  ) -> ProductWalk {
    let row = store.flatMap { stores.find($0) }
    let inScope =
      if store == nil { stores.productCount } else {
        row.map { stores.rows[$0].productCount } ?? 0
      }
    return ProductWalk(
      store: store, search: search, after: after ?? 0, storeRow: row,
      knownTotal: search == nil || inScope == 0 ? inScope : nil, isDone: inScope == 0)
  }

  /// Looks at some more rows.
  public func step(_ walk: inout ProductWalk, _ selection: inout ProductSelection) {
    guard !walk.isDone else { return }
    let first = walk.next
    let count: Int
    if let store = walk.storeRow {
      let places = stores.rows[store].products
      count = places.count
      walk.next = min(count, first + 128)
      for place in min(first, walk.next)..<walk.next where places[place] != Books.none {
        visit(product: places[place], &walk, &selection)
      }
    } else {
      count = books.products.count
      walk.next = min(count, first + 128)
      for row in min(first, walk.next)..<walk.next {
        visit(product: Int32(row), &walk, &selection)
      }
    }
    walk.isDone = walk.next >= count
  }

  private func visit(
    product row: Int32, _ walk: inout ProductWalk, _ selection: inout ProductSelection
  ) {
    let id = books.products.rows[Int(row)].id
    let isWanted = id > walk.after && id < selection.bound
    guard isWanted || walk.knownTotal == nil, let value = committed(product: row) else { return }
    if let store = walk.store, store != value.store { return }
    if let needle = walk.search {
      guard needle.isIn(value) else { return }
      walk.found += 1
    }
    if isWanted { selection.insert(ProductSnapshot(id: id, value: value)) }
  }
}
