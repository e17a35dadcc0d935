import NIOCore
import NIOPosix

/// Talks to one engine over several kept-alive connections, with several requests under way on each
/// (HTTP pipelining). It does not ask again: `RetryingExchange` does.
public final class HTTPClient: Exchange {
  public struct Configuration: Sendable {
    /// Connections at most.
    public var connections: Int
    /// Requests under way on one connection at most. More wait.
    public var depth: Int
    /// From `send` to the answer's last byte.
    public var timeout: Duration
    /// The bearer token.
    public var key: String?

    public init(
      connections: Int = 4, depth: Int = 8, timeout: Duration = .seconds(30), key: String? = nil
    ) {
      self.connections = max(1, connections)
      self.depth = max(1, depth)
      self.timeout = timeout
      self.key = key
    }
  }

  private let loop: any EventLoop
  private let pool: NIOLoopBound<ConnectionPool>
  private let timeout: TimeAmount

  private init(loop: any EventLoop, pool: NIOLoopBound<ConnectionPool>, timeout: TimeAmount) {
    self.loop = loop
    self.pool = pool
    self.timeout = timeout
  }

  /// Connects when the first request is sent, not before.
  public static func start(
    url: EngineURL, configuration: Configuration = Configuration()
  ) async throws -> HTTPClient {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let pool = try await loop.submit {
      NIOLoopBound(
        ConnectionPool(url: url, configuration: configuration, loop: loop), eventLoop: loop)
    }.get()
    return HTTPClient(loop: loop, pool: pool, timeout: TimeAmount(configuration.timeout))
  }

  public func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPAnswer {
    let promise = loop.makePromise(of: HTTPAnswer.self)
    let deadline = NIODeadline.now() + timeout
    let pool = pool
    loop.execute {
      pool.value.submit(PendingRequest(request: request, promise: promise, deadline: deadline))
    }
    do {
      return try await promise.futureResult.get()
    } catch let error as ClientError {
      throw error
    } catch {
      throw .outcomeUnknown("\(error)")
    }
  }

  /// Closes all connections. Requests under way fail.
  public func close() async {
    let pool = pool
    try? await loop.submit { pool.value.close() }.get()
  }
}
