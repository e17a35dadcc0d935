import NIOCore
import NIOEmbedded
@_spi(Benchmarks) import StockHTTP

/// Batch requests of reserves on one product, from their bytes to the bytes of the answers. A round is
/// 1,000 lines, so what is told is told by line.
final class WholeBatch: MicroOperation {
  /// Few enough for the answer to fit into the socket.
  private static let lines = 200

  private let loop: EmbeddedEventLoop
  private let front: FrontOfLoop
  private let engine: BenchEngine
  private let channel: SocketPair
  private let request: ByteBuffer
  private let received = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 1 << 20, alignment: 16)

  init(_ gateway: any TickGateway) {
    loop = EmbeddedEventLoop()
    engine = BenchEngine(gateway, token: SampleRequest.token)
    front = FrontOfLoop(engine: engine, loop: loop)
    request = ByteBuffer(string: SampleRequest.batch(1, lines: Self.lines))
    channel = SocketPair(front)
  }

  func measured() {
    for _ in 0..<MicroOperations.perRound / Self.lines {
      channel.receive(request)
      engine.gateway.endOfTick()
      let taken = channel.taken(received)
      expect(taken > 200 * Self.lines, "the whole answer")
    }
  }
}
