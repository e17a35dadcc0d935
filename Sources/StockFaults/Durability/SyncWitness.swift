import Foundation
import StockProcesses

/// A small library for redis-server (LD_PRELOAD) that writes down how much of each file is certain to
/// be on the disk: what had been written when an fdatasync began that came to a good end. Whatever is
/// behind that, a machine that loses its power may lose.
struct SyncWitness: Sendable {
  private let library: SyncLibrary
  private let folder: TemporaryFolder
  private let delay: Duration?

  /// - Parameter delay: makes every fdatasync take so much longer, as a slow disk does.
  init(_ library: SyncLibrary, delay: Duration? = nil) throws {
    self.library = library
    folder = try TemporaryFolder()
    self.delay = delay
  }

  /// For the process that is to be watched.
  var environment: [String: String] {
    var environment = [
      "LD_PRELOAD": library.path, "SYNC_WITNESS": "\(folder.path)/synced",
    ]
    if let delay { environment["SYNC_DELAY_US"] = "\(delay.nanoseconds / 1_000)" }
    return environment
  }

  /// Bytes of a file that are certain to be on the disk.
  func syncedBytes(of path: String) throws -> UInt64 {
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    guard let inode = (attributes[.systemFileNumber] as? NSNumber)?.uint64Value else { return 0 }
    let text = (try? String(contentsOfFile: "\(folder.path)/synced", encoding: .utf8)) ?? ""
    let last = text.split(separator: "\n").last { $0.hasPrefix("\(inode) ") }
    return last.flatMap { UInt64($0.split(separator: " ")[1]) } ?? 0
  }
}

/// The library of a `SyncWitness`, compiled once.
struct SyncLibrary: Sendable {
  private let folder: TemporaryFolder

  var path: String { "\(folder.path)/witness.so" }

  /// - Throws: `FaultError` where there is no C compiler.
  init() async throws {
    folder = try TemporaryFolder()
    try Self.source.write(
      toFile: "\(folder.path)/witness.c", atomically: true, encoding: .utf8)
    // Swift on Linux comes with clang.
    let compilers = ["cc", "clang", "gcc"]
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let found = compilers.first { name in
      search.split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
      }
    }
    guard let found else { throw FaultError("there is no C compiler in PATH") }
    _ = try await Program.run(
      found,
      ["-shared", "-fPIC", "-O1", "-o", path, "\(folder.path)/witness.c"],
      output: "\(folder.path)/cc.out")
  }

  private static let source = """
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <sys/stat.h>
    #include <sys/syscall.h>
    #include <unistd.h>

    static int witnessed(long call, int fd) {
      struct stat file;
      int known = fstat(fd, &file) == 0 && S_ISREG(file.st_mode);
      const char *delay = getenv("SYNC_DELAY_US");
      if (delay) usleep((useconds_t)atol(delay));
      int result = (int)syscall(call, fd);
      const char *path = getenv("SYNC_WITNESS");
      if (result == 0 && known && path) {
        char line[64];
        int length = snprintf(line, sizeof line, "%lu %lld\\n", (unsigned long)file.st_ino,
                              (long long)file.st_size);
        int out = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (out >= 0) {
          if (write(out, line, (size_t)length) < 0) abort();
          close(out);
        }
      }
      return result;
    }

    int fdatasync(int fd) { return witnessed(SYS_fdatasync, fd); }
    int fsync(int fd) { return witnessed(SYS_fsync, fd); }
    """
}
