import NIOCore
import NIOHTTP1

/// What every request of a connection says.
struct RequestHead {
  var authority: String
  var key: String?

  func make(_ request: HTTPRequest) -> HTTPRequestHead {
    var headers = HTTPHeaders()
    headers.add(name: "Host", value: authority)
    if let key { headers.add(name: "Authorization", value: "Bearer \(key)") }
    if !request.body.isEmpty {
      headers.add(name: "Content-Type", value: "application/json")
    }
    if !request.body.isEmpty || request.method == .post || request.method == .put {
      headers.add(name: "Content-Length", value: String(request.body.count))
    }
    for (name, value) in request.headers { headers.replaceOrAdd(name: name, value: value) }
    return HTTPRequestHead(
      version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: request.path,
      headers: headers)
  }
}

/// One connection: requests go out, their answers come back in the same order.
final class ClientConnection: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  /// Bytes of an answer's body.
  private static let maxBodyBytes = 64 << 20

  private let head: RequestHead
  private let onRoom: () -> Void
  private let onClose: (ClientConnection) -> Void
  private var context: ChannelHandlerContext?
  private var inFlight = CircularBuffer<PendingRequest>()
  private var answer: HTTPResponseHead?
  private var body: [UInt8] = []
  private var reason = "the connection was lost"

  init(
    head: RequestHead, onRoom: @escaping () -> Void, onClose: @escaping (ClientConnection) -> Void
  ) {
    self.head = head
    self.onRoom = onRoom
    self.onClose = onClose
  }

  /// Requests under way.
  var load: Int { inFlight.count }
  var isOpen: Bool { context?.channel.isActive ?? false }

  func isOverdue(at now: NIODeadline) -> Bool {
    inFlight.first.map { $0.deadline <= now } ?? false
  }

  /// Goes out with the next `flush`.
  func write(_ pending: PendingRequest) {
    guard let context, isOpen else {
      pending.promise.fail(ClientError.notSent(reason))
      return
    }
    inFlight.append(pending)
    context.write(wrapOutboundOut(.head(head.make(pending.request))), promise: nil)
    if !pending.request.body.isEmpty {
      let bytes = context.channel.allocator.buffer(bytes: pending.request.body)
      context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }
    context.write(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func flush() { context?.flush() }

  /// Closes; what is under way has an unknown outcome, for the reason given.
  func close(_ reason: String) {
    self.reason = reason
    context?.close(promise: nil)
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      answer = head
      body.removeAll(keepingCapacity: true)
    case .body(let part):
      body += part.readableBytesView
      if body.count > Self.maxBodyBytes { close("an answer of more than 64 MiB") }
    case .end:
      guard let head = answer else { return }
      answer = nil
      // 100 Continue and its like come before the answer.
      if head.status.code < 200 { return }
      guard let pending = inFlight.popFirst() else {
        close("an answer that nobody asked for")
        return
      }
      pending.promise.succeed(
        HTTPAnswer(
          status: Int(head.status.code), body: body, headers: head.headers.map { ($0, $1) },
          retryAfter: head.headers.first(name: "Retry-After").flatMap { Int($0) }))
      if !head.isKeepAlive { close("the engine closed the connection") }
    }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    if isOpen { onRoom() }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    close("the connection failed: \(error)")
  }

  func channelInactive(context: ChannelHandlerContext) {
    while let pending = inFlight.popFirst() {
      pending.promise.fail(ClientError.outcomeUnknown(reason))
    }
    onClose(self)
    context.fireChannelInactive()
  }
}
