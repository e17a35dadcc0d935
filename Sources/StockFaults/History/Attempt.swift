/// An entry by what the client knows of it.
public struct EntryKey: Hashable, Comparable, CustomStringConvertible, Sendable {
  public var product: Int64
  public var location: String

  public init(_ product: Int64, _ location: String) {
    self.product = product
    self.location = location
  }

  public var description: String { "\(product) at \(location)" }

  public static func < (left: EntryKey, right: EntryKey) -> Bool {
    (left.product, left.location) < (right.product, right.location)
  }
}

/// What an answer says of an entry.
public struct EntryState: Equatable, CustomStringConvertible, Sendable {
  public var id: Int64
  public var version: Int64
  public var quantity: Int64
  public var reserved: Int64

  public init(id: Int64, version: Int64, quantity: Int64, reserved: Int64) {
    self.id = id
    self.version = version
    self.quantity = quantity
    self.reserved = reserved
  }

  public var available: Int64 { quantity - reserved }
  public var description: String {
    "entry \(id) version \(version) (\(quantity) there, \(reserved) reserved)"
  }
}

/// A change that a client asks for, on the entry that its `Attempt` names.
public enum Change: Equatable, Sendable {
  case set(Int64, expectedVersion: Int64?)
  /// Any but 0.
  case adjust(Int64)
  case reserve(Int64)
  case release(Int64)
  case fulfill(Int64)
  /// To another location of the same product.
  case transfer(Int64, to: String)
}

/// Which batch an answer says it was committed in.
public struct Commit: Equatable, Sendable {
  public var shard: Int64
  public var sequence: Int64

  public init(shard: Int64, sequence: Int64) {
    self.shard = shard
    self.sequence = sequence
  }
}

/// How an attempt ended, as its client saw it.
public enum Ending: Equatable, Sendable {
  /// A 2xx. `other` is the receiving side of a transfer.
  case accepted(EntryState, other: EntryState?, Commit)
  /// A 2xx that does not show the entry: a line of a reservation.
  case done
  /// A 4xx that was judged on stock: nothing has changed.
  case refused(Refused)
  /// Never sent, or a 503 that says that nothing has changed.
  case notDone(String)
  /// The connection was lost after sending, or a 503 that says that it does not know.
  case unknown(String)
  /// An answer that should never be given: a 500, a 400, a number missing.
  case wrong(String)

  public enum Refused: Equatable, Sendable {
    case insufficientStock(requested: Int64, available: Int64)
    case insufficientReserved(requested: Int64, reserved: Int64)
    case belowReserved(requested: Int64, reserved: Int64)
    case versionConflict(expected: Int64, actual: Int64)
    /// The line could be had, but another one of its reservation could not.
    case otherLine
  }
}

/// A change that was asked for, and its ending. Times are nanoseconds since the history began.
public struct Attempt: Sendable {
  public var key: EntryKey
  public var change: Change
  public var sentAt: Int64
  public var endedAt: Int64
  public var ending: Ending
  /// A line of a reservation, whose other lines may be on other shards. What could not be done with all
  /// of them may have been done to this one and taken back: two versions that nobody is told of.
  public var isLine: Bool
  /// It may have been sent more than once, under an idempotency key: what a crash broke off was taken
  /// back, and then done.
  public var isRepeated: Bool
  /// Which batch a refusal says it rests on. nil: it is none, or did not say.
  public var refusedIn: Commit?
  /// Of a line: its reservation, where the client chose the id.
  public var hold: String?

  public init(
    _ key: EntryKey, _ change: Change, sentAt: Int64, endedAt: Int64, _ ending: Ending,
    isLine: Bool = false, isRepeated: Bool = false, refusedIn: Commit? = nil, hold: String? = nil
  ) {
    self.refusedIn = refusedIn
    self.hold = hold
    self.isRepeated = isRepeated
    self.isLine = isLine
    self.key = key
    self.change = change
    self.sentAt = sentAt
    self.endedAt = endedAt
    self.ending = ending
  }

  /// The entry that a transfer adds to.
  public var otherKey: EntryKey? {
    if case .transfer(_, let to) = change { EntryKey(key.product, to) } else { nil }
  }
}

/// An entry that was read, at a time.
public struct Reading: Sendable {
  public var key: EntryKey
  public var sentAt: Int64
  public var state: EntryState

  public init(_ key: EntryKey, sentAt: Int64, _ state: EntryState) {
    self.key = key
    self.sentAt = sentAt
    self.state = state
  }
}
