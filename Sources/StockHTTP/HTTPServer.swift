import NIOConcurrencyHelpers
public import NIOCore
import NIOHTTP1
import NIOPosix
import StockCore
public import StockEngine
import Synchronization

/// Why a server could not start.
public enum HTTPServerError: Error, Equatable, Sendable {
  /// Without keys everybody may do everything, so only this machine may ask.
  case authorizationNeeded(host: String)
  /// The address cannot be found, or is taken, or may not be used. In words.
  case cannotListen(String)
}

/// The engine's HTTP/1.1 front on one address.
public final class HTTPServer: Sendable {
  /// Where it listens: with port 0, the one it was given.
  public let localAddress: SocketAddress

  private let listener: any Channel
  let fronts: [NIOLoopBound<LoopFront>]
  private let adopted = Atomic<Int>(0)

  private init(
    localAddress: SocketAddress, listener: any Channel, fronts: [NIOLoopBound<LoopFront>]
  ) {
    self.localAddress = localAddress
    self.listener = listener
    self.fronts = fronts
  }

  /// Listens, and serves on all loops of `group`, which has to be the one that `engine` runs on.
  ///
  /// - Parameter port: 0 takes a free one.
  public static func start(
    engine: any Engine, host: String, port: Int, group: any EventLoopGroup,
    configuration: HTTPConfiguration = HTTPConfiguration()
  ) async throws(HTTPServerError) -> HTTPServer {
    do {
      let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
      if case .none = configuration.authorization, !address.isLoopback {
        throw HTTPServerError.authorizationNeeded(host: host)
      }
      let limit = ConnectionLimit(configuration.maxConnections)
      let shared = SharedFront(configuration)
      var fronts: [NIOLoopBound<LoopFront>] = []
      for loop in group.makeIterator() {
        let front = try await loop.submit {
          let front = LoopFront(
            engine: engine, loop: loop, configuration: configuration, limit: limit,
            shared: shared)
          front.start()
          return NIOLoopBound(front, eventLoop: loop)
        }.get()
        fronts.append(front)
        shared.metrics.add(front)
      }
      do {
        let listener = try await listen(on: address, group: group, fronts: fronts)
        return HTTPServer(
          localAddress: listener.localAddress ?? address, listener: listener, fronts: fronts)
      } catch {
        await stop(fronts, within: .zero)
        throw error
      }
    } catch let error as HTTPServerError {
      throw error
    } catch {
      throw .cannotListen("\(host):\(port): \(error)")
    }
  }

  private static func listen(
    on address: SocketAddress, group: any EventLoopGroup, fronts: [NIOLoopBound<LoopFront>]
  ) async throws -> any Channel {
    var byLoop: [ObjectIdentifier: NIOLoopBound<LoopFront>] = [:]
    for front in fronts { byLoop[ObjectIdentifier(front.eventLoop)] = front }
    let frontOfLoop = byLoop
    return try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 4_096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // One read and one write for what arrives at once.
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(
        .recvAllocator,
        value: AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 4_096, maximum: 65_536)
      )
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let front = frontOfLoop[ObjectIdentifier(channel.eventLoop)] else {
            preconditionFailure("a connection on a loop that the server does not know")
          }
          try front.value.adopt(channel)
        }
      }
      .bind(to: address).get()
  }

  /// Serves a connected socket that somebody else has accepted: from now on it is the server's.
  ///
  /// - Parameters:
  ///   - isSecure: the client spoke TLS with whoever hands this over.
  ///   - peer: the client's address, without port.
  public func adopt(descriptor: CInt, isSecure: Bool, peer: String = "") {
    let number = adopted.wrappingAdd(1, ordering: .relaxed).oldValue
    let front = fronts[number % fronts.count]
    ClientBootstrap(group: front.eventLoop)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try front.value.adopt(channel, isSecure: isSecure, peer: peer)
        }
      }
      .withConnectedSocket(descriptor)
      .whenFailure { _ in }
  }

  /// Lets what is under way finish, closes what is idle, and the rest when `grace` has passed. New
  /// connections get a 503 meanwhile: to stop listening first would cut those off that wait to be
  /// accepted. Returns when no connection is left.
  public func stop(within grace: TimeAmount = .seconds(10)) async {
    await Self.stop(fronts, within: grace)
    try? await listener.close().get()
  }

  private static func stop(_ fronts: [NIOLoopBound<LoopFront>], within grace: TimeAmount) async {
    for front in fronts {
      // All begin at once; each is waited for below.
      front.eventLoop.execute { front.value.beginDraining(within: grace) }
    }
    for front in fronts {
      try? await front.eventLoop.flatSubmit { front.value.drained() }.get()
    }
  }
}

extension SocketAddress {
  /// 127.0.0.0/8 or ::1.
  var isLoopback: Bool {
    guard let ip = ipAddress else { return false }
    return ip == "::1" || ip.hasPrefix("127.")
  }
}

/// Counts the open connections of all loops. Asked once for each connection, not for each request.
final class ConnectionLimit: Sendable {
  private let limit: Int
  private let count = NIOLockedValueBox(0)

  /// Not more than tickets can tell apart, on whichever loop.
  init(_ limit: Int) { self.limit = min(limit, 1 << Ticket.connectionBits) }

  func tryAdd() -> Bool {
    count.withLockedValue { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
  }

  func remove() {
    count.withLockedValue { count in
      precondition(count > 0, "a connection was counted out twice")
      count -= 1
    }
  }
}
