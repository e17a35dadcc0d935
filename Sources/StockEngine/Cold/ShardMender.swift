import NIOCore
import StockCore
import StockLoop
import StockRedis

/// Writes to Redis what a shard's memory has: some fields a step.
///
/// While the shard serves, each step takes a batch's turn, so no commit is under way beside it. A
/// damaged shard stands still: its meta is marked as being restored, then all goes without turns, and
/// the sequence comes back into meta last. Lives on the shard's loop; one at a time has a shard.
final class ShardMender {
  /// Redis does nothing else meanwhile: about a millisecond.
  static let fieldsPerStep = 500
  private static let turnTimeout = TimeAmount.seconds(10)
  /// How long a restored shard may take to serve: it reads meta first.
  private static let serveTimeout = TimeAmount.seconds(10)

  typealias Failure = ShardVerifier.Failure

  private let shard: ShardActor
  private let link: ShardLink
  private let connection: RedisConnection?
  private let ownership: Ownership
  /// The shard was damaged when it began.
  private(set) var isRestoring = false
  /// Fields that differed.
  private(set) var writtenCount = 0
  private var isClaimed = false
  /// Called when the turn is there.
  private var waiting: (() -> Void)?

  init(shard: ShardActor, link: ShardLink, connection: RedisConnection?) {
    self.shard = shard
    self.link = link
    self.connection = connection
    self.ownership = shard.assumeIsolated { $0.committedMeta.ownership }
  }

  // MARK: Begin and end

  func begin(then next: @escaping (Failure?) -> Void) {
    let bound = NIOLoopBound(self, eventLoop: link.loop)
    isClaimed = shard.assumeIsolated { $0.claim(for: bound) }
    guard isClaimed else { return next(.taken) }
    isRestoring = shard.assumeIsolated { $0.isDamaged }
    guard isRestoring else { return next(nil) }
    restore([.begin][...], then: next)
  }

  /// Nobody mends any more.
  func release() {
    waiting = nil
    guard isClaimed else { return }
    isClaimed = false
    shard.assumeIsolated { $0.unclaim() }
  }

  /// All records have been written. What memory has beside them follows, then the shard goes on.
  func finish(then next: @escaping (Failure?) -> Void) {
    guard isRestoring else { return next(nil) }
    let batches = shard.assumeIsolated { $0.recentBatches }
    writeAnswers(of: batches[...]) { failure in
      if let failure { return next(failure) }
      let steps = self.shard.assumeIsolated {
        $0.ledgerSteps(of: batches) + [.finish($0.committedMeta)]
      }
      self.restore(steps[...]) { failure in
        if let failure { return next(failure) }
        self.shard.assumeIsolated { $0.restored() }
        self.awaitServing(until: .now() + Self.serveTimeout, then: next)
      }
    }
  }

  private func awaitServing(until deadline: NIODeadline, then next: @escaping (Failure?) -> Void) {
    let health = shard.assumeIsolated { $0.health }
    if health.isServing { return next(nil) }
    guard NIODeadline.now() < deadline else {
      return next(failure("was restored, and does not serve: \(health.state)"))
    }
    let bound = NIOLoopBound((self, next), eventLoop: link.loop)
    link.loop.scheduleTask(in: .milliseconds(20)) {
      bound.value.0.awaitServing(until: deadline, then: bound.value.1)
    }
  }

  // MARK: Fields

  /// - Parameter records: of one hash.
  func mend(_ records: ArraySlice<RecordID>, then next: @escaping (Failure?) -> Void) {
    guard let first = records.first else { return next(nil) }
    let some = Array(records.prefix(Self.fieldsPerStep))
    let hash = first.hash(link.keys, shard.id)
    inTurn(next) {
      let fields = self.shard.assumeIsolated { shard in some.flatMap { shard.mendedFields($0) } }
      self.write(fields, to: hash) { failure in
        if let failure { return next(failure) }
        self.mend(records.dropFirst(some.count), then: next)
      }
    }
  }

  /// First answers to idempotency keys: memory has those of the last batches.
  private func writeAnswers(
    of batches: ArraySlice<Batch>, then next: @escaping (Failure?) -> Void
  ) {
    guard let batch = batches.first else { return next(nil) }
    let oldest = shard.assumeIsolated { $0.committedMeta.oldestBucket }
    guard !batch.idempotency.isEmpty, batch.bucket >= oldest else {
      return writeAnswers(of: batches.dropFirst(), then: next)
    }
    let fields = batch.idempotency.map { record in
      var field = ByteBuffer()
      field.writeIdempotencyField(record.key)
      var value = ByteBuffer()
      value.writeIdempotencyRecord(record, sequence: batch.sequence)
      return MendedField(field: Array(field.readableBytesView), value: value)
    }
    write(fields, to: link.keys.idempotency(shard.id, batch.bucket)) { failure in
      if let failure { return next(failure) }
      self.writeAnswers(of: batches.dropFirst(), then: next)
    }
  }

  private func write(
    _ fields: [MendedField], to hash: String, then next: @escaping (Failure?) -> Void
  ) {
    let meta = link.keys.meta(shard.id)
    let sequence = isRestoring ? nil : shard.assumeIsolated { $0.committedMeta.sequence }
    let ownership = ownership
    send({
      $0.writeMend(
        meta: meta, hash: hash, ownership: ownership, sequence: sequence, fields: fields)
    }) { reply in
      if !self.isRestoring {
        let isWritten = if case .done = reply { true } else { false }
        self.shard.assumeIsolated { $0.endTurn(isWritten: isWritten) }
      }
      if case .done(let written) = reply { self.writtenCount += written }
      next(self.failure(of: reply))
    }
  }

  // MARK: Steps

  private func restore(_ steps: ArraySlice<RestoreStep>, then next: @escaping (Failure?) -> Void) {
    guard let step = steps.first else { return next(nil) }
    let (meta, ledger) = (link.keys.meta(shard.id), link.keys.ledger(shard.id))
    let ownership = ownership
    send({ $0.writeRestore(meta: meta, ledger: ledger, ownership: ownership, step: step) }) {
      if let failure = self.failure(of: $0) { return next(failure) }
      self.restore(steps.dropFirst(), then: next)
    }
  }

  private func send(
    _ body: (inout ByteBuffer) -> Void, reply: @escaping (MendReply) -> Void
  ) {
    guard let connection, connection.isOpen else {
      return reply(.refused("no connection to redis"))
    }
    connection.send(body) { result in
      switch result {
      case .success(let raw): reply(MendReply(raw))
      case .failure(let error): reply(.refused("\(error)"))
      }
    }
  }

  private func failure(of reply: MendReply) -> Failure? {
    switch reply {
    case .done: nil
    case .missing where !isRestoring: .metaLost
    case .missing: failure("redis lost its data again meanwhile")
    case .fenced: failure("another engine owns it")
    case .refused(let why): failure("redis: \(why)")
    }
  }

  private func failure(_ why: String) -> Failure { .unavailable("shard \(shard.id): \(why)") }

  // MARK: Turns

  private func inTurn(_ next: @escaping (Failure?) -> Void, _ body: @escaping () -> Void) {
    if isRestoring { return body() }
    guard !shard.assumeIsolated({ $0.isDamaged }) else { return next(.metaLost) }
    let bound = NIOLoopBound((self, next), eventLoop: link.loop)
    let deadline = link.loop.scheduleTask(in: Self.turnTimeout) {
      let (mender, next) = bound.value
      guard mender.waiting != nil else { return }
      mender.waiting = nil
      mender.shard.assumeIsolated { $0.cancelTurn() }
      if mender.shard.assumeIsolated({ $0.isDamaged }) { return next(.metaLost) }
      next(mender.failure("takes no changes: \(mender.shard.assumeIsolated { $0.health.state })"))
    }
    waiting = {
      deadline.cancel()
      body()
    }
    shard.assumeIsolated { $0.requestTurn() }
  }

  /// The shard stands still for a step.
  func turnBegan() {
    guard let waiting else { return shard.assumeIsolated { $0.endTurn(isWritten: true) } }
    self.waiting = nil
    waiting()
  }
}
