import StockCore
import StockRedis

/// Reads the shards' ledgers from Redis. An entry of such a stream is one batch of movements; its id
/// begins with the number of the last of them, so that a number finds its batch.
struct LedgerReader: Sendable {
  /// Movements that one read of the stream aims at.
  static let movementsPerRead = 1_000
  /// Batches that one read of the stream asks for at most.
  static let batchesPerRead = 256

  let keys: RedisKeys
  let connection: ColdConnection

  init(configuration: EngineConfiguration) {
    keys = configuration.keys
    connection = ColdConnection(address: configuration.address)
  }

  func stop() async { await connection.stop() }

  /// `Engine.ledger(of:after:limit:)`.
  func batches(
    of shard: ShardID, after number: Int64, limit: Int
  ) async throws(EngineError) -> [LedgerBatch] {
    guard number < .max else { return [] }
    return try await connection.turn { () async throws(EngineError) in
      var batches: [LedgerBatch] = []
      var last = number
      var pace = ReadPace()
      while pace.movements < limit {
        let count = pace.batches(for: limit - pace.movements)
        var read = try await forward(shard, from: last + 1, count: count)
        if batches.isEmpty, !read.isEmpty {
          // The first one may have begun before what is wanted.
          read[0].entries.removeAll { $0.number <= number }
        }
        pace.note(read)
        if let end = read.last?.entries.last { last = end.number }
        batches += read
        if read.count < count { break }
      }
      return batches
    }
  }

  /// Up to `count` batches in their order, from the one on that has the movement `number`.
  func forward(
    _ shard: ShardID, from number: Int64, count: Int
  ) async throws(EngineError) -> [LedgerBatch] {
    try await read(
      ["XRANGE", keys.ledger(shard), "\(number)-0", "+", "COUNT", "\(count)"], of: shard)
  }

  /// Up to `count` batches, the newest first, all of whose movements are before `number`; nil: before
  /// what comes next.
  func backward(
    _ shard: ShardID, before number: Int64?, count: Int
  ) async throws(EngineError) -> [LedgerBatch] {
    let end = number.map { "\($0)-0" } ?? "+"
    return try await read(
      ["XREVRANGE", keys.ledger(shard), end, "-", "COUNT", "\(count)"], of: shard)
  }

  private func read(_ words: [String], of shard: ShardID) async throws(EngineError) -> [LedgerBatch]
  {
    try await connection.ask(words) { reply in
      guard !reply.isError else { return .failure(.unavailable("redis: \(reply)")) }
      do throws(RecordError) {
        return .success(try LedgerReply.decode(reply, shard: shard))
      } catch {
        return .failure(.unavailable("the ledger of shard \(shard): \(error)"))
      }
    }
  }
}

/// How many batches to ask for next, by how many movements those before had: batches are of one
/// movement, or of thousands.
struct ReadPace {
  private(set) var movements = 0
  private var batches = 0

  mutating func note(_ read: [LedgerBatch]) {
    batches += read.count
    for batch in read { movements += batch.entries.count }
  }

  /// - Parameter wanted: movements that are still of use.
  func batches(for wanted: Int) -> Int {
    guard batches > 0 else { return 4 }
    let average = max(1, movements / batches)
    let aim = min(wanted, LedgerReader.movementsPerRead)
    return min(max(1, (aim + average - 1) / average), LedgerReader.batchesPerRead)
  }
}
