import NIOCore
import NIOTLS

/// Waits for the end of a handshake, for a while. Behind it nothing has been read.
final class HandshakeGate: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let patience: TimeAmount
  private let open: (any Channel) -> Void
  private var deadline: Scheduled<Void>?

  init(within patience: TimeAmount, open: @escaping (any Channel) -> Void) {
    self.patience = patience
    self.open = open
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    deadline = context.eventLoop.scheduleTask(in: patience) { bound.value.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .handshakeCompleted? = event as? TLSUserEvent, let deadline {
      deadline.cancel()
      self.deadline = nil
      open(context.channel)
    }
    context.fireUserInboundEventTriggered(event)
  }
}
