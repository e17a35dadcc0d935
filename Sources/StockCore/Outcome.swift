/// How a command ended. What is not an entry is boxed: outcomes are moved about by the thousand, and
/// nearly all of them are entries and refusals.
public enum Outcome: Equatable, Sendable {
  /// set, adjust, reserve, release, fulfill, put and read of an entry.
  case entry(EntrySnapshot)
  indirect case transferred(from: EntrySnapshot, to: EntrySnapshot)
  case deleted
  indirect case product(ProductSnapshot)
  /// As `product`, for one that `putProduct` made.
  indirect case productCreated(ProductSnapshot)
  indirect case summary(ProductSummary)
  /// Judged and refused; nothing has changed.
  case refused(Refusal)
  /// Not judged, or judged and not made durable.
  case unavailable(Unavailability)
}

/// Why a command was refused. In the order in which the rules ask.
public enum Refusal: Equatable, Sendable {
  /// No such product, or another store's: the two are not told apart.
  case productNotFound
  /// No such entry, or another store's.
  case entryNotFound
  /// A physical product needs a location.
  case locationRequired
  case versionConflict(VersionConflict)
  case insufficientStock(requested: Int64, available: Int64)
  case insufficientReserved(requested: Int64, reserved: Int64)
  /// The quantity asked for is below what is reserved.
  case belowReserved(requested: Int64, reserved: Int64)
  /// The result would pass `Bounds.maxQuantity`, for the entry or for its product.
  case quantityTooLarge
  /// The product has an entry at that location already.
  case locationTaken
  /// Units are reserved, so the entry cannot be deleted, and its product can neither go to another
  /// store nor become or cease to be unlimited.
  case entryInUse(reserved: Int64)
  /// A bound of `Bounds` is reached: locations of a product, or entries, products, names in a shard.
  case capacityReached(Capacity)

  public enum VersionConflict: Equatable, Sendable {
    /// `actual` is 0 where there is no entry.
    case version(expected: Int64, actual: Int64)
    case quantity(expected: Int64, actual: Int64)
  }

  public enum Capacity: Equatable, Sendable {
    case locationsOfProduct, locations, products, entries
  }
}

/// Why no answer could be given. All of them may be asked again.
public enum Unavailability: Equatable, Sendable {
  /// Too much waits already. Nothing has changed.
  case overloaded
  /// Redis does not take the change. Nothing has changed.
  case storeUnavailable
  /// Redis may have taken the change: ask again with the same idempotency key, or look.
  case outcomeUnknown
}

/// An outcome on its way to whoever holds the ticket.
public struct Answer: Sendable {
  public var ticket: Ticket
  public var outcome: Outcome
  public var shard: ShardID
  /// The commit that the outcome rests on.
  public var sequence: Sequence64

  public init(ticket: Ticket, outcome: Outcome, shard: ShardID, sequence: Sequence64) {
    self.ticket = ticket
    self.outcome = outcome
    self.shard = shard
    self.sequence = sequence
  }
}
