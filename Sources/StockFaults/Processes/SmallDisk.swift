import Foundation
import StockProcesses

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file system of a few MiB, that can be filled. Needs root (`mount`).
final class SmallDisk: Sendable {
  private let folder: TemporaryFolder
  let path: String

  /// - Throws: `FaultError` where it cannot be mounted.
  init(megabytes: Int) async throws {
    folder = try TemporaryFolder()
    path = "\(folder.path)/disk"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    _ = try await Program.run(
      "mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path],
      output: "\(folder.path)/mount.out")
  }

  /// To be called when nothing uses it any more.
  func unmount() async throws {
    _ = try await Program.run("umount", [path], output: "\(folder.path)/umount.out")
  }

  private var ballast: String { "\(path)/ballast" }

  /// Not a byte is left.
  func fill() throws {
    let file = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    guard file >= 0 else { throw FaultError("cannot write \(ballast)") }
    defer { close(file) }
    for size in [65_536, 4_096, 1] {
      let bytes = [UInt8](repeating: 0x55, count: size)
      while write(file, bytes, size) == size {}
    }
  }

  func empty() { unlink(ballast) }
}
