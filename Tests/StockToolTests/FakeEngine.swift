import Foundation
import StockTools
import Synchronization

/// An engine in a few lines, as far as import and replay ask it, with faults to order.
final class FakeEngine: Exchange {
  struct Counters { var quantity = 0, reserved = 0 }

  struct Product {
    var store: Int
    var sku: String
    var title: String
    var type: String
  }

  struct State {
    var stores: Set<Int> = []
    var products: [Int: Product] = [:]
    var entries: [String: Counters] = [:]
    var requests: [String] = []
    var batches = 0
  }

  /// What becomes of the batch request with this number, from 1.
  enum Fault { case lostBefore, lostAfter, storeUnavailable, losesAUnit, lineOverloaded }

  private let state = Mutex(State())
  private let faults: [Int: Fault]

  init(faults: [Int: Fault] = [:]) { self.faults = faults }

  func withState<Value: Sendable>(_ work: (inout State) -> Value) -> Value {
    state.withLock { work(&$0) }
  }

  func entry(_ product: Int, _ location: String) -> String {
    withState { state in
      state.entries["\(product) \(location)"].map { "\($0.quantity)/\($0.reserved)" } ?? "none"
    }
  }

  func send(_ request: HTTPRequest) async throws(ClientError) -> HTTPAnswer {
    let path = request.path.split(separator: "?")[0].split(separator: "/").map(String.init)
    let outcome: Result<HTTPAnswer, ClientError> = withState { state in
      let body = (try? JSONSerialization.jsonObject(with: Data(request.body))) as? [String: Any]
      state.requests.append("\(request.method.rawValue) \(request.path)")
      switch (request.method, path.dropFirst(2).first, path.last) {
      case (.post, _, "batch"):
        return batch(body?["operations"] as? [[String: Any]] ?? [], &state)
      case (.put, _, let last?):
        guard let id = Int(last) else { return .success(HTTPAnswer(status: 400)) }
        if path.contains("stores") { state.stores.insert(id) }
        if path.contains("products") {
          if body?["sku"] as? String == "REFUSED" {
            return .success(answer(400, ["code": "invalid_request"]))
          }
          state.products[id] = Product(
            store: body?["store_id"] as? Int ?? 0, sku: body?["sku"] as? String ?? "",
            title: body?["title"] as? String ?? "",
            type: body?["product_type"] as? String ?? "")
        }
        return .success(answer(201, [:]))
      case (.get, _, "products"):
        let items = state.products.sorted { $0.key < $1.key }.map { id, product in
          [
            "id": id, "store_id": product.store, "sku": product.sku, "title": product.title,
            "gtin": NSNull(), "product_type": product.type,
          ] as [String: Any]
        }
        return .success(answer(200, ["items": items, "next_cursor": NSNull()]))
      case (.get, "store", let last?):
        let entries = state.entries.filter { $0.key.hasPrefix("\(last) ") }.map { key, value in
          [
            "location": String(key.split(separator: " ", maxSplits: 1)[1]),
            "quantity": value.quantity, "reserved_quantity": value.reserved,
          ] as [String: Any]
        }
        return .success(answer(200, ["locations": entries]))
      case (.get, _, let last?):
        let isThere = Int(last).map { state.stores.contains($0) } ?? false
        return .success(answer(isThere ? 200 : 404, ["code": "store_not_found"]))
      default:
        return .success(answer(404, ["code": "not_found"]))
      }
    }
    return try outcome.get()
  }

  private func batch(
    _ operations: [[String: Any]], _ state: inout State
  ) -> Result<HTTPAnswer, ClientError> {
    state.batches += 1
    let fault = faults[state.batches]
    if fault == .lostBefore { return .failure(.outcomeUnknown("lost")) }
    if fault == .storeUnavailable { return .success(answer(503, ["code": "store_unavailable"])) }
    let applied = fault == .lineOverloaded ? operations.dropLast() : operations[...]
    var results = applied.map { operation in result(apply(operation, &state)) }
    switch fault {
    case .lostAfter: return .failure(.outcomeUnknown("lost"))
    case .losesAUnit:
      let first = operations[0]
      state.entries["\(first["product_id"] ?? "") \(first["location"] ?? "")"]?.quantity -= 1
    case .lineOverloaded:
      results.append(["status": 503, "code": "overloaded"])
    case .lostBefore, .storeUnavailable, nil: break
    }
    return .success(answer(200, ["results": results]))
  }

  private func result(_ code: String?) -> [String: Any] {
    guard let code else { return ["status": 200, "locations": [["}": "\"]"]]] }
    return ["detail": "a \"quoted\" ]} reason", "status": 409, "code": code]
  }

  private func apply(_ operation: [String: Any], _ state: inout State) -> String? {
    let product = operation["product_id"] as? Int ?? 0
    let quantity = operation["quantity"] as? Int ?? 0
    let kind = operation["op"] as? String ?? ""
    guard let record = state.products[product] else { return "product_not_found" }
    if record.type != "physical", kind != "set", kind != "adjust" {
      return nil
    }
    let key = "\(product) \(operation["location"] ?? "")"
    var entry = state.entries[key] ?? Counters()
    switch kind {
    case "set":
      guard quantity >= entry.reserved else { return "below_reserved" }
      entry.quantity = quantity
    case "adjust":
      guard entry.quantity + quantity >= entry.reserved else { return "insufficient_stock" }
      entry.quantity += quantity
    case "reserve":
      guard entry.quantity - entry.reserved >= quantity else { return "insufficient_stock" }
      entry.reserved += quantity
    case "release", "fulfill":
      guard entry.reserved >= quantity else { return "insufficient_reserved" }
      entry.reserved -= quantity
      if kind == "fulfill" { entry.quantity -= quantity }
    default: return "invalid_request"
    }
    state.entries[key] = entry
    return nil
  }

  private func answer(_ status: Int, _ body: [String: Any]) -> HTTPAnswer {
    let bytes = (try? JSONSerialization.data(withJSONObject: body)).map { [UInt8]($0) } ?? []
    return HTTPAnswer(status: status, body: bytes)
  }
}
