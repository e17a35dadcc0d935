import Glibc
import StockLoop

@testable import StockHTTP

/// A client's end of a pair of sockets, at whose other end a front serves. Nobody watches that end: this
/// tells it when there is something for it to do, until there is nothing.
final class ClientEnd {
  /// The server's end.
  let socket: StreamSocket
  private var descriptor: CInt
  private var received: [UInt8] = []
  private var packets = 0
  private var hasEnded = false

  struct NoSockets: Error {}

  /// - Parameter inPackets: what the server writes at once comes as one.
  init(_ front: LoopFront, inPackets: Bool = false) throws {
    let type = CInt((inPackets ? SOCK_SEQPACKET : SOCK_STREAM).rawValue)
    var ends: [CInt] = [-1, -1]
    guard socketpair(AF_UNIX, type | CInt(SOCK_NONBLOCK.rawValue), 0, &ends) == 0 else {
      throw NoSockets()
    }
    descriptor = ends[0]
    socket = front.adopt(ends[1])
  }

  deinit {
    socket.close()
    close()
  }

  /// Sends what the server takes.
  func send(_ bytes: [UInt8]) {
    var start = 0
    while start < bytes.count {
      let part = bytes[start..<min(bytes.count, start + 32_768)]
      let sent = part.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      if sent > 0 { start += sent }
      let taken = serve()
      // It has gone, or takes no more.
      if sent <= 0, !taken { return }
    }
  }

  func endOutput() {
    shutdown(descriptor, CInt(SHUT_WR))
    serve()
  }

  func close() {
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    descriptor = -1
    serve()
  }

  /// What has come since the last call.
  func take() -> [UInt8] {
    receive()
    defer { received = [] }
    return received
  }

  /// Reads so many bytes at most, and drops them.
  func drop(upTo count: Int) {
    var memory = [UInt8](repeating: 0, count: count)
    _ = memory.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    serve()
  }

  func takePackets() -> Int {
    receive()
    defer {
      packets = 0
      received = []
    }
    return packets
  }

  /// The server has not ended its output.
  var isOpen: Bool {
    receive()
    return !hasEnded
  }

  private func receive() {
    var memory = [UInt8](repeating: 0, count: 1 << 18)
    while descriptor >= 0 {
      let count = memory.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      if count > 0 {
        received += memory[..<count]
        packets += 1
      } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
        hasEnded = true
        return
      } else if !serve() {
        return
      }
    }
  }

  /// Tells the server's end what it would hear from a loop.
  ///
  /// - Returns: whether there was anything.
  @discardableResult
  private func serve() -> Bool {
    var hasServed = false
    while socket.isOpen {
      var state = pollfd(fd: socket.descriptor, events: 0, revents: 0)
      if socket.isReading, !socket.inputHasEnded { state.events |= Int16(POLLIN) }
      if !socket.hasSentAll { state.events |= Int16(POLLOUT) }
      guard poll(&state, 1, 0) > 0 else { break }
      // The numbers are epoll's too.
      socket.becameReady(Readiness(rawValue: UInt32(UInt16(bitPattern: state.revents))))
      hasServed = true
    }
    return hasServed
  }
}
