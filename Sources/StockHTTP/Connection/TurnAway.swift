import NIOCore
import StockCore

/// Tells a client that it cannot be served, and closes.
///
/// It closes its own side first and waits for the client to do the same: to close with something unread
/// would make the kernel throw the answer away.
final class TurnAway: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long a client may take to close its side.
  private static let patience = TimeAmount.seconds(1)

  private let why: String

  init(_ why: String) { self.why = why }

  func channelActive(context: ChannelHandlerContext) {
    var writer = ByteWriter()
    writer.append(Problem(.overloaded, why))
    var out = context.channel.allocator.buffer(capacity: 512)
    out.writeStaticString(ByteWriter.statusLine(503))
    out.writeStaticString("Content-Type: application/problem+json\r\nConnection: close\r\n")
    out.writeString("Retry-After: 1\r\nContent-Length: \(writer.count)\r\n\r\n")
    out.writeBytes(writer.bytes)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(out)).whenComplete { _ in
      bound.value.close(mode: .output, promise: nil)
    }
    context.eventLoop.scheduleTask(in: Self.patience) { bound.value.close(promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
