#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the kernel knows of this process. nil: it does not say (not Linux).
struct ProcessFigures {
  var residentBytes: Int?
  var cpuSeconds: Double?
  var openFiles: Int?
  var maxFiles: Int?
  var startSeconds: Double?

  init() {
    var time = timespec()
    if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 {
      cpuSeconds = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    // Pages: total, resident, …
    if let words = Self.read("/proc/self/statm")?.split(separator: " "), words.count > 1,
      let pages = Int(words[1])
    {
      residentBytes = pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
    openFiles = Self.countOpenFiles()
    maxFiles = Self.maxOpenFiles()
    startSeconds = Self.started
  }

  /// Soft limit of open files.
  static func maxOpenFiles() -> Int? {
    guard let text = read("/proc/self/limits") else { return nil }
    for line in text.split(separator: "\n") where line.hasPrefix("Max open files") {
      return line.split(separator: " ").dropFirst(3).first.flatMap { Int($0) }
    }
    return nil
  }

  private static func countOpenFiles() -> Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Without ".", "..", and the folder itself.
    return max(0, count - 3)
  }

  /// The process's start, from the machine's boot and the ticks since then: it does not change.
  private static let started: Double? = {
    guard let stat = read("/proc/self/stat"), let end = stat.lastIndex(of: ")"),
      let boot = read("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }
      ),
      let bootSeconds = Double(boot.dropFirst("btime ".count))
    else { return nil }
    // The 22nd field; the second ends with the parenthesis.
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    guard fields.count > 19, let ticks = Double(fields[19]) else { return nil }
    return bootSeconds + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }()

  /// A small file of the kernel's.
  private static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4_096)
    while bytes.count < 1 << 18 {
      let count = chunk.withUnsafeMutableBytes { buffer -> Int in
        buffer.baseAddress.map { Self.read(file, into: $0, buffer.count) } ?? 0
      }
      guard count > 0 else { break }
      bytes += chunk[..<count]
    }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  private static func read(_ file: CInt, into base: UnsafeMutableRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.read(file, base, count)
    #elseif canImport(Musl)
      Musl.read(file, base, count)
    #else
      Darwin.read(file, base, count)
    #endif
  }
}
