/// What a client asks of one shard. All its fields have been checked for their form (ranges,
/// location names) before: the shard judges what depends on stock.
public struct Command: Sendable {
  public var scope: StoreScope
  public var operation: Operation
  /// Whom the ledger names.
  public var actor: ActorID
  /// nil: the client gave none. Reads have none.
  public var idempotency: IdempotencyKey?

  public init(
    scope: StoreScope, operation: Operation, actor: ActorID = 0,
    idempotency: IdempotencyKey? = nil
  ) {
    self.scope = scope
    self.operation = operation
    self.actor = actor
    self.idempotency = idempotency
  }

  /// What is not asked by the thousand is boxed, so that commands are small to move.
  public enum Operation: Sendable {
    indirect case set(SetStock)
    indirect case adjust(AdjustStock)
    case reserve(EntryAmount)
    case release(EntryAmount)
    case fulfill(EntryAmount)
    indirect case transfer(Transfer)
    indirect case putEntry(PutEntry)
    /// Another version than these is a `versionConflict`; nil takes any.
    case deleteEntry(EntryID, expectedVersions: [Int64]?)
    indirect case putProduct(PutProduct)

    /// As `reserve`, where the client leaves the location to the engine.
    indirect case allocate(AllocateStock)

    // Holds: to be sent to the hold's home shard (`ShardMap.shard(of:)`).
    indirect case hold(HoldRequest)
    /// `timeToLive` from now on, in milliseconds.
    case extendHold(HoldID, timeToLive: Int64)
    /// nil: all that is still held.
    indirect case fulfillHold(HoldID, [HoldAmount]?)
    /// nil: all that is still held.
    indirect case releaseHold(HoldID, [HoldAmount]?)
    indirect case reserveTogether(AtomicReserve)
    /// From one shard to another; a client cannot ask for it.
    indirect case applyPart(PartRequest)
    /// Only whether the key was used here: the shard that it was first used for is asked before another
    /// shard takes a request with the same key.
    case checkKey(IdempotencyKey)

    // Reads: answered at once, from what is committed.
    case readHold(HoldID)
    case readEntry(EntryID)
    case readProduct(ProductID)
    case readSummary(ProductID)
  }
}

/// `quantity` units of a product at a location. 1 or more.
public struct EntryAmount: Sendable {
  public var product: ProductID
  /// Normalised (`LocationName.normalize`). Empty: not given, which only unlimited products allow
  /// (`Operation.allocate` is for the others).
  public var location: String
  public var quantity: Int64

  public init(product: ProductID, location: String, quantity: Int64) {
    self.product = product
    self.location = location
    self.quantity = quantity
  }
}

/// The exact quantity that an entry shall have. Makes the entry, and a physical product in
/// `newProductStore`, where there is none.
public struct SetStock: Sendable {
  public var product: ProductID
  public var location: String
  /// 0 to `Bounds.maxQuantity`.
  public var quantity: Int64
  /// nil leaves the entry's as it is.
  public var gtin: GTIN?
  public var expectedQuantity: Int64?
  public var expectedVersion: Int64?
  /// nil: an unknown product is `productNotFound`.
  public var newProductStore: StoreID?
  public var note: MovementNote
  /// The ledger calls it an import.
  public var isImport: Bool

  public init(
    product: ProductID, location: String, quantity: Int64, gtin: GTIN? = nil,
    expectedQuantity: Int64? = nil, expectedVersion: Int64? = nil,
    newProductStore: StoreID? = nil, note: MovementNote = MovementNote(), isImport: Bool = false
  ) {
    self.note = note
    self.isImport = isImport
    self.product = product
    self.location = location
    self.quantity = quantity
    self.gtin = gtin
    self.expectedQuantity = expectedQuantity
    self.expectedVersion = expectedVersion
    self.newProductStore = newProductStore
  }
}

/// Units to add (positive; makes the entry where there is none) or to remove (negative).
public struct AdjustStock: Sendable {
  public var product: ProductID
  public var location: String
  /// Any but 0, −`Bounds.maxQuantity` to `Bounds.maxQuantity`.
  public var quantity: Int64
  public var expectedVersion: Int64?
  public var newProductStore: StoreID?
  public var note: MovementNote

  public init(
    product: ProductID, location: String, quantity: Int64, expectedVersion: Int64? = nil,
    newProductStore: StoreID? = nil, note: MovementNote = MovementNote()
  ) {
    self.note = note
    self.product = product
    self.location = location
    self.quantity = quantity
    self.expectedVersion = expectedVersion
    self.newProductStore = newProductStore
  }
}

/// Units that go from one location of a product to another. Both sides or neither.
public struct Transfer: Sendable {
  public var product: ProductID
  /// Differs from `to`.
  public var from: String
  public var to: String
  /// 1 or more.
  public var quantity: Int64

  public init(product: ProductID, from: String, to: String, quantity: Int64) {
    self.product = product
    self.from = from
    self.to = to
    self.quantity = quantity
  }
}

/// A correction of an entry by its id. nil leaves a field as it is.
public struct PutEntry: Sendable {
  public var id: EntryID
  public var quantity: Int64?
  public var reserved: Int64?
  public var location: String?
  /// `GTIN.none` removes it.
  public var gtin: GTIN?
  /// The entry has to have one of these versions; nil takes any.
  public var expectedVersions: [Int64]?

  public init(
    id: EntryID, quantity: Int64? = nil, reserved: Int64? = nil, location: String? = nil,
    gtin: GTIN? = nil, expectedVersions: [Int64]? = nil
  ) {
    self.id = id
    self.quantity = quantity
    self.reserved = reserved
    self.location = location
    self.gtin = gtin
    self.expectedVersions = expectedVersions
  }
}

/// The whole catalogue record of a product.
public struct PutProduct: Sendable {
  public var id: ProductID
  public var store: StoreID
  public var type: ProductType
  public var gtin: GTIN
  public var sku: String
  public var title: String
  public var policy: StockPolicy

  public init(
    id: ProductID, store: StoreID, type: ProductType, gtin: GTIN = .none, sku: String = "",
    title: String = "", policy: StockPolicy = StockPolicy()
  ) {
    self.policy = policy
    self.id = id
    self.store = store
    self.type = type
    self.gtin = gtin
    self.sku = sku
    self.title = title
  }
}
