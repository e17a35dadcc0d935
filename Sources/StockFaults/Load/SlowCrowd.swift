import StockTools
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Connections that do as badly as a client can without sending anything wrong. A third of them each:
/// a header that comes a byte at a time and never ends, a body of which the last byte never comes, and
/// answers that nobody reads.
final class SlowCrowd: Sendable {
  private struct Client {
    var socket: Int32
    var sendsHeader: Bool
  }

  private struct State {
    var clients: [Client] = []
    var nextPoke = ContinuousClock.now
  }

  private let state = Mutex(State())

  /// Connects them all, and sends what each kind begins with.
  init(_ url: EngineURL, key: String, count: Int) throws {
    let head = "Host: \(url.host)\r\nAuthorization: Bearer \(key)\r\n"
    let header = "GET /api/v1/store/inventory HTTP/1.1\r\n\(head)X-Slow: "
    let body =
      "POST /api/v1/store/inventory/reserve HTTP/1.1\r\n\(head)Content-Length: 100000\r\n\r\n{"
    let unread = String(
      repeating: "GET /api/v1/store/inventory/product/1 HTTP/1.1\r\n\(head)\r\n", count: 50)
    var clients: [Client] = []
    for number in 0..<count {
      let kind = number % 3
      guard let socket = Self.connect(url) else {
        for client in clients { Self.end(client.socket) }
        throw FaultError("cannot connect: \(String(cString: strerror(errno)))")
      }
      clients.append(Client(socket: socket, sendsHeader: kind == 0))
      Self.send(socket, kind == 0 ? header : kind == 1 ? body : unread)
    }
    state.withLock { $0.clients = clients }
  }

  /// Sends one more byte of each header if a second has passed, and closes what the engine has closed.
  func poke() {
    state.withLock { state in
      guard ContinuousClock.now >= state.nextPoke else { return }
      state.nextPoke = .now + .seconds(1)
      state.clients.removeAll { client in
        guard Self.isEnded(client.socket) else { return false }
        Self.end(client.socket)
        return true
      }
      for client in state.clients where client.sendsHeader { Self.send(client.socket, "a") }
    }
  }

  var openCount: Int { state.withLock { $0.clients.count } }

  func close() {
    state.withLock { state in
      for client in state.clients { Self.end(client.socket) }
      state.clients = []
    }
  }

  // MARK: Sockets

  private static func connect(_ url: EngineURL) -> Int32? {
    let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard handle >= 0 else { return nil }
    // Little room, so that what is not read stays with the engine.
    var room: Int32 = 4_096
    setsockopt(handle, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(url.port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      end(handle)
      return nil
    }
    return handle
  }

  private static func send(_ socket: Int32, _ text: String) {
    var text = text
    text.withUTF8 { bytes in
      _ = Glibc.send(
        socket, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
      )
    }
  }

  /// Linux's POLLRDHUP, which Swift's Glibc leaves out.
  private static let hungUp: Int16 = 0x2000

  /// The engine has closed its side, whatever there still is to read.
  private static func isEnded(_ socket: Int32) -> Bool {
    var look = pollfd(fd: socket, events: hungUp, revents: 0)
    return poll(&look, 1, 0) > 0
      && look.revents & (hungUp | Int16(POLLHUP) | Int16(POLLERR)) != 0
  }

  private static func end(_ socket: Int32) { _ = Glibc.close(socket) }
}
