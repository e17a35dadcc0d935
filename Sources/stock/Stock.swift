import ArgumentParser
import Foundation

/// The one executable: its commands are in `Commands/`.
@main
struct Stock: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "stock",
    abstract: "An in-memory stock engine, kept in Redis, behind HTTP.",
    discussion: """
      Examples:
        stock serve                               the engine and its own Redis
        stock keys create --role store --store-id 1 --name shop
        stock import stock.csv                    products and quantities
        stock export stock.csv                    and out again
        stock replay orders.csv --opening 100000  real orders, and the books
        stock bench hot                           load, latencies, and the books
        stock verify                              memory against Redis
        stock doctor                              what is set wrong on this machine
        stock --version                           which version this is

      Exit codes: 0 done, 1 failed, 64 bad usage.
      """,
    version: version,
    subcommands: [
      Serve.self, Keys.self, Import.self, Export.self, Replay.self, Bench.self, Verify.self,
      Doctor.self,
    ])

  static func main() async {
    // A connection that the other side closed must be an error, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    await main(nil)
  }
}
