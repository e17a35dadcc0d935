import ArgumentParser
import StockFaults

struct StopsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stops", abstract: "redis-server stands still, longer than every time-out, often.")

  @OptionGroup var options: SceneOptions

  @Option(help: "How often, over all engines.")
  var stops = 200

  @Option(help: "Engines at the same time.")
  var lanes = 8

  func validate() throws {
    guard (1...10_000).contains(stops), (1...64).contains(lanes) else {
      throw ValidationError("--stops must be 1 to 10000, --lanes 1 to 64")
    }
  }

  func run() async throws {
    var campaign = Stops()
    campaign.stops = stops
    campaign.lanes = lanes
    try finish(await campaign.run(try options.scene()))
  }
}

struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract:
      "Kills and cuts under load; then all of it again, in order, through the reference model.")

  @OptionGroup var options: SceneOptions

  @Option(help: "Kills of the engine.")
  var engineKills = 20

  @Option(help: "Kills of its redis-server.")
  var redisKills = 20

  @Option(help: "Cuts and wrong replies between the two.")
  var cuts = 60

  func validate() throws {
    guard [engineKills, redisKills, cuts].allSatisfy((0...10_000).contains) else {
      throw ValidationError("the numbers of kills and cuts must be 0 to 10000")
    }
  }

  func run() async throws {
    let campaign = Histories(engineKills: engineKills, redisKills: redisKills, cuts: cuts)
    try finish(await campaign.run(try options.scene()))
  }
}

struct OutageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outage", abstract: "Redis's disk is full (needs root), or its memory.")

  @OptionGroup var options: SceneOptions

  @Option(help: "How often each.")
  var rounds = 3

  func validate() throws {
    guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000") }
  }

  func run() async throws {
    var isGood = true
    for cause in Outage.Cause.allCases {
      var campaign = Outage(cause)
      campaign.rounds = rounds
      let report = try await campaign.run(try options.scene())
      print(report.text())
      isGood = isGood && report.isGood
    }
    if !isGood { throw ExitCode(1) }
  }
}

struct FlushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flush", abstract: "FLUSHALL by mistake: the engine stops, and says so.")

  @OptionGroup var options: SceneOptions

  @OptionGroup var times: RepeatOptions

  func run() async throws {
    try finish(await options.scene().repeated(times.rounds) { try await Flush().run($0) })
  }
}

struct ClockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clock", abstract: "The time of day jumps by hours (needs libfaketime).")

  @OptionGroup var options: SceneOptions

  @OptionGroup var times: RepeatOptions

  func run() async throws {
    try finish(await options.scene().repeated(times.rounds) { try await ClockJumps().run($0) })
  }
}

struct LimitsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "limits", abstract: "No file descriptors left; a folder that is not writable.")

  @OptionGroup var options: SceneOptions

  @OptionGroup var times: RepeatOptions

  func run() async throws {
    try finish(await options.scene().repeated(times.rounds) { try await Limits().run($0) })
  }
}

struct LostReplicaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lost-replica", abstract: "With --durability replicas:1 the replica dies.")

  @OptionGroup var options: SceneOptions

  @Option(help: "How often.")
  var rounds = 3

  func validate() throws {
    guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000") }
  }

  func run() async throws {
    var campaign = LostReplica()
    campaign.rounds = rounds
    try finish(await campaign.run(try options.scene()))
  }
}

struct DurabilityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "durability",
    abstract: "Confirmed writes that each kind of fault loses, for each --durability.")

  @OptionGroup var options: SceneOptions

  @Option(help: "How often each fault.")
  var rounds = 5

  func validate() throws {
    guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000") }
  }

  @Option(help: "Only the lines that begin with it: \"always\", \"replicas:1, host\".")
  var only = ""

  func run() async throws {
    var table = DurabilityTable()
    table.prefix = only
    table.rounds = rounds
    try finish(await table.run(try options.scene()))
  }
}
