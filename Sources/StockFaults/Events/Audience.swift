import NIOCore
import NIOPosix
import StockTools
import Synchronization

/// Thousands of readers of events, who only count what comes.
final class Audience: Sendable {
  /// What one reader has seen.
  struct Seen: Sendable {
    var events = 0
    var isOpen = false
    var isClosed = false
  }

  private let channels: [any Channel]
  private let seen: [SeenBox]

  final class SeenBox: Sendable {
    let value = Mutex(Seen())
  }

  private init(_ channels: [any Channel], _ seen: [SeenBox]) {
    self.channels = channels
    self.seen = seen
  }

  /// Connects them all, some at a time.
  ///
  /// - Parameter paths: what each reads, with its query; nil at the end of a pair: it reads only the
  ///   head, and then nothing.
  static func open(
    _ url: EngineURL, key: String, _ paths: [(path: String, reads: Bool)]
  ) async throws -> Audience {
    let boxes = paths.map { _ in SeenBox() }
    var channels: [any Channel] = []
    for start in stride(from: 0, to: paths.count, by: 100) {
      let part = start..<min(start + 100, paths.count)
      let opened = try await withThrowingTaskGroup(of: (any Channel).self) { group in
        for place in part {
          let (path, reads) = paths[place]
          let box = boxes[place]
          group.addTask {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
              .channelOption(.socketOption(.so_rcvbuf), value: 32_768)
              .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                  try channel.pipeline.syncOperations.addHandler(
                    AudienceHandler(request(url, path, key), reads: reads, box))
                }
              }
              .connect(host: url.host, port: url.port).get()
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      channels += opened
    }
    return Audience(channels, boxes)
  }

  private static func request(_ url: EngineURL, _ path: String, _ key: String) -> [UInt8] {
    Array(
      "GET \(path) HTTP/1.1\r\nHost: \(url.host)\r\nAuthorization: Bearer \(key)\r\n\r\n".utf8)
  }

  var states: [Seen] { seen.map { $0.value.withLock { $0 } } }

  func close() async {
    for channel in channels { channel.close(promise: nil) }
    for channel in channels { try? await channel.closeFuture.get() }
  }
}

/// Counts the lines behind the head that begin with a d, for `data`: each event has one. Comments that
/// keep the connection alive have none.
private final class AudienceHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let request: [UInt8]
  private let reads: Bool
  private let seen: Audience.SeenBox
  private var isLineStart = false
  private var isHead = true
  private var events = 0

  init(_ request: [UInt8], reads: Bool, _ seen: Audience.SeenBox) {
    self.request = request
    self.reads = reads
    self.seen = seen
  }

  func channelActive(context: ChannelHandlerContext) {
    context.writeAndFlush(
      wrapOutboundOut(context.channel.allocator.buffer(bytes: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    let isFirst = events == 0 && isHead
    let isGood =
      !isFirst || buffer.getString(at: buffer.readerIndex, length: 12) == "HTTP/1.1 200"
    for byte in buffer.readableBytesView where byte != UInt8(ascii: "\r") {
      if byte == UInt8(ascii: "\n") {
        // An empty line.
        if isLineStart { isHead = false }
        isLineStart = true
      } else {
        if isLineStart, !isHead, byte == UInt8(ascii: "d") { events += 1 }
        isLineStart = false
      }
    }
    seen.value.withLock {
      $0.events = events
      if isGood, !isHead { $0.isOpen = true }
    }
    if !reads, !isHead {
      _ = context.channel.setOption(.autoRead, value: false)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    seen.value.withLock { $0.isClosed = true }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
