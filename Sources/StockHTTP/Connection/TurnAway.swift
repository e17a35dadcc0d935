import NIOCore
import StockCore
import StockLoop

/// Tells a client that it cannot be served, and closes.
///
/// It closes its own side first and waits for the client to do the same: to close with something unread
/// would make the kernel throw the answer away.
final class TurnAway: StreamSocket {
  /// How long a client may take to close its side.
  private static let patience = TimeAmount.seconds(1)

  private let patience: any EventLoop

  init(_ descriptor: CInt, front: LoopFront) {
    patience = front.loop
    super.init(descriptor, on: front.poll)
  }

  /// Says why, and waits.
  func tell(_ why: String) {
    start()
    var writer = ByteWriter()
    writer.append(Problem(.overloaded, why))
    var out = ByteWriter(capacity: 512)
    out.append(ByteWriter.statusLine(503))
    out.append("Content-Type: application/problem+json\r\nConnection: close\r\n")
    out.append("Retry-After: 1\r\nContent-Length: ")
    out.append(Int64(writer.count))
    out.append("\r\n\r\n")
    out.append(writer.bytes)
    send(out.bytes)
    // A new socket has room for it; if not, the time below ends it.
    if hasSentAll { endOutput() }
    patience.assumeIsolated().scheduleTask(in: Self.patience) { self.close() }
  }

  override func inputEnded() { close() }
}
