/// A location's number in its shard's `LocationTable`. Never reused.
public typealias LocationID = Int32

/// What changes of an entry: its counters, and what goes with them.
public struct EntryValue: Equatable, Sendable {
  /// Units that are there, reserved ones included. 0 to `Bounds.maxQuantity`.
  public var quantity: Int64
  /// Units promised to someone. 0 to `quantity`.
  public var reserved: Int64
  /// 1 when made, one more with each change.
  public var version: Int64
  public var createdAt: Timestamp
  public var updatedAt: Timestamp
  public var gtin: GTIN
  public var location: LocationID

  public init(
    quantity: Int64, reserved: Int64, version: Int64, createdAt: Timestamp, updatedAt: Timestamp,
    gtin: GTIN, location: LocationID
  ) {
    self.quantity = quantity
    self.reserved = reserved
    self.version = version
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.gtin = gtin
    self.location = location
  }

  /// Units that can be reserved.
  public var available: Int64 { quantity - reserved }
}

/// An entry as an answer shows it.
public struct EntrySnapshot: Equatable, Sendable {
  /// 0 where an unlimited product was reserved at a location without an entry.
  public var id: EntryID
  public var product: ProductID
  public var store: StoreID
  public var location: String
  public var value: EntryValue
  /// The product never runs out: `available` is answered as `Bounds.unlimitedAvailable`.
  public var unlimited: Bool

  public init(
    id: EntryID, product: ProductID, store: StoreID, location: String, value: EntryValue,
    unlimited: Bool = false
  ) {
    self.id = id
    self.product = product
    self.store = store
    self.location = location
    self.value = value
    self.unlimited = unlimited
  }

  public var available: Int64 { unlimited ? Bounds.unlimitedAvailable : value.available }
}
