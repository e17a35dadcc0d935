/// Who asked for a change: the id of a key; 0 for the engine itself, and where no keys are checked.
public typealias ActorID = Int64

/// A change of an entry's counters, as the ledger tells it.
public struct Movement: Equatable, Sendable {
  public enum Kind: UInt8, CaseIterable, Sendable {
    case set, adjust, reserve, release, fulfill, expire
    case transferIn, transferOut
    case `import`, delete

    public var name: String {
      switch self {
      case .set: "set"
      case .adjust: "adjust"
      case .reserve: "reserve"
      case .release: "release"
      case .fulfill: "fulfill"
      case .expire: "expire"
      case .transferIn: "transfer_in"
      case .transferOut: "transfer_out"
      case .import: "import"
      case .delete: "delete"
      }
    }

    public init?(name: some StringProtocol) {
      guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = kind
    }
  }

  /// What became of the units that can be reserved, where that is news. Only at the edge.
  public struct Edges: OptionSet, Equatable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// They came down to the product's `lowStockThreshold`.
    public static let lowStock = Edges(rawValue: 1)
    /// None is left.
    public static let outOfStock = Edges(rawValue: 2)
    /// There was none, and now there is.
    public static let backInStock = Edges(rawValue: 4)
  }

  public var kind: Kind
  public var edges: Edges = []
  public var product: ProductID
  public var store: StoreID
  public var location: LocationID
  public var quantityChange: Int64
  public var reservedChange: Int64
  public var quantityAfter: Int64
  public var reservedAfter: Int64
  public var actor: ActorID
  public var occurredAt: Timestamp
  /// The place of its note among the batch's notes; negative: none.
  public var note: Int32

  public init(
    kind: Kind, edges: Edges = [], product: ProductID, store: StoreID, location: LocationID,
    quantityChange: Int64, reservedChange: Int64, quantityAfter: Int64, reservedAfter: Int64,
    actor: ActorID, occurredAt: Timestamp, note: Int32 = -1
  ) {
    self.kind = kind
    self.edges = edges
    self.product = product
    self.store = store
    self.location = location
    self.quantityChange = quantityChange
    self.reservedChange = reservedChange
    self.quantityAfter = quantityAfter
    self.reservedAfter = reservedAfter
    self.actor = actor
    self.occurredAt = occurredAt
    self.note = note
  }
}

/// What a client, or a hold, says about its changes. Kept apart from the movements, which have one
/// note together.
public struct MovementNote: Equatable, Sendable {
  /// At most `Bounds.maxNoteBytes` bytes; no control characters. Empty: none.
  public var reason: String
  /// The same. Movements of a hold have the hold's id.
  public var reference: String

  public init(reason: String = "", reference: String = "") {
    self.reason = reason
    self.reference = reference
  }

  public var isEmpty: Bool { reason.isEmpty && reference.isEmpty }
}

/// The movements of a batch that Redis has: what readers of events get.
public struct CommittedMovements: Equatable, Sendable {
  public var shard: ShardID
  public var sequence: Sequence64
  /// The number of the first of them; the others follow without a gap.
  public var firstNumber: Int64
  public var movements: [Movement]
  public var notes: [MovementNote]

  public init(
    shard: ShardID, sequence: Sequence64, firstNumber: Int64, movements: [Movement],
    notes: [MovementNote]
  ) {
    self.shard = shard
    self.sequence = sequence
    self.firstNumber = firstNumber
    self.movements = movements
    self.notes = notes
  }
}

/// A movement as it is told: with names instead of numbers.
public struct LedgerEntry: Equatable, Sendable {
  /// 1, 2, 3 … in its shard, without a gap.
  public var number: Int64
  public var kind: Movement.Kind
  public var edges: Movement.Edges
  public var product: ProductID
  public var store: StoreID
  public var location: String
  public var quantityChange: Int64
  public var reservedChange: Int64
  public var quantityAfter: Int64
  public var reservedAfter: Int64
  public var actor: ActorID
  public var occurredAt: Timestamp
  public var note: MovementNote

  public init(
    number: Int64, kind: Movement.Kind, edges: Movement.Edges, product: ProductID, store: StoreID,
    location: String, quantityChange: Int64, reservedChange: Int64, quantityAfter: Int64,
    reservedAfter: Int64, actor: ActorID, occurredAt: Timestamp, note: MovementNote
  ) {
    self.number = number
    self.kind = kind
    self.edges = edges
    self.product = product
    self.store = store
    self.location = location
    self.quantityChange = quantityChange
    self.reservedChange = reservedChange
    self.quantityAfter = quantityAfter
    self.reservedAfter = reservedAfter
    self.actor = actor
    self.occurredAt = occurredAt
    self.note = note
  }
}

/// The movements of one commit, as they are told.
public struct LedgerBatch: Equatable, Sendable {
  public var shard: ShardID
  public var sequence: Sequence64
  public var entries: [LedgerEntry]

  public init(shard: ShardID, sequence: Sequence64, entries: [LedgerEntry]) {
    self.shard = shard
    self.sequence = sequence
    self.entries = entries
  }

  /// - Parameter name: the name of every location that the movements mention.
  public init(_ committed: CommittedMovements, locationName name: (LocationID) -> String) {
    self.shard = committed.shard
    self.sequence = committed.sequence
    self.entries = committed.movements.enumerated().map { place, movement in
      LedgerEntry(
        number: committed.firstNumber + Int64(place), kind: movement.kind, edges: movement.edges,
        product: movement.product, store: movement.store, location: name(movement.location),
        quantityChange: movement.quantityChange, reservedChange: movement.reservedChange,
        quantityAfter: movement.quantityAfter, reservedAfter: movement.reservedAfter,
        actor: movement.actor, occurredAt: movement.occurredAt,
        note: movement.note < 0 ? MovementNote() : committed.notes[Int(movement.note)])
    }
  }
}
