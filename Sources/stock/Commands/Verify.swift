import ArgumentParser
import StockTools

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold the engine's memory against Redis, shard by shard.",
    discussion: """
      Needs an admin key. Exit code 1 where anything differs.
      With --repair what differs is written to Redis from the engine's memory, and shards that \
      stopped because Redis lost their data go on. It must be the engine that served before the \
      accident: one that was started since has no more than Redis has. Exit code 0 where all was \
      written.

      Examples:
        stock verify
        stock verify --repair
        stock verify --url http://10.0.0.5:8080 --key "$STOCK_KEY"
      """)

  @Flag(help: "Write what differs to Redis, from memory.")
  var repair = false

  @OptionGroup var client: ClientOptions

  private struct Report: Decodable {
    struct Shard: Decodable {
      var shard: Int
      var products: Int
      var entries: Int
      var differences: [String]
      var differenceCount: Int?
      var repairedCount: Int?
    }
    struct Control: Decodable {
      var differences: [String]
      var differenceCount: Int
      var repairedCount: Int?
    }
    var shards: [Shard]
    /// An older engine does not tell.
    var control: Control?
  }

  func run() async throws {
    let exchange = try await client.connect()
    let answer = try await exchange.send(
      HTTPRequest(
        .post, "/api/v1/admin/verify", body: Array((repair ? #"{"repair":true}"# : "{}").utf8),
        isIdempotent: true))
    guard answer.isSuccess else { throw ToolError("cannot verify: \(answer.complaint)") }
    let report = try answer.decoded(as: Report.self)
    let counts = report.shards.map { $0.differenceCount ?? $0.differences.count }
    var table = TextTable(
      ["shard", "products", "entries", "differences"] + (repair ? ["repaired"] : []),
      numeric: [0, 1, 2, 3, 4])
    for (shard, count) in zip(report.shards, counts) {
      table.add(
        ["\(shard.shard)", shard.products.grouped, shard.entries.grouped, count.grouped]
          + (repair ? [(shard.repairedCount ?? 0).grouped] : []))
    }
    print(table.text)
    for (shard, count) in zip(report.shards, counts) where count > 0 {
      print("shard \(shard.shard):")
      for difference in shard.differences { print("  \(difference)") }
      let more = count - shard.differences.count
      if more > 0 { print("  … and \(more.grouped) more") }
    }
    let others = report.control?.differenceCount ?? 0
    if let control = report.control, others > 0 {
      print("manifest, stores and keys:")
      for difference in control.differences { print("  \(difference)") }
    }
    let total = counts.reduce(others, +)
    if repair, total > 0 {
      let written = report.shards.reduce(report.control?.repairedCount ?? 0) {
        $0 + ($1.repairedCount ?? 0)
      }
      print("\(total.grouped) differences, \(written.grouped) fields written to Redis")
      return
    }
    guard total == 0 else {
      print("\(total.grouped) differences")
      throw ExitCode.failure
    }
    print("memory and Redis agree")
  }
}
