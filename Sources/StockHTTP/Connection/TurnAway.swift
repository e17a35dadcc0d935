import NIOCore

/// Tells a client that there are too many connections, and closes.
final class TurnAway: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  func channelActive(context: ChannelHandlerContext) {
    var writer = ByteWriter()
    writer.append(Problem(.overloaded, "There are too many connections."))
    var out = context.channel.allocator.buffer(capacity: 512)
    out.writeStaticString(ByteWriter.statusLine(503))
    out.writeStaticString("Content-Type: application/problem+json\r\nConnection: close\r\n")
    out.writeString("Retry-After: 1\r\nContent-Length: \(writer.count)\r\n\r\n")
    out.writeBytes(writer.bytes)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(out)).whenComplete { _ in
      bound.value.close(promise: nil)
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
