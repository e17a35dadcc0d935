import StockCore
import StockFaults
import StockTools
import Testing

@Suite("As many event loops as there may be", .timeLimit(.minutes(10)))
struct LoopTests {
  @Test("the first requests on each of them are answered")
  func most() async throws {
    let engine = try await TestEngine(["--loops", "\(Ticket.maxLoops)", "--shards", "3"])
    let product = TestEngine.newProduct()
    let set = try await engine.inventory(
      "set", #"{"product_id": \#(product), "location": "MAIN", "quantity": 1000}"#)
    try #require(set.status == 200)
    // Connections go to the loops in turn: each loop gets one at least.
    var clients: [HTTPClient] = []
    for number in 0..<Ticket.maxLoops {
      let client = try await HTTPClient.start(
        url: engine.url,
        configuration: .init(
          connections: 1, depth: 1, timeout: .seconds(120), key: engine.adminKey))
      clients.append(client)
      let answer = try await client.send(
        HTTPRequest(
          .post, "/api/v1/store/inventory/reserve",
          json: #"{"product_id": \#(product), "location": "MAIN", "quantity": 1}"#))
      try #require(answer.status == 200, "connection \(number)")
    }
    let books = try await engine.call(.get, "/api/v1/store/inventory/product/\(product)")
    #expect(books.int("total_reserved") == Int64(clients.count))
    for client in clients { await client.close() }
    try await engine.stop()
  }
}
