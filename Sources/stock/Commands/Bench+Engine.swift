import Foundation
import StockProcesses
import StockTools

/// The engine that `stock bench` loads.
enum BenchEngine {
  /// Starts one on a new data folder, loads it, stops it and removes the folder.
  ///
  /// - Parameter flags: more of them for `stock serve`.
  static func run(_ options: BenchOptions, flags: [String]) async throws -> BenchReport {
    guard let binary = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    else { throw ToolError("without --url, stock bench needs Linux") }
    var process = EngineProcess.Options(binary: binary)
    // What is left to expire must do so before the end.
    process.arguments = ["--min-ttl", "1s"] + flags
    Interruption.watch()
    let engine = try EngineProcess(process)
    do {
      try await engine.start()
      var options = options
      if let pid = await engine.pid { options.load.enginePIDs = [pid] }
      if let pid = engine.redisPID { options.load.redisPIDs = [pid] }
      let report = try await run(options, url: engine.url, key: engine.adminKey)
      try await engine.stop()
      return report
    } catch {
      try? await engine.kill()
      throw error
    }
  }

  /// Loads one that runs.
  static func run(
    _ options: BenchOptions, url: EngineURL, key: String?
  ) async throws -> BenchReport {
    let client = try await HTTPClient.start(
      url: url, configuration: .init(connections: 1, depth: 1, timeout: .seconds(60), key: key))
    do {
      try await Administration.ping(client)
      let report = try await BenchRunner(
        url: url, exchange: RetryingExchange(client), options: options
      ).run()
      await client.close()
      return report
    } catch {
      await client.close()
      throw error
    }
  }
}
