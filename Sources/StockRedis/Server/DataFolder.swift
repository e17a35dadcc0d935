#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A folder for one engine and its redis-server. Its lock is held until this goes away.
struct DataFolder: ~Copyable {
  let path: String
  private let lock: CInt

  /// Bytes that a socket's path may have: the kernel takes 107, and Redis appends to it at times.
  static let maxSocketPathBytes = 100

  var socket: String { path + "/redis.sock" }

  /// Others than its owner may read, change or enter it. False where that cannot be asked.
  var isOpen: Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & 0o077 != 0
  }

  var pidFile: String { path + "/redis.pid" }
  var logFile: String { path + "/redis.log" }

  /// Makes the folder (0700) where there is none, and locks it.
  init(path given: String) throws(RedisSetupError) {
    try Self.make(given)
    guard let resolved = realpath(given, nil) else {
      throw RedisSetupError(.invalid, "Cannot find the data folder \(given): \(lastError())")
    }
    // redis-server changes into the folder, so its paths must not depend on where we are.
    let path = String(cString: resolved)
    free(resolved)
    let socket = path + "/redis.sock"
    guard socket.utf8.count <= Self.maxSocketPathBytes else {
      throw RedisSetupError(
        .invalid,
        """
        The path of the socket \(socket) has \(socket.utf8.count) bytes; at most \
        \(Self.maxSocketPathBytes) are possible.
        Take a data folder with a shorter path.
        """)
    }
    let name = path + "/engine.lock"
    // O_CLOEXEC: redis-server outlives a killed engine, and must not inherit its lock.
    let lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else {
      throw RedisSetupError(.invalid, "Cannot open \(name): \(lastError())")
    }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      let isTaken = errno == EWOULDBLOCK
      let reason = lastError()
      _ = close(lock)
      if isTaken {
        throw RedisSetupError(
          .locked,
          """
          Another engine uses the data folder \(path).
          Stop it first, or give this one a folder of its own.
          """)
      }
      throw RedisSetupError(.invalid, "Cannot lock \(name): \(reason)")
    }
    self.path = path
    self.lock = lock
  }

  /// Another engine's lock lies at this one's path: the folder was moved away, and one made anew, or its
  /// lock was deleted. Ours is open, so its number is nobody else's.
  var isAnothers: Bool {
    var ours = stat()
    var there = stat()
    guard fstat(lock, &ours) == 0, stat(path + "/engine.lock", &there) == 0 else { return false }
    return ours.st_dev != there.st_dev || ours.st_ino != there.st_ino
  }

  deinit {
    unlock()
    _ = close(lock)
  }

  /// Gives the folder free at once, whoever else still has this value, or has inherited the lock's file
  /// between a fork and its exec.
  func unlock() { _ = flock(lock, LOCK_UN) }

  private static func make(_ path: String) throws(RedisSetupError) {
    guard !path.isEmpty else { throw RedisSetupError(.invalid, "The data folder has no name.") }
    var made = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      made += part
      if mkdir(made, 0o700) != 0, errno != EEXIST, errno != EISDIR {
        // A folder above may be readable only; whether the last one is there tells the next check.
        let reason = lastError()
        var info = stat()
        guard stat(made, &info) == 0 else {
          throw RedisSetupError(.invalid, "Cannot make the folder \(made): \(reason)")
        }
      }
      made += "/"
    }
  }
}

/// What `errno` says.
func lastError() -> String { String(cString: strerror(errno)) }

/// A whole small file; nil if it cannot be read.
func readSmallFile(_ path: String, last: Int = 1 << 16) -> String? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { _ = close(file) }
  let size = lseek(file, 0, SEEK_END)
  // Files in /proc have no size; those of ours have, and only their end is of interest.
  if size > last {
    _ = lseek(file, size - off_t(last), SEEK_SET)
  } else {
    _ = lseek(file, 0, SEEK_SET)
  }
  var bytes = [UInt8](repeating: 0, count: last)
  var count = 0
  while count < last {
    let got = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress! + count, last - count) }
    if got <= 0 { break }
    count += got
  }
  return String(decoding: bytes[..<count], as: UTF8.self)
}
