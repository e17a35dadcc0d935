import Foundation
import NIOCore
import NIOPosix
import StockProcesses
import Synchronization

/// Stands between an engine and its Redis, and breaks what it is told to: it knows where each command
/// and each reply begins and ends.
///
/// Both sides are unix sockets or TCP on loopback. Everything is handed on unchanged while no fault
/// is set.
public final class FaultProxy: Sendable {
  private struct State {
    var fault: Fault?
    var left = 0
    /// Commands that it lets by first.
    var skips = 0
    /// Commands that the fault has met.
    var hits = 0
    var links: [ObjectIdentifier: NIOLoopBound<ProxyLink>] = [:]
  }

  public enum Endpoint: Sendable {
    case unix(path: String)
    case tcp(port: Int)
  }

  private let state = Mutex(State())
  private let folder: TemporaryFolder
  private let group: MultiThreadedEventLoopGroup
  private let server: any Channel
  public let url: String

  /// Listens: on a socket in a folder of its own, or on a free port of 127.0.0.1.
  ///
  /// - Parameters:
  ///   - redis: where Redis is.
  ///   - overTCP: what the engine connects to.
  public static func start(before redis: Endpoint, overTCP: Bool = false) async throws -> FaultProxy
  {
    let folder = try TemporaryFolder()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let box = ProxyBox()
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 128)
      .childChannelOption(.allowRemoteHalfClosure, value: false)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ProxyLink(redis: redis, proxy: box.proxy, client: channel))
        }
      }
    let (server, url): (any Channel, String)
    if overTCP {
      server = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
      url = "redis://127.0.0.1:\(server.localAddress?.port ?? 0)"
    } else {
      let path = "\(folder.path)/proxy.sock"
      server = try await bootstrap.bind(unixDomainSocketPath: path).get()
      url = "unix://\(path)"
    }
    let proxy = FaultProxy(folder, group, server, url: url)
    box.proxy = proxy
    return proxy
  }

  private init(
    _ folder: TemporaryFolder, _ group: MultiThreadedEventLoopGroup, _ server: any Channel,
    url: String
  ) {
    self.folder = folder
    self.group = group
    self.server = server
    self.url = url
  }

  /// Ends it, with all connections.
  public func stop() async throws {
    try? await server.close()
    lift()
    try await group.shutdownGracefully()
  }

  // MARK: Faults

  /// From now on; in place of the fault that was set before. What waits goes on waiting.
  public func set(_ fault: Fault) {
    state.withLock {
      $0.fault = fault
      $0.left = fault.times ?? .max
      $0.skips = fault.skipped
      $0.hits = 0
    }
  }

  /// No more faults. What stands still or waits goes on.
  public func lift() {
    let links = state.withLock { state in
      state.fault = nil
      return Array(state.links.values)
    }
    for link in links { link.eventLoop.execute { link.value.lifted() } }
  }

  /// Commands that the last fault has met.
  public var hits: Int { state.withLock(\.hits) }

  /// What is to be done to a command.
  func fault(for command: RedisCommand) -> Fault.Kind? {
    state.withLock { state in
      guard let fault = state.fault, state.left > 0, fault.meets(command) else { return nil }
      guard state.skips == 0 else {
        state.skips -= 1
        return nil
      }
      state.left -= 1
      state.hits += 1
      return fault.kind
    }
  }

  func opened(_ link: NIOLoopBound<ProxyLink>, as id: ObjectIdentifier) {
    state.withLock { $0.links[id] = link }
  }

  func closed(_ id: ObjectIdentifier) {
    state.withLock { $0.links[id] = nil }
  }
}

/// The proxy, which is there only after its listener.
private final class ProxyBox: Sendable {
  private let held = Mutex<FaultProxy?>(nil)

  var proxy: FaultProxy? {
    get { held.withLock { $0 } }
    set { held.withLock { $0 = newValue } }
  }
}
