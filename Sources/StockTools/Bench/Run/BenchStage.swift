import StockCore

/// The products of a run in the engine: a store of their own, filled before and counted afterwards.
struct BenchStage: Sendable {
  /// Ids have seven digits, up to 8,999,999 products.
  static let firstProduct = 1_000_001
  static let maxProducts = 8_999_999
  static let location = "MAIN"
  /// A store of its own, so that no shop's stock is touched: another store's product is a 404.
  static let store: StoreID = 999_999

  private let url: EngineURL
  private let exchange: any Exchange
  let heads: RequestHeads
  /// Of the key that the load uses.
  private let keyID: Int64

  private struct NewKey: Decodable {
    var id: Int64
    var key: String
  }

  /// Makes the store and a key for it.
  ///
  /// - Parameter exchange: with an admin key.
  init(url: EngineURL, exchange: any Exchange) async throws {
    self.url = url
    self.exchange = exchange
    try await Administration(exchange).ensureStore(Self.store)
    let answer = try await exchange.send(
      HTTPRequest(
        .post, "/api/v1/admin/keys",
        body: Array(
          "{\"role\":\"store\",\"store_id\":\(Self.store),\"name\":\"stock bench\"}".utf8)))
    guard answer.isSuccess else {
      throw ToolError("cannot make a key for the load: \(answer.complaint)")
    }
    let key: NewKey = try answer.decoded()
    keyID = key.id
    heads = RequestHeads(authority: url.authority, key: key.key)
  }

  /// Takes the key back.
  func close() async {
    _ = try? await exchange.send(HTTPRequest(.delete, "/api/v1/admin/keys/\(keyID)"))
  }

  /// Fills the shelves: each product has `stock` units that nobody has reserved.
  ///
  /// - Parameter isNewEngine: nothing is there yet.
  /// - Returns: what each product's counters are now.
  func fill(products: Int, stock: Int, isNewEngine: Bool) async throws -> [Administration.Counters]
  {
    var opening = [Administration.Counters](
      repeating: .init(quantity: 0, reserved: 0), count: products)
    if !isNewEngine {
      // What earlier runs have reserved is still reserved.
      let found = try await count(Array(0..<products))
      for (place, counters) in found.enumerated() {
        opening[place].reserved = counters?.reserved ?? 0
      }
    }
    for place in opening.indices {
      opening[place].quantity = opening[place].reserved + Int64(stock)
    }
    let quantities = opening.map(\.quantity)
    let size = min(1_000, Bounds.maxOperationsPerRequest)
    let progress = Progress("stock", total: products, unit: "products")
    defer { progress.finish() }
    let store = try await HTTPClient.start(
      url: url,
      configuration: .init(connections: 4, depth: 2, timeout: .seconds(60), key: heads.key))
    do {
      let sender = BatchSender(RetryingExchange(store), latency: Latency())
      try await forEachConcurrently((products + size - 1) / size, limit: 8) { part in
        let places = part * size..<min(products, (part + 1) * size)
        let operations = places.map {
          BatchOperation(
            .set, product: ProductID(Self.firstProduct + $0), location: Self.location,
            quantity: quantities[$0])
        }
        for end in try await sender.send(operations, isIdempotent: true) where end != .done {
          throw ToolError("the stock of the load's products cannot be set: \(end)")
        }
        progress.advance(by: places.count)
      }
    } catch {
      await store.close()
      throw error
    }
    await store.close()
    return opening
  }

  /// Gives a reservation back.
  func release(_ id: String) async throws -> RequestEnd {
    let path = "\(RequestHeads.reservations)/\(id.queryEscaped)/release"
    do {
      let answer = try await exchange.send(HTTPRequest(.post, path))
      return answer.isSuccess ? .accepted : answer.status < 500 ? .refused : .unknown
    } catch ClientError.outcomeUnknown {
      return .unknown
    }
  }

  /// Reads the counters of products, by their places; nil for those that are not there.
  func count(_ places: [Int]) async throws -> [Administration.Counters?] {
    guard !places.isEmpty else { return [] }
    let plan = LoadPlan.untilDone(
      url: url, connections: min(8, places.count), pipeline: 16)
    let (load, tally) = try await LoadThreads.run(
      CountWorkload(
        heads: heads, products: places, slots: plan.connections * plan.pipeline), plan)
    if let failure = tally.failure ?? tally.firstError {
      throw ToolError("the stock cannot be counted: \(failure)")
    }
    return load.found
  }
}
