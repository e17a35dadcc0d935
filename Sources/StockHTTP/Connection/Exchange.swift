import NIOCore
import NIOHTTP1
import StockCore

/// One request and its response, from the header of the one to the last byte of the other.
///
/// A class, since it goes from hand to hand on its way through a connection: copies of so many fields
/// would cost more than what is done with them.
final class Exchange {
  // MARK: The request

  var isHead = false
  var endpoint = Endpoint.health
  var principal = Principal.anyone
  /// The number at the path's end, or 0.
  var id: Int64 = 0
  /// The reservation that the path names, or empty.
  var reservation: HoldID = ""
  /// Behind the `?`, without it.
  var query: String?
  /// The version that `If-Match` asks for.
  var expectedVersion: Int64?
  /// nil: the request came without a key.
  var idempotency: IdempotencyContext?
  var lastEventID: String?
  /// Why the request is refused, once all of it has been read.
  var refusal: Problem?

  /// Bytes of body to take at most.
  var bodyLimit = Bounds.maxBodyBytes
  /// The endpoint has a use for the body.
  var keepsBody = false
  /// What has come of it, where it came in pieces.
  var collected: ByteBuffer?
  var bodyCount = 0
  /// Of the body, what counts as held by the loop.
  var bytesHeld = 0
  /// All of it, while the request is dispatched: it lies where it was received.
  var body = UnsafeRawBufferPointer(start: nil, count: 0)
  /// When the header was complete.
  let startTick: Int

  // MARK: The response

  /// What the response begins with.
  var head: ResponseHead
  /// The header tells the commit.
  var isMutation = false
  /// The header tells the entry's version.
  var showsVersion = false
  var subject = Subject()
  /// The answers to a batch's lines.
  var gather: BatchGather?
  /// Where the answer to an atomic batch goes.
  var atomic: AtomicGather?
  /// The response goes on without end.
  var reader: EventReader?
  /// The whole response, where an earlier one is still missing.
  var ready: [UInt8]?

  init(_ head: ResponseHead, startTick: Int) {
    self.head = head
    self.startTick = startTick
  }
}
