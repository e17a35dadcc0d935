import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A client that reads a response without end.
final class EventClient: Sendable {
  private let channel: any Channel
  private let received = NIOLockedValueBox(Received())

  private struct Received {
    var bytes = ByteBuffer()
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
      received.withLockedValue { $0.isClosed = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      context.close(promise: nil)
    }
  }

  init(_ address: SocketAddress, group: any EventLoopGroup) async throws {
    let received = received
    channel = try await ClientBootstrap(group: group)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Collector(received))
        }
      }
      .connect(to: address).get()
  }

  func send(_ text: String) async throws {
    try await channel.writeAndFlush(ByteBuffer(string: text)).get()
  }

  func close() async { try? await channel.close().get() }

  /// A response's header.
  func head() async throws -> String { try await take(until: "\r\n\r\n") }

  /// The next event of the stream, with its fields as lines. How many signs of life come between
  /// depends on how fast the machine is, so they are passed over.
  func event() async throws -> String {
    while true {
      let block = try await take(until: "\n\n")
      if !block.hasPrefix(": keep-alive") { return block }
    }
  }

  /// A body that ends with a brace.
  func take(json: Bool) async throws -> String { try await take(until: "}") }

  func closed() async throws {
    try await wait { $0.isClosed ? true : nil }
  }

  func stopReading() async throws {
    try await channel.setOption(.autoRead, value: false).get()
  }

  /// The server has closed, which shows when what had been sent is read at last.
  func closedWithoutReading() async throws {
    for _ in 0..<600 {
      try await Task.sleep(for: .milliseconds(100))
      // Writing fails when the other side has reset the connection.
      do { try await send("\r\n") } catch { return }
    }
    throw TimedOut()
  }

  private func take(until mark: String) async throws -> String {
    let mark = Array(mark.utf8)
    return try await wait { received in
      guard
        let end = received.bytes.withUnsafeReadableBytes({ bytes -> Int? in
          guard bytes.count >= mark.count else { return nil }
          for start in 0...(bytes.count - mark.count)
          where bytes[start] == mark[0]
            && bytes[start..<(start + mark.count)].elementsEqual(mark)
          {
            return start
          }
          return nil
        })
      else { return nil }
      let text = received.bytes.readString(length: end)
      received.bytes.moveReaderIndex(forwardBy: mark.count)
      if received.bytes.readerIndex > 1 << 20 { received.bytes.discardReadBytes() }
      return text
    }
  }

  @discardableResult
  private func wait<R>(_ take: (inout Received) throws -> R?) async throws -> R {
    for _ in 0..<6_000 {
      if let result = try received.withLockedValue({ try take(&$0) }) { return result }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw TimedOut()
  }

  struct TimedOut: Error {}
}
