import NIOCore
import NIOEmbedded
import NIOHTTP1
import StockLoop

/// NIO's HTTP decoder, for a connection whose requests are not plain (ADR 10).
///
/// The decoder is made for a channel's pipeline: so it gets a channel without a socket, of its own. Bytes
/// go in, parts of requests and mistakes come out, before `take` returns.
final class RequestDecoder {
  private let channel: EmbeddedChannel
  private let allocator = ByteBufferAllocator()
  private let outlet: Outlet
  /// What came last did not end a part of a request: the rest of one is on its way.
  private(set) var isInside = false
  private var isBusy = false
  private var isClosed = false

  /// Belongs to `connection`, which closes it.
  init(_ connection: HTTPConnection) throws {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldCount = HTTPLimits.maxHeaderCount
    limits.maxHeaderFieldSize = HTTPLimits.maxHeaderBytes
    limits.maxHeaderListSize = HTTPLimits.maxHeaderBytes
    let decoder = ByteToMessageHandler(
      HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits),
      maximumBufferSize: 4 * HTTPLimits.maxHeaderBytes)
    channel = EmbeddedChannel()
    outlet = Outlet(connection)
    do {
      try channel.pipeline.syncOperations.addHandlers([decoder, outlet])
    } catch {
      finish()
      throw error
    }
  }

  /// Bytes came. The last one goes in by itself: the decoder does not say where in them a request has
  /// ended, and whether another has begun behind it.
  func take(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    feed(UnsafeRawBufferPointer(rebasing: bytes.dropLast()))
    let parts = outlet.parts
    feed(UnsafeRawBufferPointer(rebasing: bytes.suffix(1)))
    isInside = outlet.parts == parts
  }

  private func feed(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0 else { return }
    var buffer = allocator.buffer(capacity: bytes.count)
    buffer.writeBytes(bytes)
    use {
      $0.fireChannelRead(NIOAny(buffer))
      $0.fireChannelReadComplete()
    }
  }

  /// No more will come.
  func end() { use { $0.fireUserInboundEventTriggered(ChannelEvent.inputClosed) } }

  /// What comes out of it can close the connection, and so this: that waits until it is out.
  private func use(_ body: (ChannelPipeline.SynchronousOperations) -> Void) {
    guard !isClosed else { return }
    isBusy = true
    body(channel.pipeline.syncOperations)
    isBusy = false
    if isClosed { finish() }
  }

  /// It is not used any more. To be called once.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    if !isBusy { finish() }
  }

  private func finish() { _ = try? channel.finish(acceptAlreadyClosed: true) }
}

/// The end of the decoder's channel.
private final class Outlet: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart

  private weak var connection: HTTPConnection?
  /// That have come out.
  private(set) var parts = 0

  init(_ connection: HTTPConnection) { self.connection = connection }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    parts &+= 1
    guard let connection, connection.isOpen else { return }
    connection.take(unwrapInboundIn(data))
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let connection, connection.isOpen else { return }
    connection.refuse(error)
  }
}
