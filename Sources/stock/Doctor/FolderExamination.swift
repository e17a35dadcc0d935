import Foundation
import StockTools

/// The data folder of an engine with a Redis of its own. Looks, and changes nothing that stays.
enum FolderExamination {
  private static let leastFree = 200 << 20
  private static let comfortablyFree = 2 << 30
  /// As `StockRedis` has it.
  private static let maxPathBytes = 100

  static func run(_ path: String, durability: ServeSettings.Durability, _ findings: inout Findings)
  {
    let socket = path + "/redis.sock"
    if socket.utf8.count > maxPathBytes {
      findings.bad(
        "the path of the socket, \(socket), has \(socket.utf8.count) bytes; "
          + "\(maxPathBytes) are possible",
        "take a data folder with a shorter path (--data)")
    }
    let folder = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    guard let info = try? FileManager.default.attributesOfItem(atPath: folder) else {
      parent(of: path, &findings)
      return
    }
    guard info[.type] as? FileAttributeType == .typeDirectory else {
      findings.bad("\(path) is no folder", "take another one (--data)")
      return
    }
    let owner = (info[.ownerAccountID] as? NSNumber)?.uint32Value
    let mode = (info[.posixPermissions] as? NSNumber)?.intValue ?? 0
    if let owner, owner != geteuid() {
      findings.bad(
        "the data folder \(path) belongs to user \(owner), and this is user \(geteuid())",
        "run as that user, or chown -R it")
    } else if mode & 0o077 != 0 {
      findings.bad(
        "others may look into the data folder \(path)", "chmod 700 \(path)")
    } else if access(path, R_OK | W_OK | X_OK) != 0 {
      findings.bad("cannot write into the data folder \(path)", "chmod 700 \(path)")
    } else {
      findings.good("the data folder \(path) is ours alone")
      fsyncTime(path, durability, &findings)
    }
    space(path, &findings)
    times(path, &findings)
  }

  private static func parent(of path: String, _ findings: inout Findings) {
    var folder = (path as NSString).deletingLastPathComponent
    if folder.isEmpty { folder = "." }
    while !FileManager.default.fileExists(atPath: folder), folder != "/", folder != "." {
      folder = (folder as NSString).deletingLastPathComponent
      if folder.isEmpty { folder = "." }
    }
    if access(folder, W_OK | X_OK) == 0 {
      findings.good("the data folder \(path) will be made at the first start")
      space(folder, &findings)
    } else {
      findings.bad(
        "cannot make the data folder \(path): \(folder) is not ours to write in",
        "take another one (--data), or make it and chown it to this user")
    }
  }

  private static func space(_ path: String, _ findings: inout Findings) {
    var info = statvfs()
    guard statvfs(path, &info) == 0 else { return }
    let free = Int(info.f_bavail) * Int(info.f_frsize)
    let text = "\((free >> 20).grouped) MiB free where the data folder is"
    if free < leastFree {
      findings.bad(text, "make room: when the disk is full, Redis refuses every change")
    } else if free < comfortablyFree {
      findings.notice(
        text, "make room: a rewrite of Redis's file needs as much again for a while")
    } else {
      findings.good(text)
    }
  }

  /// Files from the future: the clock was, or is, wrong.
  private static func times(_ path: String, _ findings: inout Findings) {
    let manager = FileManager.default
    for name in (try? manager.contentsOfDirectory(atPath: path)) ?? [] {
      guard
        let date = try? manager.attributesOfItem(atPath: "\(path)/\(name)")[.modificationDate]
          as? Date, date.timeIntervalSinceNow > 60
      else { continue }
      findings.bad(
        "\(name) was written \(Int(date.timeIntervalSinceNow)) s in the future, by this clock",
        "set the clock (timedatectl): reservations would expire late")
      return
    }
  }

  private static func fsyncTime(
    _ path: String, _ durability: ServeSettings.Durability, _ findings: inout Findings
  ) {
    let name = "\(path)/.doctor"
    let file = open(name, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0o600)
    guard file >= 0 else { return }
    defer {
      close(file)
      unlink(name)
    }
    let page = [UInt8](repeating: 0, count: 4_096)
    var times: [Duration] = []
    for _ in 0..<15 {
      let start = ContinuousClock.now
      guard write(file, page, page.count) == page.count, fdatasync(file) == 0 else { return }
      times.append(ContinuousClock.now - start)
    }
    times.sort()
    let middle = times[times.count / 2] / .milliseconds(1)
    let text = "a write to the disk takes \(String(format: "%.1f", middle)) ms"
    if durability == .always, middle > 20 {
      findings.notice(
        text + ", and with --durability always every answer waits for one",
        "a quicker disk, or --durability everysec if the loss of 2 s at a power cut is bearable")
    } else {
      findings.good(text)
    }
  }
}
