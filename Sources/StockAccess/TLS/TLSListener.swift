import Foundation
public import Logging
import NIOConcurrencyHelpers
public import NIOCore
import NIOPosix
import NIOSSL
import StockHTTP

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Speaks TLS with clients, on a thread of its own, and hands each connection's plain bytes on by a pair of
/// sockets: whoever serves them need not know of TLS, and its own loops do not pay for it.
public final class TLSListener: Sendable {
  public struct Settings: Equatable, Sendable {
    public var host: String
    /// 0 takes a free one.
    public var port: Int
    /// Paths of PEM files: the certificate with those between it and the root, and its key.
    public var certificate: String
    public var key: String
    public var handshakeTimeout = TimeAmount.seconds(10)
    /// Open connections, handshakes included. One more is closed.
    public var maxConnections = 16_384
    /// Of them, those from one address.
    public var maxConnectionsPerAddress = 12_288
    /// Only this machine may connect: another address is refused.
    public var onlyLoopback = false

    public init(host: String, port: Int, certificate: String, key: String) {
      self.host = host
      self.port = port
      self.certificate = certificate
      self.key = key
    }
  }

  /// Takes over a connected socket, and whatever is done with it from then on.
  ///
  /// - Parameter peer: the client's address, without port.
  public typealias Delivery = @Sendable (_ socket: CInt, _ peer: String) -> Void

  private struct Current {
    var certificates: Certificates
    var stamps: [FileStamp?]
  }

  private let settings: Settings
  private let logger: Logger
  private let group: MultiThreadedEventLoopGroup
  private let current: NIOLockedValueBox<Current>
  private let open = NIOLockedValueBox(0)
  private let addresses: AddressLimit
  private let listener = NIOLockedValueBox<(any Channel)?>(nil)

  /// How many times the certificate was replaced.
  let reloads = NIOLockedValueBox(0)

  private init(_ settings: Settings, _ current: Current, logger: Logger) {
    self.settings = settings
    self.logger = logger
    self.current = NIOLockedValueBox(current)
    self.addresses = AddressLimit(settings.maxConnectionsPerAddress)
    self.group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  }

  /// Listens.
  ///
  /// - Throws: where the certificate is not good, or the address cannot be had.
  public static func start(
    _ settings: Settings, logger: Logger, deliver: @escaping Delivery
  ) async throws(AccessError) -> TLSListener {
    let stamps = stamps(settings)
    let certificates = try Certificates(chain: settings.certificate, key: settings.key)
    let listener = TLSListener(
      settings, Current(certificates: certificates, stamps: stamps), logger: logger)
    listener.warn(of: certificates)
    do {
      let address = try SocketAddress.makeAddressResolvingHost(settings.host, port: settings.port)
      let ip = address.ipAddress ?? ""
      guard !settings.onlyLoopback || ip == "::1" || ip.hasPrefix("127.") else {
        throw AccessError("without keys only this machine may connect, and not \(settings.host)")
      }
      try await listener.listen(on: address, deliver)
    } catch {
      try? await listener.group.shutdownGracefully()
      if let error = error as? AccessError { throw error }
      throw AccessError("\(settings.host):\(settings.port): \(error)")
    }
    return listener
  }

  /// Where it listens: with port 0, the one it was given.
  public var localAddress: SocketAddress? { listener.withLockedValue { $0?.localAddress } }

  /// Connections that are open, handshakes included.
  public var connections: Int { open.withLockedValue { $0 } }

  /// Listens no more, and cuts off whoever is still there.
  public func stop() async {
    try? await listener.withLockedValue { $0 }?.close().get()
    try? await group.shutdownGracefully()
  }

  // MARK: Certificates that change

  /// Reads the files again each time they change, until the task is cancelled. Connections that are open
  /// keep what they began with.
  public func watch() async {
    while (try? await Task.sleep(for: FileStamp.interval)) != nil { refresh() }
  }

  /// Reads the files if they are others than before. Such that are not good change nothing.
  func refresh() {
    let stamps = Self.stamps(settings)
    guard stamps != current.withLockedValue({ $0.stamps }) else { return }
    do throws(AccessError) {
      let certificates = try Certificates(chain: settings.certificate, key: settings.key)
      current.withLockedValue { $0 = Current(certificates: certificates, stamps: stamps) }
      reloads.withLockedValue { $0 += 1 }
      logger.notice("certificate read anew")
      warn(of: certificates)
    } catch {
      // Not tried again before they change once more: one of the two may still be on its way.
      current.withLockedValue { $0.stamps = stamps }
      logger.error(
        "certificate cannot be read: the one before stays", metadata: ["error": "\(error)"])
    }
  }

  private static func stamps(_ settings: Settings) -> [FileStamp?] {
    [FileStamp(settings.certificate), FileStamp(settings.key)]
  }

  private func warn(of certificates: Certificates) {
    let days = (certificates.endsAt - Int(Date().timeIntervalSince1970)) / 86_400
    if days < 14 { logger.warning("certificate ends soon", metadata: ["days": "\(days)"]) }
  }

  // MARK: Connections

  private func listen(on address: SocketAddress, _ deliver: @escaping Delivery) async throws {
    let channel = try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 4_096)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.begin(channel, deliver) }
      }
      .bind(to: address).get()
    listener.withLockedValue { $0 = channel }
  }

  private func begin(_ channel: any Channel, _ deliver: @escaping Delivery) throws {
    let peer = channel.remoteAddress?.ipAddress ?? ""
    let isTaken = open.withLockedValue { count in
      guard count < settings.maxConnections, addresses.tryAdd(peer) else { return false }
      count += 1
      return true
    }
    guard isTaken else {
      channel.close(promise: nil)
      return
    }
    let end = BridgeEnd(readsAlone: true) {
      self.addresses.remove(peer)
      self.open.withLockedValue { $0 -= 1 }
    }
    let gate = HandshakeGate(within: settings.handshakeTimeout) { channel in
      end.waitForPartner()
      self.connect(end, of: channel, deliver)
    }
    let context = current.withLockedValue { $0.certificates.context }
    // The end of the bridge first: it counts the connection, whatever fails behind it.
    try channel.pipeline.syncOperations.addHandler(end)
    try channel.pipeline.syncOperations.addHandlers(
      [NIOSSLServerHandler(context: context), gate], position: .before(end))
  }

  /// The handshake is over: the other end of the bridge is a socket whose peer is handed on.
  private func connect(_ end: BridgeEnd, of channel: any Channel, _ deliver: Delivery) {
    var sockets: [CInt] = [-1, -1]
    let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &sockets) == 0 else {
      logger.error("no socket for a connection by TLS", metadata: ["errno": "\(errno)"])
      channel.close(promise: nil)
      return
    }
    let bound = NIOLoopBound((end, channel), eventLoop: channel.eventLoop)
    ClientBootstrap(group: channel.eventLoop)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .channelOption(.maxMessagesPerRead, value: 1)
      .channelInitializer { inner in
        inner.eventLoop.makeCompletedFuture {
          let other = BridgeEnd(readsAlone: false)
          try inner.pipeline.syncOperations.addHandler(other)
          BridgeEnd.join(bound.value.0, other)
        }
      }
      .withConnectedSocket(sockets[0])
      .whenFailure { _ in bound.value.1.close(promise: nil) }
    deliver(sockets[1], channel.remoteAddress?.ipAddress ?? "")
  }
}
