import Foundation
import StockTools

/// What the machine and its kernel have to be like.
enum HostExamination {
  static func run(_ settings: ServeSettings, _ findings: inout Findings) async {
    clock(&findings)
    fileLimit(settings, &findings)
    memory(&findings)
    await port(settings, &findings)
  }

  private static func clock(_ findings: inout Findings) {
    let year = Calendar(identifier: .gregorian).component(.year, from: .now)
    if (2024...2100).contains(year) {
      findings.good("the clock says \(Date.now.formatted(.iso8601))")
    } else {
      findings.bad(
        "the clock says \(Date.now.formatted(.iso8601))",
        "set it (timedatectl set-ntp true): reservations expire by it")
    }
  }

  private static func fileLimit(_ settings: ServeSettings, _ findings: inout Findings) {
    // As `serve` does.
    let files = FileLimit.raise(to: settings.neededFiles)
    if files >= settings.neededFiles {
      findings.good("\(files.grouped) files and connections may be open")
    } else {
      findings.notice(
        "only \(files.grouped) files and connections may be open: "
          + "as many connections as may come need \(settings.neededFiles.grouped)",
        "ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit")
    }
  }

  private static func memory(_ findings: inout Findings) {
    if let overcommit = word("/proc/sys/vm/overcommit_memory") {
      if overcommit == "1" {
        findings.good("vm.overcommit_memory is 1")
      } else {
        findings.notice(
          "vm.overcommit_memory is \(overcommit): redis-server may be unable to fork to rewrite "
            + "its file when more than half of the memory is in use",
          "sysctl vm.overcommit_memory=1, and in /etc/sysctl.d")
      }
    }
    if let pages = word("/sys/kernel/mm/transparent_hugepage/enabled"), pages.contains("[always]") {
      findings.notice(
        "transparent huge pages are on: redis-server needs more memory, and stalls, when it forks",
        "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
    }
  }

  private static func word(_ path: String) -> String? {
    (try? String(contentsOfFile: path, encoding: .utf8))?
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func port(_ settings: ServeSettings, _ findings: inout Findings) async {
    guard settings.port != 0 else { return }
    let place = "\(settings.host):\(settings.port)"
    guard let error = PortProbe.cannotBind(settings.host, settings.port) else {
      findings.good("\(place) is free")
      return
    }
    if error == EADDRINUSE, await isEngine(settings) {
      findings.good("an engine listens on \(place)")
      return
    }
    findings.bad(
      "cannot listen on \(place): \(String(cString: strerror(error)))",
      error == EACCES
        ? "take a port from 1024 on, or give the program CAP_NET_BIND_SERVICE"
        : "take another one (--port, --host), or look who has it: ss -ltnp")
  }

  private static func isEngine(_ settings: ServeSettings) async -> Bool {
    let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
    guard let url = try? EngineURL("http://\(host):\(settings.port)"),
      let client = try? await HTTPClient.start(
        url: url, configuration: .init(connections: 1, depth: 1, timeout: .seconds(3)))
    else { return false }
    let answer = try? await client.send(HTTPRequest(.get, "/healthz"))
    await client.close()
    return answer?.status == 200 && answer?.header("X-Request-Id") != nil
  }
}

/// Whether a port can be listened on.
enum PortProbe {
  /// - Returns: nil: it can; else `errno`. A name that is no address is left to `stock serve`.
  static func cannotBind(_ host: String, _ port: Int) -> Int32? {
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else { return nil }
    defer { freeaddrinfo(found) }
    let handle = socket(found.pointee.ai_family, found.pointee.ai_socktype, 0)
    guard handle >= 0 else { return errno }
    defer { close(handle) }
    var yes: Int32 = 1
    setsockopt(handle, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(handle, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0,
      listen(handle, 1) == 0
    else { return errno }
    return nil
  }
}
