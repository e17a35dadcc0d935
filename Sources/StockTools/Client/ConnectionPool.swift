import NIOCore
import NIOHTTP1
import NIOPosix

/// A request that waits to be sent, or for its answer.
struct PendingRequest {
  var request: HTTPRequest
  var promise: EventLoopPromise<HTTPAnswer>
  var deadline: NIODeadline
}

/// The connections of an `HTTPClient` and what waits for one. Lives on one event loop.
final class ConnectionPool {
  private let url: EngineURL
  private let configuration: HTTPClient.Configuration
  private let loop: any EventLoop
  private var open: [ClientConnection] = []
  private var opening = 0
  private var waiting = CircularBuffer<PendingRequest>()
  private var clock: RepeatedTask?
  private var isClosed = false

  init(url: EngineURL, configuration: HTTPClient.Configuration, loop: any EventLoop) {
    self.url = url
    self.configuration = configuration
    self.loop = loop
  }

  func submit(_ pending: PendingRequest) {
    guard !isClosed else {
      pending.promise.fail(ClientError.notSent("the client is closed"))
      return
    }
    waiting.append(pending)
    startClock()
    pump()
  }

  func close() {
    isClosed = true
    clock?.cancel()
    failWaiting("the client is closed")
    for connection in open { connection.close("the client is closed") }
  }

  /// Sends what waits, to the connections with the least to do; opens one more where all are busy.
  private func pump() {
    var touched: [ClientConnection] = []
    while !waiting.isEmpty {
      let least = open.min { $0.load < $1.load }
      let canOpen = open.count + opening < configuration.connections
      if canOpen, opening < waiting.count, least.map({ $0.load > 0 }) ?? true { connect() }
      guard let least, least.load < configuration.depth else { break }
      least.write(waiting.removeFirst())
      if !touched.contains(where: { $0 === least }) { touched.append(least) }
    }
    for connection in touched { connection.flush() }
  }

  private func connect() {
    opening += 1
    let pool = NIOLoopBound(self, eventLoop: loop)
    let head = RequestHead(authority: url.authority, key: configuration.key)
    ClientBootstrap(group: loop)
      .connectTimeout(.seconds(5))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handlers = channel.pipeline.syncOperations
          try handlers.addHandler(HTTPRequestEncoder())
          try handlers.addHandler(
            ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)))
          try handlers.addHandler(
            ClientConnection(
              head: head, onRoom: { pool.value.pump() }, onClose: { pool.value.remove($0) }))
        }
      }
      .connect(host: url.host, port: url.port)
      .whenComplete { result in
        pool.value.connected(
          result.flatMap { channel in
            Result { try channel.pipeline.syncOperations.handler(type: ClientConnection.self) }
          })
      }
  }

  private func connected(_ result: Result<ClientConnection, any Error>) {
    opening -= 1
    switch result {
    case .success(let connection):
      if isClosed {
        connection.close("the client is closed")
      } else if connection.isOpen {
        open.append(connection)
        pump()
      } else {
        giveUpIfAlone("\(url) closed the connection at once")
      }
    case .failure(let error):
      giveUpIfAlone("cannot connect to \(url) (\(error)): is `stock serve` running there?")
    }
  }

  /// Nobody is left who could send what waits: better to say so than to wait for the time-out.
  private func giveUpIfAlone(_ reason: String) {
    if open.isEmpty, opening == 0 { failWaiting(reason) }
  }

  private func remove(_ connection: ClientConnection) {
    open.removeAll { $0 === connection }
    pump()
  }

  private func failWaiting(_ reason: String) {
    while let pending = waiting.popFirst() { pending.promise.fail(ClientError.notSent(reason)) }
  }

  /// Looks for deadlines four times a second, which is exact enough for time-outs of seconds.
  private func startClock() {
    guard clock == nil else { return }
    let pool = NIOLoopBound(self, eventLoop: loop)
    clock = loop.scheduleRepeatedTask(
      initialDelay: .milliseconds(250), delay: .milliseconds(250)
    ) { _ in pool.value.expire() }
  }

  private func expire() {
    let now = NIODeadline.now()
    while let first = waiting.first, first.deadline <= now {
      waiting.removeFirst()
      first.promise.fail(ClientError.notSent("no connection to \(url) was free in time"))
    }
    for connection in open where connection.isOverdue(at: now) {
      connection.close("no answer from \(url) in time")
    }
  }
}
