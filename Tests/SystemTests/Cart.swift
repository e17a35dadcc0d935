import Foundation
import StockFaults
import StockTools
import Testing

/// A line of a reservation, as tests write it.
struct CartLine: Equatable {
  var product: Int64
  /// nil: the engine chooses.
  var location: String?
  var quantity: Int64

  init(_ product: Int64, _ location: String? = "MAIN", _ quantity: Int64) {
    self.product = product
    self.location = location
    self.quantity = quantity
  }

  var json: String {
    let place = location.map { #", "location": "\#($0)""# } ?? ""
    return #"{"product_id": \#(product)\#(place), "quantity": \#(quantity)}"#
  }
}

extension [CartLine] {
  /// `"lines": […]`.
  var json: String { "\"lines\": [" + map(\.json).joined(separator: ", ") + "]" }
}

/// What tests of reservations need: products of their own, and carts.
extension TestEngine {
  static let reservations = "/api/v1/store/reservations"

  /// A new product of store 1.
  ///
  /// - Parameters:
  ///   - members: of its record, besides the store: `"safety_stock": 3`.
  ///   - stock: units by location.
  func product(_ members: String = "", stock: [String: Int64] = ["MAIN": 10]) async throws -> Int64
  {
    let id = Self.newProduct()
    try await describe(id, members)
    for (location, quantity) in stock.sorted(by: { $0.key < $1.key }) {
      let set = try await inventory(
        "set", #"{"product_id": \#(id), "location": "\#(location)", "quantity": \#(quantity)}"#)
      try #require(set.status == 200, "\(set.bodyText)")
    }
    return id
  }

  /// Replaces a product's record.
  func describe(_ product: Int64, _ members: String) async throws {
    let body = #"{"store_id": 1"# + (members.isEmpty ? "" : ", \(members)") + "}"
    let put = try await call(.put, "/api/v1/admin/products/\(product)", body, as: .admin)
    try #require(put.status == 200 || put.status == 201, "\(put.bodyText)")
  }

  /// Two products on different shards, each with its stock at MAIN.
  func productsOnTwoShards(stock: Int64 = 10) async throws -> (Int64, Int64) {
    func shard(_ product: Int64) async throws -> String? {
      try await inventory(
        "set", #"{"product_id": \#(product), "location": "MAIN", "quantity": \#(stock)}"#
      ).answer.header("X-Stock-Shard")
    }
    let first = try await product(stock: ["MAIN": stock])
    let home = try await shard(first)
    for _ in 0..<64 {
      let second = try await product(stock: ["MAIN": stock])
      if try await shard(second) != home { return (first, second) }
    }
    throw FaultError("all of 64 products are on one shard")
  }

  /// "MAIN 10/3, WEST 5/0": quantity and reserved, by location.
  func counters(_ product: Int64) async throws -> String {
    let seen = try await call(.get, "/api/v1/store/inventory/product/\(product)")
    let entries = seen.items("locations").map { entry in
      "\(entry["location"] ?? "-") \(entry["quantity"] ?? "-")/\(entry["reserved_quantity"] ?? "-")"
    }
    return entries.sorted().joined(separator: ", ")
  }

  /// A new order's id.
  static func newOrder() -> String { "order-\(newProduct())" }

  /// - Parameter members: more of the body: `"customer_id": "C1"`.
  func hold(
    _ order: String, _ lines: [CartLine], ttl: Int? = nil, _ members: String = "",
    as role: Role = .store, key: String? = nil
  ) async throws -> Seen {
    var body = #"{"order_id": "\#(order)", \#(lines.json)"#
    if let ttl { body += #", "ttl_seconds": \#(ttl)"# }
    if !members.isEmpty { body += ", \(members)" }
    return try await call(
      .post, Self.reservations, body + "}", as: role,
      headers: key.map { [("Idempotency-Key", $0)] } ?? [])
  }

  /// fulfill, release: all, or some lines. extend: with `"ttl_seconds": …`.
  func reservation(
    _ id: String, _ call: String, _ members: String = "", as role: Role = .store
  ) async throws -> Seen {
    try await self.call(
      .post, "\(Self.reservations)/\(id)/\(call)", members.isEmpty ? "" : "{\(members)}", as: role)
  }

  func reservation(_ id: String) async throws -> Seen {
    try await call(.get, "\(Self.reservations)/\(id)")
  }
}

extension Seen {
  /// The reservation's id.
  var id: String { text("reservation_id") ?? "-" }

  /// "held 7@MAIN 5=3+2+0": the status, and of each line what was asked for, and of that what is held,
  /// fulfilled and released.
  var cart: String {
    let lines = items("lines").map { line in
      let place = line["location"] as? String ?? "-"
      return "\(line["product_id"] ?? "-")@\(place) \(line["quantity"] ?? "-")="
        + ["held", "fulfilled", "released"].map { "\(line["\($0)_quantity"] ?? "-")" }
        .joined(separator: "+")
    }
    return ([text("status") ?? "-"] + lines).joined(separator: " ")
  }

  /// "7@MAIN insufficient_stock 5>3": each line that could not be had.
  var shortLines: [String] {
    items("lines").map { line in
      var text =
        "\(line["product_id"] ?? "-")@\(line["location"] as? String ?? "-") \(line["code"] ?? "-")"
      if let requested = line["requested"], let available = line["available"] {
        text += " \(requested)>\(available)"
      }
      return text
    }
  }

  /// Seconds from one time to another, both members of the answer.
  func seconds(from: String, to: String) -> Double? {
    guard let from = time(from), let to = time(to) else { return nil }
    return to.timeIntervalSince(from)
  }

  func time(_ name: String) -> Date? { text(name).flatMap(Seen.parse) }

  static func parse(_ text: String) -> Date? {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    return formatter.date(from: text) ?? ISO8601DateFormatter().date(from: text)
  }

  /// What an idempotent repeat must give again, byte for byte.
  var firstAnswer: String {
    let headers = ["X-Stock-Shard", "X-Stock-Sequence", "Location", "ETag", "Content-Type"].map {
      "\($0): \(answer.header($0) ?? "-")"
    }
    return "\(status)\n\(headers.joined(separator: "\n"))\n\(bodyText)"
  }

  var isReplayed: Bool { answer.header("Idempotency-Replayed") == "true" }
}
