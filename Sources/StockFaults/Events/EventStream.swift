import NIOCore
import NIOHTTP1
import NIOPosix
public import StockTools
import Synchronization

/// An open stream of the engine's events, read as they come.
public final class EventStream: Sendable {
  /// Of the answer; the stream has events with 200 only.
  public let status: Int
  public let headers: [(name: String, value: String)]
  /// Ends when the connection does.
  public let events: AsyncStream<ServerEvent>
  private let channel: any Channel
  private let handler: EventStreamHandler.Shared

  /// - Parameters:
  ///   - path: with its query.
  ///   - key: the bearer token.
  ///   - lastEventID: where to go on; nil: from now on.
  /// - Throws: `FaultError` where no answer comes in 60 s.
  public static func open(
    _ url: EngineURL, _ path: String, key: String?, lastEventID: String? = nil
  ) async throws -> EventStream {
    let (events, continuation) = AsyncStream.makeStream(of: ServerEvent.self)
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let promise = loop.makePromise(of: HTTPResponseHead.self)
    let shared = EventStreamHandler.Shared()
    let timer = loop.scheduleTask(in: .seconds(60)) {
      promise.fail(FaultError("no answer from \(url)\(path) in 60 s"))
    }
    do {
      let channel = try await ClientBootstrap(group: loop)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let handlers = channel.pipeline.syncOperations
            try handlers.addHandler(HTTPRequestEncoder())
            try handlers.addHandler(
              ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)))
            try handlers.addHandler(
              EventStreamHandler(
                request: Self.head(url, path, key: key, lastEventID: lastEventID), promise,
                continuation, shared))
          }
        }
        .connect(host: url.host, port: url.port).get()
      let answer = try await promise.futureResult.get()
      timer.cancel()
      return EventStream(answer, events, channel, shared)
    } catch {
      timer.cancel()
      promise.fail(error)
      throw error
    }
  }

  private init(
    _ head: HTTPResponseHead, _ events: AsyncStream<ServerEvent>, _ channel: any Channel,
    _ handler: EventStreamHandler.Shared
  ) {
    self.status = Int(head.status.code)
    self.headers = head.headers.map { ($0, $1) }
    self.events = events
    self.channel = channel
    self.handler = handler
  }

  static func head(
    _ url: EngineURL, _ path: String, key: String?, lastEventID: String?
  ) -> HTTPRequestHead {
    var headers = HTTPHeaders([
      ("Host", "\(url.host):\(url.port)"), ("Accept", "text/event-stream"),
    ])
    if let key { headers.add(name: "Authorization", value: "Bearer \(key)") }
    if let lastEventID { headers.add(name: "Last-Event-ID", value: lastEventID) }
    return HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
  }

  /// Where to go on. Also before the first event.
  public var lastEventID: String { handler.lastID.withLock { $0 } }

  public func close() async { try? await channel.close() }
}

private final class EventStreamHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  final class Shared: Sendable {
    let lastID = Mutex("")
  }

  private let request: HTTPRequestHead
  private let promise: EventLoopPromise<HTTPResponseHead>
  private let continuation: AsyncStream<ServerEvent>.Continuation
  private let shared: Shared
  private var parser = ServerEventParser()

  init(
    request: HTTPRequestHead, _ promise: EventLoopPromise<HTTPResponseHead>,
    _ continuation: AsyncStream<ServerEvent>.Continuation, _ shared: Shared
  ) {
    self.request = request
    self.promise = promise
    self.continuation = continuation
    self.shared = shared
  }

  func channelActive(context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(.head(request)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    context.fireChannelActive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      promise.succeed(head)
    case .body(let bytes):
      let events = parser.take(bytes.readableBytesView)
      shared.lastID.withLock { $0 = parser.lastID }
      for event in events { continuation.yield(event) }
    case .end:
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    promise.fail(FaultError("the stream of events failed: \(error)"))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    promise.fail(FaultError("the stream of events was closed before an answer"))
    continuation.finish()
    context.fireChannelInactive()
  }
}
