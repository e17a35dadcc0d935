import Foundation
import StockProcesses

/// A program that is run to its end.
enum Program {
  struct Result {
    /// 0: it did what it should.
    var status: Int32
    /// What it wrote to standard output.
    var text: String
  }

  /// - Parameters:
  ///   - name: looked for in PATH.
  ///   - output: the file that gets what it writes to standard output.
  ///   - mayFail: its caller looks at the status.
  /// - Throws: `FaultError` if it cannot be started, takes more than ten minutes, or fails.
  static func run(
    _ name: String, _ arguments: [String], output: String, mayFail: Bool = false
  ) async throws -> Result {
    let search = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let candidates = search.split(separator: ":").map { "\($0)/\(name)" }
    guard let executable = candidates.first(where: FileManager.default.isExecutableFile) else {
      throw FaultError("\(name) is not in PATH")
    }
    let process = try ChildProcess(
      executable, arguments, environment: ProcessInfo.processInfo.environment, output: output,
      errors: "\(output).err")
    guard try await process.waitForEnd(within: .seconds(600)) else {
      process.signal(SIGKILL)
      throw FaultError("\(name) does not end")
    }
    let status = process.exitStatus ?? -1
    let text = try String(contentsOfFile: output, encoding: .utf8)
    guard status == 0 || mayFail else {
      let errors = (try? String(contentsOfFile: "\(output).err", encoding: .utf8)) ?? ""
      throw FaultError("\(name) ended with status \(status): \(errors.suffix(2_000))")
    }
    return Result(status: status, text: text)
  }
}
