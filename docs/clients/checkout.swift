// A checkout in Swift: hold, pay, then fulfil or release. Only Foundation.
// Usage: swiftc -parse-as-library checkout.swift && STOCK_URL=… STOCK_KEY=… ./checkout ORDER PRODUCT QUANTITY

import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

struct Problem: Decodable, Error {
  var status: Int
  var code: String
  var detail: String
}

struct Reservation: Decodable {
  var reservation_id: String
  var status: String
}

struct Line: Encodable {
  var product_id: Int64
  var quantity: Int64
}

struct Cart: Encodable {
  var order_id: String
  var ttl_seconds = 900
  var lines: [Line]
}

struct Nothing: Encodable {}

struct NoAnswer: Error {
  var key: String
}

struct Shop {
  let reservations: String
  let key: String
  let timeout: Double

  /// Asks until there is an answer that settles it. The key stays the same, so the engine does it once
  /// however often it is asked: after a time-out, a lost connection, a 503, a 429, or while the
  /// first is running.
  func change(_ idempotencyKey: String, _ path: String, _ body: some Encodable) async throws
    -> Reservation
  {
    guard let url = URL(string: reservations + path) else { throw URLError(.badURL) }
    var request = URLRequest(url: url)
    request.httpMethod = "POST"
    request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
    request.setValue("application/json", forHTTPHeaderField: "Content-Type")
    request.setValue(idempotencyKey, forHTTPHeaderField: "Idempotency-Key")
    // The same bytes each time, also in another process: a key is good for one body.
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    request.httpBody = try encoder.encode(body)
    for attempt in 0..<6 {
      var wait = min(0.25 * Double(1 << attempt), 5)
      do {
        let (data, response) = try await send(request)
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        if (200..<300).contains(response.statusCode) {
          return try JSONDecoder().decode(Reservation.self, from: data)
        }
        let problem = try JSONDecoder().decode(Problem.self, from: data)
        guard [408, 429, 503].contains(problem.status) || problem.code == "idempotency_running" else {
          throw problem
        }
        wait = response.value(forHTTPHeaderField: "Retry-After").flatMap(Double.init) ?? wait
      } catch is URLError {
        // Lost, or too late: it may have been done, so it is asked again with the same key.
      }
      try await Task.sleep(nanoseconds: UInt64(wait * 1_000_000_000))
    }
    throw NoAnswer(key: idempotencyKey)
  }

  /// The time-out is ours: whatever the connection does, the caller hears of it.
  private func send(_ request: URLRequest) async throws -> (Data, URLResponse) {
    try await withThrowingTaskGroup(of: (Data, URLResponse).self) { group in
      group.addTask { try await URLSession.shared.data(for: request) }
      group.addTask {
        try await Task.sleep(nanoseconds: UInt64(timeout * 1_000_000_000))
        throw URLError(.timedOut)
      }
      defer { group.cancelAll() }
      guard let answer = try await group.next() else { throw URLError(.unknown) }
      return answer
    }
  }

  func checkout(
    order: String, product: Int64, quantity: Int64, pay: @Sendable () -> Bool
  ) async throws -> Reservation {
    let cart = Cart(order_id: order, lines: [Line(product_id: product, quantity: quantity)])
    let held = try await change("\(order):hold", "", cart)
    print("held \(held.reservation_id)")
    let step = pay() ? "fulfill" : "release"
    return try await change("\(order):\(step)", "/\(held.reservation_id)/\(step)", Nothing())
  }
}

@main
struct Checkout {
  static func main() async {
    let environment = ProcessInfo.processInfo.environment
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let product = Int64(arguments[2]), let quantity = Int64(arguments[3]),
      let url = environment["STOCK_URL"], let key = environment["STOCK_KEY"]
    else {
      print("usage: STOCK_URL=… STOCK_KEY=… checkout ORDER PRODUCT QUANTITY")
      exit(2)
    }
    let shop = Shop(
      reservations: url + "/api/v1/store/reservations", key: key,
      timeout: environment["TIMEOUT"].flatMap(Double.init) ?? 5)
    do {
      let done = try await shop.checkout(order: arguments[1], product: product, quantity: quantity) {
        environment["PAYMENT"] ?? "ok" == "ok"
      }
      print(done.status)
    } catch let problem as Problem {
      print("refused: \(problem.code): \(problem.detail)")
      exit(1)
    } catch {
      print("failed: \(error)")
      exit(1)
    }
  }
}
