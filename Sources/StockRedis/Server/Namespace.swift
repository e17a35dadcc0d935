public import StockCore

/// A namespace of keys in a Redis: how many shards it has, and that all of them are there.
public struct Namespace: Equatable, Sendable {
  public let keys: RedisKeys
  public let shardCount: Int
  /// This call made it, empty.
  public let isNew: Bool

  /// The version of the layout that this engine writes and reads.
  public static let layoutVersion = "1"

  public var shardMap: ShardMap { ShardMap(shardCount: shardCount) }

  /// Opens the namespace; makes it where nothing of it exists.
  ///
  /// A crash in the middle of making it is mended by the next call: the metas come first, the
  /// manifest last, and all of it may be repeated.
  ///
  /// - Parameters:
  ///   - connection: with its scripts loaded.
  ///   - newShardCount: for a namespace that is made now, 1 to `Bounds.maxShards`; one that exists
  ///     keeps its own.
  ///   - now: ms since 1970.
  /// - Throws: `RedisSetupError` (`dataLoss`, `otherVersion`, `refused`, `invalid`), or
  ///   `RedisConnectionError`.
  public static func open(
    _ keys: RedisKeys, on connection: RedisConnection, newShardCount: Int, now: Timestamp
  ) async throws -> Namespace {
    guard RedisKeys.isValid(namespace: keys.namespace) else {
      throw RedisSetupError(
        .invalid,
        "The namespace \"\(keys.namespace)\" must be 1 to 64 letters, digits, _ - . or :")
    }
    guard (1...Bounds.maxShards).contains(newShardCount) else {
      throw RedisSetupError(
        .invalid, "The number of shards must be 1 to \(Bounds.maxShards), not \(newShardCount).")
    }
    if let shards = try await manifest(keys, connection) {
      try await checkMetas(keys, shards, connection)
      return Namespace(keys: keys, shardCount: shards, isNew: false)
    }
    try await checkNothingIsLost(keys, connection)
    let shards = try await create(keys, newShardCount, now, connection)
    // Another engine may have made it at the same moment, with another number.
    try await checkMetas(keys, shards, connection)
    return Namespace(keys: keys, shardCount: shards, isNew: true)
  }

  /// The number of shards in the manifest; nil if there is none.
  ///
  /// - Throws: as `open`.
  public static func shardCount(
    _ keys: RedisKeys, on connection: RedisConnection
  ) async throws -> Int? {
    try await manifest(keys, connection)
  }

  /// Writes a manifest that was lost, for shards that are all there.
  ///
  /// - Parameters:
  ///   - connection: with its scripts loaded.
  ///   - now: ms since 1970.
  /// - Throws: as `open`.
  public static func writeManifest(
    _ keys: RedisKeys, shardCount: Int, now: Timestamp, on connection: RedisConnection
  ) async throws {
    guard try await manifest(keys, shardCount, now, connection) == shardCount else {
      throw RedisSetupError(.refused, "Somebody else wrote the manifest \(keys.manifest).")
    }
  }

  /// The number of shards in the manifest; nil if there is no manifest.
  private static func manifest(
    _ keys: RedisKeys, _ connection: RedisConnection
  ) async throws -> Int? {
    let fields = try await connection.call(["HMGET", keys.manifest, "version", "shards"])
      .orThrow(reading: keys.manifest).elements
    guard fields.count == 2, fields != [.null, .null] else { return nil }
    guard let version = fields[0].text else {
      throw RedisSetupError(
        .dataLoss, "The manifest \(keys.manifest) has no version: it is damaged, or not ours.")
    }
    guard version == layoutVersion else {
      throw RedisSetupError(
        .otherVersion,
        """
        \(keys.manifest) says that the data has layout version \(version); this engine knows \
        version \(layoutVersion) only.
        Use the engine that wrote it, or a newer one.
        """)
    }
    guard let shards = fields[1].integer, (1...Bounds.maxShards).contains(Int(shards)) else {
      throw RedisSetupError(
        .dataLoss,
        "The manifest \(keys.manifest) has no number of shards from 1 to \(Bounds.maxShards).")
    }
    return Int(shards)
  }

  private static func checkMetas(
    _ keys: RedisKeys, _ shards: Int, _ connection: RedisConnection
  ) async throws {
    let metas = (0..<shards).map(keys.meta) + [keys.controlMeta]
    let replies = try await connection.callAll(metas.map { ["HMGET", $0, "epoch", "sequence"] })
    var missing: [String] = []
    for (meta, reply) in zip(metas, replies) {
      let fields = try reply.orThrow(reading: meta).elements
      if fields.count != 2 || fields.contains(where: { $0.integer == nil }) { missing.append(meta) }
    }
    guard missing.isEmpty else {
      throw RedisSetupError(
        .dataLoss,
        """
        The namespace \(keys.namespace) has \(shards) shards, but Redis has lost \(missing.count) \
        of its metas: \(missing.prefix(5).joined(separator: ", "))\(missing.count > 5 ? " …" : "").
        This is data loss: restore Redis from its AOF or a backup. The engine does not start on a \
        part of the data.
        """)
    }
  }

  /// Refuses to make a namespace over the remains of one: they hold data, but no manifest.
  private static func checkNothingIsLost(
    _ keys: RedisKeys, _ connection: RedisConnection
  ) async throws {
    var found: [String] = []
    // The number of shards is lost with the manifest, so all that there can be are asked.
    for first in stride(from: 0, to: Bounds.maxShards, by: 512) {
      let shards = first..<min(first + 512, Bounds.maxShards)
      let sequences = try await connection.callAll(
        shards.map { ["HGET", keys.meta($0), "sequence"] })
      for (shard, reply) in zip(shards, sequences) {
        let sequence = try reply.orThrow(reading: keys.meta(shard))
        if sequence != .null, sequence.integer != 0 { found.append(keys.meta(shard)) }
      }
      let data = try await connection.callAll(
        shards.map {
          [
            "EXISTS", keys.entries($0), keys.products($0), keys.holds($0), keys.purchases($0),
            keys.ledger($0),
          ]
        })
      for (shard, reply) in zip(shards, data)
      where try reply.orThrow(reading: keys.entries(shard)).integer != 0 {
        found.append(keys.entries(shard))
      }
    }
    let control = try await connection.call(["EXISTS", keys.stores, keys.apiKeys, keys.counters])
    if try control.orThrow(reading: keys.stores).integer != 0 { found.append(keys.stores) }
    guard found.isEmpty else {
      throw RedisSetupError(
        .dataLoss,
        """
        Redis holds data of the namespace \(keys.namespace), but not its manifest \
        \(keys.manifest); found: \(found.prefix(5).joined(separator: ", "))\
        \(found.count > 5 ? " …" : "").
        This is data loss: restore Redis from its AOF or a backup, or take another namespace.
        """)
    }
  }

  private static func create(
    _ keys: RedisKeys, _ shards: Int, _ now: Timestamp, _ connection: RedisConnection
  ) async throws -> Int {
    let metas = (0..<shards).map(keys.meta) + [keys.controlMeta]
    // Fields that are there stay: another engine may be at it too, and have gone on to take them.
    let replies = try await connection.callAll(
      metas.flatMap { [["HSETNX", $0, "epoch", "0"], ["HSETNX", $0, "sequence", "0"]] })
    for reply in replies { try reply.orThrow(reading: "the shards' metas") }
    return try await manifest(keys, shards, now, connection)
  }

  /// Writes the manifest unless there is one.
  ///
  /// - Returns: the number of shards in it.
  private static func manifest(
    _ keys: RedisKeys, _ shards: Int, _ now: Timestamp, _ connection: RedisConnection
  ) async throws -> Int {
    guard let scripts = connection.scripts else {
      throw RedisSetupError(.invalid, "The connection has not loaded the scripts.")
    }
    let reply = try await connection.query({ buffer in
      buffer.writeScriptCall(.create, .hash, scripts, keys: 1, arguments: 3)
      buffer.writeRESPBulk(keys.manifest)
      buffer.writeRESPBulk(layoutVersion)
      buffer.writeRESPBulk(Int64(shards))
      buffer.writeRESPBulk(now)
    }) { RESPValue($0) }
    guard let held = try reply.orThrow(reading: keys.manifest).integer,
      (1...Bounds.maxShards).contains(Int(held))
    else {
      throw RedisSetupError(.refused, "Redis did not take the manifest \(keys.manifest).")
    }
    return Int(held)
  }
}

extension RESPValue {
  /// Turns an error reply into a `RedisSetupError`.
  @discardableResult
  func orThrow(reading what: String) throws(RedisSetupError) -> RESPValue {
    if case .error(let words) = self {
      throw RedisSetupError(.refused, "Redis refused a command on \(what): \(words)")
    }
    return self
  }
}
