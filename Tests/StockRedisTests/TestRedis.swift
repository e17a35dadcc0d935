import Foundation
import NIOCore
import StockCore
import StockLoop
import StockRedis
import Testing

/// A real redis-server on a unix socket in a fresh folder, for one test.
final class TestRedis: Sendable {
  let folder: TemporaryFolder
  let address: RedisAddress
  private let process: Process

  private init(_ arguments: [String]) throws {
    folder = try TemporaryFolder()
    address = RedisAddress(endpoint: .unix(path: folder.path + "/s"))
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/redis-server")
    process.arguments =
      [
        "--port", "0", "--unixsocket", folder.path + "/s", "--dir", folder.path, "--save", "",
        "--logfile", folder.path + "/log",
      ] + arguments
    process.standardOutput = FileHandle.nullDevice
    try process.run()
  }

  /// Runs `body` with a server and one connection to it, and stops both.
  static func with(
    _ arguments: [String] = [], user: (name: String?, password: String)? = nil,
    body: (TestRedis, RedisConnection) async throws -> Void
  ) async throws {
    let redis = try TestRedis(arguments)
    do {
      var address = redis.address
      address.username = user?.name
      address.password = user?.password
      let connection = try await redis.connectWhenReady(address)
      try await body(redis, connection)
      await connection.disconnect()
    } catch {
      redis.stop()
      throw error
    }
    redis.stop()
  }

  func connect(
    _ address: RedisAddress? = nil, loadScripts: Bool = true
  ) async throws -> RedisConnection {
    try await RedisConnection.connect(
      to: address ?? self.address, on: LoopGroup.shared.nextLoop(),
      loadScripts: loadScripts
    ).get()
  }

  func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

  private func connectWhenReady(_ address: RedisAddress) async throws -> RedisConnection {
    for _ in 0..<500 {
      do {
        return try await connect(address)
      } catch let error as RedisConnectionError
        where error.code == .unreachable || error.code == .notReady
      {
        try await Task.sleep(for: .milliseconds(10))
      }
    }
    throw RedisSetupError(.notStarting, "the test's redis-server did not start")
  }

  private func stop() {
    kill()
    process.waitUntilExit()
    folder.remove()
  }
}

/// A folder with a short path, since sockets go into it.
struct TemporaryFolder: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/stock-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw RedisSetupError(.invalid, "no temporary folder")
    }
    path = String(cString: made)
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}

/// One shard of a real Redis, owned and ready for batches.
struct TestShard {
  let connection: RedisConnection
  let keys: RedisKeys
  var ownership: Ownership
  let shard = 7
  static let locations = ["WAREHOUSE_A", "SHELF 3", "B"]

  /// Makes a namespace of eight shards and takes shard 7.
  init(_ connection: RedisConnection, namespace: String = "stock") async throws {
    self.connection = connection
    keys = RedisKeys(namespace: namespace)
    _ = try await Namespace.open(keys, on: connection, newShardCount: 8, now: 1)
    ownership = Ownership(owner: "engine-1", epoch: 0)
    ownership = try await take("engine-1")
  }

  @discardableResult
  func take(_ owner: String, minimumEpoch: Epoch = 0) async throws -> Ownership {
    let meta = keys.meta(shard)
    let scripts = try #require(connection.scripts)
    let reply = try await connection.query({
      $0.writeTake(meta: meta, owner: owner, minimumEpoch: minimumEpoch, scripts: scripts)
    }) { MetaReply(take: $0, owner: owner) }
    guard case .meta(let held) = reply else {
      throw RedisSetupError(.refused, "take: \(reply)")
    }
    return held.ownership
  }

  func commit(
    _ batch: Batch, form: ScriptForm = .hash, ownership: Ownership? = nil
  ) async throws -> CommitReply {
    let encoder = CommitEncoder(keys: keys, shard: shard)
    let scripts = try #require(connection.scripts)
    let owner = ownership ?? self.ownership
    return try await connection.query({ buffer in
      encoder.encode(batch, ownership: owner, form: form, scripts: scripts, into: &buffer) {
        Self.locations[Int($0)]
      }
    }) { CommitReply($0) }
  }

  func batch(
    _ sequence: Sequence64, digest: UInt64 = 0xABC, entries: [EntryChange] = [],
    products: [ProductChange] = []
  ) -> Batch {
    Batch(
      previous: sequence - 1, sequence: sequence, digest: digest, lastEntryNumber: 42,
      entries: entries, products: products)
  }

  func heldEntries() async throws -> [String: String] {
    try await held(keys.entries(shard))
  }

  func held(_ key: String) async throws -> [String: String] {
    let elements = try await connection.call(["HGETALL", key]).elements
    var fields: [String: String] = [:]
    for index in stride(from: 0, to: elements.count, by: 2) {
      fields[elements[index].text ?? "?"] = elements[index + 1].text ?? "?"
    }
    return fields
  }
}

func entryValue(
  _ quantity: Int64, _ reserved: Int64, version: Int64 = 1, location: LocationID = 0,
  gtin: GTIN = .none
) -> EntryValue {
  EntryValue(
    quantity: quantity, reserved: reserved, version: version, createdAt: 1_291_190_400_000,
    updatedAt: 1_291_190_460_000, gtin: gtin, location: location)
}

/// A movement that brings an entry to these counters.
func movement(
  _ kind: Movement.Kind, _ product: ProductID, quantity: Int64 = 0, reserved: Int64 = 0,
  after: (Int64, Int64)? = nil, location: LocationID = 0, note: Int32 = -1
) -> Movement {
  Movement(
    kind: kind, product: product, store: 1, location: location, quantityChange: quantity,
    reservedChange: reserved, quantityAfter: after?.0 ?? quantity,
    reservedAfter: after?.1 ?? reserved, actor: 3, occurredAt: 1_291_190_400_000, note: note)
}

/// Bytes as `read` sees them in a reply.
func withBytes<Value>(
  _ text: String, _ read: (UnsafeBufferPointer<UInt8>) throws(RecordError) -> Value
) throws -> Value {
  var text = text
  return try text.withUTF8 { try read($0) }
}

func productValue(version: Int64 = 1, title: String = "") -> ProductValue {
  ProductValue(
    store: 1, type: .physical, title: title, version: version, createdAt: 1_291_190_400_000,
    updatedAt: 1_291_190_460_000)
}
