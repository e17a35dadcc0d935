public import NIOCore
import StockCore

// What `benchmarks/micro` needs beyond the public interface.

/// Parses replies to commits, as a connection does.
@_spi(Benchmarks) public final class ReplyProbe {
  private let reader: ReplyReader

  /// nil: out of memory.
  public init?() {
    guard let reader = ReplyReader() else { return nil }
    self.reader = reader
  }

  /// - Returns: how many of the replies say that a batch is committed.
  public func committed(in replies: ByteBuffer) -> Int {
    replies.withUnsafeReadableBytes { bytes in
      var count = 0
      do throws(ReplyReaderError) {
        try reader.feed(bytes)
        while try reader.next({ if CommitReply($0) == .committed { count += 1 } }) {}
      } catch {
        return 0
      }
      return count
    }
  }
}

extension LoadedScripts {
  /// As after SCRIPT LOAD, but that no Redis knows them.
  @_spi(Benchmarks) public static var unloaded: LoadedScripts {
    LoadedScripts(
      hashes: RedisScript.allCases.map { _ in String(repeating: "0", count: 40) })
  }
}
