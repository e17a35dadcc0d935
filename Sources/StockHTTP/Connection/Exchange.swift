import NIOCore
import NIOHTTP1
import StockCore

/// One request and its response, from the header of the one to the last byte of the other.
///
/// A class, since it goes from hand to hand on its way through a connection: copies of so many fields
/// would cost more than what is done with them. What few requests have lies in a part of its own, so
/// that the others stay small: with many connections most of a request's time is waiting for memory.
final class Exchange {
  // MARK: The request

  var isHead = false
  var endpoint = Endpoint.none
  var principal = Principal.anyone
  /// The number at the path's end, or 0.
  var id: Int64 = 0
  /// The versions that `If-Match` asks for; nil: any.
  var expectedVersions: [Int64]?
  /// nil: the request came without a key.
  var idempotency: IdempotencyContext?
  /// The endpoint has a use for the body.
  var keepsBody = false
  /// All of it, while the request is dispatched: it lies where it was received.
  var body = UnsafeRawBufferPointer(start: nil, count: 0)
  /// What it counts as while it is under way.
  var load = Admission.Load.none
  /// When the header was complete.
  private(set) var startTick: Int
  /// The same on the monotonic clock.
  private(set) var arrivedAt = NIODeadline.now()

  // MARK: The response

  /// What the response begins with.
  var head: ResponseHead
  /// The header tells the commit.
  var isMutation = false
  /// The header tells the entry's version.
  var showsVersion = false
  var subject = Subject()
  /// Why it was refused.
  var problem: ProblemCode?
  /// The answers to a batch's lines.
  var gather: BatchGather?
  /// The whole response, where an earlier one is still missing.
  var ready: [UInt8]?

  // MARK: What few have

  private var extras: Extras?

  private final class Extras {
    var reservation: HoldID = ""
    var query: String?
    var lastEventID: String?
    var traceParent: String?
    var refusal: Problem?
    var bodyLimit = Bounds.maxBodyBytes
    var collected: ByteBuffer?
    var bodyCount = 0
    var bytesHeld = 0
    var atomic: AtomicGather?
    var reader: EventReader?
    var browser: BrowserFields?
    var session: SessionStore.Digest?
    var signingIn: Principal?
    var file: PageFile?
    var madeID: Int64?
    var rate: RateLimiter.Verdict?
  }

  init(_ head: ResponseHead, startTick: Int) {
    self.head = head
    self.startTick = startTick
  }

  fileprivate var isSmall: Bool { extras == nil && gather == nil && ready == nil }

  /// Becomes another request's: nothing of the one before is left.
  func renew(_ head: ResponseHead, startTick: Int) {
    isHead = false
    endpoint = .none
    principal = .anyone
    id = 0
    expectedVersions = nil
    idempotency = nil
    keepsBody = false
    body = UnsafeRawBufferPointer(start: nil, count: 0)
    load = .none
    self.startTick = startTick
    arrivedAt = .now()
    self.head = head
    isMutation = false
    showsVersion = false
    subject = Subject()
    problem = nil
    gather = nil
    ready = nil
    extras = nil
  }
}

/// Exchanges whose responses are written, to be used again: a request then takes no memory. Those in
/// hand at the same time are many, so the C library's own quick lists would not do.
struct SpareExchanges {
  /// As many are kept; each is some 400 bytes.
  static let capacity = 256

  private var spare: [Exchange] = []

  /// What holds more than itself, bodies perhaps, is let go.
  mutating func keep(_ exchange: Exchange) {
    if exchange.isSmall, spare.count < Self.capacity { spare.append(exchange) }
  }

  mutating func take(_ head: ResponseHead, startTick: Int) -> Exchange {
    // Somebody else may still hold it, and look at it: then it is theirs.
    guard var exchange = spare.popLast(), isKnownUniquelyReferenced(&exchange) else {
      return Exchange(head, startTick: startTick)
    }
    exchange.renew(head, startTick: startTick)
    return exchange
  }
}

extension Exchange {
  private func withExtras(_ change: (Extras) -> Void) {
    let extras = self.extras ?? Extras()
    self.extras = extras
    change(extras)
  }

  /// The reservation that the path names, or empty.
  var reservation: HoldID {
    get { extras?.reservation ?? "" }
    set { if !newValue.isEmpty { withExtras { $0.reservation = newValue } } }
  }
  /// Behind the `?`, without it.
  var query: String? {
    get { extras?.query }
    set { if newValue != nil { withExtras { $0.query = newValue } } }
  }
  var lastEventID: String? {
    get { extras?.lastEventID }
    set { if newValue != nil { withExtras { $0.lastEventID = newValue } } }
  }
  var traceParent: String? {
    get { extras?.traceParent }
    set { if newValue != nil { withExtras { $0.traceParent = newValue } } }
  }
  /// Why the request is refused, once all of it has been read.
  var refusal: Problem? {
    get { extras?.refusal }
    set { if newValue != nil { withExtras { $0.refusal = newValue } } }
  }
  /// Bytes of body to take at most.
  var bodyLimit: Int {
    get { extras?.bodyLimit ?? Bounds.maxBodyBytes }
    set { if newValue != Bounds.maxBodyBytes { withExtras { $0.bodyLimit = newValue } } }
  }
  /// What has come of the body, where it comes in pieces.
  var collected: ByteBuffer? {
    get { extras?.collected }
    set { withExtras { $0.collected = newValue } }
  }
  var bodyCount: Int {
    get { extras?.bodyCount ?? 0 }
    set { withExtras { $0.bodyCount = newValue } }
  }
  /// Of the body, what counts as held by the loop.
  var bytesHeld: Int {
    get { extras?.bytesHeld ?? 0 }
    set { withExtras { $0.bytesHeld = newValue } }
  }
  /// Where the answer to an atomic batch goes.
  var atomic: AtomicGather? {
    get { extras?.atomic }
    set { withExtras { $0.atomic = newValue } }
  }
  /// What a browser told of itself, where the request is the web page's.
  var browser: BrowserFields? {
    get { extras?.browser }
    set { if newValue != nil { withExtras { $0.browser = newValue } } }
  }
  /// The session whose cookie stood for a key.
  var session: SessionStore.Digest? {
    get { extras?.session }
    set { if newValue != nil { withExtras { $0.session = newValue } } }
  }
  /// Whose key came to sign in with.
  var signingIn: Principal? {
    get { extras?.signingIn }
    set { if newValue != nil { withExtras { $0.signingIn = newValue } } }
  }
  /// The file of the web page that is asked for.
  var file: PageFile? {
    get { extras?.file }
    set { if newValue != nil { withExtras { $0.file = newValue } } }
  }
  /// The id of what was made.
  var madeID: Int64? {
    get { extras?.madeID }
    set { if newValue != nil { withExtras { $0.madeID = newValue } } }
  }
  /// What is left of its key's rate; nil: keys have no limit.
  var rate: RateLimiter.Verdict? {
    get { extras?.rate }
    set { if newValue != nil { withExtras { $0.rate = newValue } } }
  }
  /// The response goes on without end.
  var reader: EventReader? {
    get { extras?.reader }
    set { withExtras { $0.reader = newValue } }
  }
}
