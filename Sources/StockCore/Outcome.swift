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
  /// Units were reserved at these locations.
  indirect case allocated([AllocatedLine])
  indirect case hold(Hold)
  /// As `hold`, for one that was made.
  indirect case holdCreated(Hold)
  /// `reserveTogether`: the entries, line by line as they were asked for.
  indirect case reservedTogether([EntrySnapshot])
  /// To a `PartRequest`.
  indirect case part(PartAnswer)
  /// `checkKey`: the key was not used here.
  case keyUnknown
  /// The key was used before with the same request: the first outcome is in this bucket of Redis.
  case replay(IdempotencyKey, IdempotencyBucket)
  /// Judged and refused; nothing has changed.
  case refused(Refusal)
  /// Not judged, or judged and not made durable.
  case unavailable(Unavailability)
}

extension Outcome {
  /// An idempotency key keeps it: it was judged on stock. What only says "not now" is not kept.
  var isKept: Bool {
    switch self {
    case .entry, .transferred, .deleted, .product, .productCreated, .allocated, .hold,
      .holdCreated, .reservedTogether:
      true
    case .refused(let refusal):
      switch refusal {
      case .idempotencyMismatch, .idempotencyRunning, .capacityReached: false
      case .linesRefused(let lines): !lines.contains { $0.refusal == .capacityReached(.holds) }
      default: true
      }
    case .summary, .part, .keyUnknown, .replay, .unavailable: false
    }
  }

  /// How much of a batch's room its record takes: some have thousands of lines.
  var weight: Int {
    let lines =
      switch self {
      case .hold(let hold), .holdCreated(let hold): hold.lines.count
      case .allocated(let lines): lines.count
      case .reservedTogether(let entries): entries.count
      case .refused(.linesRefused(let lines)): lines.count
      case .entry, .transferred, .deleted, .product, .productCreated, .refused, .summary, .part,
        .keyUnknown, .replay, .unavailable:
        0
      }
    return 1 + lines / 16
  }
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
  /// A bound of `Bounds` is reached: locations of a product, names that a store brings, lines of a hold,
  /// or entries, products, names in a shard; or holds, with their lines and the purchases that they count.
  case capacityReached(Capacity)
  /// The customer has, or would have, more than the product's purchase limit. `had`: units held or
  /// bought before.
  case purchaseLimit(requested: Int64, limit: Int64, had: Int64)
  /// The product has a purchase limit, so the hold must say for whom it is.
  case customerRequired
  /// No such hold, or another store's.
  case holdNotFound
  /// The hold has ended, and in another way than was asked for.
  case holdClosed(HoldStatus)
  /// The client's id is that of another hold.
  case holdIDTaken
  /// The hold has no such line.
  case lineNotFound(product: ProductID, location: String)
  /// Lines of a hold, or of an atomic batch, could not be had: all of them are told, nothing was taken.
  indirect case linesRefused([LineRefusal])
  /// The key was used for another request.
  case idempotencyMismatch
  /// The first request with this key has no answer yet.
  case idempotencyRunning

  public enum VersionConflict: Equatable, Sendable {
    /// `actual` is 0 where there is no entry.
    case version(expected: Int64, actual: Int64)
    case quantity(expected: Int64, actual: Int64)
  }

  public enum Capacity: Equatable, Sendable {
    case locationsOfProduct, locationsOfStore, linesOfHold, locations, products, entries, holds
  }
}

/// Units that were reserved at a location, and its entry as it now is.
public struct AllocatedLine: Equatable, Sendable {
  public var quantity: Int64
  public var entry: EntrySnapshot

  public init(quantity: Int64, entry: EntrySnapshot) {
    self.quantity = quantity
    self.entry = entry
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
  /// The first answer to an idempotency key, given again.
  public var isReplay = false

  public init(ticket: Ticket, outcome: Outcome, shard: ShardID, sequence: Sequence64) {
    self.ticket = ticket
    self.outcome = outcome
    self.shard = shard
    self.sequence = sequence
  }
}
