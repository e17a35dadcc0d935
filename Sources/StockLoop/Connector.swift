import Dispatch
public import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A name has no address.
public struct UnknownHost: Error, CustomStringConvertible {
  public let host: String
  public let reason: String

  public var description: String { "cannot find \(host): \(reason)" }
}

/// Makes connections.
public enum Connector {
  /// Where to.
  public enum Target: Sendable {
    case tcp(host: String, port: Int)
    case unix(path: String)
  }

  /// Connects. A name's addresses are tried one after the other, each with its share of the time.
  ///
  /// - Returns: succeeds on `loop` with a descriptor that is non-blocking, to be closed by whoever gets
  ///   it; fails with a `SocketError`, an `UnknownHost`, or what NIO says of a path that is too long.
  public static func connect(
    to target: Target, on loop: LoopThread, within timeout: TimeAmount
  ) -> EventLoopFuture<CInt> {
    let promise = loop.makePromise(of: CInt.self)
    switch target {
    case .unix(let path):
      let address = Result { try SocketAddress(unixDomainSocketPath: path) }
      connect(address.map { [$0] }, on: loop, within: timeout, promise)
    case .tcp(let host, let port):
      if let address = try? SocketAddress(ipAddress: host, port: port) {
        connect(.success([address]), on: loop, within: timeout, promise)
      } else {
        // Finding a name's addresses may take seconds: not on a loop.
        DispatchQueue.global().async {
          let addresses = Result { try Self.addresses(of: host, port: port) }
          connect(addresses, on: loop, within: timeout, promise)
        }
      }
    }
    return promise.futureResult
  }

  private static func connect(
    _ addresses: Result<[SocketAddress], any Error>, on loop: LoopThread,
    within timeout: TimeAmount,
    _ promise: EventLoopPromise<CInt>
  ) {
    switch addresses {
    case .failure(let error): promise.fail(error)
    case .success(let addresses):
      let share = TimeAmount.nanoseconds(timeout.nanoseconds / Int64(max(1, addresses.count)))
      loop.run { Attempt.begin(addresses[...], on: loop, within: share, promise) }
    }
  }

  private static func addresses(of host: String, port: Int) throws -> [SocketAddress] {
    var hints = addrinfo()
    #if canImport(Glibc)
      hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, String(port), &hints, &found)
    guard result == 0 else {
      throw UnknownHost(host: host, reason: String(cString: gai_strerror(result)))
    }
    defer { freeaddrinfo(found) }
    var addresses: [SocketAddress] = []
    var next = found
    while let info = next?.pointee {
      next = info.ai_next
      guard let address = UnsafeRawPointer(info.ai_addr) else { continue }
      switch info.ai_family {
      case AF_INET: addresses.append(SocketAddress(address.load(as: sockaddr_in.self), host: host))
      case AF_INET6:
        addresses.append(SocketAddress(address.load(as: sockaddr_in6.self), host: host))
      default: break
      }
    }
    guard !addresses.isEmpty else {
      throw UnknownHost(host: host, reason: "it has no address of a kind that is known")
    }
    return addresses
  }
}

/// One address that is being connected to, and those to be tried if it does not answer.
private final class Attempt: PolledSocket {
  private let others: ArraySlice<SocketAddress>
  private let patience: TimeAmount
  private let promise: EventLoopPromise<CInt>
  private var deadline: Scheduled<Void>?
  private var isDecided = false

  static func begin(
    _ addresses: ArraySlice<SocketAddress>, on loop: LoopThread, within patience: TimeAmount,
    _ promise: EventLoopPromise<CInt>
  ) {
    guard let address = addresses.first else {
      return promise.fail(SocketError("connect", EADDRNOTAVAIL))
    }
    let others = addresses.dropFirst()
    do throws(SocketError) {
      let made = try SocketCalls.make(for: address)
      let attempt = Attempt(made, others, patience, promise, loop)
      attempt.start(address)
    } catch {
      giveUp(error, others, loop, patience, promise)
    }
  }

  private init(
    _ descriptor: CInt, _ others: ArraySlice<SocketAddress>, _ patience: TimeAmount,
    _ promise: EventLoopPromise<CInt>, _ loop: LoopThread
  ) {
    self.others = others
    self.patience = patience
    self.promise = promise
    super.init(descriptor, loop: loop)
  }

  private func start(_ address: SocketAddress) {
    if case .unixDomainSocket = address {} else { SocketCalls.sendAtOnce(descriptor) }
    let result = address.withSockAddr { systemConnect(descriptor, $0, socklen_t($1)) }
    if result == 0 { return decide(0) }
    guard errno == EINPROGRESS else { return decide(errno) }
    deadline = loop?.assumeIsolated().scheduleTask(in: patience) { [weak self] in
      self?.decide(ETIMEDOUT)
    }
    // Where there is no room for it, `closed` says so.
    try? watch(.writable)
  }

  package override func becameReady(_ what: Readiness) {
    decide(SocketCalls.error(of: descriptor))
  }

  private func decide(_ code: CInt) {
    guard !isDecided, let loop else { return }
    isDecided = true
    deadline?.cancel()
    if code == 0 {
      // The descriptor goes on in other hands, which have it watched anew.
      promise.succeed(release())
    } else {
      close()
      Self.giveUp(SocketError("connect", code), others, loop, patience, promise)
    }
  }

  private static func giveUp(
    _ error: SocketError, _ others: ArraySlice<SocketAddress>, _ loop: LoopThread,
    _ patience: TimeAmount, _ promise: EventLoopPromise<CInt>
  ) {
    if others.isEmpty {
      promise.fail(error)
    } else {
      begin(others, on: loop, within: patience, promise)
    }
  }

  override func closed() {
    guard !isDecided else { return }
    isDecided = true
    deadline?.cancel()
    promise.fail(EventLoopError.shutdown)
  }
}

private func systemConnect(
  _ descriptor: CInt, _ address: UnsafePointer<sockaddr>, _ length: socklen_t
) -> CInt {
  #if canImport(Glibc)
    Glibc.connect(descriptor, address, length)
  #elseif canImport(Musl)
    Musl.connect(descriptor, address, length)
  #else
    Darwin.connect(descriptor, address, length)
  #endif
}
