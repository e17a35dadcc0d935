import StockCore

/// One connection between an engine and Redis. Both directions are first in, first out; what is on
/// its way when the connection breaks may get lost, or arrive much later.
final class SimulatedConnection {
  struct Sent {
    var shard: ShardID
    var request: RedisRequest
    /// Which loading of the shard asked: replies to one that was given up are not for the next.
    var loading: Int
  }

  struct Reply {
    var shard: ShardID
    var reply: RedisReply
    var loading: Int
  }

  let number: Int
  let engine: SimulatedEngine
  /// The engine may use it.
  var isOpen = true
  /// Requests on their way. The events that deliver them name the connection only, so order holds.
  var requests: [Sent] = []
  var replies: [Reply] = []
  var lastRequestAt: Int64 = 0
  var lastReplyAt: Int64 = 0
  /// Requests of a broken connection are held up until then.
  var heldUntil: Int64 = 0

  init(number: Int, engine: SimulatedEngine) {
    self.number = number
    self.engine = engine
  }
}
