import ArgumentParser
import Foundation
import StockCore
import StockTools

struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run real orders through the engine and check the books.",
    discussion: """
      The files are order lines: invoice_no, stock_code, quantity, description,
      customer_id and others. Each invoice becomes one reservation over all its
      lines, all or none, which is then fulfilled; a share of them can be released
      or left to expire instead. An invoice that begins with C gives units back;
      other negative quantities are written off. Every request carries an
      idempotency key, so it is sent again when its answer is lost. Many invoices
      are under way at once. At the end every SKU's stock is held
      against what the answers add up to. Exit code 1 where it differs. Nobody
      else should change the stock at that location meanwhile. Needs an admin key.

      Examples:
        stock replay orders.csv --opening 100000
        stock replay orders.csv --opening 1000 --release-share 10 --expire-share 5
        stock replay january.csv february.csv --location SHOP
        zcat orders.csv.gz | stock replay - --opening 50
      """)

  /// Requests, and so invoices, under way on each connection.
  private static let depth = 4

  @Argument(help: "CSV files of order lines; - is standard input.")
  var files: [String]

  @Option(help: ArgumentHelp("The store.", valueName: "id"))
  var storeId: Int64 = 1

  @Option(help: "Where the stock is.")
  var location = "MAIN"

  @Option(
    help: ArgumentHelp(
      "Make products that are missing and set the stock of each to this first.",
      valueName: "units"))
  var opening: Int64?

  @Flag(help: "Leave lines that are no order lines out and run the rest.")
  var skipBad = false

  @Option(
    help: ArgumentHelp(
      "Invoices whose reservations are released instead of fulfilled.", valueName: "percent"))
  var releaseShare = 0

  @Option(
    help: ArgumentHelp(
      "Invoices whose reservations are left to expire, after 30 s.", valueName: "percent"))
  var expireShare = 0

  @Option(help: "Connections to the engine.")
  var connections = 16

  @OptionGroup var client: ClientOptions

  func validate() throws {
    guard storeId >= 1 else { throw ValidationError("--store-id must be 1 or more") }
    guard (1...256).contains(connections) else {
      throw ValidationError("--connections must be 1 to 256")
    }
    if let opening, !(0...Bounds.maxQuantity).contains(opening) {
      throw ValidationError("--opening must be 0 or more")
    }
    guard releaseShare >= 0, expireShare >= 0, releaseShare + expireShare <= 100 else {
      throw ValidationError("--release-share and --expire-share must be 0 or more, together 100")
    }
    guard LocationName.normalize(location) != nil else {
      throw ValidationError("--location must be 1 to 64 letters, digits, _ - . / or spaces")
    }
    guard !files.isEmpty else { throw ValidationError("Give at least one file") }
    guard files.count(where: { $0 == "-" }) <= 1 else {
      throw ValidationError("Standard input can be read once only")
    }
  }

  func run() async throws {
    let plan = try readPlan()
    let exchange = try await client.connect(connections: connections, depth: Self.depth)
    var options = ReplayRunner.Options(
      store: storeId, location: LocationName.normalize(location) ?? location, opening: opening,
      underWay: connections * Self.depth)
    options.releaseShare = releaseShare
    options.expireShare = expireShare
    let runner = ReplayRunner(exchange, options: options)
    let report = try await runner.run(plan)
    print(report.text)
    if !report.booksAreRight { throw ExitCode.failure }
  }

  private func readPlan() throws -> ReplayPlan {
    var planner = ReplayPlanner()
    let progress = Progress("reading", total: 0, unit: "lines")
    for file in files {
      var reader = try CSVFile.open(file)
      try planner.read(&reader, file: file) { progress.advance() }
    }
    progress.finish()
    for (file, problems) in planner.problems {
      print("\(file): \(problems.count.grouped) bad lines")
      for line in problems.report { print(line) }
    }
    if planner.badLineCount > 0, !skipBad {
      print("nothing was done; --skip-bad runs the rest")
      throw ExitCode.failure
    }
    guard planner.lineCount > 0 else { throw ToolError("there are no order lines") }
    return try planner.finish()
  }
}
