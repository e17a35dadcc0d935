/// Makes a hold: all lines or none, whatever shards they are on. For an order that has a hold already:
/// with the same lines it is that hold, with others they replace its lines in one step.
public struct HoldRequest: Equatable, Sendable {
  /// The client's, or one that the engine made for it. Says which shard is the hold's home.
  public var id: HoldID
  /// The client chose the id.
  public var isClientID: Bool
  /// 1 to `Bounds.maxReferenceBytes` bytes.
  public var order: String
  /// Empty: not given.
  public var customer: String
  /// Sorted by product and location; no two of the same product and location. 1 to
  /// `Bounds.maxLinesPerHold`.
  public var lines: [HoldLine]
  /// Milliseconds, 30,000 to 604,800,000.
  public var timeToLive: Int64
  /// For lines without a location.
  public var allocation: Allocation

  public init(
    id: HoldID, isClientID: Bool, order: String, customer: String, lines: [HoldLine],
    timeToLive: Int64, allocation: Allocation
  ) {
    self.id = id
    self.isClientID = isClientID
    self.order = order
    self.customer = customer
    self.lines = lines
    self.timeToLive = timeToLive
    self.allocation = allocation
  }
}

/// Some units of a hold's line, to be shipped or given back. 1 or more, at most what is held.
public struct HoldAmount: Equatable, Sendable {
  public var product: ProductID
  /// Empty: of the product's only line in the hold.
  public var location: String
  public var quantity: Int64

  public init(product: ProductID, location: String, quantity: Int64) {
    self.product = product
    self.location = location
    self.quantity = quantity
  }
}

/// Reserves units of several entries, all or none, without a hold (`"atomic": true`).
public struct AtomicReserve: Equatable, Sendable {
  /// Made by the engine; names what is under way on several shards until it is done.
  public var id: HoldID
  /// As in `HoldRequest`. All with a location, but for unlimited products.
  public var lines: [HoldLine]

  public init(id: HoldID, lines: [HoldLine]) {
    self.id = id
    self.lines = lines
  }
}

/// From which locations units are taken where none is named. Each may split over locations but
/// `singleLocation`.
public struct Allocation: Equatable, Sendable {
  public enum Strategy: String, CaseIterable, Sendable {
    /// In the store's order; locations that are not in it come last, by their entries' ids.
    case priority
    /// The one with the most first.
    case highestStock = "highest_stock"
    /// The first in the order of `priority` that can give all.
    case singleLocation = "single_location"
  }

  public var strategy: Strategy
  /// The store's order of locations.
  public var priority: [String]

  public init(strategy: Strategy = .priority, priority: [String] = []) {
    self.strategy = strategy
    self.priority = priority
  }
}

/// Units without a location, of one product.
public struct AllocateStock: Equatable, Sendable {
  public var product: ProductID
  /// 1 or more.
  public var quantity: Int64
  public var allocation: Allocation

  public init(product: ProductID, quantity: Int64, allocation: Allocation) {
    self.product = product
    self.quantity = quantity
    self.allocation = allocation
  }
}

/// What a hold's home shard asks of another shard: to bring its part of the hold to `lines`. Asking
/// twice is harmless.
public struct PartRequest: Equatable, Sendable {
  public enum Mode: UInt8, Sendable {
    /// Only say whether it could be done.
    case probe
    /// Take what is to be taken; may be refused, and then nothing has changed.
    case prepare
    /// Let go of what is to be let go, or go back to what was: cannot be refused.
    case settle
    /// Forget the part and leave its units reserved: they belong to no hold from now on.
    case detach
  }

  public var mode: Mode
  public var hold: HoldID
  public var home: ShardID
  public var customer: String
  /// What kind of movement units are that leave the hold.
  public var cause: HoldOperation.Kind
  /// What the part shall be: its lines with `held` and `fulfilled`.
  public var lines: [HoldLine]
  public var allocation: Allocation

  public init(
    mode: Mode, hold: HoldID, home: ShardID, customer: String, cause: HoldOperation.Kind,
    lines: [HoldLine], allocation: Allocation
  ) {
    self.mode = mode
    self.hold = hold
    self.home = home
    self.customer = customer
    self.cause = cause
    self.lines = lines
    self.allocation = allocation
  }
}

/// What another shard says to a `PartRequest`.
public struct PartAnswer: Equatable, Sendable {
  /// The lines with their locations, where it was done; empty where it was refused.
  public var lines: [HoldLine]
  /// The entries as they now are, line by line. Only for atomic batches.
  public var entries: [EntrySnapshot]
  /// Why lines were refused; empty where it was done.
  public var refused: [LineRefusal]

  public init(
    lines: [HoldLine] = [], entries: [EntrySnapshot] = [], refused: [LineRefusal] = []
  ) {
    self.lines = lines
    self.entries = entries
    self.refused = refused
  }
}

/// A line that could not be had.
public struct LineRefusal: Equatable, Sendable {
  public var product: ProductID
  /// Empty where the request had none.
  public var location: String
  /// Never itself a `linesRefused`.
  public var refusal: Refusal

  public init(product: ProductID, location: String, refusal: Refusal) {
    self.product = product
    self.location = location
    self.refusal = refusal
  }
}

/// A request from one shard to another.
public struct ShardMessage: Equatable, Sendable {
  public var to: ShardID
  public var request: PartRequest
  public var scope: StoreScope
  public var actor: ActorID
  /// What the answer must carry: which attempt of the hold's home it belongs to.
  public var attempt: Int64

  public init(
    to: ShardID, request: PartRequest, scope: StoreScope, actor: ActorID, attempt: Int64
  ) {
    self.to = to
    self.request = request
    self.scope = scope
    self.actor = actor
    self.attempt = attempt
  }
}
