import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import NIOSSL

/// A client that sees bytes, behind TLS or without.
final class TLSClient: Sendable {
  private struct Received {
    var bytes = ByteBuffer()
    var hasEnded = false
    var isClosed = false
  }

  private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    let received: NIOLockedValueBox<Received>

    init(_ received: NIOLockedValueBox<Received>) { self.received = received }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var part = unwrapInboundIn(data)
      received.withLockedValue { _ = $0.bytes.writeBuffer(&part) }
    }

    func channelInactive(context: ChannelHandlerContext) {
      received.withLockedValue {
        $0.hasEnded = true
        $0.isClosed = true
      }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if let event = event as? ChannelEvent, event == .inputClosed {
        received.withLockedValue { $0.hasEnded = true }
      }
      context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }

  private let channel: any Channel
  private let received = NIOLockedValueBox(Received())

  /// - Parameter context: nil: no TLS.
  init(_ address: SocketAddress, _ context: NIOSSLContext?) async throws {
    let received = received
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            try channel.pipeline.syncOperations.addHandler(
              NIOSSLClientHandler(context: context, serverHostname: "localhost"))
          }
          try channel.pipeline.syncOperations.addHandler(Collector(received))
        }
      }
      .connect(to: address).get()
  }

  /// A socket that is connected already.
  init(socket: CInt) async throws {
    let received = received
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(received))
        }
      }
      .withConnectedSocket(socket).get()
  }

  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) async throws {
    try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
  }

  func closeOutput() async throws { try await channel.close(mode: .output).get() }
  func close() async { try? await channel.close().get() }
  func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }
  func resumeReading() async throws { try await channel.setOption(.autoRead, value: true).get() }

  var bytes: [UInt8] { received.withLockedValue { Array(buffer: $0.bytes) } }
  var text: String { String(decoding: bytes, as: UTF8.self) }
  var isClosed: Bool { received.withLockedValue { $0.isClosed } }

  /// Waits until so much has come.
  func wait(count: Int) async throws { try await wait { $0.bytes.readableBytes >= count } }
  func wait(text: String) async throws {
    try await wait { String(buffer: $0.bytes).contains(text) }
  }
  /// Waits until the other side says that nothing more comes: with both halves closed a client that may
  /// still write hears no more than that.
  func ended() async throws { try await wait { $0.hasEnded } }

  private func wait(_ condition: (Received) -> Bool) async throws {
    for _ in 0..<6_000 {
      if received.withLockedValue({ condition($0) }) { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw TimedOut()
  }

  struct TimedOut: Error {}
}
