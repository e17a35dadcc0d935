public import StockCore

/// What a list of entries shall show. Answered from committed state, in slices, so that no list
/// makes a reserve wait.
public struct EntryQuery: Sendable {
  public var scope: StoreScope
  public var product: ProductID?
  /// Normalised.
  public var location: String?
  /// Entries of physical products with no more than this available.
  public var lowStock: Int64?
  /// Part of a title, SKU or GTIN, any case.
  public var search: String?
  public var sort: EntrySort
  public var descending: Bool
  /// 1 to 500.
  public var limit: Int
  /// Where the page before ended. By id or product, an entry that is there all the time is on exactly
  /// one page, whatever happens meanwhile; by a counter or a time, this holds for entries that do not
  /// change meanwhile.
  public var after: EntryCursor?

  public init(
    scope: StoreScope, product: ProductID? = nil, location: String? = nil, lowStock: Int64? = nil,
    search: String? = nil, sort: EntrySort = .id, descending: Bool = false, limit: Int = 50,
    after: EntryCursor? = nil
  ) {
    self.scope = scope
    self.product = product
    self.location = location
    self.lowStock = lowStock
    self.search = search
    self.sort = sort
    self.descending = descending
    self.limit = limit
    self.after = after
  }
}

public struct EntryPage: Sendable {
  public var items: [ListedEntry]
  /// Entries that match, on all pages.
  public var total: Int
  /// nil on the last page.
  public var next: EntryCursor?

  public init(items: [ListedEntry], total: Int, next: EntryCursor?) {
    self.items = items
    self.total = total
    self.next = next
  }
}

/// A list of products, by id.
public struct ProductQuery: Sendable {
  public var store: StoreID?
  /// Part of a title, SKU or GTIN, any case.
  public var search: String?
  /// 1 to 500.
  public var limit: Int
  /// The last id of the page before.
  public var after: ProductID?

  public init(
    store: StoreID? = nil, search: String? = nil, limit: Int = 50, after: ProductID? = nil
  ) {
    self.store = store
    self.search = search
    self.limit = limit
    self.after = after
  }
}

public struct ProductPage: Sendable {
  public var items: [ProductSnapshot]
  public var total: Int
  public var next: ProductID?

  public init(items: [ProductSnapshot], total: Int, next: ProductID?) {
    self.items = items
    self.total = total
    self.next = next
  }
}

/// What differs between a shard's memory and Redis.
public struct VerifyReport: Sendable {
  public struct Shard: Sendable {
    public var shard: ShardID
    public var products: Int
    public var entries: Int
    /// Holds, and parts of holds of other shards.
    public var holds: Int
    /// In words, the first 100.
    public var differences: [String]
    public var differenceCount: Int
    /// Fields that were written to Redis.
    public var repairedCount: Int

    public init(
      shard: ShardID, products: Int, entries: Int, holds: Int = 0, differences: [String],
      differenceCount: Int, repairedCount: Int = 0
    ) {
      self.repairedCount = repairedCount
      self.shard = shard
      self.products = products
      self.entries = entries
      self.holds = holds
      self.differences = differences
      self.differenceCount = differenceCount
    }
  }

  /// The manifest, stores and API keys.
  public struct Control: Sendable {
    /// In words.
    public var differences: [String]
    /// Fields that were written to Redis.
    public var repairedCount: Int

    public init(differences: [String] = [], repairedCount: Int = 0) {
      self.differences = differences
      self.repairedCount = repairedCount
    }
  }

  public var shards: [Shard]
  public var control: Control

  public init(shards: [Shard], control: Control = Control()) {
    self.shards = shards
    self.control = control
  }

  public var differenceCount: Int {
    shards.reduce(control.differences.count) { $0 + $1.differenceCount }
  }
  public var repairedCount: Int {
    shards.reduce(control.repairedCount) { $0 + $1.repairedCount }
  }
}

/// How the engine is, for orchestrators and people.
public struct EngineHealth: Sendable {
  public struct Shard: Sendable {
    public var shard: ShardID
    /// The shard takes changes.
    public var isServing: Bool
    /// In words: "serving", "recovering", "fenced: …".
    public var state: String
    public var sequence: Sequence64
    public var products: Int
    public var entries: Int

    public init(
      shard: ShardID, isServing: Bool, state: String, sequence: Sequence64, products: Int,
      entries: Int
    ) {
      self.shard = shard
      self.isServing = isServing
      self.state = state
      self.sequence = sequence
      self.products = products
      self.entries = entries
    }
  }

  public var shards: [Shard]

  public init(shards: [Shard]) { self.shards = shards }

  public var isServing: Bool { shards.allSatisfy(\.isServing) }
}
