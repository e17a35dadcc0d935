public import StockCore

/// What there is in all, from running sums: as quick with a million entries as with one.
public struct StockOverview: Sendable {
  public struct StoreFigures: Sendable {
    public var store: StoreID
    public var sums: StockSums

    public init(store: StoreID, sums: StockSums) {
      self.store = store
      self.sums = sums
    }
  }

  public struct LocationFigures: Sendable {
    public var location: String
    public var entries: Int

    public init(location: String, entries: Int) {
      self.location = location
      self.entries = entries
    }
  }

  public var sums: StockSums
  /// Stores with entries, by id.
  public var stores: [StoreFigures]
  /// Locations with entries, in the order of their names' bytes.
  public var locations: [LocationFigures]

  public init(sums: StockSums, stores: [StoreFigures], locations: [LocationFigures]) {
    self.sums = sums
    self.stores = stores
    self.locations = locations
  }
}
