import Foundation
import StockProcesses
public import StockTools
import Synchronization

/// A movement by its place in the ledger.
public struct MovementKey: Hashable, Comparable, Sendable {
  public var shard: Int
  public var number: Int64

  public init(shard: Int, number: Int64) {
    self.shard = shard
    self.number = number
  }

  public static func < (left: MovementKey, right: MovementKey) -> Bool {
    (left.shard, left.number) < (right.shard, right.number)
  }
}

/// Reads all movements since the beginning, and goes on where it was whenever its connection breaks.
public final class ResumingReader: Sendable {
  private struct State {
    var keys: [MovementKey] = []
    /// Events that are none: gaps, and data that makes no sense.
    var odd: [String] = []
    var lastID = ""
    var connections = 0
  }

  private let url: EngineURL
  private let path: String
  private let key: String?
  private let state = Mutex(State())
  private let stopped = StopSign()
  private let task = Mutex<Task<Void, Never>?>(nil)

  public init(url: EngineURL, path: String, key: String?) {
    self.url = url
    self.path = path
    self.key = key
  }

  /// - Throws: `FaultError` where the engine does not say where its ledger is.
  public func start() async throws {
    let now = try await EventStream.open(url, path, key: key)
    guard try await eventually(within: .seconds(60), { !now.lastEventID.isEmpty }) else {
      throw FaultError("a stream of events (\(now.status)) does not say where it begins")
    }
    await now.close()
    // One number a shard; behind a minus is what only a reader in the middle has.
    let shards = now.lastEventID.prefix { $0 != "-" }.split(separator: ".").count
    state.withLock { $0.lastID = Array(repeating: "0", count: shards).joined(separator: ".") }
    task.withLock { $0 = Task { await self.read() } }
  }

  /// The movements that came, in their order.
  public var keys: [MovementKey] { state.withLock { $0.keys } }
  public var odd: [String] { state.withLock { $0.odd } }
  public var connections: Int { state.withLock { $0.connections } }

  public func stop() async {
    stopped.set()
    let task = task.withLock { $0 }
    task?.cancel()
    await task?.value
  }

  private func read() async {
    while !stopped.isSet {
      let lastID = state.withLock { $0.lastID }
      guard
        let stream = try? await EventStream.open(url, path, key: key, lastEventID: lastID),
        stream.status == 200
      else {
        try? await Task.sleep(for: .milliseconds(50))
        continue
      }
      state.withLock { $0.connections += 1 }
      for await event in stream.events {
        take(event)
        if stopped.isSet { break }
      }
      await stream.close()
    }
  }

  private struct Body: Decodable {
    var shard: Int
    var number: Int64
  }

  private func take(_ event: ServerEvent) {
    let body = try? JSONDecoder().decode(Body.self, from: Data(event.data.utf8))
    state.withLock { state in
      state.lastID = event.id
      switch event.name {
      case "movement":
        if let body {
          state.keys.append(MovementKey(shard: body.shard, number: body.number))
        } else {
          state.odd.append(event.data)
        }
      case "low_stock", "out_of_stock", "back_in_stock": break
      default: state.odd.append("\(event.name): \(event.data)")
      }
    }
  }
}

extension Site {
  /// All movements that the engine tells, newest first.
  public func movementKeys() async throws -> [MovementKey] {
    struct Page: Decodable {
      struct Item: Decodable {
        var shard: Int
        var number: Int64
      }
      var items: [Item]
      var nextCursor: String?
    }
    let exchange = RetryingExchange(store)
    var keys: [MovementKey] = []
    var path = "/api/v1/store/inventory/movements?limit=500"
    let first = path
    while true {
      let page: Page = try await exchange.expect(HTTPRequest(.get, path)).decoded()
      keys += page.items.map { MovementKey(shard: $0.shard, number: $0.number) }
      guard let cursor = page.nextCursor else { return keys }
      path = "\(first)&cursor=\(cursor)"
    }
  }
}
