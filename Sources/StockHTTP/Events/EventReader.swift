import NIOCore
import StockCore

/// One client that reads events.
final class EventReader {
  /// nil: it has gone.
  private(set) weak var connection: HTTPConnection?
  let filter: MovementFilter
  let actor: ActorID
  /// When its key ends.
  let expiresAt: Timestamp
  /// Where it wants to go on; nil: from now on.
  let wanted: EventPosition?

  /// The shard of the product that it wants; nil: it wants more than one.
  let onlyShard: ShardID?

  /// Its place among the readers of its loop.
  var place = 0
  var position = EventPosition(numbers: [])
  /// The header of its response has gone out: events may follow.
  var isOpen = false
  /// Its position may be beyond the end of the ledger.
  var needsCheck = false

  /// Which state of the rings it has seen all of.
  var seen = -1
  /// Movements that it asked Redis for, until it has been sent them.
  var fetched: Fetched?
  var isFetching = false
  /// No asking of Redis before this tick: it did not answer.
  var fetchesFrom = 0
  /// When its socket stopped taking anything.
  var blockedSince: Int?
  var lastWrite = 0

  struct Fetched {
    var shard: ShardID
    var batches: [EventBatch]
    /// Where it was asked to begin; what lies before `batches` is no longer kept.
    var after: Int64
  }

  init(
    connection: HTTPConnection, filter: MovementFilter, principal: Principal,
    wanted: EventPosition?, onlyShard: ShardID?
  ) {
    self.connection = connection
    self.filter = filter
    self.actor = principal.actor
    self.expiresAt = principal.expiresAt
    self.wanted = wanted
    self.onlyShard = onlyShard
  }
}
