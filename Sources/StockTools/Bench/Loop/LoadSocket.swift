#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Sockets of the load: plain calls, each of which returns at once but for `connect`.
enum LoadSocket {
  /// Connects, which on a loopback or local network takes no time worth a state of its own.
  ///
  /// - Throws: `ToolError` with what the system says.
  static func connect(to url: EngineURL) throws -> Int32 {
    var hints = addrinfo()
    #if canImport(Glibc)
      hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
      hints.ai_socktype = SOCK_STREAM
    #endif
    var found: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(url.host, String(url.port), &hints, &found)
    guard result == 0 else {
      throw ToolError("cannot find \(url.host): \(String(cString: gai_strerror(result)))")
    }
    defer { freeaddrinfo(found) }
    var reason = "no address"
    var next = found
    while let address = next?.pointee {
      next = address.ai_next
      let handle = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
      guard handle >= 0 else {
        reason = String(cString: strerror(errno))
        continue
      }
      var yes: Int32 = 1
      setsockopt(
        handle, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
      _ = fcntl(handle, F_SETFD, FD_CLOEXEC)
      if systemConnect(handle, address.ai_addr, address.ai_addrlen) == 0 { return handle }
      reason = String(cString: strerror(errno))
      close(handle)
    }
    throw ToolError("cannot connect to \(url): \(reason)")
  }

  private static func systemConnect(
    _ handle: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t
  ) -> Int32 {
    #if canImport(Glibc)
      Glibc.connect(handle, address, length)
    #elseif canImport(Musl)
      Musl.connect(handle, address, length)
    #else
      Darwin.connect(handle, address, length)
    #endif
  }

  enum Result {
    case bytes(Int)
    /// Not now.
    case wait
    /// The other side has closed, or the connection is broken.
    case end
  }

  @inline(__always)
  static func read(_ handle: Int32, into room: UnsafeMutablePointer<UInt8>, _ count: Int) -> Result
  {
    while true {
      let result = recv(handle, room, count, Int32(MSG_DONTWAIT))
      if result > 0 { return .bytes(result) }
      if result == 0 { return .end }
      if errno == EINTR { continue }
      return errno == EAGAIN || errno == EWOULDBLOCK ? .wait : .end
    }
  }

  @inline(__always)
  static func write(_ handle: Int32, _ bytes: UnsafeBufferPointer<UInt8>) -> Result {
    while true {
      let result = send(
        handle, bytes.baseAddress, bytes.count,
        Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
      if result >= 0 { return .bytes(result) }
      if errno == EINTR { continue }
      return errno == EAGAIN || errno == EWOULDBLOCK ? .wait : .end
    }
  }
}
