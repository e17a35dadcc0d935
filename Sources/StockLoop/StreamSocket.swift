public import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A connected stream socket: subclasses say what is done with what comes.
///
/// One `recv` for each time that there is something, into memory that all sockets of the loop share:
/// what is to stay has to be copied. What is sent goes to the kernel at once; what that does not take
/// waits here, and everything behind it. Either direction can end before the other.
open class StreamSocket: PolledSocket {
  /// Bytes that wait: with more the socket is said to be full, and with fewer than `lowMark` to have
  /// room again.
  public static let highMark = 64 << 10
  public static let lowMark = 32 << 10
  /// Bytes that are read at once.
  public static let readBytes = 64 << 10

  private final let input: UnsafeMutableRawBufferPointer
  private final let ownsInput: Bool
  private final var waiting = ByteBuffer()
  private final var waits = false
  private final var hasFailed = false
  /// Fewer bytes wait than would be too many.
  public final private(set) var isWritable = true
  /// Something that comes is read.
  public final private(set) var isReading = true
  /// The other side sends no more.
  public final private(set) var inputHasEnded = false

  /// Takes a connected socket over, which is non-blocking. Nothing is read before `start`.
  ///
  /// - Parameter loop: nil: `becameReady` is called by whoever made it.
  public init(_ descriptor: CInt, on loop: LoopThread?) {
    if let loop {
      input = loop.input
      ownsInput = false
    } else {
      input = .allocate(byteCount: Self.readBytes, alignment: 16)
      ownsInput = true
    }
    super.init(descriptor, loop: loop)
  }

  deinit { if ownsInput { input.deallocate() } }

  /// Makes of a socket that somebody else has made one that this can take over: non-blocking, and closed
  /// when another program starts.
  ///
  /// - Throws: `SocketError` if it is none.
  public static func prepare(_ descriptor: CInt) throws(SocketError) {
    try SocketCalls.prepare(descriptor)
    SocketCalls.sendAtOnce(descriptor)
  }

  /// Closes a socket that nobody has taken over.
  package static func close(_ descriptor: CInt) { systemClose(descriptor) }

  /// Begins to read.
  public final func start() {
    // Without room in the kernel it has been closed, and told so.
    try? watch(.readable)
  }

  // MARK: What subclasses hear

  /// Bytes came. They are gone when this returns.
  open func received(_ bytes: UnsafeRawBufferPointer) {}
  /// The other side sends no more. It may still read.
  open func inputEnded() {}
  /// It was full, and has room again.
  open func becameWritable() {}
  /// All that had to wait is with the kernel.
  open func sentAll() {}

  // MARK: Reading

  /// Goes on reading, or stops. What has been received stays with the kernel meanwhile, and the other
  /// side is slowed down when that has enough.
  public final func setReading(_ reads: Bool) {
    guard reads != isReading else { return }
    isReading = reads
    updateInterest()
  }

  private final func updateInterest() {
    var wanted: Readiness = []
    if isReading, !inputHasEnded { wanted.insert(.readable) }
    if waits { wanted.insert(.writable) }
    watches(wanted)
  }

  package final override func becameReady(_ what: Readiness) {
    if what.contains(.writable), waits {
      sendWaiting()
      guard isOpen else { return }
    }
    guard !what.isDisjoint(with: [.readable, .broken]) else { return }
    if isReading, !inputHasEnded {
      readOnce(isBroken: !what.isDisjoint(with: .broken))
    } else if !what.isDisjoint(with: .broken) {
      // Nothing can be sent any more, and nothing is to be read.
      close()
    }
  }

  private final func readOnce(isBroken: Bool) {
    while true {
      let count = recv(descriptor, input.baseAddress, input.count, 0)
      if count > 0 {
        received(UnsafeRawBufferPointer(rebasing: input[..<count]))
      } else if count == 0 {
        inputHasEnded = true
        updateInterest()
        inputEnded()
      } else if errno == EINTR {
        continue
      } else if errno != EAGAIN || isBroken {
        close()
      }
      if hasFailed, loop == nil { close() }
      return
    }
  }

  // MARK: Sending

  /// Sends what the kernel takes at once, and keeps the rest. Where the connection turns out to be
  /// broken, it is closed a little later, not inside this.
  public final func send(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count > 0, !hasFailed, isOpen else { return }
    var sent = 0
    if !waits {
      sent = sendNow(bytes)
      guard sent < bytes.count, !hasFailed else { return }
    }
    waiting.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
    if !waits {
      waits = true
      updateInterest()
    }
    if waiting.readableBytes > Self.highMark { isWritable = false }
  }

  /// - Returns: how many bytes the kernel took.
  private final func sendNow(_ bytes: UnsafeRawBufferPointer) -> Int {
    while true {
      let count = systemSend(descriptor, bytes, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
      if count >= 0 { return count }
      if errno == EINTR { continue }
      if errno != EAGAIN { fail() }
      return 0
    }
  }

  /// Callers of `send` are in the middle of something: they are not closed under their hands.
  private final func fail() {
    hasFailed = true
    waits = false
    waiting = ByteBuffer()
    loop?.closeSoon(self)
  }

  private final func sendWaiting() {
    let sent = waiting.withUnsafeReadableBytes { sendNow($0) }
    guard !hasFailed else { return }
    waiting.moveReaderIndex(forwardBy: sent)
    let isEmpty = waiting.readableBytes == 0
    if isEmpty {
      // Few have to wait, and those that do mostly do so once.
      waiting = ByteBuffer()
      waits = false
      updateInterest()
    } else if sent > 0 {
      waiting.discardReadBytes()
    }
    if !isWritable, waiting.readableBytes < Self.lowMark {
      isWritable = true
      becameWritable()
    }
    if isEmpty, isOpen, !waits { sentAll() }
  }

  /// Nothing waits to be sent.
  public final var hasSentAll: Bool { !waits }

  /// Bytes that wait because the kernel has not taken them.
  public final var waitingBytes: Int { waiting.readableBytes }

  /// Tells the other side that no more comes. To be called where nothing waits.
  public final func endOutput() {
    guard isOpen else { return }
    if shutdown(descriptor, CInt(SHUT_WR)) != 0 { close() }
  }

  /// Closes, and has the kernel throw away what it holds for the other side.
  public final func abort() {
    guard isOpen else { return }
    var off = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &off, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  /// Has the kernel hold about so many bytes for the other side.
  public final func setSendBuffer(bytes: CInt) {
    guard isOpen else { return }
    var bytes = bytes
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, socklen_t(MemoryLayout<CInt>.size))
  }

  /// Who is at the other end of a connected socket, where that has an address.
  public static func peerAddress(of descriptor: CInt) -> SocketAddress? {
    SocketAddress.peer(of: descriptor)
  }
}

@inline(__always)
private func systemSend(
  _ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, _ flags: CInt
) -> Int {
  #if canImport(Glibc)
    Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags)
  #elseif canImport(Musl)
    Musl.send(descriptor, bytes.baseAddress, bytes.count, flags)
  #else
    Darwin.send(descriptor, bytes.baseAddress, bytes.count, flags)
  #endif
}
