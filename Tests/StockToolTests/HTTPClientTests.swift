import NIOCore
import NIOHTTP1
import NIOPosix
import StockTools
import Synchronization
import Testing

@Suite("The HTTP client", .timeLimit(.minutes(15)))
struct HTTPClientTests {
  /// Answers each request by its path; the path's last word says how:
  /// echo (the body), slow (after 30 ms), hang (never), drop (closes), last (answers and closes).
  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    let server: Server
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    /// Answers leave in order: one request at a time.
    private var isBusy = false
    private var waiting: [(HTTPRequestHead, ByteBuffer)] = []

    init(_ server: Server) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        body.clear()
      case .body(var part): body.writeBuffer(&part)
      case .end:
        guard let head else { return }
        waiting.append((head, body))
        server.saw(head, underWay: waiting.count)
        next(context)
      }
    }

    private func next(_ context: ChannelHandlerContext) {
      guard !isBusy, !waiting.isEmpty else { return }
      let (head, body) = waiting[0]
      let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      if head.uri.hasSuffix("drop") {
        context.close(promise: nil)
      } else if !head.uri.hasSuffix("hang") {
        isBusy = true
        context.eventLoop.scheduleTask(in: .milliseconds(head.uri.hasSuffix("slow") ? 30 : 0)) {
          let (handler, context) = bound.value
          handler.answer(context, head, body)
        }
      }
    }

    private func answer(
      _ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ body: ByteBuffer
    ) {
      let isLast = head.uri.hasSuffix("last")
      var headers: HTTPHeaders = ["Content-Length": "\(body.readableBytes)"]
      if isLast { headers.add(name: "Connection", value: "close") }
      if head.uri.hasSuffix("busy") { headers.add(name: "Retry-After", value: "3") }
      let status: HTTPResponseStatus = head.uri.hasSuffix("busy") ? .serviceUnavailable : .ok
      context.write(
        wrapOutboundOut(
          .head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))),
        promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      waiting.removeFirst()
      isBusy = false
      if isLast { context.close(promise: nil) } else { next(context) }
    }
  }

  private final class Server: Sendable {
    struct Seen {
      var heads: [HTTPRequestHead] = []
      var connections = 0
      var mostUnderWay = 0
    }
    private let seenState = Mutex(Seen())
    private let channel = Mutex<(any Channel)?>(nil)

    var seen: Seen { seenState.withLock { $0 } }

    func saw(_ head: HTTPRequestHead, underWay: Int) {
      seenState.withLock {
        $0.heads.append(head)
        $0.mostUnderWay = max($0.mostUnderWay, underWay)
      }
    }

    func start() async throws -> EngineURL {
      let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
          self.seenState.withLock { $0.connections += 1 }
          return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(
              withPipeliningAssistance: false)
            try channel.pipeline.syncOperations.addHandler(Handler(self))
          }
        }
        .bind(host: "127.0.0.1", port: 0).get()
      self.channel.withLock { $0 = channel }
      return try EngineURL("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
    }

    func stop() async { try? await channel.withLock { $0 }?.close().get() }
  }

  private func with(
    _ configuration: HTTPClient.Configuration = HTTPClient.Configuration(),
    _ work: (HTTPClient, Server) async throws -> Void
  ) async throws {
    let server = Server()
    let client = try await HTTPClient.start(url: server.start(), configuration: configuration)
    let result: Result<Void, any Error>
    do { result = .success(try await work(client, server)) } catch { result = .failure(error) }
    await client.close()
    await server.stop()
    try result.get()
  }

  @Test("many requests at once get each its own answer, within the bounds given")
  func pipelining() async throws {
    try await with(
      .init(connections: 2, depth: 4, timeout: .seconds(120), key: "sk_secret")
    ) { client, server in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<200 {
          group.addTask {
            let body = Array("number \(number)".utf8)
            let answer = try await client.send(HTTPRequest(.post, "/echo", body: body))
            #expect(answer.status == 200 && answer.body == body)
          }
        }
        try await group.waitForAll()
      }
      let seen = server.seen
      #expect(seen.heads.count == 200)
      #expect(seen.connections == 2)
      #expect(seen.mostUnderWay > 1 && seen.mostUnderWay <= 4)
      #expect(seen.heads[0].headers["Authorization"] == ["Bearer sk_secret"])
      #expect(seen.heads[0].headers["Content-Type"] == ["application/json"])
    }
  }

  @Test("Retry-After is told")
  func retryAfter() async throws {
    try await with { client, _ in
      let answer = try await client.send(HTTPRequest(.get, "/busy"))
      #expect(answer.status == 503 && answer.retryAfter == 3)
    }
  }

  @Test("a connection lost after the request was sent is an unknown outcome; the next one works")
  func dropped() async throws {
    try await with { client, _ in
      let error = await #expect(throws: ClientError.self) {
        try await client.send(HTTPRequest(.post, "/drop"))
      }
      guard case .outcomeUnknown = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      let answer = try await client.send(HTTPRequest(.post, "/echo"))
      #expect(answer.status == 200)
    }
  }

  @Test("an answer that says close is an answer; the next request takes a new connection")
  func closing() async throws {
    try await with(.init(connections: 1)) { client, server in
      for _ in 0..<3 {
        let answer = try await client.send(HTTPRequest(.get, "/last"))
        #expect(answer.status == 200)
      }
      #expect(server.seen.connections == 3)
    }
  }

  @Test("no answer in time is an unknown outcome for what was sent, and none for what was not")
  func timeout() async throws {
    try await with(.init(connections: 1, depth: 1, timeout: .seconds(4))) { client, server in
      let hanging = Task { try await client.send(HTTPRequest(.post, "/hang")) }
      // So much later, that it has as long left when the first is given up.
      try await Task.sleep(for: .seconds(2))
      let waiting = Task { try await client.send(HTTPRequest(.post, "/echo")) }
      let error = await #expect(throws: ClientError.self) { try await hanging.value }
      guard case .outcomeUnknown = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      // It was still in the queue: either its own time was up, or the new connection took it, and on a
      // machine that is busy its time was up then.
      switch await waiting.result {
      case .success(let answer): #expect(answer.status == 200)
      case .failure(let error):
        switch error {
        case ClientError.notSent: break
        case ClientError.outcomeUnknown:
          // It was sent; but the server may not have come round to it yet.
          for _ in 0..<200 where server.seen.connections < 2 {
            try await Task.sleep(for: .milliseconds(50))
          }
          #expect(server.seen.connections == 2)
        default: Issue.record(error)
        }
      }
    }
  }

  @Test("nobody there: not sent, at once and in plain words")
  func nobody() async throws {
    // Taken, so that nobody else gets it, but not listened on.
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutableBytes(of: &address) { bytes in
      let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!
      return bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
    }
    try #require(isBound)
    let url = try EngineURL("http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))")
    let client = try await HTTPClient.start(url: url)
    let error = await #expect(throws: ClientError.self) {
      try await client.send(HTTPRequest(.get, "/echo"))
    }
    guard case .notSent(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.hasPrefix("cannot connect to \(url)"))
    await client.close()
  }

  @Test(
    "addresses",
    arguments: [
      ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("http://shop/", "http://shop:80"),
      ("http://[::1]:9", "http://[::1]:9"), ("https://127.0.0.1", nil), ("127.0.0.1:80", nil),
      ("http://", nil), ("http://a/b", nil), ("http://a:0", nil), ("http://u:p@a", nil),
    ] as [(String, String?)])
  func urls(text: String, expected: String?) {
    #expect((try? EngineURL(text))?.description == expected)
  }
}
