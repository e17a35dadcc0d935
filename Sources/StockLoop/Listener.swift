public import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Accepts connections at an address, and hands them on.
public final class Listener: PolledSocket {
  /// Connections that the kernel keeps until they are accepted.
  static let backlog: CInt = 4_096
  /// Connections accepted before others of the loop have their turn.
  static let bunch = 64
  /// How long none is accepted where the system has no more files or memory: who waits is kept by the
  /// kernel, and asking again at once would change nothing.
  static let pause = TimeAmount.milliseconds(100)

  /// With port 0, the one that it was given.
  public let address: SocketAddress
  private let accepted: (CInt) -> Void
  private let accept: (CInt) -> CInt
  /// How often there were no files or memory for a connection.
  public private(set) var pauses = 0

  /// To be made on the loop.
  ///
  /// - Parameter accepted: gets each connection's descriptor, to be closed by whoever gets it.
  /// - Throws: `SocketError`: the address is taken, or may not be used.
  public convenience init(
    at address: SocketAddress, on loop: LoopThread, accepted: @escaping (CInt) -> Void
  ) throws(SocketError) {
    try self.init(at: address, on: loop, accept: SocketCalls.accept, accepted: accepted)
  }

  /// - Parameter accept: what stands for the call, in tests.
  init(
    at address: SocketAddress, on loop: LoopThread, accept: @escaping (CInt) -> CInt,
    accepted: @escaping (CInt) -> Void
  ) throws(SocketError) {
    let made = try SocketCalls.make(for: address)
    SocketCalls.set(made, SOL_SOCKET, SO_REUSEADDR)
    var call = "bind"
    var result = address.withSockAddr { bind(made, $0, socklen_t($1)) }
    if result == 0 {
      call = "listen"
      result = listen(made, Self.backlog)
    }
    guard result == 0 else {
      let error = SocketError(call)
      systemClose(made)
      throw error
    }
    self.address = SocketAddress.local(of: made) ?? address
    self.accepted = accepted
    self.accept = accept
    super.init(made, loop: loop)
    try watch(.readable)
  }

  package override func becameReady(_ what: Readiness) {
    for _ in 0..<Self.bunch {
      let connection = accept(descriptor)
      if connection >= 0 {
        SocketCalls.sendAtOnce(connection)
        accepted(connection)
        guard isOpen else { return }
        continue
      }
      switch errno {
      case EAGAIN: return
      case EMFILE, ENFILE, ENOBUFS, ENOMEM: return rest()
      // The connection is gone again, or a signal came: the next one may be there.
      default: continue
      }
    }
  }

  private func rest() {
    pauses += 1
    watches([])
    loop?.assumeIsolated().scheduleTask(in: Self.pause) { [weak self] in
      guard let self, self.isOpen else { return }
      self.watches(.readable)
    }
  }
}
