import Foundation
import StockFaults
import StockProcesses
import StockTools

/// Runs a program to its end.
func run(
  _ program: String, _ arguments: [String], environment: [String: String] = [:]
) throws -> (status: Int32, output: String, errors: String) {
  let folder = try TemporaryFolder()
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.environment = ProcessInfo.processInfo.environment.filter {
    !$0.key.hasPrefix("STOCK_")
  }.merging(environment) { $1 }
  let output = "\(folder.path)/output"
  let errors = "\(folder.path)/errors"
  for name in [output, errors] { _ = FileManager.default.createFile(atPath: name, contents: nil) }
  process.standardOutput = FileHandle(forWritingAtPath: output)
  process.standardError = FileHandle(forWritingAtPath: errors)
  process.standardInput = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  return (
    process.terminationStatus, try String(contentsOfFile: output, encoding: .utf8),
    try String(contentsOfFile: errors, encoding: .utf8)
  )
}

/// Runs `stock`, with the admin's key of an engine if one is given.
func stock(
  _ arguments: [String], on engine: TestEngine? = nil
) throws -> (status: Int32, output: String, errors: String) {
  var environment: [String: String] = [:]
  if let engine {
    environment["STOCK_URL"] = "http://127.0.0.1:\(engine.url.port)"
    environment["STOCK_KEY"] = engine.adminKey
  }
  return try run(StockBinary.find(), arguments, environment: environment)
}
