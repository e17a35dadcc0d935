import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import StockCore
import StockLoop
import Testing

@testable import StockHTTP

/// A client that sees bytes, over a real socket.
final class Client: Sendable {
  private let channel: any Channel
  private let received: NIOLockedValueBox<Received>

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

  /// - Parameter reads: without it nothing is read before `resume`, and the kernel keeps little.
  init(_ address: SocketAddress, group: any EventLoopGroup, reads: Bool = true) async throws {
    let received = NIOLockedValueBox(Received())
    self.received = received
    channel = try await ClientBootstrap(group: group)
      .channelOption(.autoRead, value: reads)
      .channelOption(.allowRemoteHalfClosure, value: false)
      .channelOption(.socketOption(.so_rcvbuf), value: reads ? 1 << 18 : 1 << 12)
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

  /// Sends what the server may not take before its answers are read.
  func sendWithoutWaiting(_ text: String) {
    channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
  }

  func sendWithoutWaiting(_ bytes: [UInt8]) {
    channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
  }

  var isClosed: Bool { received.withLockedValue { $0.isClosed } }

  /// Of the answers that have begun: each first line stands at the begin, or behind a body.
  var statuses: [Int] {
    received.withLockedValue { String(buffer: $0.bytes) }.components(separatedBy: "HTTP/1.1 ")
      .dropFirst().compactMap { Int($0.prefix(3)) }
  }

  /// All that has come.
  func all() throws -> [Response] {
    try Response.parse(received.withLockedValue { String(buffer: $0.bytes) })
  }

  func resume() async throws { try await channel.setOption(.autoRead, value: true).get() }

  /// The next `count` responses, in the order they came.
  func responses(_ count: Int) async throws -> [Response] {
    var responses: [Response] = []
    while responses.count < count { responses.append(try await response()) }
    return responses
  }

  func close() async { try? await channel.close().get() }

  /// Says that nothing more comes.
  func closeOutput() async throws { try await channel.close(mode: .output).get() }

  /// Waits for a response that is complete, and takes it.
  func response() async throws -> Response {
    try await wait { received in
      let text = String(buffer: received.bytes)
      guard let end = text.range(of: "\r\n\r\n") else { return nil }
      let length =
        text[..<end.lowerBound].split(separator: "\r\n")
        .first { $0.lowercased().hasPrefix("content-length:") }
        .flatMap { Int($0.split(separator: ":")[1].filter(\.isNumber)) } ?? 0
      let size = text[..<end.upperBound].utf8.count + length
      guard let bytes = received.bytes.readString(length: size) else { return nil }
      return try Response.parse(bytes)[0]
    }
  }

  func ask(_ request: String) async throws -> Response {
    try await send(request)
    return try await response()
  }

  /// Waits until the server has closed.
  func closed() async throws {
    _ = try await wait { $0.isClosed ? true : nil }
  }

  private func wait<R>(_ take: (inout Received) throws -> R?) async throws -> R {
    for _ in 0..<6_000 {
      if let result = try received.withLockedValue({ try take(&$0) }) { return result }
      try await Task.sleep(for: .milliseconds(10))
    }
    throw TimedOut()
  }

  struct TimedOut: Error {}
}

/// A server on a free port, with a fake engine behind it. `body` gets loops for its clients as well.
func withServer(
  keys: Bool = true, loops: Int = 2, configure: (inout HTTPConfiguration) -> Void = { _ in },
  judge: (@Sendable (Command) -> Outcome)? = { _ in .entry(entry()) },
  _ body: (HTTPServer, FakeEngine, any EventLoopGroup) async throws -> Void
) async throws {
  let group = try LoopGroup(threads: loops)
  let clients = MultiThreadedEventLoopGroup(numberOfThreads: 2)
  let engine = FakeEngine(judge: judge)
  addKeys(to: engine.fakeControl)
  var configuration = HTTPConfiguration(authorization: keys ? .keys : .none)
  // A busy machine takes minutes for what a client sends in pieces. Tests of time set their own.
  configuration.requestTimeout = .hours(1)
  configuration.idleTimeout = .hours(1)
  configure(&configuration)
  let server = try await HTTPServer.start(
    engine: engine, host: "127.0.0.1", port: 0, group: group, configuration: configuration)
  let result: Result<Void, any Error>
  do { result = .success(try await body(server, engine, clients)) } catch {
    result = .failure(error)
  }
  await server.stop(within: .milliseconds(100))
  try await group.shutdownGracefully()
  try await clients.shutdownGracefully()
  try result.get()
}

/// Waits until something is so: it need not be at once, but within a minute.
func eventually(
  _ condition: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async throws {
  let end = ContinuousClock.now + .seconds(60)
  while try await !condition() {
    try #require(ContinuousClock.now < end, sourceLocation: sourceLocation)
    try await Task.sleep(for: .milliseconds(5))
  }
}
