/// What a list of entries is sorted by; ties are broken by the entry's id.
public enum EntrySort: String, CaseIterable, Sendable {
  case id
  case product = "product_id"
  case quantity
  case available = "available_quantity"
  case updatedAt = "updated_at"

  /// The number that an entry is sorted by.
  @inline(__always)
  func key(_ id: EntryID, product: ProductID, _ value: EntryValue) -> Int64 {
    switch self {
    case .id: id
    case .product: product
    case .quantity: value.quantity
    case .available: value.available
    case .updatedAt: value.updatedAt
    }
  }

  public func cursor(of entry: EntrySnapshot) -> EntryCursor {
    EntryCursor(key: key(entry.id, product: entry.product, entry.value), id: entry.id)
  }
}

/// The last entry of a page by what the list is sorted by: entries that come and go elsewhere do not
/// shift the next page.
public struct EntryCursor: Equatable, Sendable {
  public var key: Int64
  public var id: EntryID

  public init(key: Int64, id: EntryID) {
    self.key = key
    self.id = id
  }

  @inline(__always)
  func isBefore(_ other: EntryCursor, descending: Bool) -> Bool {
    if key != other.key { return descending ? key > other.key : key < other.key }
    return descending ? id > other.id : id < other.id
  }
}

/// An entry as a list shows it.
public struct ListedEntry: Equatable, Sendable {
  public var entry: EntrySnapshot
  /// Of its product. Empty when not given.
  public var title: String
  /// Of its product. Empty when not given.
  public var sku: String

  public init(entry: EntrySnapshot, title: String = "", sku: String = "") {
    self.entry = entry
    self.title = title
    self.sku = sku
  }
}

/// The first entries, in an order, of those that it is shown: a page and one more, which tells that
/// there is a next page.
public struct EntrySelection: Sendable {
  let sort: EntrySort
  let descending: Bool
  let after: EntryCursor?
  private let capacity: Int
  private var items: [ListedEntry] = []
  /// Nothing behind it is wanted: there are enough before it.
  private(set) var bound: EntryCursor?

  /// - Parameters:
  ///   - after: where the page before ended.
  ///   - limit: entries on a page.
  public init(sort: EntrySort, descending: Bool, after: EntryCursor?, limit: Int) {
    self.sort = sort
    self.descending = descending
    self.after = after
    self.capacity = limit + 1
  }

  /// Whether an entry with this cursor would be on the page, as far as is known.
  @inline(__always)
  func wants(_ cursor: EntryCursor) -> Bool {
    if let bound, !cursor.isBefore(bound, descending: descending) { return false }
    if let after, !after.isBefore(cursor, descending: descending) { return false }
    return true
  }

  /// Whether an entry of which only the key is known may be wanted.
  @inline(__always)
  func mayWant(key: Int64) -> Bool {
    if let bound, descending ? key < bound.key : key > bound.key { return false }
    if let after, descending ? key > after.key : key < after.key { return false }
    return true
  }

  /// Takes an entry that is wanted.
  mutating func insert(_ entry: ListedEntry) {
    items.append(entry)
    // Sorted now and then, not each time: some entries come in the wrong order, and leave again.
    if items.count >= 2 * capacity { prune() }
    if bound == nil, items.count == capacity { prune() }
  }

  private mutating func prune() {
    items.sort {
      sort.cursor(of: $0.entry).isBefore(sort.cursor(of: $1.entry), descending: descending)
    }
    guard items.count >= capacity else { return }
    items.removeLast(items.count - capacity)
    bound = items.last.map { sort.cursor(of: $0.entry) }
  }

  /// Joins what was selected of other shards.
  public mutating func insert(contentsOf other: EntrySelection) {
    for item in other.items where wants(sort.cursor(of: item.entry)) { insert(item) }
  }

  /// The page, and where the next one begins; nil on the last page.
  public consuming func page() -> (items: [ListedEntry], next: EntryCursor?) {
    prune()
    guard items.count == capacity else { return (items, nil) }
    items.removeLast()
    return (items, items.last.map { sort.cursor(of: $0.entry) })
  }
}
