import NIOCore
import NIOHTTP1
import StockCore

/// A request from its header to its last byte.
struct InboundRequest {
  /// What its response will begin with.
  var head: ResponseHead
  var isHead = false
  var endpoint = Endpoint.health
  var principal = Principal.anyone
  /// The number at the path's end, or 0.
  var id: Int64 = 0
  /// Behind the `?`, without it.
  var query: String?
  /// The version that `If-Match` asks for.
  var expectedVersion: Int64?
  /// Why the request is refused, once all of it has been read.
  var refusal: Problem?

  /// Bytes of body to take at most.
  var bodyLimit = Bounds.maxBodyBytes
  /// The endpoint has a use for the body.
  var keepsBody = false
  var body: ByteBuffer?
  var bodyCount = 0
  /// Of the body, what counts as held by the loop.
  var bytesHeld = 0
  /// When the header was complete.
  var startTick: Int

  init(_ head: ResponseHead, startTick: Int) {
    self.head = head
    self.startTick = startTick
  }
}
