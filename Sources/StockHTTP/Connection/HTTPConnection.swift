import NIOCore
import NIOHTTP1
import StockCore
import StockLoop

/// One client's connection: takes requests apart, hands commands to the engine, and writes the
/// answers in the order of the requests.
///
/// Its way is: reading requests → (the last response is known) ignoring what still comes → (that
/// response is written) closing → closed. The parts are in files of their own: `+Request` from bytes
/// to a request, `+Dispatch` from a request to a command, `+Answer` from an outcome to bytes.
final class HTTPConnection: StreamSocket {
  /// How long a client may take to close after us before it is cut off. Closing at once would make
  /// the kernel throw away a response that the client has not read, if it is still sending.
  static let lingerTicks = LoopFront.ticks(.seconds(2))

  let front: LoopFront
  /// Where it comes from.
  private let origin: ConnectionOrigin
  /// The client speaks TLS with us.
  var isSecure: Bool { origin.isSecure }
  /// The client's address, in numbers and without port; empty where there is none.
  var peer: String { origin.address }
  private(set) var slot = 0

  /// Responses that have not been written, in the order of their requests.
  var pending = ExchangeQueue()
  /// The number of the first of them.
  var firstNumber = 0
  /// Operations in batches under way.
  var operationsUnderWay = 0
  /// What goes out with the next flush.
  var out = ByteWriter(capacity: 1_024)
  /// Is in the loop's list of connections to flush.
  var isTouched = false
  var credentials = Credentials()
  /// A token is being checked: what comes meanwhile waits, as bytes in `held`, or decoded in `parked`.
  var awaitsToken = false
  private var parked: [HTTPServerRequestPart] = []
  private var parkedError: (any Error)?
  /// There was no room for a request that has come: it waits in the same places.
  private(set) var isHeldUp = false
  private var goesOnSoon = false
  /// Bytes of responses that wait for an earlier one.
  var readyBytes = 0

  /// The request that is arriving.
  var inbound: Exchange?
  /// The beginning of a plain request whose rest has not come.
  var held: [UInt8]?
  /// A request was not plain: from it on NIO's decoder reads.
  var decoder: RequestDecoder?
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
  /// A part of a request came since the last read-complete.
  var sawPart = false
  /// When the first bytes of a header came that is not complete.
  private var partialSince: Int?
  private var lastActivity = 0
  /// What was unsent when it was last looked at.
  private var unsentBefore = 0

  /// Takes a client's socket over, and its place.
  init(_ descriptor: CInt, front: LoopFront, origin: ConnectionOrigin) {
    self.front = front
    self.origin = origin
    super.init(descriptor, on: front.poll)
    lastActivity = front.tick
    (slot, firstNumber) = front.attach(self)
  }

  // MARK: Coming and going

  override func closed() {
    decoder?.close()
    dropInbound()
    let nextNumber = firstNumber + pending.count
    if let reader = stream ?? pending.last?.reader { front.events.remove(reader) }
    stream = nil
    pending.forEach { front.admission.finish($0.load) }
    pending.removeAll()
    parked = []
    parkedError = nil
    front.detach(slot: slot, nextNumber: nextNumber, address: peer)
  }

  func dropInbound() {
    front.bodyBytesHeld -= inbound?.bytesHeld ?? 0
    inbound = nil
    held = nil
    owesContinue = false
  }

  // MARK: Reading

  override func received(_ bytes: UnsafeRawBufferPointer) {
    guard !ignoresInput else { return }
    lastActivity = front.tick
    if let decoder { decoder.take(bytes) } else { scan(bytes) }
    guard isOpen else { return }
    if sawPart {
      // Another may have begun behind it.
      partialSince = held == nil && decoder?.isInside != true ? nil : front.tick
      sawPart = false
    } else if inbound == nil, partialSince == nil, !ignoresInput {
      partialSince = front.tick
    }
    flush()
  }

  /// The client sends no more: it still gets what it has asked for.
  override func inputEnded() {
    decoder?.end()
    if !awaitsToken, !isHeldUp { dropInbound() }
    if lingersUntil != nil { close() } else { flush() }
  }

  /// A part of a request that NIO's decoder has read.
  func take(_ part: HTTPServerRequestPart) {
    sawPart = true
    guard !awaitsToken, !isHeldUp else { return parked.append(part) }
    guard !ignoresInput else { return }
    switch part {
    case .head(let head):
      guard hasRoom() else { return parked.append(part) }
      begin(head)
      if awaitsToken { parked.append(part) }
    case .body(let bytes): receive(bytes)
    case .end: end()
    }
  }

  /// The token is known that a request has waited for.
  func resumeRequests() {
    awaitsToken = false
    goOn()
  }

  /// Takes up what has waited.
  private func goOn() {
    guard isOpen, !ignoresInput, !awaitsToken, !isHeldUp else { return }
    lastActivity = front.tick
    if decoder == nil {
      scan(UnsafeRawBufferPointer(start: nil, count: 0))
    } else {
      let parts = parked
      parked = []
      for part in parts { take(part) }
    }
    guard isOpen, !awaitsToken else { return }
    if !isHeldUp {
      if let error = parkedError { refuse(error) }
      parkedError = nil
      if inputHasEnded { dropInbound() }
      if held != nil { partialSince = front.tick }
    }
    flush()
  }

  /// Little enough is under way for another request, and the client takes what it asked for. What comes
  /// at once with others has to be asked for: not to read on does not bound it.
  private var isRoomy: Bool {
    isWritable && readyBytes < Self.highMark
      && pending.count < front.configuration.maxRequestsUnderWay
      && operationsUnderWay < Bounds.maxOperationsPerRequest
  }

  /// To be asked before each request; where it says no, that and all behind it wait.
  func hasRoom() -> Bool {
    if isRoomy, out.count < Self.highMark { return true }
    isHeldUp = true
    return false
  }

  /// Reading waits while there is no room, or what has come waits. That goes on in a turn of its own:
  /// the loop's other connections come in between.
  private func updateReading() {
    let isRoomy = isRoomy
    setReading(isRoomy && !awaitsToken && !isHeldUp)
    guard isRoomy, isHeldUp, !goesOnSoon else { return }
    goesOnSoon = true
    let bound = NIOLoopBound(self, eventLoop: front.loop)
    front.loop.execute {
      let connection = bound.value
      connection.goesOnSoon = false
      connection.isHeldUp = false
      connection.goOn()
    }
  }

  override func becameWritable() {
    lastActivity = front.tick
    updateReading()
    if let stream { front.events.wake(stream) }
  }

  /// What NIO's decoder says of what is no request.
  func refuse(_ error: any Error) {
    guard !ignoresInput else { return }
    guard !awaitsToken, !isHeldUp else {
      parkedError = parkedError ?? error
      return
    }
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
      close()
    }
  }

  /// Answers what cannot be a request, and takes no more.
  func refuseRest(_ problem: Problem) {
    let exchange = inbound ?? front.exchange(ResponseHead(front.makeRequestID()))
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
  }

  /// Writes the only response that is on its way: it lies in `front.wire`.
  func flushWire() { flush(front.wire.bytes) }

  /// Writes `bytes`, behind which there is nothing more for now.
  private func flush(_ bytes: UnsafeRawBufferPointer) {
    guard isOpen, !isClosing else { return }
    if bytes.count > 0 {
      lastActivity = front.tick
      send(bytes)
    }
    let isIdle = pending.isEmpty && inbound == nil && !awaitsToken && !isHeldUp
    // Of who is in the middle of sending a request the rest is waited for, as long as of anyone.
    let isBetween = isIdle && held == nil && partialSince == nil
    if wroteLast || (isIdle && inputHasEnded) || (isBetween && front.closesIdle) {
      finish()
    } else {
      updateReading()
    }
  }

  /// Writes a part of the response that goes on without end.
  func write(events bytes: UnsafeRawBufferPointer) {
    guard !isClosing else { return }
    lastActivity = front.tick
    send(bytes)
  }

  /// Closes when all is written.
  private func finish() {
    isClosing = true
    if let stream { front.events.remove(stream) }
    stream = nil
    ignoresInput = true
    lastActivity = front.tick
    if hasSentAll { sentAll() } else { setReading(true) }
  }

  override func sentAll() {
    guard isClosing, lingersUntil == nil else { return }
    if inputHasEnded {
      close()
    } else {
      lingersUntil = front.tick + Self.lingerTicks
      endOutput()
      // The rest of what the client sends is read and dropped.
      setReading(true)
    }
  }

  // MARK: Time

  /// Bytes of answers that the client has not read, and that the kernel has not taken.
  var unsentBytes: Int { waitingBytes + readyBytes + out.count }

  /// Called every second.
  func checkTime() {
    guard isOpen else { return }
    let now = front.tick
    let requestTicks = LoopFront.ticks(front.configuration.requestTimeout)
    let isStuck = front.hasTooMuchUnsent && !isWritable
    let idleTicks = LoopFront.ticks(
      isStuck ? HTTPLimits.slowReaderTimeout : front.configuration.idleTimeout)
    let unsent = unsentBytes
    // It reads, if slowly.
    if unsent < unsentBefore { lastActivity = now }
    unsentBefore = unsent
    if let lingersUntil {
      if now >= lingersUntil { close() }
      return
    }
    let isIdle = stream == nil && pending.isEmpty && inbound == nil && !isHeldUp
    let waitsForClient = isClosing || !isWritable || isIdle
    if waitsForClient, now - lastActivity >= idleTicks {
      // The kernel would keep what is not read for many minutes, and not tell the client of the end.
      if isWritable { close() } else { abort() }
      return
    }
    guard !ignoresInput, isReading, !awaitsToken else { return }
    if let started = inbound?.startTick ?? partialSince, now - started >= requestTicks {
      refuseRest(.requestTimeout)
    }
  }
}

/// Where a connection comes from.
struct ConnectionOrigin: Sendable {
  /// The client reached us by TLS, which ended before this.
  var isSecure = false
  /// The client's address, in numbers and without port; empty where there is none.
  var address = ""
}
