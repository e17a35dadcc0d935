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

  /// The session that it reads by; nil: a key.
  let session: SessionStore.Digest?
  /// Is told of each second what `LiveFeed` knows, and of no movement by itself.
  var isLive = false

  /// The shard of the product that it wants; nil: it wants more than one.
  let onlyShard: ShardID?

  /// Its place among the readers of its loop.
  var place = 0
  /// Who wants the same, and its place among them; nil: it has gone.
  var interest: Interest?
  var interestPlace = 0
  var position = EventPosition(numbers: [])
  /// The header of its response has gone out: events may follow.
  var isOpen = false
  /// Its position may be beyond the end of the ledger.
  var needsCheck = false

  /// Stands in line for a turn, and since which tick.
  var isDue = false
  var dueSince = 0
  /// Had all that there was at its last turn.
  var isThrough = false
  /// What it asked Redis for, until it has been sent it.
  var page: EventPage?
  var isFetching = false
  /// No asking of Redis before this tick: it did not answer.
  var fetchesFrom = 0
  /// When its socket stopped taking anything.
  var blockedSince: Int?
  var lastWrite = 0

  init(
    connection: HTTPConnection?, filter: MovementFilter, principal: Principal,
    session: SessionStore.Digest? = nil, wanted: EventPosition?, onlyShard: ShardID?
  ) {
    self.connection = connection
    self.filter = filter
    self.actor = principal.actor
    self.expiresAt = principal.expiresAt
    self.session = session
    self.wanted = wanted
    self.onlyShard = onlyShard
  }

  /// Moves on in a shard. Where that leaves a movement behind of which it had a part, that is over.
  func advance(_ shard: ShardID, to number: Int64) {
    guard number > position.numbers[shard] else { return }
    position.numbers[shard] = number
    if position.partial?.shard == shard { position.partial = nil }
  }
}
