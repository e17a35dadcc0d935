#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where logs and progress go.
///
/// Foundation's `FileHandle.write` ends the process where it cannot write. A full disk, or a log collector
/// that went away, must not stop an engine: what cannot be written is lost, and no more.
public enum StandardError {
  public static func write(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// - Returns: whether all of it could be written.
  static func write(_ text: String, to file: CInt) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)[...]
      while let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
        #if canImport(Glibc)
          let count = Glibc.write(file, start, rest.count)
        #elseif canImport(Musl)
          let count = Musl.write(file, start, rest.count)
        #else
          let count = Darwin.write(file, start, rest.count)
        #endif
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }
}
