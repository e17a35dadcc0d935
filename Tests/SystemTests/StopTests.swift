import Foundation
import StockFaults
import StockProcesses
import StockTools
import Synchronization
import Testing

/// SIGTERM to a real engine in the middle of load.
@Suite("An engine that is told to stop", .timeLimit(.minutes(5)))
struct StopTests {
  /// What the buyers saw, together.
  private final class Seen: Sendable {
    struct Counts {
      var accepted = 0
      var farewells = 0
      var endings: [String] = []
      var running = 0
    }
    let counts = Mutex(Counts())
  }

  @Test("what it has accepted is answered and kept; it ends by itself, and its Redis with it")
  func underLoad() async throws {
    var options = EngineProcess.Options(binary: try StockBinary.find(), port: try Port.free())
    options.arguments = ["--min-ttl", "1s"]
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    let url = try await engine.url
    let key = engine.adminKey
    let client = try await HTTPClient.start(
      url: url, configuration: .init(connections: 1, depth: 1, timeout: .seconds(60), key: key))
    let product = try await client.send(
      HTTPRequest(.put, "/api/v1/admin/products/1", json: #"{"store_id": 1}"#))
    try #require(product.status == 201)
    let made = try await client.send(
      HTTPRequest(
        .post, "/api/v1/store/inventory/set",
        json: #"{"product_id": 1, "location": "MAIN", "quantity": 1000000000}"#))
    try #require(made.status == 200)
    await client.close()

    let seen = Seen()
    let port = url.port
    let buyers = 16
    seen.counts.withLock { $0.running = buyers }
    for _ in 0..<buyers {
      Thread.detachNewThread {
        self.buy(port: port, request: RawConnection.reserve(1, key: key), seen)
      }
    }
    let isUnderWay = try await eventually(within: .seconds(60)) {
      seen.counts.withLock { $0.accepted > 200 }
    }
    try #require(isUnderWay)
    try #require(engine.redisPID != nil)
    // Throws if it has to be killed, or ends with another status than 0.
    try await engine.stop(within: .seconds(60))
    #expect(engine.redisPID == nil)
    let isOver = try await eventually(within: .seconds(60)) {
      seen.counts.withLock { $0.running == 0 }
    }
    try #require(isOver)

    let (accepted, farewells, endings) = seen.counts.withLock {
      ($0.accepted, $0.farewells, $0.endings)
    }
    #expect(farewells > 0, "somebody was told that the connection ends")
    #expect(endings == [], "every answer was a 2xx, or the 503 of a connection that came too late")

    try await engine.start(within: .seconds(120))
    let again = try await HTTPClient.start(
      url: url, configuration: .init(connections: 1, depth: 1, timeout: .seconds(60), key: key))
    let books = SystemTests.Seen(
      try await again.send(HTTPRequest(.get, "/api/v1/store/inventory/product/1")))
    // All that was answered, and nothing that was not.
    #expect(books.int("total_reserved") == Int64(accepted))
    await again.close()
    try await engine.stop(within: .seconds(60))
  }

  @Test("a terminal that is closed stops it in order, unless nohup keeps that from it")
  func hangUp() async throws {
    var options = EngineProcess.Options(binary: try StockBinary.find())
    // Whatever these tests are run by may ignore it.
    options.wrapper = ["/usr/bin/env", "--default-signal=HUP"]
    let engine = try EngineProcess(options)
    try await engine.start(within: .seconds(120))
    kill(try #require(await engine.pid), SIGHUP)
    let isOver = try await eventually(within: .seconds(60)) { await !engine.isRunning }
    try #require(isOver)
    #expect(await engine.exitStatus == 0)
    #expect(engine.redisPID == nil)

    options.wrapper = ["/usr/bin/nohup"]
    let lasting = try EngineProcess(options)
    try await lasting.start(within: .seconds(120))
    kill(try #require(await lasting.pid), SIGHUP)
    let client = try await HTTPClient.start(
      url: try await lasting.url,
      configuration: .init(
        connections: 1, depth: 1, timeout: .seconds(60), key: lasting.adminKey))
    for _ in 0..<20 {
      try await Task.sleep(for: .milliseconds(20))
      #expect(try await client.send(HTTPRequest(.get, "/readyz")).status == 200)
    }
    await client.close()
    try await lasting.stop(within: .seconds(60))
  }

  @Test("while it waits for its Redis it stops too, and leaves what it only found")
  func whileStarting() async throws {
    let engine = try EngineProcess(EngineProcess.Options(binary: try StockBinary.find()))
    try await engine.start(within: .seconds(120))
    try await engine.kill()
    let redis = try #require(engine.redisPID)
    kill(redis, SIGSTOP)
    defer { kill(redis, SIGKILL) }
    let start = Task { try await engine.start(within: .seconds(120)) }
    let isUp = try await eventually(within: .seconds(60)) { await engine.isRunning }
    try #require(isUp)
    // That it waits is seen in no file: it may take a moment until it takes signals.
    try await Task.sleep(for: .seconds(2))
    // Throws if it has to be killed, or ends with another status than 0.
    try await engine.stop(within: .seconds(30))
    await #expect(throws: ProcessError.self) { try await start.value }
    #expect(engine.redisPID == redis)
  }

  /// Buys until the engine says goodbye, or is gone.
  private func buy(port: Int, request: String, _ seen: Seen) {
    defer { seen.counts.withLock { $0.running -= 1 } }
    guard let connection = RawConnection(port: port) else { return }
    while true {
      switch connection.ask(request) {
      case .answer(let status, let closes):
        seen.counts.withLock {
          if status == 200 {
            $0.accepted += 1
          } else if status != 503 {
            $0.endings.append("\(status)")
          }
          if closes { $0.farewells += 1 }
        }
        if closes { return }
      case .closed, .reset:
        // It came when the engine had given the connection up: that it had no effect, the books show.
        return
      }
    }
  }
}
