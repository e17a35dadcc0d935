import ArgumentParser
import StockTools

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold the engine's memory against Redis, shard by shard.",
    discussion: """
      Needs an admin key. Exit code 1 where anything differs.

      Examples:
        stock verify
        stock verify --url http://10.0.0.5:8080 --key "$STOCK_KEY"
      """)

  @OptionGroup var client: ClientOptions

  private struct Report: Decodable {
    struct Shard: Decodable {
      var shard: Int
      var products: Int
      var entries: Int
      var differences: [String]
      var differenceCount: Int?
    }
    var shards: [Shard]
  }

  func run() async throws {
    let exchange = try await client.connect()
    let answer = try await exchange.send(
      HTTPRequest(.post, "/api/v1/admin/verify", body: Array("{}".utf8), isIdempotent: true))
    guard answer.isSuccess else { throw ToolError("cannot verify: \(answer.complaint)") }
    let report = try answer.decoded(as: Report.self)
    let counts = report.shards.map { $0.differenceCount ?? $0.differences.count }
    var table = TextTable(["shard", "products", "entries", "differences"], numeric: [0, 1, 2, 3])
    for (shard, count) in zip(report.shards, counts) {
      table.add(["\(shard.shard)", shard.products.grouped, shard.entries.grouped, count.grouped])
    }
    print(table.text)
    for (shard, count) in zip(report.shards, counts) where count > 0 {
      print("shard \(shard.shard):")
      for difference in shard.differences { print("  \(difference)") }
      let more = count - shard.differences.count
      if more > 0 { print("  … and \(more.grouped) more") }
    }
    let total = counts.reduce(0, +)
    guard total == 0 else {
      print("\(total.grouped) differences")
      throw ExitCode.failure
    }
    print("memory and Redis agree")
  }
}
