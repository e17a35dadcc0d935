import ArgumentParser
import Foundation
import StockTools

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load the engine, measure it, and check the books.",
    discussion: """
      Without --url it starts an engine of its own on a new data folder, and removes
      both at the end. With --url it needs an admin key; it works in a store of its
      own (999999), so no shop's stock is touched.

      Scenarios:
        hot          reserves of one product
        spread       reserves, every product as often as any other
        zipf         reserves, few products often and many seldom
        flash-sale   waves of buyers on few products until they are sold out
        checkout     hold, then fulfil, release or let expire, with idempotency keys
        cart         reservations of 1 to 20 lines, which are then fulfilled
        batch        many reserves in one request
        mixed-admin  reserves, with lists running beside them half of the time

      Without --rate each connection asks as soon as it has its answer (closed
      loop). With it requests are due at fixed times, whatever the engine does
      (open loop), and their latency counts from then. Warm-up is not counted.
      Afterwards the counters of every product are held against the answers; exit
      code 1 where they differ. --connections 1 --rate 100 shows an idle engine.

      Examples:
        stock bench hot
        stock bench spread --products 100000 --seconds 30 --json result.json
        stock bench hot --rate 20000 --poisson
        stock bench flash-sale --products 5 --stock 1000 --demand 10
        stock bench batch --operations 1000 --products 100000 --connections 16
        stock bench checkout --url http://127.0.0.1:8080 --release-share 20
        stock bench --constant http://127.0.0.1:18180    the same bytes to any server
      """)

  @Argument(
    help: ArgumentHelp(
      BenchScenario.allCases.map(\.rawValue).joined(separator: ", ") + ".",
      valueName: "scenario"),
    transform: {
      guard let scenario = BenchScenario(rawValue: $0) else {
        throw ValidationError("There is no scenario \"\($0)\"")
      }
      return scenario
    })
  var scenario: BenchScenario?

  @OptionGroup(title: "Load") var load: LoadFlags

  @Option(help: ArgumentHelp("Products (default: by scenario, 1 to 10000).", valueName: "number"))
  var products: Int?

  @Option(
    help: ArgumentHelp(
      "Units of each product; of a flash sale, for each wave (default: 1000000000, 500).",
      valueName: "units"))
  var stock: Int?

  @Option(help: "batch: reserves in one request.")
  var operations = 100

  @Option(
    help: ArgumentHelp(
      "checkout, cart: lines of a reservation at most (default: 1, 20).", valueName: "number"))
  var lines: Int?

  @Option(help: "zipf: the product at place k is asked for as often as 1 / k to the power of this.")
  var zipfExponent = 1.0

  @Option(help: "flash-sale: buyers for each unit.")
  var demand = 3.0

  @Option(help: ArgumentHelp("checkout: reservations given back.", valueName: "percent"))
  var releaseShare = 15

  @Option(help: ArgumentHelp("checkout: reservations left to expire.", valueName: "percent"))
  var expireShare = 5

  @Option(
    help: ArgumentHelp(
      "checkout: how long those are held (default: 2 with an engine of its own, else 30).",
      valueName: "seconds"))
  var expireAfter: Int?

  @Option(
    name: .customLong("list"),
    help: ArgumentHelp(
      "mixed-admin: what the connection beside the reserves gets, in turns.", valueName: "path"))
  var lists: [String] = []

  @OptionGroup(title: "Another server") var constant: ConstantFlags

  @Option(
    help: ArgumentHelp("Write the result as JSON; - is standard output.", valueName: "file"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "A running engine (STOCK_URL; default: one is started).", valueName: "url"))
  var url: String?

  @Option(help: ArgumentHelp("Its admin key (STOCK_KEY).", valueName: "token"))
  var key: String?

  @Option(
    name: .customLong("serve"), parsing: .singleValue,
    help: ArgumentHelp(
      "A flag for the engine that is started, as in --serve=--loops=2.", valueName: "flag"))
  var serveFlags: [String] = []

  func validate() throws {
    guard (scenario == nil) != (constant.constant == nil) else {
      throw ValidationError("Give either a scenario or --constant")
    }
    if let products, !(1...BenchOptions.maxProducts).contains(products) {
      throw ValidationError("--products must be 1 to \(BenchOptions.maxProducts)")
    }
    if let stock, !(0...1_000_000_000_000).contains(stock) {
      throw ValidationError("--stock must be 0 to 1000000000000")
    }
    guard (1...10_000).contains(operations) else {
      throw ValidationError("--operations must be 1 to 10000")
    }
    if let lines, !(1...100).contains(lines) {
      throw ValidationError("--lines must be 1 to 100")
    }
    guard (0...10).contains(zipfExponent) else {
      throw ValidationError("--zipf-exponent must be 0 to 10")
    }
    guard (0...1_000_000).contains(demand) else {
      throw ValidationError("--demand must be 0 to 1000000")
    }
    guard releaseShare >= 0, expireShare >= 0, releaseShare + expireShare <= 100 else {
      throw ValidationError("--release-share and --expire-share must be 0 or more, together 100")
    }
    if let expireAfter, !(1...3_600).contains(expireAfter) {
      throw ValidationError("--expire-after must be 1 to 3600")
    }
  }

  func run() async throws {
    let report: BenchReport
    let key = key ?? ProcessInfo.processInfo.environment["STOCK_KEY"]
    if let target = constant.constant {
      report = try await constant.run(target, key: key, options: load.options)
    } else if let scenario {
      report = try await run(scenario, key: key)
    } else {
      throw ValidationError("Give a scenario")
    }
    let isOnOutput = json == "-"
    if let json, !isOnOutput {
      try Data((report.json() + "\n").utf8).write(to: URL(fileURLWithPath: json))
    }
    print(isOnOutput ? try report.json() : report.text)
    if isOnOutput {
      StandardError.write(report.text + "\n")
    }
    if !report.isRight { throw ExitCode.failure }
  }

  private func run(_ scenario: BenchScenario, key: String?) async throws -> BenchReport {
    var options = BenchOptions(scenario)
    options.load = load.options
    if let products { options.products = products }
    if let stock { options.stock = stock }
    if let lines { options.maxLines = lines }
    if !lists.isEmpty { options.listPaths = lists }
    options.operations = operations
    options.zipfExponent = zipfExponent
    options.demand = demand
    options.releaseShare = releaseShare
    options.expireShare = expireShare
    options.expireAfter = expireAfter ?? 30
    guard let url = url ?? ProcessInfo.processInfo.environment["STOCK_URL"] else {
      options.expireAfter = expireAfter ?? 2
      options.isNewEngine = true
      return try await BenchEngine.run(options, flags: serveFlags)
    }
    return try await BenchEngine.run(
      options, url: EngineURL(url), key: key)
  }
}
