public import ArgumentParser
import Foundation
public import StockTools

extension Exporter.Format: ExpressibleByArgument {}

struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write products and quantities to a CSV or JSON file.",
    discussion: """
      CSV has the columns that `stock import` reads, of one store: sku, title,
      location, quantity, product_id, gtin, product_type. JSON has an array with
      one object a line, reserved units, versions and times included. What one
      shard holds is written as it was at one moment. Nothing but the stock is
      written: for reservations, keys and the ledger, back up the data folder
      (docs/operations.md). Needs an admin key.

      Examples:
        stock export stock.csv
        stock export --format json - | gzip > stock.json.gz
        stock export --store-id 2 - | stock import - --url http://10.0.0.5:8080
      """)

  @Argument(help: "Where to write it; - is standard output.")
  var file = "-"

  @Option(help: "csv or json.")
  var format = Exporter.Format.csv

  @Option(
    help: ArgumentHelp("The store (default: with csv 1, with json all).", valueName: "id"))
  var storeId: Int64?

  @OptionGroup var client: ClientOptions

  func validate() throws {
    if let storeId, storeId < 1 { throw ValidationError("--store-id must be 1 or more") }
  }

  func run() async throws {
    let exchange = try await client.connect()
    let output = try Output(file)
    let progress = Progress("exporting", total: 0, unit: "lines")
    let report = try await Exporter(
      exchange, format: format, store: storeId ?? (format == .csv ? 1 : nil)
    ).run(progress: { progress.advance(by: $0) }) { try output.write($0) }
    try output.finish()
    progress.finish()
    var words = "\(report.entries.grouped) entries of \(report.products.grouped) products"
    if report.leftOut > 0 {
      words += "; \(report.leftOut.grouped) products without any stock are left out (json has them)"
    }
    if report.withoutSKU > 0 {
      words += "; \(report.withoutSKU.grouped) lines have no SKU, which `stock import` needs"
    }
    StandardError.write(words + "\n")
  }

  /// A file that appears when it is complete, or standard output.
  private final class Output {
    private let path: String?
    private let handle: FileHandle

    init(_ path: String) throws {
      guard path != "-" else {
        self.path = nil
        handle = .standardOutput
        return
      }
      self.path = path
      let part = path + ".part"
      guard FileManager.default.createFile(atPath: part, contents: nil),
        let handle = FileHandle(forWritingAtPath: part)
      else { throw ToolError("cannot write \(part)") }
      self.handle = handle
    }

    func write(_ text: String) throws {
      do {
        try handle.write(contentsOf: Data(text.utf8))
      } catch {
        throw ToolError("cannot write: \(error.localizedDescription)")
      }
    }

    func finish() throws {
      guard let path else { return }
      try handle.close()
      guard rename(path + ".part", path) == 0 else { throw ToolError("cannot write \(path)") }
    }
  }
}
