import StockTools

/// What a campaign's buyer wants: all of it or nothing.
struct Cart: Sendable {
  var order: String
  /// Units, 1 or more, by entry.
  var lines: [EntryKey: Int64]
  /// The reservation's, if the client is to choose it.
  var id: String?

  /// Seconds that it is held: longer than any campaign, so that time gives nothing back.
  static let heldFor = 86_400

  /// The request that asks for it.
  func request(key: String?) -> HTTPRequest {
    let lines = lines.sorted { $0.key < $1.key }.map { Cart.json($0.key, $0.value) }
    let named = id.map { ",\"reservation_id\":\"\($0)\"" } ?? ""
    let body = """
      {"order_id":"\(order)","ttl_seconds":\(Self.heldFor)\(named),\
      "lines":[\(lines.joined(separator: ","))]}
      """
    return HTTPRequest(.post, HoldPath.all, body: Array(body.utf8), key: key)
  }

  static func json(_ entry: EntryKey, _ units: Int64) -> String {
    "{\"product_id\":\(entry.product),\"location\":\"\(entry.location)\",\"quantity\":\(units)}"
  }
}

enum HoldPath {
  static let all = "/api/v1/store/reservations"

  /// Ships or gives back all that is held, or some of it.
  static func end(
    _ id: String, by call: String, _ lines: [EntryKey: Int64]? = nil, key: String?
  ) -> HTTPRequest {
    let body = lines.map { lines in
      let texts = lines.sorted { $0.key < $1.key }.map { Cart.json($0.key, $0.value) }
      return "{\"lines\":[\(texts.joined(separator: ","))]}"
    }
    return HTTPRequest(.post, "\(all)/\(id)/\(call)", body: Array((body ?? "").utf8), key: key)
  }
}

/// A reservation as the engine answers it.
struct HoldBody: Decodable, Sendable {
  struct Line: Decodable, Sendable {
    var productId: Int64
    var location: String
    var quantity: Int64
    var heldQuantity: Int64
    var fulfilledQuantity: Int64

    var key: EntryKey { EntryKey(productId, location) }
  }

  var reservationId: String
  var orderId: String
  var status: String
  var lines: [Line]

  /// What it asked for.
  var asked: [EntryKey: Int64] { sum(\.quantity) }
  var held: [EntryKey: Int64] { sum(\.heldQuantity).filter { $0.value != 0 } }

  private func sum(_ units: KeyPath<Line, Int64>) -> [EntryKey: Int64] {
    lines.reduce(into: [:]) { $0[$1.key, default: 0] += $1[keyPath: units] }
  }
}

extension Site {
  /// All reservations that are held, by their orders.
  ///
  /// - Throws: `FaultError` where two are held for one order.
  func openHolds() async throws -> [String: HoldBody] {
    struct Page: Decodable {
      var items: [HoldBody]
      var nextCursor: String?
    }
    let exchange = RetryingExchange(store)
    var holds: [String: HoldBody] = [:]
    let first = "\(HoldPath.all)?status=held&limit=500"
    var path = first
    while true {
      let page: Page = try await exchange.expect(HTTPRequest(.get, path)).decoded()
      for hold in page.items where holds.updateValue(hold, forKey: hold.orderId) != nil {
        throw FaultError("two reservations are held for order \(hold.orderId)")
      }
      guard let cursor = page.nextCursor else { return holds }
      path = "\(first)&cursor=\(cursor)"
    }
  }
}

extension RecordingClient {
  /// Asks for a cart: each of its lines is an attempt.
  ///
  /// - Returns: how it ended, and the reservation's id where it was made.
  func hold(_ cart: Cart) async -> (Ending, id: String?) {
    let sentAt = history.now
    var id: String?
    var refused: [EntryKey: Ending.Refused] = [:]
    let ending: Ending
    do throws(ClientError) {
      let answer = try await http.send(cart.request(key: nil))
      switch (answer.status, answer.code) {
      case (201, _):
        let hold: HoldBody? = try? answer.decoded()
        id = hold?.reservationId
        ending =
          hold?.held == cart.lines
          ? .done : .wrong("a reservation does not hold what was asked for")
      case (409, "insufficient_stock"):
        let body: ShortBody? = try? answer.decoded()
        for line in body?.lines ?? [] {
          refused[EntryKey(line.productId, line.location)] = .insufficientStock(
            requested: line.requested, available: line.available)
        }
        ending =
          refused.isEmpty || !Set(refused.keys).isSubset(of: cart.lines.keys)
          ? .wrong("a refused reservation does not name its short lines") : .refused(.otherLine)
      default:
        ending = Ending(unavailable: answer)
      }
    } catch {
      ending = Ending(error)
    }
    let endedAt = history.now
    history.record(
      cart.lines.map { key, units in
        Attempt(
          key, .reserve(units), sentAt: sentAt, endedAt: endedAt,
          refused[key].map { .refused($0) } ?? ending, isLine: true, isRepeated: repeats,
          hold: cart.id)
      })
    return (ending, id)
  }

  /// Ships or gives back all of a cart.
  func end(_ id: String, _ cart: Cart, byShipping: Bool) async -> Ending {
    let sentAt = history.now
    let ending: Ending
    do throws(ClientError) {
      let answer = try await http.send(
        HoldPath.end(id, by: byShipping ? "fulfill" : "release", key: nil))
      ending = answer.status == 200 ? .done : Ending(unavailable: answer)
    } catch {
      ending = Ending(error)
    }
    let endedAt = history.now
    history.record(
      cart.lines.map { key, units in
        Attempt(
          key, byShipping ? .fulfill(units) : .release(units), sentAt: sentAt, endedAt: endedAt,
          ending, isLine: true, isRepeated: repeats,
          hold: cart.id)
      })
    return ending
  }
}

/// A refused reservation.
private struct ShortBody: Decodable {
  struct Line: Decodable {
    var productId: Int64
    var location: String
    var requested: Int64
    var available: Int64
  }
  var lines: [Line]
}

extension Ending {
  /// Of an answer that is neither a yes nor a no.
  fileprivate init(unavailable answer: HTTPAnswer) {
    switch (answer.status, answer.code) {
    case (503, _) where answer.retryAfter == nil: self = .wrong("a 503 without Retry-After")
    case (503, "outcome_unknown"): self = .unknown("outcome_unknown")
    case (503, "store_unavailable"), (503, "overloaded"): self = .notDone(answer.code)
    default: self = .wrong("\(answer.status) \(answer.code)")
    }
  }
}
