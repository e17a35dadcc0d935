import NIOCore
import NIOHTTP1
import StockCore

/// One client's connection: takes requests apart, hands commands to the engine, and writes the
/// answers in the order of the requests.
///
/// Its way is: reading requests → (the last response is known) ignoring what still comes → (that
/// response is written) closing → closed. The parts are in files of their own: `+Request` from bytes
/// to a request, `+Dispatch` from a request to a command, `+Answer` from an outcome to bytes.
final class HTTPConnection: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long a client may take to close after us before it is cut off. Closing at once would make
  /// the kernel throw away a response that the client has not read, if it is still sending.
  static let lingerTicks = LoopFront.ticks(.seconds(2))

  let front: LoopFront
  private(set) var context: ChannelHandlerContext?
  private(set) var wasAdded = false
  private(set) var slot = 0

  /// Responses that have not been written, in the order of their requests.
  var pending = ExchangeQueue()
  /// The number of the first of them.
  var firstNumber = 0
  /// Operations in batches under way.
  var operationsUnderWay = 0
  /// What goes out with the next flush.
  var out = ByteWriter(capacity: 1_024)
  private var socket: ClientSocket?
  /// Writes that wait in the channel's queue: as long as there are any, others go behind them.
  private var queuedWrites = 0
  /// Is in the loop's list of connections to flush.
  var isTouched = false
  var credentials = Credentials()

  /// The request that is arriving.
  var inbound: Exchange?
  /// The beginning of a plain request whose rest has not come.
  var held: ByteBuffer?
  /// A request was not plain: NIO's decoder stands before this handler.
  var usesDecoder = false
  private static let bytes = BytesIn()
  /// The client waits for "100 Continue" before it sends the body of `inbound`.
  var owesContinue = false
  /// The last response is known: whatever the client still sends is dropped.
  var ignoresInput = false
  /// The last response has been written into `out`.
  var wroteLast = false
  /// The last response has begun, and goes on without end.
  var stream: EventReader?
  private var isClosing = false
  private var lingersUntil: Int?
  private var inputClosed = false
  private(set) var isWritable = true
  /// The channel wants to read, but has to wait.
  private var holdsRead = false
  /// A part of a request came since the last read-complete.
  var sawPart = false
  /// When the first bytes of a header came that is not complete.
  private var partialSince: Int?
  private var lastActivity = 0

  init(front: LoopFront) { self.front = front }

  // MARK: Coming and going

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    wasAdded = true
    socket = ClientSocket(context.channel)
    lastActivity = front.tick
    (slot, firstNumber) = front.attach(self)
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  private func leave() {
    guard context != nil else { return }
    context = nil
    socket = nil
    dropInbound()
    let nextNumber = firstNumber + pending.count
    if let reader = stream ?? pending.last?.reader { front.events.remove(reader) }
    stream = nil
    pending.forEach { front.admission.finish($0.load) }
    pending.removeAll()
    front.detach(slot: slot, nextNumber: nextNumber)
  }

  func dropInbound() {
    front.bodyBytesHeld -= inbound?.bytesHeld ?? 0
    inbound = nil
    held = nil
    owesContinue = false
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !ignoresInput else {
      sawPart = true
      return
    }
    lastActivity = front.tick
    guard usesDecoder else {
      scan(Self.bytes.unwrapInboundIn(data), context)
      return
    }
    sawPart = true
    switch unwrapInboundIn(data) {
    case .head(let head): begin(head)
    case .body(let bytes): receive(bytes)
    case .end: end()
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if sawPart {
      partialSince = nil
    } else if inbound == nil, partialSince == nil, !ignoresInput {
      partialSince = front.tick
    }
    sawPart = false
    // The last handler: nobody behind it wants to know.
    flush()
  }

  /// Reading waits while too much is under way, or the client does not take what it asked for.
  func read(context: ChannelHandlerContext) {
    if mayRead { context.read() } else { holdsRead = true }
  }

  private var mayRead: Bool {
    isWritable && pending.count < front.configuration.maxRequestsUnderWay
      && operationsUnderWay < Bounds.maxOperationsPerRequest
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    lastActivity = front.tick
    resumeReading()
    if isWritable, let stream { front.events.wake(stream) }
    context.fireChannelWritabilityChanged()
  }

  private func resumeReading() {
    guard holdsRead, mayRead, let context else { return }
    holdsRead = false
    context.read()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      inputClosed = true
      dropInbound()
      flush()
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !ignoresInput else { return }
    switch error {
    case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection:
      // The client went away in the middle of a request: nobody waits for an answer to it.
      ignoresInput = true
      dropInbound()
    case HTTPParserError.headerOverflow, is ByteToMessageDecoderError.PayloadTooLargeError:
      refuseRest(.headersTooLarge)
    case HTTPParserError.invalidMethod:
      refuseRest(.methodNotAllowed("GET, HEAD, POST, PUT, DELETE"))
    case is HTTPParserError:
      refuseRest(.invalid("request", "is not HTTP/1.1"))
    default:
      context.close(promise: nil)
    }
  }

  /// Answers what cannot be a request, and takes no more.
  func refuseRest(_ problem: Problem) {
    let exchange = inbound ?? Exchange(ResponseHead(front.makeRequestID()), startTick: front.tick)
    exchange.head.keepsAlive = false
    dropInbound()
    ignoresInput = true
    respond(problem, exchange)
    flush()
  }

  // MARK: Writing

  /// Writes all responses that are ready, at once.
  func flush() {
    if owesContinue, pending.isEmpty {
      owesContinue = false
      out.append("HTTP/1.1 100 Continue\r\n\r\n")
    }
    flush(out.bytes)
    out.removeAll()
    resumeReading()
  }

  /// Writes `bytes`, behind which there is nothing more for now.
  private func flush(_ bytes: UnsafeRawBufferPointer) {
    guard let context, !isClosing else { return }
    let isIdle = pending.isEmpty && inbound == nil
    if wroteLast || (isIdle && (inputClosed || front.closesIdle)) {
      finish(context, bytes)
      return
    }
    if bytes.count > 0 { send(bytes, context) }
  }

  /// Writes the only response that is on its way: it lies in `front.wire`.
  func flushWire() {
    flush(front.wire.bytes)
    resumeReading()
  }

  /// Writes a part of the response that goes on without end.
  func write(events bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
    guard !isClosing else { return }
    send(bytes, context)
  }

  /// What the socket takes goes out now, the rest waits in the channel.
  private func send(_ bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext) {
    lastActivity = front.tick
    let sent = queuedWrites == 0 ? socket?.write(bytes) ?? 0 : 0
    guard sent < bytes.count else { return }
    queuedWrites += 1
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { _ in self.queuedWrites -= 1 }
    let rest = buffer(UnsafeRawBufferPointer(rebasing: bytes[sent...]), context)
    context.writeAndFlush(wrapOutboundOut(rest), promise: promise)
  }

  private func buffer(
    _ bytes: UnsafeRawBufferPointer, _ context: ChannelHandlerContext
  ) -> ByteBuffer {
    var buffer = context.channel.allocator.buffer(capacity: bytes.count)
    buffer.writeBytes(bytes)
    return buffer
  }

  /// Writes the rest, and closes when it is written.
  private func finish(_ context: ChannelHandlerContext, _ rest: UnsafeRawBufferPointer) {
    isClosing = true
    if let stream { front.events.remove(stream) }
    stream = nil
    ignoresInput = true
    lastActivity = front.tick
    let promise = context.eventLoop.makePromise(of: Void.self)
    // Behind all that was written before, even if it is empty.
    context.writeAndFlush(wrapOutboundOut(buffer(rest, context)), promise: promise)
    promise.futureResult.assumeIsolated().whenComplete { _ in self.didFinish() }
  }

  private func didFinish() {
    guard let context else { return }
    if inputClosed {
      context.close(promise: nil)
    } else {
      lingersUntil = front.tick + Self.lingerTicks
      context.close(mode: .output, promise: nil)
      // The rest of what the client sends is read and dropped.
      isWritable = true
      resumeReading()
    }
  }

  // MARK: Time

  /// Called every second.
  func checkTime() {
    guard let context else { return }
    let now = front.tick
    let requestTicks = LoopFront.ticks(front.configuration.requestTimeout)
    let idleTicks = LoopFront.ticks(front.configuration.idleTimeout)
    if let lingersUntil {
      if now >= lingersUntil { context.close(promise: nil) }
      return
    }
    let isIdle = stream == nil && pending.isEmpty && inbound == nil
    let waitsForClient = isClosing || !isWritable || isIdle
    if waitsForClient, now - lastActivity >= idleTicks {
      context.close(promise: nil)
      return
    }
    guard !ignoresInput, !holdsRead else { return }
    if let started = inbound?.startTick ?? partialSince, now - started >= requestTicks {
      refuseRest(.requestTimeout)
    }
  }

  func abort() { context?.close(promise: nil) }
}

/// Unwraps what comes from the channel itself.
private final class BytesIn: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer
}
