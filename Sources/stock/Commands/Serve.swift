import ArgumentParser
import StockTools

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Start the engine.",
    discussion: """
      Examples:
        stock serve
        stock serve --port 9000 --data /var/lib/stock --durability always
        stock serve --idempotency-age 48h --expiry-grace 10m
        stock serve --redis redis://user:secret@10.0.0.5:6379/0
        stock serve --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem
        stock serve --jwt-keys jwks.json --jwt-issuer https://id.example --jwt-audience stock
        STOCK_PORT=9000 STOCK_LOG_LEVEL=debug stock serve
        stock serve --config stock.json   with {"port": 9000, "log-level": "debug"}

      Every flag has an environment variable (--log-level is STOCK_LOG_LEVEL) and a
      key of the same name in the config file. A flag wins over the environment,
      the environment over the file. STOCK_ADMIN_KEY sets the first admin key;
      without it one is made and shown once.
      """)

  @OptionGroup var options: ServeOptions

  func run() async throws {
    try await serve(options.settings())
  }
}
