import ArgumentParser
import StockFaults

struct CartsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "carts",
    abstract: "1,000 carts at once, 50 times: each is held whole or not at all.")

  @OptionGroup var options: SceneOptions

  @Option(help: "How often.")
  var rounds = 50

  @Option(help: "Carts at the same time.")
  var carts = 1_000

  @Flag(help: "Kill the engine in every round.")
  var kills = false

  func validate() throws {
    guard (1...10_000).contains(rounds), (1...10_000).contains(carts) else {
      throw ValidationError("--rounds and --carts must be 1 to 10000")
    }
  }

  func run() async throws {
    var campaign = Carts()
    campaign.rounds = rounds
    campaign.carts = carts
    campaign.kills = kills
    try finish(await campaign.run(try options.scene()))
  }
}

struct TwiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "twice",
    abstract: "Everything is sent twice, also to an engine that was killed in between.")

  @OptionGroup var options: SceneOptions

  @Option(help: "Rounds of load.")
  var rounds = 50

  @Option(help: "Kills of the engine, one a round at most.")
  var kills = 50

  func validate() throws {
    guard (1...10_000).contains(rounds), (0...rounds).contains(kills) else {
      throw ValidationError("--rounds must be 1 to 10000, --kills at most as many")
    }
  }

  func run() async throws {
    try finish(await Twice(rounds: rounds, kills: kills).run(try options.scene()))
  }
}

struct LedgerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ledger",
    abstract: "Real orders and kills; then all counters are rebuilt from the ledger alone.")

  @OptionGroup var options: SceneOptions

  @Argument(help: "CSV files of order lines, as stock replay takes them; .gz too.")
  var files: [String]

  @Option(help: "The program that rebuilds the counters.")
  var reader = "docs/examples/ledger.py"

  @Option(help: "Kills of the engine, at most: the orders may end before.")
  var kills = 50

  @Option(help: "Milliseconds from the engine's being back to its next kill, about.")
  var interval = 200

  @Option(help: "Units of every SKU to begin with.")
  var opening: Int64 = 1_000

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("Give at least one file") }
    guard (0...10_000).contains(kills), (1...3_600_000).contains(interval), opening >= 0 else {
      throw ValidationError(
        "--kills must be 0 to 10000, --interval 1 to 3600000, --opening 0 or more")
    }
  }

  func run() async throws {
    var campaign = Ledger(files: files, reader: reader)
    campaign.kills = kills
    campaign.interval = .milliseconds(interval)
    campaign.opening = opening
    try finish(await campaign.run(try options.scene()))
  }
}

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Thousands of readers of events: what they cost, and how far they lag behind.",
    discussion: """
      Needs two files a reader: see `ulimit -n`. Readers and buyers are this
      process's, on the same machine: what they need themselves counts as cost.
      """)

  @OptionGroup var options: SceneOptions

  @Option(help: "Readers at once, --silent among them.")
  var readers = 5_000

  @Option(help: "Readers who do not read.")
  var silent = 100

  @Option(help: "Seconds of each measurement.")
  var seconds = 8

  @Option(help: "Measurements, with and without readers in turns.")
  var turns = 3

  @Option(help: "Reserves a second in the last measurement, which is not at full speed.")
  var pace = 1_000

  @Option(
    help: "Seconds after the last reserve within which all events must have come; 0 only tells.")
  var lag = 3.0

  @Option(help: "Percent of the throughput that must be left; 0 only tells it.")
  var least = 90

  func validate() throws {
    guard (1...15_000).contains(readers), (0...readers).contains(silent),
      (1...600).contains(seconds), (1...100).contains(turns), (0...100).contains(least),
      (1...1_000_000).contains(pace), (0...600).contains(lag)
    else { throw ValidationError("a number is out of range") }
  }

  func run() async throws {
    var campaign = Events()
    campaign.readers = readers
    campaign.silent = silent
    campaign.length = .seconds(seconds)
    campaign.turns = turns
    campaign.pace = pace
    campaign.mostLag = lag == 0 ? nil : .seconds(lag)
    campaign.patience = .seconds(max(30, lag))
    campaign.leastShare = least == 0 ? nil : Double(least) / 100
    try finish(await campaign.run(try options.scene()))
  }
}
