import ArgumentParser
import Foundation
import StockTools

/// The flags of every command that talks to a running engine.
struct ClientOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The engine (STOCK_URL, default: http://127.0.0.1:8080).", valueName: "url"))
  var url: String?

  @Option(
    help: ArgumentHelp(
      "The key; better in STOCK_KEY, as `ps` shows flags to everybody.", valueName: "token"))
  var key: String?

  /// Connects, and says so in plain words where nobody is there.
  ///
  /// - Parameter depth: requests under way on each connection.
  func connect(connections: Int = 1, depth: Int = 8) async throws -> RetryingExchange<HTTPClient> {
    let environment = ProcessInfo.processInfo.environment
    let url: EngineURL
    do {
      url = try EngineURL(self.url ?? environment["STOCK_URL"] ?? "http://127.0.0.1:8080")
    } catch {
      throw ValidationError(error.description)
    }
    let client = try await HTTPClient.start(
      url: url,
      configuration: HTTPClient.Configuration(
        connections: connections, depth: depth, key: key ?? environment["STOCK_KEY"]))
    try await Administration.ping(client)
    return RetryingExchange(client)
  }
}
