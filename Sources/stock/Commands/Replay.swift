import ArgumentParser
import Foundation
import StockCore
import StockTools

struct Replay: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run real orders through the engine and check the books.",
    discussion: """
      The files are order lines: invoice_no, stock_code, quantity, description and
      others. Each invoice's lines are reserved in one request; if all are accepted
      they are fulfilled, else the accepted ones are released. An invoice that
      begins with C gives units back; other negative quantities are written off.
      Many invoices are under way at once. At the end every SKU's stock is held
      against what the answers add up to. Exit code 1 where it differs. Nobody
      else should change the stock at that location meanwhile. Needs an admin key.

      Examples:
        stock replay orders.csv --opening 100000
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
    let runner = ReplayRunner(
      exchange,
      options: ReplayRunner.Options(
        store: storeId, location: LocationName.normalize(location) ?? location, opening: opening,
        underWay: connections * Self.depth))
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
