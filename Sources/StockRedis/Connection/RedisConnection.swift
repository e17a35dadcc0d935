public import NIOCore

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
  public let eventLoop: any EventLoop
  /// nil: connected without loading the scripts.
  public internal(set) var scripts: LoadedScripts?

  private var channel: (any Channel)?
  private var reader = ReplyReader()
  private var outgoing = ByteBuffer()
  /// Commands in `outgoing`.
  private var unsent = 0
  private var isFlushScheduled = false
  private var waiting = CircularBuffer<ReplyHandler>(initialCapacity: 16)
  /// Set when the connection ends.
  private var ended: RedisConnectionError?
  private var isCloseReported = false

  init(address: RedisAddress, eventLoop: any EventLoop) {
    self.address = address
    self.eventLoop = eventLoop
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
      eventLoop.execute {
        self.isFlushScheduled = false
        self.flush()
      }
    }
  }

  /// Writes what has been appended so far.
  public func flush() {
    eventLoop.preconditionInEventLoop()
    guard unsent > 0, ended == nil, let channel else { return }
    unsent = 0
    channel.writeAndFlush(outgoing, promise: nil)
    // The kernel mostly takes all of it at once: then the storage is ours again, and is kept.
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
    channel?.close(promise: nil)
    channel = nil
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

  func attached(to channel: any Channel) {
    eventLoop.preconditionInEventLoop()
    self.channel = channel
  }

  func received(_ bytes: ByteBuffer) {
    eventLoop.preconditionInEventLoop()
    guard ended == nil else { return }
    guard reader != nil else {
      end(RedisConnectionError(.protocolViolation, "no memory for a parser of replies"))
      return
    }
    do throws(ReplyReaderError) {
      try reader?.feed(bytes.readableBytesView)
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

/// Hands a channel's events to its connection.
final class RedisChannelHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let connection: RedisConnection

  init(_ connection: RedisConnection) { self.connection = connection }

  func handlerAdded(context: ChannelHandlerContext) {
    connection.attached(to: context.channel)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    connection.received(unwrapInboundIn(data))
  }

  func channelInactive(context: ChannelHandlerContext) {
    connection.end(RedisConnectionError(.closed, "Redis closed the connection"))
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    connection.end(RedisConnectionError(.closed, "the connection to Redis failed: \(error)"))
  }
}
