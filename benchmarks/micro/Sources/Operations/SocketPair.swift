import Glibc
import NIOCore

/// A channel with a socket in it, of which nobody reads: bytes are handed in, answers go out by the
/// socket, as under NIO, to the other end of a pair. The kernel takes part, but no network does.
///
/// `@unchecked Sendable`: a benchmark has one thread.
final class SocketPair: Channel, @unchecked Sendable {
  let eventLoop: any EventLoop
  let allocator = ByteBufferAllocator()
  private(set) lazy var pipeline = ChannelPipeline(channel: self)
  let closeFuture: EventLoopFuture<Void>
  private let closePromise: EventLoopPromise<Void>
  fileprivate let ours: CInt
  private let theirs: CInt
  fileprivate(set) var isActive = true
  let isWritable = true
  let localAddress: SocketAddress? = nil
  let remoteAddress: SocketAddress? = nil
  let parent: (any Channel)? = nil
  private lazy var core = SocketPairCore(self)
  var _channelCore: any ChannelCore { core }

  init(loop: any EventLoop) {
    var ends: [CInt] = [-1, -1]
    let made = socketpair(
      AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0, &ends)
    expect(made == 0, "a pair of sockets")
    (ours, theirs) = (ends[0], ends[1])
    eventLoop = loop
    closePromise = loop.makePromise()
    closeFuture = closePromise.futureResult
  }

  /// Bytes came from the client.
  func receive(_ bytes: ByteBuffer) {
    pipeline.syncOperations.fireChannelRead(NIOAny(bytes))
    pipeline.syncOperations.fireChannelReadComplete()
  }

  /// What the client got since the last call.
  func taken(_ memory: UnsafeMutableRawBufferPointer) -> Int {
    max(0, recv(theirs, memory.baseAddress, memory.count, CInt(MSG_DONTWAIT)))
  }

  fileprivate func close() {
    guard isActive else { return }
    isActive = false
    _ = Glibc.close(ours)
    _ = Glibc.close(theirs)
    closePromise.succeed(())
  }

  func setOption<Option: ChannelOption>(
    _ option: Option, value: Option.Value
  ) -> EventLoopFuture<Void> { eventLoop.makeSucceededVoidFuture() }

  func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
    eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
  }
}

/// Its inner side: what is written through the pipeline instead would be measured wrongly, so it fails.
private final class SocketPairCore: NIOTransportAccessibleChannelCore {
  private unowned let channel: SocketPair

  init(_ channel: SocketPair) { self.channel = channel }

  func withUnsafeTransport<Result>(
    _ body: (NIOBSDSocket.Handle) throws -> Result
  ) throws -> Result { try body(channel.ours) }

  func localAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
  func remoteAddress0() throws -> SocketAddress { throw ChannelError.operationUnsupported }
  func register0(promise: EventLoopPromise<Void>?) { promise?.succeed(()) }
  func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) { promise?.succeed(()) }
  func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.succeed(()) }
  func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) { promise?.succeed(()) }
  func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
    preconditionFailure("the socket had room")
  }
  func flush0() {}
  func read0() {}
  func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    channel.close()
    promise?.succeed(())
  }
  func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
    promise?.succeed(())
  }
  func channelRead0(_ data: NIOAny) {}
  func errorCaught0(error: any Error) { preconditionFailure("a channel failed: \(error)") }
}
