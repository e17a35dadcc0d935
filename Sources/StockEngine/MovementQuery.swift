public import StockCore

/// What a list of movements shall show, the newest first. Read from Redis: so much of it as one request
/// may look at (`lookedAtMost`).
public struct MovementQuery: Sendable {
  /// Movements that one request looks at. A page may thus end before it is full: `next` goes on.
  public static let lookedAtMost = 20_000

  public var scope: StoreScope
  public var product: ProductID?
  /// Normalised.
  public var location: String?
  public var kind: Movement.Kind?
  public var reference: String?
  /// None before it.
  public var since: Timestamp?
  /// 1 to 500.
  public var limit: Int
  /// Where the page before ended: one of the same query.
  public var after: MovementCursor?

  public init(
    scope: StoreScope, product: ProductID? = nil, location: String? = nil,
    kind: Movement.Kind? = nil, reference: String? = nil, since: Timestamp? = nil, limit: Int = 50,
    after: MovementCursor? = nil
  ) {
    self.scope = scope
    self.product = product
    self.location = location
    self.kind = kind
    self.reference = reference
    self.since = since
    self.limit = limit
    self.after = after
  }
}

/// How far a list of movements has got: for each shard, in their order, the number of the movement to
/// go on with, downwards; 0 where the shard has no more. A query for one product has one position only,
/// that of the product's shard.
///
/// Positions, and not a time: two movements may have the same time, and a clock may be set.
public struct MovementCursor: Equatable, Sendable {
  public var positions: [Int64]

  public init(positions: [Int64]) { self.positions = positions }
}

/// A movement, and where it was committed.
public struct MovementItem: Equatable, Sendable {
  public var shard: ShardID
  public var sequence: Sequence64
  public var entry: LedgerEntry

  public init(shard: ShardID, sequence: Sequence64, entry: LedgerEntry) {
    self.shard = shard
    self.sequence = sequence
    self.entry = entry
  }
}

public struct MovementPage: Sendable {
  public var items: [MovementItem]
  /// nil on the last page. A page that is not full may have a next one.
  public var next: MovementCursor?

  public init(items: [MovementItem], next: MovementCursor?) {
    self.items = items
    self.next = next
  }
}
