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
    /// Its stock policy: members of a JSON object, by name.
    var policy = ""
  }

  struct Hold {
    var lines: [(entry: String, product: Int, quantity: Int)]
    /// Its time is over at once.
    var isShort: Bool
    var isOpen = true
  }

  struct State {
    var stores: Set<Int> = []
    var products: [Int: Product] = [:]
    var entries: [String: Counters] = [:]
    var requests: [String] = []
    /// Batches and requests for reservations, repeated ones too.
    var mutations = 0
    var holds: [String: Hold] = [:]
    /// Answers by idempotency key.
    var answers: [String: HTTPAnswer] = [:]
    /// Codes of batches' lines by idempotency key and place: each line is done once.
    var lineCodes: [String: String?] = [:]
    /// Bodies of requests for reservations, and what batches said of their reasons.
    var notes: [String] = []
  }

  /// What becomes of the batch or reservation with this number, from 1.
  enum Fault {
    case lostBefore, lostAfter, storeUnavailable, stillRunning, losesAUnit, lineOverloaded
  }

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
      case (.post, "store", "batch"), (.post, "store", "reservations"), (.post, "store", "fulfill"),
        (.post, "store", "release"):
        return mutate(request, path, body ?? [:], &state)
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
            type: body?["product_type"] as? String ?? "", policy: Self.policy(of: body ?? [:]))
        }
        return .success(answer(201, [:]))
      case (.get, _, "products"):
        let items = state.products.sorted { $0.key < $1.key }.map { id, product in
          Self.object(product.policy).merging([
            "id": id, "store_id": product.store, "sku": product.sku, "title": product.title,
            "gtin": NSNull(), "product_type": product.type,
          ]) { $1 }
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

  private static let policyNames = [
    "low_stock_threshold", "safety_stock", "backorder_limit", "purchase_limit",
  ]

  /// What a body says of the policy; what it leaves out is cleared.
  private static func policy(of body: [String: Any]) -> String {
    let given = body.filter { policyNames.contains($0.key) && !($0.value is NSNull) }
    let json = try? JSONSerialization.data(withJSONObject: given, options: .sortedKeys)
    return String(decoding: json ?? Data(), as: UTF8.self)
  }

  private static func object(_ json: String) -> [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(json.utf8))) as? [String: Any] ?? [:]
  }

  /// Everything that may fail, and is done once a key.
  private func mutate(
    _ request: HTTPRequest, _ path: [String], _ body: [String: Any], _ state: inout State
  ) -> Result<HTTPAnswer, ClientError> {
    state.mutations += 1
    let fault = faults[state.mutations]
    if fault == .lostBefore { return .failure(.outcomeUnknown("lost")) }
    if fault == .storeUnavailable { return .success(answer(503, ["code": "store_unavailable"])) }
    if fault == .stillRunning { return .success(answer(409, ["code": "idempotency_running"])) }
    let key = request.headers.first { $0.name == "Idempotency-Key" }?.value
    if let key, let first = state.answers[key] { return .success(first) }
    let answer: HTTPAnswer
    switch path.last {
    case "batch":
      answer = batch(body["operations"] as? [[String: Any]] ?? [], key, fault, &state)
    case "reservations": answer = hold(body, &state)
    default: answer = end(path[path.count - 2], isFulfil: path.last == "fulfill", fault, &state)
    }
    if let key, fault != .lineOverloaded { state.answers[key] = answer }
    return fault == .lostAfter ? .failure(.outcomeUnknown("lost")) : .success(answer)
  }

  private func hold(_ body: [String: Any], _ state: inout State) -> HTTPAnswer {
    state.notes.append(
      "hold \(body["order_id"] ?? "-") \(body["customer_id"] ?? "-") \(body["ttl_seconds"] ?? "-")")
    let before = state
    var refused: [[String: Any]] = []
    var held: [(entry: String, product: Int, quantity: Int)] = []
    for line in body["lines"] as? [[String: Any]] ?? [] {
      let operation = line.merging(["op": "reserve"]) { $1 }
      if let code = apply(operation, &state) {
        refused.append(["product_id": line["product_id"] ?? 0, "code": code])
        continue
      }
      let product = line["product_id"] as? Int ?? 0
      held.append(
        ("\(product) \(line["location"] ?? "")", product, line["quantity"] as? Int ?? 0))
    }
    guard refused.isEmpty else {
      state = before
      return answer(409, ["code": "insufficient_stock", "lines": refused])
    }
    let id = "r0-\(state.holds.count)"
    state.holds[id] = Hold(lines: held, isShort: body["ttl_seconds"] as? Int == 0)
    return answer(201, ["reservation_id": id, "status": "held"])
  }

  private func end(
    _ id: String, isFulfil: Bool, _ fault: Fault?, _ state: inout State
  ) -> HTTPAnswer {
    guard let hold = state.holds[id] else {
      return answer(404, ["code": "reservation_not_found"])
    }
    guard hold.isOpen else { return answer(409, ["code": "reservation_closed"]) }
    close(id, isFulfil: isFulfil, &state)
    if fault == .losesAUnit { state.entries[hold.lines[0].entry]?.quantity -= 1 }
    return answer(200, ["reservation_id": id])
  }

  private func close(_ id: String, isFulfil: Bool, _ state: inout State) {
    state.holds[id]?.isOpen = false
    for line in state.holds[id]?.lines ?? [] where state.products[line.product]?.type == "physical"
    {
      state.entries[line.entry]?.reserved -= line.quantity
      if isFulfil { state.entries[line.entry]?.quantity -= line.quantity }
    }
  }

  /// What time does to all reservations that are still open.
  func expireShort() {
    withState { state in
      for (id, hold) in state.holds where hold.isOpen && hold.isShort {
        close(id, isFulfil: false, &state)
      }
    }
  }

  private func batch(
    _ operations: [[String: Any]], _ key: String?, _ fault: Fault?, _ state: inout State
  ) -> HTTPAnswer {
    for operation in operations {
      if let reason = operation["reason"] as? String {
        state.notes.append(
          "\(operation["op"] ?? "") \(reason) \(operation["reference"] ?? "-")")
      }
    }
    let applied = fault == .lineOverloaded ? operations.dropLast() : operations[...]
    var results = applied.enumerated().map { place, operation in
      guard let key else { return result(apply(operation, &state)) }
      if let first = state.lineCodes["\(key) \(place)"] { return result(first) }
      let code = apply(operation, &state)
      state.lineCodes["\(key) \(place)"] = .some(code)
      return result(code)
    }
    if fault == .lineOverloaded { results.append(["status": 503, "code": "overloaded"]) }
    return answer(200, ["results": results])
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
