import NIOCore

#if canImport(Glibc)
  import CEpoll
  import Glibc
#elseif canImport(Musl)
  import CEpoll
  import Musl
#else
  import Darwin
#endif

/// Calls to the kernel about sockets. All sockets are closed by themselves when another program starts,
/// and none makes a call wait.
enum SocketCalls {
  private static let flags: CInt = {
    #if canImport(Glibc)
      CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    #elseif canImport(Musl)
      SOCK_CLOEXEC | SOCK_NONBLOCK
    #else
      0
    #endif
  }()

  private static let stream: CInt = {
    #if canImport(Glibc)
      CInt(SOCK_STREAM.rawValue)
    #else
      SOCK_STREAM
    #endif
  }()

  static func make(for address: SocketAddress) throws(SocketError) -> CInt {
    let family =
      switch address {
      case .v4: AF_INET
      case .v6: AF_INET6
      case .unixDomainSocket: AF_UNIX
      }
    let made = socket(family, stream | flags, 0)
    guard made >= 0 else { throw SocketError("socket") }
    return made
  }

  /// - Returns: -1, and the reason in `errno`, as the call itself.
  static func accept(_ listener: CInt) -> CInt {
    #if os(Linux)
      stock_accept4(listener, flags)
    #else
      -1
    #endif
  }

  static func set(_ descriptor: CInt, _ level: CInt, _ option: CInt, to value: CInt = 1) {
    var value = value
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
  }

  /// Small answers leave at once. Sockets that are not TCP's do not know it, and need not.
  static func sendAtOnce(_ descriptor: CInt) { set(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY) }

  /// What `make` and `accept` do of themselves, for a socket that somebody else has made.
  static func prepare(_ descriptor: CInt) throws(SocketError) {
    let status = fcntl(descriptor, F_GETFL)
    guard status >= 0, fcntl(descriptor, F_SETFL, status | O_NONBLOCK) == 0,
      fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
    else { throw SocketError("fcntl") }
  }

  /// Why a connection could not be made; 0: it was.
  static func error(of descriptor: CInt) -> CInt {
    var code: CInt = 0
    var length = socklen_t(MemoryLayout<CInt>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 ? code : errno
  }
}

extension SocketAddress {
  /// nil: it has none that we know.
  static func local(of descriptor: CInt) -> SocketAddress? {
    read { getsockname(descriptor, $0, $1) }
  }

  static func peer(of descriptor: CInt) -> SocketAddress? {
    read { getpeername(descriptor, $0, $1) }
  }

  private static func read(
    _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
  ) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutableBytes(of: &storage) { bytes in
      guard let base = bytes.baseAddress,
        call(base.assumingMemoryBound(to: sockaddr.self), &length) == 0
      else { return nil }
      return switch CInt(bytes.load(as: sockaddr_storage.self).ss_family) {
      case AF_INET: SocketAddress(bytes.load(as: sockaddr_in.self))
      case AF_INET6: SocketAddress(bytes.load(as: sockaddr_in6.self))
      default: nil
      }
    }
  }
}
