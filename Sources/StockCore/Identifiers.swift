/// A product's id, chosen by whoever keeps the catalogue. 1 to 2^53 − 1.
public typealias ProductID = Int64
/// An entry's id, given by the engine. Unique across shards: see `ShardMap.shard(ofEntry:)`.
public typealias EntryID = Int64
/// A store's id. 1 to 2^53 − 1.
public typealias StoreID = Int64
/// Which shard: 0 up to the namespace's number of shards.
public typealias ShardID = Int
/// The number of a commit in its shard: 1, 2, 3 … without a gap.
public typealias Sequence64 = Int64
/// Which ownership of a shard: grows by one each time an engine takes it.
public typealias Epoch = Int64
/// Milliseconds since 1970-01-01T00:00:00Z. Comes in as an argument: the rules have no clock.
public typealias Timestamp = Int64

/// Says who waits for an outcome: an integer, so that waiting costs nothing.
///
/// The engine hands it back unread, but for the loop, by which answers are grouped.
public struct Ticket: Hashable, Sendable {
  public static let operationBits = 14
  public static let requestBits = 22
  public static let connectionBits = 20
  public static let loopBits = 8
  /// Event loops that there may be: the last number is that of shards.
  public static let maxLoops = (1 << loopBits) - 1

  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// - Parameters:
  ///   - loop: the event loop that waits. The last one is for tickets of shards.
  ///   - connection: the connection's place in that loop's table.
  ///   - request: the request's number on that place, modulo 2^22.
  ///   - operation: the operation's number in its batch request, else 0.
  public init(loop: Int, connection: Int, request: Int, operation: Int = 0) {
    precondition(loop >= 0 && loop < Self.maxLoops, "loop out of range")
    precondition(
      connection >= 0 && connection < 1 << Self.connectionBits, "connection out of range")
    precondition(operation >= 0 && operation < 1 << Self.operationBits, "operation out of range")
    let requestMask = (1 << Self.requestBits) - 1
    var bits = UInt64(loop)
    bits = bits << UInt64(Self.connectionBits) | UInt64(connection)
    bits = bits << UInt64(Self.requestBits) | UInt64(request & requestMask)
    bits = bits << UInt64(Self.operationBits) | UInt64(operation)
    self.rawValue = bits
  }

  public var operation: Int { Int(rawValue & ((1 << UInt64(Self.operationBits)) - 1)) }
  public var request: Int {
    Int(rawValue >> UInt64(Self.operationBits) & ((1 << UInt64(Self.requestBits)) - 1))
  }
  public var connection: Int {
    Int(
      rawValue >> UInt64(Self.operationBits + Self.requestBits)
        & ((1 << UInt64(Self.connectionBits)) - 1))
  }
  public var loop: Int {
    Int(rawValue >> UInt64(Self.operationBits + Self.requestBits + Self.connectionBits))
  }
}

extension Ticket {
  /// The loop of tickets that no client holds: a hold's home shard does.
  private static let shardLoop = (1 << loopBits) - 1
  private static let homeBits = 12
  private static let attemptBits = 64 - loopBits - homeBits

  /// For a `PartRequest`.
  ///
  /// - Parameter attempt: of the home shard; the lower 44 bits of it count.
  public init(home: ShardID, attempt: Int64) {
    precondition(home >= 0 && home < 1 << Self.homeBits, "shard out of range")
    let attemptMask: UInt64 = 1 << UInt64(Self.attemptBits) - 1
    self.rawValue =
      (UInt64(Self.shardLoop) << UInt64(Self.homeBits) | UInt64(home)) << UInt64(Self.attemptBits)
      | (UInt64(bitPattern: attempt) & attemptMask)
  }

  /// The answer goes to the shard `home`.
  public var isOfShard: Bool { loop == Self.shardLoop }
  public var home: ShardID {
    Int(rawValue >> UInt64(Self.attemptBits) & (1 << UInt64(Self.homeBits) - 1))
  }
  public var attempt: Int64 { Int64(rawValue & (1 << UInt64(Self.attemptBits) - 1)) }
}

/// Whose products a caller may see: its store's, or everyone's.
public enum StoreScope: Equatable, Sendable {
  case any
  case only(StoreID)

  @inlinable public func allows(_ store: StoreID) -> Bool {
    switch self {
    case .any: true
    case .only(let mine): mine == store
    }
  }
}
