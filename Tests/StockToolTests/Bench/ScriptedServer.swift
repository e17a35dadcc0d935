import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// An HTTP server that answers requests without bodies as it is told, one thread a connection.
final class ScriptedServer: Sendable {
  enum Answer: Sendable {
    /// Sent in these pieces, a millisecond between them.
    case pieces([String])
    /// Nothing for so long, then this.
    case after(Double, String)
    /// Sends this and closes.
    case last(String)
  }

  static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

  let port: Int
  private let listener: Int32
  private let script: @Sendable (Int) -> Answer
  private let served = Atomic(0)

  /// - Parameter script: what the server does with a request, by its number from 0, over all
  ///   connections.
  init(_ script: @escaping @Sendable (Int) -> Answer) {
    self.script = script
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let handle = listener
    port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(handle, $0, length)
        _ = listen(handle, 64)
        _ = getsockname(handle, $0, &length)
      }
      return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
    let thread = Thread { [self] in accept() }
    thread.start()
  }

  /// Takes no new connections.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  var count: Int { served.load(ordering: .relaxed) }

  private func accept() {
    while true {
      #if canImport(Glibc)
        let handle = Glibc.accept(listener, nil, nil)
      #elseif canImport(Musl)
        let handle = Musl.accept(listener, nil, nil)
      #else
        let handle = Darwin.accept(listener, nil, nil)
      #endif
      guard handle >= 0 else { break }
      Thread { [self] in
        serve(handle)
        close(handle)
      }.start()
    }
    close(listener)
  }

  private func serve(_ handle: Int32) {
    var waiting: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(handle, &room, room.count, 0)
      guard count > 0 else { return }
      waiting += room[..<count]
      while let end = waiting.firstRange(of: Array("\r\n\r\n".utf8)) {
        waiting.removeSubrange(..<end.upperBound)
        switch script(served.wrappingAdd(1, ordering: .relaxed).oldValue) {
        case .pieces(let pieces):
          for (index, piece) in pieces.enumerated() {
            if index > 0 { usleep(1_000) }
            write(handle, piece)
          }
        case .after(let seconds, let text):
          usleep(UInt32(seconds * 1_000_000))
          write(handle, text)
        case .last(let text):
          write(handle, text)
          return
        }
      }
    }
  }

  private func write(_ handle: Int32, _ text: String) {
    let bytes = Array(text.utf8)
    _ = send(handle, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }
}
