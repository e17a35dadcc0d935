import NIOCore

/// One of two channels of which each writes what the other reads.
///
/// Nothing piles up between them: who cannot be written to makes the other one stop reading. A side that
/// ends is passed on as it ended: input that is closed closes the other's output; a channel that is gone
/// closes the other when what was written to it is out, or when it has taken too long over it.
final class BridgeEnd: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long the last bytes may take, once the other channel is gone.
  static let lingering = TimeAmount.seconds(10)

  private var context: ChannelHandlerContext?
  private var partner: BridgeEnd?
  /// Bytes may be read before there is a partner: a handshake needs them.
  private var readsAlone: Bool
  /// What was read before there was a partner: of one reading, since none follows before.
  private var early: [ByteBuffer] = []
  private var hasEnded = false
  private var holdsRead = false
  private var isGone = false
  /// Hears of the channel's end, once.
  private var onEnd: (() -> Void)?

  init(readsAlone: Bool, onEnd: (() -> Void)? = nil) {
    self.readsAlone = readsAlone
    self.onEnd = onEnd
  }

  /// From now on nothing more is read until there is a partner.
  func waitForPartner() { readsAlone = false }

  /// Both belong to one loop.
  static func join(_ one: BridgeEnd, _ other: BridgeEnd) {
    one.partner = other
    other.partner = one
    one.catchUp()
    other.catchUp()
  }

  /// Hands over what came before there was a partner.
  private func catchUp() {
    guard let partner else { return }
    for bytes in early { partner.write(bytes) }
    if !early.isEmpty { partner.flush() }
    early = []
    if hasEnded { partner.closeOutput() }
    if isGone { partner.partnerIsGone() } else { resumeReading() }
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  private func end() {
    guard !isGone else { return }
    isGone = true
    context = nil
    let partner = partner
    self.partner = nil
    partner?.partner = nil
    partner?.partnerIsGone()
    onEnd?()
    onEnd = nil
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    if let partner { partner.write(bytes) } else { early.append(bytes) }
  }

  func channelReadComplete(context: ChannelHandlerContext) { partner?.flush() }

  func read(context: ChannelHandlerContext) {
    if mayRead { context.read() } else { holdsRead = true }
  }

  private var mayRead: Bool { partner.map(\.isWritable) ?? readsAlone }

  private func resumeReading() {
    guard holdsRead, mayRead, let context else { return }
    holdsRead = false
    context.read()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      hasEnded = true
      partner?.closeOutput()
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { partner?.resumeReading() }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  // MARK: Writing

  private var isWritable: Bool { context?.channel.isWritable ?? false }

  private func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

  private func flush() { context?.flush() }

  private func closeOutput() {
    context?.flush()
    context?.close(mode: .output, promise: nil)
  }

  /// What was written still goes out.
  private func partnerIsGone() {
    guard let context else { return }
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    let deadline = context.eventLoop.scheduleTask(in: Self.lingering) {
      bound.value.close(promise: nil)
    }
    let written = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    written.futureResult.whenComplete { _ in
      deadline.cancel()
      bound.value.close(promise: nil)
    }
  }
}
