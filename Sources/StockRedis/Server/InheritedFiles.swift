#if canImport(Glibc)
  package import Glibc
#elseif canImport(Musl)
  package import Musl
#else
  package import Darwin
#endif

/// What a program that we start must not get: all but its three standard files.
///
/// NIO's sockets are not closed by themselves when another program starts. A redis-server started
/// while the engine serves would hold the engine's port and its clients' connections for as long as
/// it lives, and so beyond a killed engine: that could not listen again, and its clients would wait.
package enum InheritedFiles {
  /// Files that may be opened while we look: other threads go on.
  private static let margin: CInt = 1_024

  package static func close(_ actions: inout posix_spawn_file_actions_t) {
    let limit = CInt(clamping: sysconf(CInt(_SC_OPEN_MAX)))
    // To close one that is not open is no error here, but one past the limit is.
    let end = min(highest + margin, limit - 1)
    guard end >= 3 else { return }
    for file in 3...end { posix_spawn_file_actions_addclose(&actions, file) }
  }

  /// The highest number of a file that is open now.
  private static var highest: CInt {
    #if os(Linux)
      let folder = "/proc/self/fd"
    #else
      let folder = "/dev/fd"
    #endif
    guard let list = opendir(folder) else { return 65_536 }
    defer { closedir(list) }
    var highest: CInt = 2
    while let entry = readdir(list) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if let number = CInt(name) { highest = max(highest, number) }
    }
    return highest
  }
}
