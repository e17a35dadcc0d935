#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How many files and connections this process may have open.
public enum FileLimit {
  /// Beside clients' connections: Redis, files, the log.
  public static let spare = 256

  /// Takes as many as are needed, if the system lets: a shell gives 1,024, and allows many more.
  ///
  /// - Returns: how many there may be now.
  @discardableResult
  public static func raise(to count: Int) -> Int {
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    let wanted = min(rlim_t(count), limit.rlim_max)
    if limit.rlim_cur < wanted {
      limit.rlim_cur = wanted
      guard setrlimit(resource, &limit) == 0 else { return current }
    }
    return current
  }

  /// What holds now.
  public static var current: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    return Int(clamping: limit.rlim_cur)
  }
}
