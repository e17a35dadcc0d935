import Logging
import NIOCore
import StockCore
import StockRedis

/// The manifest and the control keys held against memory, and written from it.
extension ControlWriter {
  /// - Parameter repair: what differs is written: the control keys, then the manifest. To be called
  ///   when all shards have been mended: without a manifest no engine starts on what there is.
  func verify(
    repair: Bool, shardCount: Int
  ) async throws(ControlError) -> VerifyReport.Control {
    do {
      let connection = try await verifyingConnection()
      var report = VerifyReport.Control()
      let isRestoring = try await checkMeta(&report, repair: repair, on: connection)
      // Redis is told of uses a minute late.
      for hash in Hash.allCases where hash != .uses {
        let changes = try await changes(of: hash, on: connection)
        // The texts are left out: digests are nobody's business.
        report.differences += changes.map {
          "\(hash) \($0.field): \($0.value == nil ? "not in memory" : "redis has not what memory has")"
        }
        guard repair else { continue }
        try await rewrite(hash, changes, on: connection)
        report.repairedCount += changes.count
      }
      if isRestoring {
        let meta = ShardMeta(ownership: ownership, sequence: 0, digest: 0, lastEntryNumber: 0)
        try await restore(.finish(meta), on: connection)
      }
      try await checkManifest(&report, repair: repair, shardCount: shardCount, on: connection)
      return report
    } catch {
      logger.error("cannot verify the control keys", metadata: ["error": "\(error)"])
      throw .storeUnavailable
    }
  }

  func checkNamespace(shardCount: Int) async throws(ControlError) {
    do {
      let connection = try await verifyingConnection()
      let held = try await Namespace.shardCount(configuration.keys, on: connection)
      guard held == nil || held == shardCount else {
        throw EngineError.unavailable("the manifest is of \(held ?? 0) shards")
      }
    } catch {
      logger.error("cannot repair", metadata: ["error": "\(error)"])
      throw .storeUnavailable
    }
  }

  /// A new connection has all written to it again, which cannot be done where `meta` is lost.
  private func verifyingConnection() async throws -> RedisConnection {
    if let connection = try? await readyConnection() { return connection }
    return try await readyConnection(rewriting: false)
  }

  /// - Returns: a restoration has begun.
  private func checkMeta(
    _ report: inout VerifyReport.Control, repair: Bool, on connection: RedisConnection
  ) async throws -> Bool {
    let key = configuration.keys.controlMeta
    let held = try await connection.query({ $0.writeReadMeta(key) }) { MetaReply(read: $0) }
    switch held {
    case .meta(let meta) where meta.ownership == ownership: return false
    case .meta, .fenced:
      throw EngineError.unavailable("another engine owns the control keys")
    case .missing: break
    case .notExecuted(_, let why), .failed(let why): throw EngineError.unavailable(why)
    }
    report.differences.append("meta of the control keys: not in redis")
    guard repair else { return false }
    try await restore(.begin, on: connection)
    return true
  }

  private func restore(_ step: RestoreStep, on connection: RedisConnection) async throws {
    let (meta, ownership) = (configuration.keys.controlMeta, ownership)
    // It has no ledger: the name is of a key that is never there.
    let ledger = "\(meta):log"
    let reply = try await connection.query({
      $0.writeRestore(meta: meta, ledger: ledger, ownership: ownership, step: step)
    }) { MendReply($0) }
    guard case .done = reply else {
      throw EngineError.unavailable("the control keys were not restored: \(reply)")
    }
  }

  private func checkManifest(
    _ report: inout VerifyReport.Control, repair: Bool, shardCount: Int,
    on connection: RedisConnection
  ) async throws {
    let held = try await Namespace.shardCount(configuration.keys, on: connection)
    guard held != shardCount else { return }
    report.differences.append(
      "manifest: redis has \(held.map { "\($0) shards" } ?? "none"), the engine \(shardCount) shards"
    )
    guard repair else { return }
    guard held == nil else {
      throw EngineError.unavailable("the manifest is of a namespace with \(held ?? 0) shards")
    }
    try await Namespace.writeManifest(
      configuration.keys, shardCount: shardCount, now: EngineClock.wall(), on: connection)
    report.repairedCount += 1
  }
}
