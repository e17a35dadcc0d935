import ArgumentParser
import Foundation
import StockTools

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Load products and quantities from a CSV file.",
    discussion: """
      The file's first line names its columns, in any order: sku, title, location,
      quantity, and, where you have them, product_id, gtin, product_type. Products
      are known by their product_id, and where the file gives none by their SKU; new
      ones without one get the next one free. What the file does not say of a product
      stays as it is. Blanks at the ends of a SKU or title count within quotes only.
      Quantities are set, not added, so the same file may be loaded again. Nothing
      of a file with bad lines is applied, unless you say --skip-bad. Needs an
      admin key.

      Examples:
        stock import stock.csv
        stock import stock.csv --dry-run
        zcat stock.csv.gz | stock import - --store-id 2 --skip-bad
      """)

  /// Requests under way on each connection.
  private static let depth = 8

  @Argument(help: "The CSV file; - is standard input.")
  var file: String

  @Option(help: ArgumentHelp("The store; made where there is none.", valueName: "id"))
  var storeId: Int64 = 1

  @Flag(help: "Leave bad lines and unknown columns out and load the rest.")
  var skipBad = false

  @Flag(help: "Check the file against the engine's catalogue and change nothing.")
  var dryRun = false

  @Option(help: "Connections to the engine.")
  var connections = 8

  @OptionGroup var client: ClientOptions

  func validate() throws {
    guard storeId >= 1 else { throw ValidationError("--store-id must be 1 or more") }
    guard (1...256).contains(connections) else {
      throw ValidationError("--connections must be 1 to 256")
    }
  }

  func run() async throws {
    var reader = try CSVFile.open(file)
    let exchange = try await client.connect(connections: connections, depth: Self.depth)
    let catalogue = try await Administration(exchange).catalogue(store: storeId)
    let plan = try Self.plan(&reader, catalogue: catalogue)
    if !plan.problems.isEmpty {
      print("\(file): \(plan.problems.count.grouped) bad")
      for line in plan.problems.report { print(line) }
      guard skipBad || dryRun else {
        print("nothing was applied; --skip-bad loads the rest")
        throw ExitCode.failure
      }
    }
    if dryRun {
      print(
        """
        dry run: \(plan.lineCount.grouped) lines, \
        \(plan.count(of: .new).grouped) products to make, \
        \(plan.count(of: .changed).grouped) to update, \
        \(plan.entries.count.grouped) entries to set; nothing was applied
        """)
      if !plan.problems.isEmpty, !skipBad { throw ExitCode.failure }
      return
    }
    let report = try await ImportRunner(
      exchange, store: storeId, connections: connections, depth: Self.depth
    ).run(plan)
    print(report.text)
    if report.refused.total > 0 { throw ExitCode.failure }
  }

  private static func plan(
    _ reader: inout CSVReader, catalogue: Catalogue
  ) throws -> ImportPlan {
    guard let first = try reader.next() else { throw ToolError("the file is empty") }
    guard case .record(let header) = first else { throw ToolError("line 1: the header is no CSV") }
    var planner = try ImportPlanner(header: header, catalogue: catalogue)
    let progress = Progress("reading", total: 0, unit: "lines")
    while let row = try reader.next() {
      planner.add(row)
      progress.advance()
    }
    progress.finish()
    return try planner.finish()
  }
}
