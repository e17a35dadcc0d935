import Glibc
import NIOCore
@_spi(Benchmarks) import StockHTTP

/// A client of a front, by a pair of sockets. The kernel takes part, but no network does, and no loop
/// waits for it.
final class SocketPair {
  private let theirs: CInt
  private let serve: () -> Void

  init(_ front: FrontOfLoop) {
    var ends: [CInt] = [-1, -1]
    let made = socketpair(
      AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0, &ends)
    expect(made == 0, "a pair of sockets")
    theirs = ends[0]
    serve = front.adopt(ends[1])
  }

  /// Bytes come from the client, and are read.
  func receive(_ bytes: ByteBuffer) {
    bytes.withUnsafeReadableBytes { bytes in
      var start = 0
      while start < bytes.count {
        let sent = send(theirs, bytes.baseAddress.map { $0 + start }, bytes.count - start, 0)
        expect(sent > 0, "the socket has room")
        start += sent
        serve()
      }
    }
  }

  /// What the client got since the last call.
  func taken(_ memory: UnsafeMutableRawBufferPointer) -> Int {
    max(0, recv(theirs, memory.baseAddress, memory.count, CInt(MSG_DONTWAIT)))
  }
}
