import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A socket that a loop watches. The loop keeps it alive until it is closed; everything of it happens
/// on that loop.
///
/// Its number is the kernel's to give out again once it is closed: from then on it is -1 here.
open class PolledSocket {
  /// nil: nobody watches it, and whoever made it says when it is ready. For tests and measurements
  /// without a thread.
  public final let loop: LoopThread?
  /// -1: closed.
  public final private(set) var descriptor: CInt
  private final var interest: Readiness = []
  private final var tag: UInt64 = 0
  private final var isWatched = false

  /// Takes the descriptor over: it is closed here, and nowhere else.
  init(_ descriptor: CInt, loop: LoopThread?) {
    precondition(descriptor >= 0, "no socket")
    self.descriptor = descriptor
    self.loop = loop
  }

  deinit {
    // Never started, or never closed, by a test.
    if descriptor >= 0 { systemClose(descriptor) }
  }

  public final var isOpen: Bool { descriptor >= 0 }

  /// The loop watches from now on.
  ///
  /// - Throws: `SocketError` where the kernel has no room; the socket is closed then, and told so.
  final func watch(_ interest: Readiness) throws(SocketError) {
    self.interest = interest
    guard let loop, isOpen else { return }
    loop.preconditionInEventLoop()
    do throws(SocketError) {
      tag = try loop.add(self, interest)
      isWatched = true
    } catch {
      close()
      throw error
    }
  }

  final func watches(_ wanted: Readiness) {
    guard wanted != interest else { return }
    interest = wanted
    if isWatched, isOpen, let loop { loop.change(self, tag: tag, wanted) }
  }

  /// Told by the loop, also that which was not asked for: `broken`.
  func becameReady(_ what: Readiness) {}

  /// Closes it. The second time nothing happens.
  public final func close() {
    guard isOpen else { return }
    let number = descriptor
    descriptor = -1
    if isWatched {
      isWatched = false
      loop?.remove(number)
    }
    systemClose(number)
    closed()
  }

  /// Gives the descriptor to somebody else. It is no longer watched, nor closed here.
  final func release() -> CInt {
    let number = descriptor
    precondition(isOpen, "a closed socket has no descriptor to give away")
    descriptor = -1
    if isWatched {
      isWatched = false
      loop?.remove(number)
    }
    return number
  }

  /// It is closed. Called once, at the end of what closed it; nothing else is called after it.
  open func closed() {}
}

/// Without the class's own `close` in the way. Whatever it answers, the number is free.
func systemClose(_ descriptor: CInt) {
  #if canImport(Glibc)
    _ = Glibc.close(descriptor)
  #elseif canImport(Musl)
    _ = Musl.close(descriptor)
  #else
    _ = Darwin.close(descriptor)
  #endif
}
