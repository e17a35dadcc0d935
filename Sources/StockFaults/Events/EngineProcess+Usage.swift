import Foundation
import StockProcesses

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

// What the engine's process takes, as Linux tells it. Elsewhere, and when it does not run, nothing.
extension EngineProcess {
  /// MiB that it has in memory.
  var residentMiB: Int {
    let line = proc("status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1_024
  }

  /// What it has had of the processors, without its redis-server.
  var processorTime: Duration {
    // Behind the name, which may have spaces: user and system time are fields 14 and 15.
    let fields = proc("stat").split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else {
      return .zero
    }
    return .seconds(1) * (user + system) / sysconf(Int32(_SC_CLK_TCK))
  }

  private func proc(_ file: String) -> String {
    guard let pid else { return "" }
    return (try? String(contentsOfFile: "/proc/\(pid)/\(file)", encoding: .utf8)) ?? ""
  }
}
