import ArgumentParser
import StockFaults

struct OverloadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "overload", abstract: "Five times as many requests as the engine can do.")

  @OptionGroup var options: SceneOptions

  @Option(help: "How long the flood lasts.")
  var seconds = 10.0

  @Option(help: "How many times the peak is asked for.")
  var factor = 5.0

  @Option(help: "Connections of the flood.")
  var connections = 4_000

  @Option(help: "Requests that each of them has under way at most.")
  var pipeline = 8

  func validate() throws {
    guard (1...600).contains(seconds) else { throw ValidationError("--seconds must be 1 to 600") }
    guard (1...100).contains(factor) else { throw ValidationError("--factor must be 1 to 100") }
    guard (1...10_000).contains(connections) else {
      throw ValidationError("--connections must be 1 to 10000")
    }
    guard (1...1_024).contains(pipeline) else {
      throw ValidationError("--pipeline must be 1 to 1024")
    }
  }

  func run() async throws {
    var campaign = Overload()
    campaign.seconds = seconds
    campaign.factor = factor
    campaign.connections = connections
    campaign.pipeline = pipeline
    try finish(await campaign.run(try options.scene()))
  }
}

struct SlowClientsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slow-clients",
    abstract: "Clients that send a byte a second, or never read, beside one that means no harm.")

  @OptionGroup var options: SceneOptions

  @Option(help: "How many there are.")
  var clients = 10_000

  @Option(help: "For how long the other one is watched beside them.")
  var seconds = 20.0

  func validate() throws {
    guard (3...12_000).contains(clients) else {
      throw ValidationError("--clients must be 3 to 12000")
    }
    guard (1...25).contains(seconds) else { throw ValidationError("--seconds must be 1 to 25") }
  }

  func run() async throws {
    var campaign = SlowClients()
    campaign.clients = clients
    campaign.seconds = seconds
    try finish(await campaign.run(try options.scene()))
  }
}
