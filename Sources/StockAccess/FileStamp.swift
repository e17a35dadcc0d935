import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// By what a file is known to be another one than before: it was written to, or replaced.
struct FileStamp: Equatable, Sendable {
  private var device: UInt64
  private var file: UInt64
  private var size: Int64
  private var seconds: Int
  private var nanoseconds: Int

  /// nil: there is no such file, or it may not be looked at.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    file = UInt64(status.st_ino)
    size = Int64(status.st_size)
    seconds = Int(status.st_mtim.tv_sec)
    nanoseconds = Int(status.st_mtim.tv_nsec)
  }

  /// How often files are looked at that may change while the engine runs.
  static let interval = Duration.seconds(2)

  /// The content of a small file.
  ///
  /// - Throws: where it cannot be read, or has more than 1 MiB.
  static func content(of path: String) throws(AccessError) -> Data {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw AccessError("\(path) cannot be read: \(error.localizedDescription)")
    }
    guard data.count <= 1 << 20 else { throw AccessError("\(path) has more than 1 MiB") }
    return data
  }
}
