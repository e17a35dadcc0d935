import StockCore

/// What went wrong between the engine and Redis: a closed list.
public enum RedisTrouble: Int, CaseIterable, Sendable {
  /// The connection was not made.
  case connect
  /// It was lost.
  case lost
  /// It was given up, since no answer came in time.
  case timeout
  /// NOSCRIPT.
  case scriptMissing
  /// LOADING, BUSY, TRYAGAIN …: the batch goes again.
  case busy
  /// OOM, MISCONF, READONLY …: the batch is undone.
  case refused
  /// Another engine owns the shard.
  case fenced
  /// Redis holds another sequence than the batch builds on.
  case sequence
  /// Redis holds something else than the engine believes.
  case invalid
  /// Executed wrongly.
  case failed

  public var name: String {
    switch self {
    case .connect: "connect"
    case .lost: "lost"
    case .timeout: "timeout"
    case .scriptMissing: "script_missing"
    case .busy: "busy"
    case .refused: "refused"
    case .fenced: "fenced"
    case .sequence: "sequence"
    case .invalid: "invalid"
    case .failed: "failed"
    }
  }

  /// nil: nothing is wrong.
  init?(_ reply: CommitReply) {
    switch reply {
    case .committed: return nil
    case .fenced: self = .fenced
    case .sequenceMismatch: self = .sequence
    case .invalid: self = .invalid
    case .notExecuted(.scriptMissing, _): self = .scriptMissing
    case .notExecuted(.later, _): self = .busy
    case .notExecuted(.refused, _): self = .refused
    case .failed: self = .failed
    }
  }
}

/// What one loop has committed, in plain integers: counted where it happens, copied when somebody asks.
public struct CommitCounts: Equatable, Sendable {
  /// Movements of a batch.
  public private(set) var batchSizes = Buckets(first: 1, last: 16)
  /// From a batch's way to Redis to its reply, in microseconds.
  public private(set) var times = Buckets(first: 6, last: 23)
  /// Reservations whose time was over before all units had left them.
  public private(set) var expiries = 0
  /// By `RedisTrouble.rawValue`.
  public private(set) var troubles = [Int](repeating: 0, count: RedisTrouble.allCases.count)

  public init() {}

  mutating func committed(movements: Int, expiries: Int, microseconds: Int) {
    batchSizes.add(movements)
    times.add(microseconds)
    self.expiries &+= expiries
  }

  mutating func add(_ trouble: RedisTrouble) { troubles[trouble.rawValue] &+= 1 }

  public mutating func add(_ other: CommitCounts) {
    batchSizes.add(other.batchSizes)
    times.add(other.times)
    expiries += other.expiries
    for place in troubles.indices { troubles[place] += other.troubles[place] }
  }
}

extension Batch {
  /// Reservations that expire with it.
  var expiryCount: Int {
    var count = 0
    for change in holds {
      guard case .hold(let after)? = change.after, after.status == .expired, !after.order.isEmpty
      else { continue }
      // A record that says so already is written again when all shards have followed.
      if case .hold(let before)? = change.before, before.status == .expired { continue }
      count += 1
    }
    return count
  }
}
