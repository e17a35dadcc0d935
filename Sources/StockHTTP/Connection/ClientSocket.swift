import NIOCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A client's socket, for writes that need not wait in their channel's queue.
///
/// A response nearly always fits into what the kernel keeps for the socket: then writing it is one
/// system call, and the queue, with its promises and its bookkeeping, is for what did not fit. Only
/// for channels whose bytes go out as they are: not behind a handler that encrypts.
struct ClientSocket {
  private let channel: any Channel
  private let handle: NIOBSDSocket.Handle

  /// nil where the channel has no socket.
  init?(_ channel: any Channel) {
    let handle = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
      of: NIOBSDSocket.Handle.self
    ) { $0 }
    guard let handle, handle >= 0 else { return nil }
    self.channel = channel
    self.handle = handle
  }

  /// To be called where nothing waits in the channel's queue.
  ///
  /// - Returns: how many of the bytes the kernel took; 0 also where it failed: the channel meets the
  ///   same failure when it is given the rest, and deals with it.
  func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    // Once the channel is closed its number may be another client's.
    guard channel.isActive else { return 0 }
    let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
    return max(0, send(handle, bytes.baseAddress, bytes.count, flags))
  }
}
