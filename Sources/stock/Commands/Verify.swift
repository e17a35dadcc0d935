import ArgumentParser
import StockTools

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold the engine's memory against Redis, shard by shard.",
    discussion: """
      Needs an admin key. Exit code 1 where anything differs.
      With --repair what differs is written to Redis from the engine's memory, and shards that \
      stopped because Redis lost their data go on. It must be the engine that served before the \
      accident: one that was started since has no more than Redis has. It looks once more \
      afterwards: exit code 1 where differences remain.

      Examples:
        stock verify
        stock verify --repair
        stock verify --url http://10.0.0.5:8080 --key "$STOCK_KEY"
      """)

  @Flag(help: "Write what differs to Redis, from memory.")
  var repair = false

  @OptionGroup var client: ClientOptions

  fileprivate struct Report: Decodable {
    struct Shard: Decodable {
      var shard: Int
      var products: Int
      var entries: Int
      var differences: [String]
      var differenceCount: Int?
      var repairedCount: Int?

      var count: Int { differenceCount ?? differences.count }
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
    let report = try await ask(exchange, repair: repair)
    let total = report.show(repair: repair)
    guard total > 0 else {
      print("memory and Redis agree")
      return
    }
    guard repair else {
      print("\(total.grouped) differences")
      throw ExitCode.failure
    }
    let written =
      "\(total.grouped) differences, \(report.repairedCount.grouped) fields written to Redis"
    let after = try await ask(exchange, repair: false)
    guard after.differenceCount == 0 else {
      print("\(written); what differs still:")
      let left = after.show(repair: false)
      print("\(left.grouped) differences remain")
      throw ExitCode.failure
    }
    print("\(written), memory and Redis agree now")
  }

  private func ask(_ exchange: RetryingExchange<HTTPClient>, repair: Bool) async throws -> Report {
    let answer = try await exchange.send(
      HTTPRequest(
        .post, "/api/v1/admin/verify", body: Array((repair ? #"{"repair":true}"# : "{}").utf8),
        isIdempotent: true))
    guard answer.isSuccess else { throw ToolError("cannot verify: \(answer.complaint)") }
    return try answer.decoded(as: Report.self)
  }
}

extension Verify.Report {
  fileprivate var differenceCount: Int {
    shards.reduce(control?.differenceCount ?? 0) { $0 + $1.count }
  }

  fileprivate var repairedCount: Int {
    shards.reduce(control?.repairedCount ?? 0) { $0 + ($1.repairedCount ?? 0) }
  }

  /// Prints the shards, and what differs.
  ///
  /// - Returns: the number of differences.
  fileprivate func show(repair: Bool) -> Int {
    var table = TextTable(
      ["shard", "products", "entries", "differences"] + (repair ? ["repaired"] : []),
      numeric: [0, 1, 2, 3, 4])
    for shard in shards {
      table.add(
        ["\(shard.shard)", shard.products.grouped, shard.entries.grouped, shard.count.grouped]
          + (repair ? [(shard.repairedCount ?? 0).grouped] : []))
    }
    print(table.text)
    for shard in shards where shard.count > 0 {
      print("shard \(shard.shard):")
      for difference in shard.differences { print("  \(difference)") }
      let more = shard.count - shard.differences.count
      if more > 0 { print("  … and \(more.grouped) more") }
    }
    if let control, control.differenceCount > 0 {
      print("manifest, stores and keys:")
      for difference in control.differences { print("  \(difference)") }
    }
    return differenceCount
  }
}
