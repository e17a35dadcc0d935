import NIOConcurrencyHelpers
public import NIOCore
import StockCore
public import StockEngine
public import StockLoop
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

  private let listener: NIOLoopBound<Listener>
  private let door: Door
  var fronts: [NIOLoopBound<LoopFront>] { door.fronts }

  private init(listener: NIOLoopBound<Listener>, address: SocketAddress, door: Door) {
    self.listener = listener
    self.localAddress = address
    self.door = door
  }

  /// Listens, and serves on all loops of `group`, which has to be the one that `engine` runs on.
  ///
  /// - Parameter port: 0 takes a free one.
  public static func start(
    engine: any Engine, host: String, port: Int, group: LoopGroup,
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
      for loop in group.loops {
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
        let door = Door(fronts)
        let loop = group.loops[0]
        let (listener, bound) = try await loop.submit {
          let listener = try Listener(at: address, on: loop) { door.admit($0) }
          return (NIOLoopBound(listener, eventLoop: loop), listener.address)
        }.get()
        return HTTPServer(listener: listener, address: bound, door: door)
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

  /// Serves a client on a stream socket that is connected already, as on one that was accepted.
  ///
  /// - Parameters:
  ///   - descriptor: becomes the server's, which closes it.
  ///   - isSecure: the client came by TLS, which has ended before this.
  ///   - address: the client's, in numbers and without port, where it is not that of the socket.
  /// - Throws: `SocketError` if it is no socket.
  public func adopt(
    descriptor: CInt, isSecure: Bool, address: String = ""
  ) throws(SocketError) {
    try StreamSocket.prepare(descriptor)
    door.admit(descriptor, origin: ConnectionOrigin(isSecure: isSecure, address: address))
  }

  /// Lets what is under way finish, closes what is idle, and the rest when `grace` has passed. New
  /// connections get a 503 meanwhile: to stop listening first would cut those off that wait to be
  /// accepted. Returns when no connection is left.
  public func stop(within grace: TimeAmount = .seconds(10)) async {
    await Self.stop(fronts, within: grace)
    try? await listener.eventLoop.submit { [listener] in listener.value.close() }.get()
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

/// Where connections come in: each loop gets one in turn.
private final class Door: Sendable {
  let fronts: [NIOLoopBound<LoopFront>]
  private let turn = Atomic(0)

  init(_ fronts: [NIOLoopBound<LoopFront>]) { self.fronts = fronts }

  func admit(_ descriptor: CInt, origin: ConnectionOrigin = ConnectionOrigin()) {
    let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    let front = fronts[number % fronts.count]
    if front.eventLoop.inEventLoop {
      front.value.adopt(descriptor, origin: origin)
    } else if let loop = front.eventLoop as? LoopThread, !loop.hasEnded {
      loop.execute { front.value.adopt(descriptor, origin: origin) }
    } else {
      StreamSocket.close(descriptor)
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
