import NIOCore
import NIOPosix

/// One connection through the proxy: what the engine says, cut into commands, and what Redis says, cut
/// into replies. Not Sendable: everything happens on its event loop.
final class ProxyLink: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// What becomes of a command's reply. Replies go out in the order of the commands.
  private enum Due {
    case pass
    /// Redis knows nothing of the command.
    case instead(String)
    case replaced(String)
    case cut
    case cutIn(bytes: Int)
    case delayed(Duration)
    case throttled(bytesPerSecond: Int)
  }

  private let endpoint: FaultProxy.Endpoint
  private let proxy: FaultProxy?
  private let client: any Channel
  private var redis: (any Channel)?

  /// Whole commands that have not gone on.
  private var commands = CircularBuffer<ByteBuffer>()
  private var command = ByteBuffer()
  private var commandScanner = RESPScanner()
  private var isHeldBack = true
  /// What there is to do to the first command, once its delay is over.
  private var isFirstJudged = false

  private var due = CircularBuffer<Due>()
  private var replies = CircularBuffer<(bytes: ByteBuffer, cameAt: NIODeadline)>()
  private var reply = ByteBuffer()
  private var replyScanner = RESPScanner()
  private var areRepliesHeldBack = false

  private var slow = ByteBuffer()
  private var bytesPerSecond: Int?
  private var isClientGone = false
  private var isRedisGone = false

  init(redis: FaultProxy.Endpoint, proxy: FaultProxy?, client: any Channel) {
    self.endpoint = redis
    self.proxy = proxy
    self.client = client
  }

  private var bound: NIOLoopBound<ProxyLink> { NIOLoopBound(self, eventLoop: client.eventLoop) }

  // MARK: Connecting

  func channelActive(context: ChannelHandlerContext) {
    proxy?.opened(bound, as: ObjectIdentifier(self))
    let bound = bound
    let bootstrap = ClientBootstrap(group: client.eventLoop).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(RedisSide(bound.value))
      }
    }
    let opened =
      switch endpoint {
      case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
      case .tcp(let port): bootstrap.connect(host: "127.0.0.1", port: port)
      }
    opened.whenComplete { result in
      let link = bound.value
      switch result {
      case .success(let channel):
        link.redis = channel
        link.isHeldBack = false
        link.handOn()
      case .failure:
        // As if nobody listened.
        link.commands.removeAll()
        link.client.close(promise: nil)
      }
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClientGone = true
    closeRedisIfDone()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func closeRedisIfDone() {
    // What is delayed still gets there.
    guard isClientGone, commands.isEmpty else { return }
    redis?.close(promise: nil)
    proxy?.closed(ObjectIdentifier(self))
  }

  /// Both sides at once.
  private func cut() {
    commands.removeAll()
    due.removeAll()
    client.close(promise: nil)
    redis?.close(promise: nil)
  }

  // MARK: Commands

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    while bytes.readableBytes > 0 {
      let (count, isWhole) = commandScanner.scan(bytes.readableBytesView)
      if var piece = bytes.readSlice(length: count) { command.writeBuffer(&piece) }
      guard isWhole else { break }
      commands.append(command)
      command = ByteBuffer()
    }
    handOn()
  }

  private func handOn() {
    while !isHeldBack, let next = commands.first {
      let fault = isFirstJudged ? nil : proxy?.fault(for: RedisCommand(next.readableBytesView))
      isFirstJudged = false
      if case .delay(let time)? = fault {
        isFirstJudged = true
        isHeldBack = true
        later(TimeAmount(time)) { $0.endDelay() }
        return
      }
      commands.removeFirst()
      guard judge(next, fault) else { return }
    }
    redis?.flush()
    closeRedisIfDone()
  }

  private func endDelay() {
    guard isHeldBack, redis != nil else { return }
    isHeldBack = false
    handOn()
  }

  /// - Returns: false if the connection is no more.
  private func judge(_ next: ByteBuffer, _ fault: Fault.Kind?) -> Bool {
    switch fault {
    case nil, .delay?: due.append(.pass)
    case .delayReply(let time)?: due.append(.delayed(time))
    case .cutAfter?: due.append(.cut)
    case .cutInReply(let bytes)?: due.append(.cutIn(bytes: bytes))
    case .replaceReply(let text)?: due.append(.replaced(text))
    case .throttle(let rate)?: due.append(.throttled(bytesPerSecond: rate))
    case .cutBefore?:
      cut()
      return false
    case .answer(let text)?:
      due.append(.instead(text))
      giveBack()
      return true
    }
    redis?.write(next, promise: nil)
    return true
  }

  // MARK: Replies

  fileprivate func redisSaid(_ bytes: ByteBuffer) {
    var bytes = bytes
    while bytes.readableBytes > 0 {
      let (count, isWhole) = replyScanner.scan(bytes.readableBytesView)
      if var piece = bytes.readSlice(length: count) { reply.writeBuffer(&piece) }
      guard isWhole else { break }
      replies.append((reply, .now()))
      reply = ByteBuffer()
    }
    giveBack()
  }

  fileprivate func redisIsGone() {
    isRedisGone = true
    if replies.isEmpty || !areRepliesHeldBack { client.close(promise: nil) }
  }

  private func giveBack() {
    while !areRepliesHeldBack, let next = due.first {
      if case .instead(let text) = next {
        due.removeFirst()
        send(ByteBuffer(string: text))
        continue
      }
      guard let (bytes, cameAt) = replies.first else { break }
      due.removeFirst()
      switch next {
      case .instead: break
      case .cut:
        cut()
        return
      case .cutIn(let count):
        let part = bytes.getSlice(
          at: bytes.readerIndex, length: min(count, bytes.readableBytes - 1))
        due.removeAll()
        let bound = bound
        client.writeAndFlush(part ?? ByteBuffer()).whenComplete { _ in bound.value.cut() }
        return
      case .delayed(let time):
        due.prepend(.pass)
        let rest = cameAt + TimeAmount(time) - .now()
        guard rest > .nanoseconds(0) else { continue }
        areRepliesHeldBack = true
        later(rest) { $0.endReplyDelay() }
        return
      case .pass:
        send(bytes)
        replies.removeFirst()
      case .replaced(let text):
        replies.removeFirst()
        send(ByteBuffer(string: text))
      case .throttled(let rate):
        if bytesPerSecond == nil {
          bytesPerSecond = rate
          later(.milliseconds(10)) { $0.sendSlice() }
        }
        send(bytes)
        replies.removeFirst()
      }
    }
    client.flush()
    if isRedisGone, !areRepliesHeldBack { client.close(promise: nil) }
  }

  private func endReplyDelay() {
    guard areRepliesHeldBack else { return }
    areRepliesHeldBack = false
    giveBack()
  }

  private func send(_ bytes: ByteBuffer) {
    if bytesPerSecond == nil {
      client.write(bytes, promise: nil)
    } else {
      slow.writeImmutableBuffer(bytes)
    }
  }

  private func sendSlice() {
    guard let rate = bytesPerSecond else { return }
    let count = min(max(1, rate / 100), slow.readableBytes)
    if let slice = slow.readSlice(length: count) { client.writeAndFlush(slice, promise: nil) }
    if slow.readableBytes == 0, due.isEmpty {
      bytesPerSecond = nil
    } else {
      later(.milliseconds(10)) { $0.sendSlice() }
    }
  }

  // MARK: Time

  /// The fault is over: nothing waits any more.
  func lifted() {
    if bytesPerSecond != nil {
      bytesPerSecond = nil
      client.writeAndFlush(slow, promise: nil)
      slow = ByteBuffer()
    }
    for place in due.indices {
      if case .delayed = due[place] { due[place] = .pass }
    }
    endDelay()
    endReplyDelay()
  }

  private func later(_ time: TimeAmount, _ body: @escaping @Sendable (ProxyLink) -> Void) {
    let bound = bound
    client.eventLoop.scheduleTask(in: time) { body(bound.value) }
  }
}

/// The side of a `ProxyLink` that faces Redis.
private final class RedisSide: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let link: ProxyLink

  init(_ link: ProxyLink) { self.link = link }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    link.redisSaid(unwrapInboundIn(data))
  }

  func channelInactive(context: ChannelHandlerContext) { link.redisIsGone() }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
