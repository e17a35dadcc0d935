public import ArgumentParser
import Foundation
public import StockEngine
import StockTools

struct Keys: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make, list and revoke keys.",
    discussion: """
      Needs an admin key.

      Examples:
        stock keys create --role checkout --store-id 1 --name web-shop --expires-in 30d
        stock keys create --role read --store-id 1 --name partner --rate-limit 20:100
        stock keys list
        stock keys revoke 7
      """,
    subcommands: [Create.self, List.self, Revoke.self])

  struct Key: Decodable {
    var id: Int64
    var role: String
    var storeId: Int64?
    var name: String
    var createdAt: String?
    var expiresAt: String?
    var rateLimit: Int?
    var rateBurst: Int?
    var lastUsedAt: String?
    var key: String?
  }
}

extension Role: ExpressibleByArgument {}

extension Keys {
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a key. It is shown this once, alone on standard output.",
      discussion: """
        Examples:
          stock keys create --role store --store-id 1 --name back-office
          export STOCK_KEY=$(stock keys create --role read --store-id 1 --name report --expires-in 12h)
        """)

    @Option(help: "admin, store, checkout or read.")
    var role: Role

    @Option(help: ArgumentHelp("The store; not for admin keys.", valueName: "id"))
    var storeId: Int64?

    @Option(help: ArgumentHelp("What it is for, in your words.", valueName: "text"))
    var name: String

    @Option(help: ArgumentHelp("90s, 15m, 12h, 30d, 4w; never if left out.", valueName: "time"))
    var expiresIn: String?

    @Option(
      help: ArgumentHelp(
        "Requests a second, and at once if more; not for admin keys. As the engine is set up if left out.",
        valueName: "rate[:burst]"))
    var rateLimit: String?

    @OptionGroup var client: ClientOptions

    func validate() throws {
      if role == .admin, storeId != nil {
        throw ValidationError("An admin key is for all stores: leave --store-id out")
      }
      if role != .admin, storeId == nil {
        throw ValidationError("--store-id is needed for a \(role.rawValue) key")
      }
      if let rateLimit {
        guard ServeSettings.RateLimit(rateLimit) != nil else {
          throw ValidationError(
            "--rate-limit must be such as 20 or 20:100, and \"\(rateLimit)\" is not")
        }
        if role == .admin {
          throw ValidationError(
            "An admin key may ask as often as it likes: leave --rate-limit out")
        }
      }
      if let expiresIn, Lifetime.seconds(expiresIn) == nil {
        throw ValidationError(
          "--expires-in must be such as 12h or 30d, and \"\(expiresIn)\" is not")
      }
    }

    private struct Body: Encodable {
      var role: String
      var storeId: Int64?
      var name: String
      var expiresAt: String?
      var rateLimit: Int?
      var rateBurst: Int?
    }

    func run() async throws {
      let expiry = expiresIn.flatMap(Lifetime.seconds).map {
        Date(timeIntervalSinceNow: Double($0)).formatted(.iso8601)
      }
      let limit = rateLimit.flatMap { ServeSettings.RateLimit($0) }
      let body = Body(
        role: role.rawValue, storeId: storeId, name: name, expiresAt: expiry,
        rateLimit: limit?.rate, rateBurst: limit?.burst)
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      let exchange = try await client.connect()
      let answer = try await exchange.send(
        HTTPRequest(.post, "/api/v1/admin/keys", body: Array(encoder.encode(body))))
      guard answer.isSuccess else { throw ToolError("no key was made: \(answer.complaint)") }
      let made = try answer.decoded(as: Key.self)
      guard let token = made.key else { throw ToolError("the engine did not show the new key") }
      let note =
        "key \(made.id) (\(made.role), \(made.name)) is shown this once"
        + (made.expiresAt.map { "; it expires at \($0)" } ?? "") + ":\n"
      StandardError.write(note)
      print(token)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the keys, without their tokens.",
      discussion: """
        Example:
          stock keys list
        """)

    @OptionGroup var client: ClientOptions

    private struct Answer: Decodable { var items: [Key] }

    func run() async throws {
      let keys: Answer = try await Administration(client.connect())
        .read("/api/v1/admin/keys", what: "the keys")
      var table = TextTable(
        ["id", "role", "store", "name", "rate", "made", "expires", "last used"], numeric: [0, 2])
      for key in keys.items {
        table.add([
          "\(key.id)", key.role, key.storeId.map { "\($0)" } ?? "all", key.name,
          key.rateLimit.map { "\($0):\(key.rateBurst ?? $0)" } ?? "",
          key.createdAt ?? "", key.expiresAt ?? "never", key.lastUsedAt ?? "never",
        ])
      }
      print(table.text)
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Revoke a key: it stops working within a second.",
      discussion: """
        Example:
          stock keys revoke 7
        """)

    @Argument(help: "The key's id, as `stock keys list` shows it.")
    var id: Int64

    @OptionGroup var client: ClientOptions

    func run() async throws {
      let exchange = try await client.connect()
      let answer = try await exchange.send(HTTPRequest(.delete, "/api/v1/admin/keys/\(id)"))
      guard answer.isSuccess else { throw ToolError("not revoked: \(answer.complaint)") }
      print("key \(id) is revoked")
    }
  }
}
