/// A hold's id: the client's or the engine's. 1 to `Bounds.maxHoldIDBytes` bytes; letters, digits, `_`,
/// `-`, `.`, `:`.
public typealias HoldID = String

/// What is held of one product at one location.
public struct HoldLine: Equatable, Sendable {
  public var product: ProductID
  /// Empty: not given. In a request the engine then allocates; in a hold only unlimited products have
  /// such lines.
  public var location: String
  /// Units asked for.
  public var quantity: Int64
  /// Units still held. `quantity` − `held` − `fulfilled` were given back.
  public var held: Int64
  /// Units that were shipped.
  public var fulfilled: Int64
  /// The product never runs out: the line moves no counter.
  public var unlimited: Bool
  /// `startsAt` of the sale whose purchase limit the units count against. nil: none.
  public var sale: Timestamp?

  public init(
    product: ProductID, location: String, quantity: Int64, held: Int64? = nil,
    fulfilled: Int64 = 0, unlimited: Bool = false, sale: Timestamp? = nil
  ) {
    self.sale = sale
    self.product = product
    self.location = location
    self.quantity = quantity
    self.held = held ?? quantity
    self.fulfilled = fulfilled
    self.unlimited = unlimited
  }

  /// Units that were given back.
  public var released: Int64 { quantity - held - fulfilled }
}

/// How a hold stands. `held` ends once.
public enum HoldStatus: UInt8, CaseIterable, Sendable {
  /// Other shards have still to say whether they have their lines: not yet a hold for anybody.
  case preparing
  case held
  /// The last units that it held were shipped. As in the two below, others may have gone another way
  /// before: the lines tell.
  case fulfilled
  /// The last units were given back.
  case released
  /// Its time was over before all units had left it.
  case expired

  public var name: String {
    switch self {
    case .preparing: "preparing"
    case .held: "held"
    case .fulfilled: "fulfilled"
    case .released: "released"
    case .expired: "expired"
    }
  }

  public init?(name: some StringProtocol) {
    guard let status = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = status
  }

  public var isClosed: Bool {
    switch self {
    case .preparing, .held: false
    case .fulfilled, .released, .expired: true
    }
  }
}

/// A reservation over many products, as its home shard keeps it. Its record alone decides how the hold
/// ends; other shards keep a `HoldPart` with their lines, and follow.
public struct Hold: Equatable, Sendable {
  public var id: HoldID
  /// The order that it is for: at most one hold of a store is open for an order. Empty: none (atomic
  /// batches).
  public var order: String
  /// Empty: not given.
  public var customer: String
  /// Whose key made it. 0: an admin's, and only admins see it.
  public var store: StoreID
  public var status: HoldStatus
  public var lines: [HoldLine]
  public var createdAt: Timestamp
  public var updatedAt: Timestamp
  /// From then on the units are anybody's.
  public var expiresAt: Timestamp
  /// 1 when made, one more with each change: what a commit compares.
  public var revision: Int64
  /// What is under way on several shards.
  public var operation: HoldOperation?

  public init(
    id: HoldID, order: String, customer: String, store: StoreID, status: HoldStatus,
    lines: [HoldLine], createdAt: Timestamp, updatedAt: Timestamp, expiresAt: Timestamp,
    revision: Int64 = 1, operation: HoldOperation? = nil
  ) {
    self.id = id
    self.order = order
    self.customer = customer
    self.store = store
    self.status = status
    self.lines = lines
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.expiresAt = expiresAt
    self.revision = revision
    self.operation = operation
  }

  /// Units are still held.
  public var holdsUnits: Bool { lines.contains { $0.held > 0 } }
}

/// An order of a store: at most one hold is open for it.
public struct OrderKey: Hashable, Sendable {
  /// As `Hold.store`.
  public var store: StoreID
  public var order: String

  public init(store: StoreID, order: String) {
    self.store = store
    self.order = order
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.store == right.store && left.order.isExactly(right.order)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(store)
    order.hashExactly(into: &hasher)
  }
}

/// A change of a hold that other shards take part in.
///
/// Its way: the home shard records it as `preparing`, with what is to become of the hold; the others
/// take what is to be taken; then it is decided, in one commit of the home shard: `finishing` (the
/// others let go of what is to be let go) or `undoing` (they go back to what was). After a crash
/// `preparing` is undone, the others go on.
public struct HoldOperation: Equatable, Sendable {
  public enum Kind: UInt8, Sendable {
    /// Makes the hold, or replaces its lines.
    case take
    case fulfill
    case release
    case expire
    /// Takes units that then belong to nobody's hold: an atomic batch.
    case reserve
  }

  public enum Phase: UInt8, Sendable {
    case preparing, finishing, undoing
  }

  public var kind: Kind
  public var phase: Phase
  /// The hold's lines when it succeeds. While `preparing`, lines of other shards may have no location
  /// yet.
  public var target: [HoldLine]
  /// `expiresAt` when it succeeds.
  public var expiresAt: Timestamp
  /// The other shards that take part.
  public var participants: [ShardID]

  public init(
    kind: Kind, phase: Phase, target: [HoldLine], expiresAt: Timestamp, participants: [ShardID]
  ) {
    self.kind = kind
    self.phase = phase
    self.target = target
    self.expiresAt = expiresAt
    self.participants = participants
  }
}

/// What a shard has of a hold whose home is another shard.
public struct HoldPart: Equatable, Sendable {
  public var hold: HoldID
  public var home: ShardID
  /// Whose units count against purchase limits. Empty: nobody's.
  public var customer: String
  public var lines: [HoldLine]
  /// 1 when made, one more with each change: what a commit compares.
  public var revision: Int64

  public init(
    hold: HoldID, home: ShardID, customer: String, lines: [HoldLine], revision: Int64 = 1
  ) {
    self.hold = hold
    self.home = home
    self.customer = customer
    self.lines = lines
    self.revision = revision
  }
}
