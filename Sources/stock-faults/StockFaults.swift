import ArgumentParser
import Foundation
import StockFaults
import StockProcesses

@main
struct FaultsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stock-faults",
    abstract: "Break a running engine in every way we know, and check what it promised.",
    discussion: """
      Each campaign starts a real engine and a real redis-server in a temporary
      folder, on loopback, puts load on it, breaks something, and holds every
      answer that any client got against what is there in the end. Exit code 1
      when a promise was broken.

      Examples:
        stock-faults all --short
        stock-faults kill --engine-kills 50 --redis-kills 50 --seed 7
        stock-faults stall --seconds 10
        stock-faults carts --kills
        stock-faults ledger orders-*.csv.gz --kills 50
        stock-faults events --readers 5000
        stock-faults history --engine-kills 20 --redis-kills 20 --cuts 60
        stock-faults matrix --extent long
        stock-faults durability --rounds 20
      """,
    subcommands: [
      AllCommand.self, OversellCommand.self, KillCommand.self, StallCommand.self,
      ScriptFlushCommand.self, LostTailCommand.self, TwoEnginesCommand.self, CartsCommand.self,
      TwiceCommand.self, LedgerCommand.self, EventsCommand.self, OverloadCommand.self,
      SlowClientsCommand.self, MatrixCommand.self, StopsCommand.self, OutageCommand.self,
      FlushCommand.self, ClockCommand.self, LimitsCommand.self, LostReplicaCommand.self,
      DurabilityCommand.self, HistoryCommand.self,
    ])
}

struct SceneOptions: ParsableArguments {
  @Option(help: "The stock executable (default: the one beside this one, or STOCK_BINARY).")
  var binary: String?

  @Option(help: "Repeats the random choices of an earlier run (default: a new one).")
  var seed: UInt64?

  func scene() throws -> Scene {
    Interruption.watch()
    let binary = try binary ?? StockBinary.find()
    let progress: @Sendable (String) -> Void = { line in
      FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
    guard let seed else { return Scene(binary: binary, progress: progress) }
    return Scene(binary: binary, seed: seed, progress: progress)
  }
}

/// Of campaigns that take some seconds each.
struct RepeatOptions: ParsableArguments {
  @Option(help: "How often the whole campaign, each time with another seed.")
  var rounds = 1

  func validate() throws {
    guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000") }
  }
}

func finish(_ report: Report) throws {
  print(report.text())
  if !report.isGood { throw ExitCode(1) }
}

struct AllCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all", abstract: "Every campaign, one after the other.")

  @OptionGroup var options: SceneOptions

  @Flag(help: "About four minutes instead of half an hour.")
  var short = false

  @Option(
    help: "A CSV file of orders for the ledger's campaign (default: the one of the examples).")
  var orders = "examples/online-retail-2010-12-01.csv"

  func run() async throws {
    var ledger: Ledger?
    if FileManager.default.isReadableFile(atPath: orders) {
      ledger = Ledger(files: [orders], reader: "docs/examples/ledger.py")
    } else {
      print("ledger: not run, for there is no \(orders)")
    }
    let campaigns = Campaigns(short: short, ledger: ledger)
    let isGood = try await campaigns.run(try options.scene()) { print($0.text()) }
    if !isGood { throw ExitCode(1) }
  }
}

struct OversellCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "oversell", abstract: "10,000 attempts on 5,000 units: exactly 5,000 succeed.")

  @OptionGroup var options: SceneOptions

  @Option(help: "Buyers, each with a connection of its own.")
  var buyers = 256

  func validate() throws {
    guard (1...1_000).contains(buyers) else {
      throw ValidationError("--buyers must be 1 to 1000")
    }
  }

  func run() async throws {
    var campaign = Oversell()
    campaign.buyers = buyers
    try finish(await campaign.run(try options.scene()))
  }
}

struct KillCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kill", abstract: "SIGKILL of either side under load, again and again.")

  @OptionGroup var options: SceneOptions

  @Option(help: "Kills of the engine.")
  var engineKills = 50

  @Option(help: "Kills of its redis-server.")
  var redisKills = 50

  func validate() throws {
    guard (0...10_000).contains(engineKills), (0...10_000).contains(redisKills) else {
      throw ValidationError("the numbers of kills must be 0 to 10000")
    }
  }

  func run() async throws {
    try finish(
      await Kill(engineKills: engineKills, redisKills: redisKills).run(try options.scene()))
  }
}

struct StallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stall", abstract: "redis-server stands still for a while.")

  @OptionGroup var options: SceneOptions

  @Option(help: "For how long.")
  var seconds = 10

  func validate() throws {
    guard (1...60).contains(seconds) else { throw ValidationError("--seconds must be 1 to 60") }
  }

  func run() async throws {
    var campaign = Stall()
    campaign.length = .seconds(seconds)
    try finish(await campaign.run(try options.scene()))
  }
}

struct ScriptFlushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "script-flush", abstract: "Redis forgets the scripts every few milliseconds.")

  @OptionGroup var options: SceneOptions

  func run() async throws { try finish(await ScriptFlush().run(try options.scene())) }
}

struct LostTailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lost-tail", abstract: "Redis comes back without its last moments.")

  @OptionGroup var options: SceneOptions

  @OptionGroup var times: RepeatOptions

  func run() async throws {
    try finish(await options.scene().repeated(times.rounds) { try await LostTail().run($0) })
  }
}

struct TwoEnginesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "two-engines", abstract: "A second engine takes the first one's shards.")

  @OptionGroup var options: SceneOptions

  @OptionGroup var times: RepeatOptions

  func run() async throws {
    try finish(await options.scene().repeated(times.rounds) { try await TwoEngines().run($0) })
  }
}
