import Logging
import NIOCore
import StockCore
import StockLoop
import StockRedis

/// Hears what the link has to say. Always on the loop, never from inside a call to the link.
protocol ShardLinkEvents: AnyObject {
  func linkReplied(_ shard: ShardID, _ reply: CommitReply)
  func linkReadMeta(_ shard: ShardID, _ meta: ShardMeta?)
  /// What was answered to an idempotency key before; or that it cannot be read.
  func linkReplayed(_ answer: Answer)
  /// The connection is gone; nothing that was sent will be replied to.
  func linkLost()
  func linkReady()
}

/// The connection to Redis of one loop's shards: makes it, and makes it anew when it is gone.
/// Not Sendable: everything happens on the loop.
final class ShardLink {
  let loop: LoopThread
  let owner: String
  let keys: RedisKeys
  let loadTimeout: TimeAmount
  private let address: RedisAddress
  private let durability: Durability
  private let ledgerLength: Int64
  private let revive: (@Sendable () async -> Void)?
  private weak var events: (any ShardLinkEvents)?
  private let logger: Logger

  /// nil while there is none.
  private(set) var connection: RedisConnection?
  private var encoders: [ShardID: CommitEncoder] = [:]
  private var isStopped = false
  private var attempts = 0
  private(set) var counts = CommitCounts()

  init(
    loop: LoopThread, configuration: EngineConfiguration, owner: String,
    events: any ShardLinkEvents, logger: Logger
  ) {
    self.loop = loop
    self.owner = owner
    self.keys = configuration.keys
    self.loadTimeout = configuration.loadTimeout
    self.address = configuration.address
    self.durability = configuration.durability
    self.ledgerLength = configuration.shard.ledgerLength
    self.revive = configuration.reviveRedis
    self.events = events
    self.logger = logger
  }

  // MARK: Connecting

  func start() { connect() }

  func stop() {
    isStopped = true
    connection?.close()
  }

  private func connect() {
    guard !isStopped else { return }
    let bound = NIOLoopBound(self, eventLoop: loop)
    RedisConnection.connect(to: address, on: loop, connectTimeout: .seconds(2)).whenComplete {
      bound.value.connected($0)
    }
  }

  private func connected(_ result: Result<RedisConnection, any Error>) {
    switch result {
    case .success(let connection):
      guard !isStopped else { return connection.close() }
      if attempts > 0 {
        logger.notice("connected to redis again", metadata: ["after": "\(attempts)"])
      }
      attempts = 0
      self.connection = connection
      connection.onClose = { [weak self] error in self?.closed(error) }
      if self.connection != nil { events?.linkReady() }
    case .failure(let error):
      counts.add(.connect)
      if attempts == 0 { logger.error("cannot connect to redis", metadata: ["error": "\(error)"]) }
      connectLater()
    }
  }

  private func closed(_ error: RedisConnectionError) {
    connection = nil
    guard !isStopped else { return }
    counts.add(.lost)
    logger.warning("lost the connection to redis", metadata: ["error": "\(error)"])
    // In a task of its own: `close` may have been called from inside a shard.
    let bound = NIOLoopBound(self, eventLoop: loop)
    loop.execute {
      bound.value.events?.linkLost()
      bound.value.connectLater()
    }
  }

  private func connectLater() {
    attempts += 1
    let bound = NIOLoopBound(self, eventLoop: loop)
    // 20 ms, doubled up to 1 s, with jitter, so that loops do not come all at once.
    let pause = min(20 << Int64(min(attempts - 1, 6)), 1_000) + Int64.random(in: 0..<20)
    loop.scheduleTask(in: .milliseconds(pause)) {
      let link = bound.value
      guard let revive = link.revive, !link.isStopped else { return link.connect() }
      Task {
        await revive()
        bound.eventLoop.execute { bound.value.connect() }
      }
    }
  }

  /// Gives the connection up: what waits has an unknown outcome.
  func drop(_ why: String) {
    guard let connection else { return }
    counts.add(.timeout)
    logger.warning("dropping the connection to redis", metadata: ["why": "\(why)"])
    // Later: the caller is a shard, and closing calls it.
    loop.execute { connection.close() }
  }

  // MARK: Commits

  /// Sends a batch. If there is no connection, nothing happens: the shard hears of that by `linkLost`.
  func commit(
    _ batch: Batch, shard: ShardID, ownership: Ownership, locations: LocationTable,
    withScript: Bool
  ) {
    guard let connection, connection.isOpen, let scripts = connection.scripts else { return }
    let encoder = encoder(of: shard)
    let (movements, expiries) = (batch.movements.count, batch.expiryCount)
    let sentAt = NIODeadline.now()
    var reply: CommitReply?
    connection.send { buffer in
      encoder.encode(
        batch, ownership: ownership, form: withScript ? .text : .hash, scripts: scripts,
        into: &buffer, locationName: locations.name)
    } reply: { [weak self] result in
      guard case .success(let raw) = result, let self else { return }
      let heard = CommitReply(raw)
      if let trouble = RedisTrouble(heard) {
        self.counts.add(trouble)
      } else {
        self.counts.committed(
          movements: movements, expiries: expiries,
          microseconds: Int((NIODeadline.now() - sentAt).nanoseconds / 1_000))
      }
      reply = heard
      if self.replicas == nil || heard != .committed {
        self.events?.linkReplied(shard, heard)
        reply = nil
      }
    }
    guard replicas != nil else { return }
    awaitReplicas(on: connection) { [weak self] in
      if let reply { self?.events?.linkReplied(shard, reply) }
    }
  }

  /// Writes what has been sent in this tick so far.
  func flush() { connection?.flush() }

  private var replicas: Int? { if case .replicas(let count) = durability { count } else { nil } }

  /// WAITs until enough replicas have what was written on this connection. Asks again for as long as
  /// the connection lives: the shard's own time-out ends it.
  private func awaitReplicas(on connection: RedisConnection, then done: @escaping () -> Void) {
    guard let replicas else { return done() }
    connection.send {
      $0.writeRESPCommand(["WAIT", String(replicas), "1000"])
    } reply: { [weak self] result in
      guard case .success(let reply) = result, let self else { return }
      if let count = reply.integer, count >= replicas {
        done()
      } else {
        self.awaitReplicas(on: connection, then: done)
      }
    }
  }

  private func encoder(of shard: ShardID) -> CommitEncoder {
    if let encoder = encoders[shard] { return encoder }
    let encoder = CommitEncoder(keys: keys, shard: shard, ledgerLength: ledgerLength)
    encoders[shard] = encoder
    return encoder
  }

  // MARK: Meta

  /// Reads a shard's meta. Where replicas are asked for, the shard is taken again, which writes: WAIT
  /// counts replicas only for what its own connection wrote.
  func readMeta(shard: ShardID, ownership: Ownership) {
    if replicas != nil { return retake(shard: shard, ownership: ownership) }
    guard let connection else { return }
    let key = keys.meta(shard)
    connection.send {
      $0.writeReadMeta(key)
    } reply: { [weak self] result in
      guard case .success(let reply) = result else { return }
      self?.heard(MetaReply(read: reply), shard: shard)
    }
  }

  // MARK: Idempotency records

  /// Reads what was answered to a key before.
  ///
  /// - Parameter answer: gets the outcome. Where there is none any more (the bucket was dropped
  ///   meanwhile), or none can be read, it is unknown: the request may have been done.
  func replay(
    _ key: IdempotencyKey, bucket: IdempotencyBucket, shard: ShardID, answer: Answer
  ) {
    var answer = answer
    answer.outcome = .unavailable(.outcomeUnknown)
    let failed = answer
    guard let connection else { return replayed(failed) }
    let hash = keys.idempotency(shard, bucket)
    connection.send {
      $0.writeRESPCommand(["HGET", hash, IdempotencyText.field(of: key)])
    } reply: { result in
      guard case .success(let reply) = result, !reply.isError, !reply.isNull else {
        return self.replayed(failed)
      }
      do throws(RecordError) {
        let record = try IdempotencyText.decode(reply.bytes)
        answer.outcome = record.outcome
        answer.sequence = record.sequence
        answer.isReplay = true
      } catch {
        self.logger.error(
          "cannot read an idempotency record", metadata: ["key": "\(hash)", "error": "\(error)"])
      }
      self.replayed(answer)
    }
  }

  /// In a task of its own: `send` may report at once that there is no connection, inside a shard.
  private func replayed(_ answer: Answer) {
    loop.assumeIsolated().execute { self.events?.linkReplayed(answer) }
  }

  /// Removes buckets whose time is over, if the shard is still this owner's: another one may have keys
  /// in them.
  ///
  /// - Returns: false if there is no connection: to be asked again.
  func unlink(
    _ buckets: [IdempotencyBucket], shard: ShardID, ownership: Ownership
  ) -> Bool {
    guard let connection, connection.isOpen else { return false }
    let (meta, names) = (keys.meta(shard), buckets.map { keys.idempotency(shard, $0) })
    connection.send {
      $0.writeDrop(meta: meta, keys: names, ownership: ownership)
    } reply: { [logger] result in
      // What is left over is removed when the shard is loaded the next time.
      guard case .success(let reply) = result, reply.isError else { return }
      logger.warning("cannot remove idempotency records", metadata: ["error": "\(reply)"])
    }
    return true
  }

  func retake(shard: ShardID, ownership: Ownership) {
    guard let connection, let scripts = connection.scripts else { return }
    let key = keys.meta(shard)
    var heard: MetaReply?
    connection.send {
      $0.writeRetake(meta: key, ownership: ownership, form: .text, scripts: scripts)
    } reply: { result in
      if case .success(let reply) = result {
        heard = MetaReply(retake: reply, ownership: ownership)
      }
      if self.replicas == nil, let heard { self.heard(heard, shard: shard) }
    }
    guard replicas != nil else { return }
    awaitReplicas(on: connection) { [weak self] in
      if let heard { self?.heard(heard, shard: shard) }
    }
  }

  private func heard(_ reply: MetaReply, shard: ShardID) {
    switch reply {
    case .meta(let meta):
      events?.linkReadMeta(shard, meta)
    case .missing:
      events?.linkReadMeta(shard, nil)
    case .fenced(let other):
      let meta = ShardMeta(ownership: other, sequence: 0, digest: 0, lastEntryNumber: 0)
      events?.linkReadMeta(shard, meta)
    case .notExecuted(_, let why), .failed(let why):
      // The shard's time-out drops the connection, and it is tried again.
      logger.error(
        "cannot read a shard's meta", metadata: ["shard": "\(shard)", "error": "\(why)"])
    }
  }
}
