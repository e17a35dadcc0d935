public import NIOCore
public import StockLoop

/// One connection to Redis, confined to one event loop. Replies come in the order of commands.
///
/// Commands of one tick go out in one write. Once ended, by `close()`, by Redis, or by bytes that
/// make no sense, it is never used again: whoever needs one makes a new one.
///
/// It keeps itself alive until it is closed.
//
// @unchecked Sendable: every mutable property is touched on `eventLoop` only, and every function
// that does so begins with a precondition that this is where it runs.
public final class RedisConnection: @unchecked Sendable {
  /// Gets the reply, or why there is none. Called on the event loop, exactly once.
  public typealias ReplyHandler = (Result<RedisReply, RedisConnectionError>) -> Void

  /// Commands that may wait for a reply at the same time.
  public static let maxWaiting = 65_536
  /// Bytes that the outgoing buffer may keep between writes.
  static let maxIdleBytes = 1 << 20

  public let address: RedisAddress
  public let eventLoop: LoopThread
  /// How long `call` and its like wait for an answer before the connection is closed.
  let answerTimeout: TimeAmount
  /// nil: connected without loading the scripts.
  public internal(set) var scripts: LoadedScripts?

  private var socket: RedisSocket?
  private var reader = ReplyReader()
  private var outgoing = ByteBuffer()
  /// Commands in `outgoing`.
  private var unsent = 0
  private var isFlushScheduled = false
  private var waiting = CircularBuffer<ReplyHandler>(initialCapacity: 16)
  /// Set when the connection ends.
  private var ended: RedisConnectionError?
  private var isCloseReported = false

  init(address: RedisAddress, eventLoop: LoopThread, answerTimeout: TimeAmount) {
    self.address = address
    self.eventLoop = eventLoop
    self.answerTimeout = answerTimeout
  }

  /// Called exactly once, on the event loop, when the connection has ended, after all waiting
  /// handlers; at once if it has ended before this is set.
  public var onClose: ((RedisConnectionError) -> Void)? {
    didSet {
      eventLoop.preconditionInEventLoop()
      reportClose()
    }
  }

  /// Whether `send` still has a chance.
  public var isOpen: Bool {
    eventLoop.preconditionInEventLoop()
    return ended == nil
  }

  /// Commands that wait for a reply.
  public var waitingCount: Int {
    eventLoop.preconditionInEventLoop()
    return waiting.count
  }

  // MARK: Sending

  /// Appends one command. It goes out at the end of this tick, or at `flush()`.
  ///
  /// - Parameters:
  ///   - body: writes exactly one command.
  ///   - reply: gets `.failure` at once, before this returns, if the connection has ended or
  ///     `maxWaiting` commands wait.
  public func send(_ body: (inout ByteBuffer) -> Void, reply: @escaping ReplyHandler) {
    eventLoop.preconditionInEventLoop()
    if let ended {
      reply(.failure(RedisConnectionError(.closed, ended.message)))
      return
    }
    guard waiting.count < Self.maxWaiting else {
      reply(
        .failure(
          RedisConnectionError(.tooManyWaiting, "\(Self.maxWaiting) commands wait for Redis")))
      return
    }
    body(&outgoing)
    unsent += 1
    waiting.append(reply)
    if !isFlushScheduled {
      isFlushScheduled = true
      eventLoop.atTurnEnd(self)
    }
  }

  /// Writes what has been appended so far.
  public func flush() {
    eventLoop.preconditionInEventLoop()
    guard unsent > 0, ended == nil, let socket else { return }
    unsent = 0
    outgoing.withUnsafeReadableBytes { socket.send($0) }
    if outgoing.capacity <= Self.maxIdleBytes {
      outgoing.clear()
    } else {
      outgoing = ByteBuffer()
    }
  }

  // MARK: Ending

  /// Ends the connection. All waiting handlers get `.failure`.
  public func close() {
    eventLoop.preconditionInEventLoop()
    end(RedisConnectionError(.closed, "the connection to Redis was closed"))
  }

  func end(_ error: RedisConnectionError) {
    eventLoop.preconditionInEventLoop()
    guard ended == nil else { return }
    ended = error
    reader = nil
    outgoing = ByteBuffer()
    let handlers = waiting
    waiting = CircularBuffer()
    let socket = socket
    self.socket = nil
    socket?.close()
    // The newest have never left this process.
    let sent = handlers.count - unsent
    unsent = 0
    for (index, handler) in handlers.enumerated() {
      var own = error
      own.mayHaveRun = index < sent
      handler(.failure(own))
    }
    reportClose()
  }

  private func reportClose() {
    guard let ended, let onClose, !isCloseReported else { return }
    isCloseReported = true
    self.onClose = nil
    onClose(ended)
  }

  // MARK: Receiving

  /// The connection is made: its socket is this one's.
  func attach(_ descriptor: CInt) {
    eventLoop.preconditionInEventLoop()
    let socket = RedisSocket(descriptor, self)
    self.socket = socket
    socket.start()
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    eventLoop.preconditionInEventLoop()
    guard ended == nil else { return }
    guard reader != nil else {
      end(RedisConnectionError(.protocolViolation, "no memory for a parser of replies"))
      return
    }
    do throws(ReplyReaderError) {
      try reader?.feed(bytes)
      // A handler may end the connection: the parser then lives until the loop has seen it.
      while let reader, try reader.next(deliver) {}
    } catch {
      end(
        RedisConnectionError(
          .protocolViolation, "Redis sent what is not a reply: \(error.message)"))
    }
  }

  private func deliver(_ reply: RedisReply) {
    if let handler = waiting.popFirst() {
      handler(.success(reply))
    } else {
      end(RedisConnectionError(.protocolViolation, "Redis sent a reply unasked: \(reply)"))
    }
  }
}

extension RedisConnection: TurnEnd {
  public func turnEnds() {
    isFlushScheduled = false
    flush()
  }
}

/// Hands on what its socket hears. The loop keeps it while it is open, and it keeps the connection.
private final class RedisSocket: StreamSocket {
  private let connection: RedisConnection

  init(_ descriptor: CInt, _ connection: RedisConnection) {
    self.connection = connection
    super.init(descriptor, on: connection.eventLoop)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) { connection.received(bytes) }

  override func inputEnded() { close() }

  override func closed() {
    connection.end(RedisConnectionError(.closed, "Redis closed the connection"))
  }
}
