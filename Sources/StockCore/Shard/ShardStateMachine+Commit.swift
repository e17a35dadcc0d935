/// The commit protocol: one batch in flight, its outcome always found out, never guessed.
extension ShardStateMachine {
  // MARK: Sending

  /// The end of a tick: whatever came in it goes to Redis, if nothing is in flight.
  public mutating func endOfTick(now: Now) -> ShardAction {
    guard case .idle = phase else { return .none }
    if wantsTurn { return yieldTurn(now: now) }
    drainBacklog(now: now)
    guard open.hasChanges || !heldBack.isEmpty else { return .none }
    let batch = closeBatch(now: now)
    drainBacklog(now: now)
    phase = .committing(since: now.monotonic)
    return .send(batch, withScript: false)
  }

  /// The open batch becomes the one in flight.
  private mutating func closeBatch(now: Now) -> Batch {
    precondition(inFlight == nil, "only one batch is in flight")
    for (place, row) in open.entryRows.enumerated() {
      let entry = books.entries[Int(row)]
      open.entryChanges[place].after = entry.isLive ? entry.value : nil
      if open.entryChanges[place].floor == .max { open.entryChanges[place].floor = 0 }
    }
    var batch = Batch(
      previous: committedSequence, sequence: committedSequence + 1, digest: 0,
      lastEntryNumber: lastEntryNumber, entries: open.entryChanges, products: open.productChanges)
    batch.holds = holds.close()
    batch.purchases = purchases.close()
    batch.idempotency = open.idempotency
    if configuration.plants(.idempotencyInSecondCall) { swap(&batch.idempotency, &heldBack) }
    batch.bucket = bucket(now)
    batch.oldestBucket = max(oldestBucket, batch.bucket - 6)
    batch.movements = open.movements
    batch.notes = open.notes
    batch.previousMovements = committedMovementCount
    batch.digest = batch.computeDigest(after: committedDigest)
    for row in open.entryRows {
      let place = Int(books.entries[Int(row)].pending)
      pendingEntries[place].inFlightChange = pendingEntries[place].openChange
      pendingEntries[place].openChange = Books.none
    }
    for row in open.productRows {
      guard var pending = pendingProducts[row] else { continue }
      pending.inFlightChange = pending.openChange
      pending.openChange = Books.none
      pendingProducts[row] = pending
    }
    let next = OpenBatch(roomOf: open)
    inFlight = InFlight(batch: batch, contents: open, sentAt: now.monotonic)
    open = next
    return batch
  }

  /// Where first answers go. Numbers never go back, also where the machine's clock did and the engine was
  /// started anew: what is before `oldestBucket` is dropped. One that is full is followed by the next.
  private func bucket(_ now: Now) -> IdempotencyBucket {
    let bucket = max(1, now.wall / configuration.bucketLength, oldestBucket)
    guard let youngest = keys.youngest, youngest.number >= bucket else { return bucket }
    let isFull = youngest.count >= Bounds.maxIdempotencyRecordsPerBucket
    return isFull && youngest.number < .max ? youngest.number + 1 : youngest.number
  }

  // MARK: Replies

  /// Redis answered the batch that was sent last.
  ///
  /// - Parameter jitter: 0 to 99, random: spreads pauses.
  public mutating func replied(_ reply: CommitReply, now: Now, jitter: Int64) -> ShardAction {
    switch phase {
    case .committing: return repliedToBatch(reply, now: now, jitter: jitter)
    case .replaying(let place, _, _): return repliedToReplay(reply, place: place, now: now, jitter)
    case .recovering, .idle, .resolving, .pausing, .yielding, .suspended, .damaged, .fenced,
      .failed:
      // A reply of a connection or an ownership that was given up since.
      return .none
    }
  }

  private mutating func repliedToBatch(
    _ reply: CommitReply, now: Now, jitter: Int64
  ) -> ShardAction {
    guard let flying = inFlight else { preconditionFailure("committing without a batch in flight") }
    switch reply {
    case .committed:
      finishBatch(now: now)
      phase = .idle
      return endOfTick(now: now)
    case .fenced, .sequenceMismatch:
      // Who owns the shard, and what it holds, `meta` tells: Redis may have lost our taking of it.
      phase = .resolving(since: now.monotonic)
      return .readMeta
    case .invalid(let what):
      invalids += 1
      guard invalids < Self.maxInvalids else {
        return fail("redis refuses what follows from its own fields: \(what)")
      }
      undoAll(flying.maybeExecuted ? .outcomeUnknown : .storeUnavailable)
      abandonWorks()
      phase = .recovering("redis holds something else: \(what)")
      return .recover
    case .notExecuted(.scriptMissing, _):
      phase = .committing(since: now.monotonic)
      return .send(flying.batch, withScript: true)
    case .notExecuted(.later, _):
      phase = .pausing(until: nextPause(now: now, jitter: jitter))
      return .none
    case .notExecuted(.refused, let why):
      if flying.maybeExecuted {
        phase = .pausing(until: nextPause(now: now, jitter: jitter))
        return .none
      }
      // Not believed at once: what stands between us and Redis (a proxy) may say so of a batch that
      // was executed.
      inFlight?.refusal = why
      phase = .resolving(since: now.monotonic)
      return .readMeta
    case .failed(let why):
      return fail(why)
    }
  }

  private mutating func nextPause(now: Now, jitter: Int64) -> Int64 {
    let pause = min(configuration.firstPause << Int64(min(pauses, 10)), configuration.longestPause)
    pauses += 1
    return now.monotonic + pause + pause * jitter / 200
  }

  /// The batch in flight is in Redis: its answers go out.
  private mutating func finishBatch(now: Now) {
    guard var flying = inFlight else { preconditionFailure("no batch in flight") }
    inFlight = nil
    pauses = 0
    invalids = 0
    committedSequence = flying.batch.sequence
    committedDigest = flying.batch.digest
    committedEntryNumber = flying.batch.lastEntryNumber
    committedMovementCount = flying.batch.totalMovements
    finishRecords(flying)
    redo.append(flying.batch, at: now.monotonic)
    // Redis was alive when it took this batch: what it confirmed well before is on its disk.
    redo.prune(olderThan: flying.sentAt - configuration.redoAge)

    count(flying.batch, flying.contents)
    for (index, row) in flying.contents.entryRows.enumerated() {
      let place = books.entries[Int(row)].pending
      pendingEntries[Int(place)].committed = flying.batch.entries[index].after
      pendingEntries[Int(place)].inFlightChange = Books.none
      guard pendingEntries[Int(place)].openChange == Books.none else { continue }
      freePendingEntries.append(place)
      books.entries[Int(row)].pending = Books.none
      if !books.entries[Int(row)].isLive { books.removeEntry(row) }
    }
    for (index, row) in flying.contents.productRows.enumerated() {
      guard var pending = pendingProducts[row] else { continue }
      pending.committed = flying.batch.products[index].after
      pending.inFlightChange = Books.none
      pendingProducts[row] = pending.openChange == Books.none ? nil : pending
    }
    release(&flying.contents.waiting, sequence: flying.batch.sequence)
  }

  /// The batch's holds, purchases and keys are in Redis; what rests on them goes on.
  private mutating func finishRecords(_ flying: InFlight) {
    holds.commit()
    purchases.commit()
    for record in flying.batch.idempotency { keys.record(record.key, in: flying.batch.bucket) }
    if flying.batch.oldestBucket > oldestBucket
      || keys.recordCount > Bounds.maxIdempotencyRecordsPerShard
    {
      oldestBucket = flying.batch.oldestBucket
      droppedBuckets += keys.drop(
        before: oldestBucket, limit: Bounds.maxIdempotencyRecordsPerShard)
    }
    outbox += flying.contents.messages
    closedOrders += flying.contents.closedOrders.all
    if feedsReaders, !flying.batch.movements.isEmpty {
      committedMovementsForReaders.append(
        CommittedMovements(
          shard: id, sequence: flying.batch.sequence,
          firstNumber: flying.batch.previousMovements + 1, movements: flying.batch.movements,
          notes: flying.batch.notes))
    }
  }

  /// Hands the whole list on, where nothing else is to be answered.
  private mutating func release(_ waiting: inout [Answer], sequence: Sequence64) {
    for place in waiting.indices { waiting[place].sequence = sequence }
    if answers.isEmpty { swap(&answers, &waiting) } else { answers += waiting }
  }

  mutating func refuse(_ waiting: [Answer], _ why: Unavailability) {
    for one in waiting {
      answers.append(
        Answer(
          ticket: one.ticket, outcome: .unavailable(why), shard: id, sequence: committedSequence))
    }
  }

  // MARK: The connection

  /// The connection is gone. What was under way has an unknown outcome.
  public mutating func connectionLost(now: Now) {
    heartbeat = nil
    switch phase {
    case .committing, .pausing:
      if configuration.plantedFaults.contains(.rollBackOnUnknown) {
        undoAll(.storeUnavailable)
      } else if case .committing = phase {
        inFlight?.maybeExecuted = true
      }
      phase = .resolving(since: nil)
    case .idle, .resolving, .replaying, .yielding, .suspended:
      phase = .resolving(since: nil)
    case .recovering, .damaged, .fenced, .failed:
      break
    }
  }

  /// There is a connection again. Redis may be another process, with older data: `meta` tells.
  public mutating func connectionReady(now: Now) -> ShardAction {
    switch phase {
    case .resolving:
      phase = .resolving(since: now.monotonic)
      return .readMeta
    case .recovering:
      return .recover
    case .idle, .committing, .pausing, .replaying, .yielding, .suspended, .damaged, .fenced,
      .failed:
      return .none
    }
  }

  /// `meta` was read, or taken again (`ShardAction.retake`); nil: there is none.
  public mutating func metaRead(_ meta: ShardMeta?, now: Now) -> ShardAction {
    heartbeat?.isHeard = true
    if case .idle = phase {
      // A heartbeat. Nothing was sent since it was asked, else it says nothing any more.
      guard let asked = heartbeat, asked.sequence == committedSequence else { return .none }
      if let meta, meta.ownership == ownership, meta.sequence == committedSequence,
        meta.digest == committedDigest
      {
        redo.prune(olderThan: asked.at - configuration.redoAge)
        return .none
      }
      phase = .resolving(since: now.monotonic)
    }
    guard case .resolving = phase else { return .none }
    guard let meta else { return fail("the shard's meta is gone: redis has lost data") }
    guard meta.ownership == ownership else {
      if meta.ownership.epoch < ownership.epoch { return .retake }
      if meta.ownership.owner == ownership.owner {
        // A request to take the shard that we gave up waiting for was executed after all.
        undoAll(inFlight?.maybeExecuted == true ? .outcomeUnknown : .storeUnavailable)
        abandonWorks()
        phase = .recovering("taken again with epoch \(meta.ownership.epoch)")
        return .recover
      }
      return fence("\(meta.ownership.owner) with epoch \(meta.ownership.epoch)", now: now)
    }
    if let flying = inFlight, meta.sequence == flying.batch.sequence {
      guard meta.digest == flying.batch.digest else {
        return fail("redis holds another batch \(meta.sequence) than the one that was sent")
      }
      redone(now: now)
      finishBatch(now: now)
      phase = .idle
      return endOfTick(now: now)
    }
    if meta.sequence == committedSequence {
      guard meta.digest == committedDigest else {
        return fail("redis holds another batch \(meta.sequence) than the one it confirmed")
      }
      return proceed(now: now)
    }
    guard meta.sequence < committedSequence, let place = redo.place(after: meta.sequence) else {
      return fail(
        "redis holds batch \(meta.sequence), the engine \(committedSequence), and the redo tail has \(redo.count)"
      )
    }
    if place > 0, redo.batch(at: place - 1).digest != meta.digest {
      return fail("redis holds another batch \(meta.sequence) than the one it confirmed")
    }
    isRedoing = true
    phase = .replaying(place: place, since: now.monotonic, resumeAt: nil)
    return .send(redo.batch(at: place), withScript: false)
  }

  /// Redis holds what is committed again, if it had not.
  private mutating func redone(now: Now) {
    guard isRedoing else { return }
    isRedoing = false
    redo.renew(at: now.monotonic)
  }

  /// Redis holds what is committed: the batch in flight goes (again), or the next one. If Redis has
  /// refused it, it is undone.
  private mutating func proceed(now: Now) -> ShardAction {
    redone(now: now)
    guard let flying = inFlight else {
      phase = .idle
      return endOfTick(now: now)
    }
    if let why = flying.refusal {
      undoAll(.storeUnavailable)
      phase = .suspended(until: now.monotonic + configuration.suspension, why)
      return .none
    }
    phase = .committing(since: now.monotonic)
    return .send(flying.batch, withScript: false)
  }

  private mutating func repliedToReplay(
    _ reply: CommitReply, place: Int, now: Now, _ jitter: Int64
  ) -> ShardAction {
    switch reply {
    case .committed:
      pauses = 0
      guard place + 1 < redo.count else { return proceed(now: now) }
      phase = .replaying(place: place + 1, since: now.monotonic, resumeAt: nil)
      return .send(redo.batch(at: place + 1), withScript: false)
    case .notExecuted(.scriptMissing, _):
      return .send(redo.batch(at: place), withScript: true)
    case .notExecuted:
      let resumeAt = nextPause(now: now, jitter: jitter)
      phase = .replaying(place: place, since: now.monotonic, resumeAt: resumeAt)
      return .none
    case .fenced, .sequenceMismatch:
      phase = .resolving(since: now.monotonic)
      return .readMeta
    case .invalid(let why), .failed(let why):
      return fail("replaying: \(why)")
    }
  }

  // MARK: Time

  /// To be called every some 50 ms: pauses end, and nobody waits for ever.
  public mutating func tick(now: Now) -> ShardAction {
    giveUpWaiting(now: now)
    giveUpOnWorks(now)
    switch phase {
    case .idle, .committing:
      cause = Cause()
      drive(now)
      expireDue(now)
      forgetPurchases(now)
    case .recovering, .resolving, .pausing, .replaying, .yielding, .suspended, .damaged, .fenced,
      .failed:
      break
    }
    switch phase {
    case .committing(let since) where now.monotonic - since >= configuration.commitTimeout:
      return .dropConnection
    case .yielding(let since) where now.monotonic - since >= configuration.commitTimeout:
      return .dropConnection
    case .resolving(let since?) where now.monotonic - since >= configuration.commitTimeout:
      return .dropConnection
    case .pausing(let until) where now.monotonic >= until:
      return proceed(now: now)
    case .replaying(let place, _, let resumeAt?) where now.monotonic >= resumeAt:
      phase = .replaying(place: place, since: now.monotonic, resumeAt: nil)
      return .send(redo.batch(at: place), withScript: false)
    case .replaying(_, let since, nil) where now.monotonic - since >= configuration.commitTimeout:
      return .dropConnection
    case .suspended(let until, _) where now.monotonic >= until:
      phase = .idle
      return .none
    case .idle:
      let action = endOfTick(now: now)
      guard case .none = action else { return action }
      return beat(now)
    case .recovering, .committing, .resolving, .pausing, .replaying, .yielding, .suspended,
      .damaged, .fenced, .failed:
      return .none
    }
  }

  /// An idle shard looks at `meta`: one look at a time, and where Redis does not answer, on another
  /// connection.
  private mutating func beat(_ now: Now) -> ShardAction {
    let age = now.monotonic - (heartbeat?.at ?? 0)
    if heartbeat?.isHeard == false {
      return age >= configuration.commitTimeout ? .dropConnection : .none
    }
    guard age >= configuration.heartbeat else { return .none }
    heartbeat = (now.monotonic, committedSequence, false)
    return .readMeta
  }

  /// Tells those who waited too long what is known; the batch in flight itself stays.
  private mutating func giveUpWaiting(now: Now) {
    if let flying = inFlight {
      let isLate = now.monotonic - flying.contents.openedAt >= configuration.answerTimeout
      if isLate, case .pausing = phase, !flying.maybeExecuted {
        undoAll(.storeUnavailable)
        phase = .idle
        return
      }
      if isLate, !flying.contents.waiting.isEmpty {
        inFlight?.contents.waiting = []
        refuse(flying.contents.waiting, .outcomeUnknown)
      }
    }
    let openHasWaited =
      (open.hasChanges || !backlog.isEmpty)
      && now.monotonic - open.openedAt >= configuration.queueTimeout
    switch phase {
    case .committing, .resolving, .pausing, .replaying, .yielding:
      if openHasWaited { undoOpen(.storeUnavailable) }
    case .recovering, .idle, .suspended, .damaged, .fenced, .failed:
      break
    }
  }
}

extension Batch {
  /// A 64-bit hash over all that the batch says and, by the digest of the batch before it, over all
  /// that led to it. Not against forgers: against mistakes.
  func computeDigest(after digestBefore: UInt64) -> UInt64 {
    var digest = ShardMap.mix(digestBefore ^ UInt64(bitPattern: sequence))
    func mix(_ value: Int64) {
      digest = ShardMap.mix(digest ^ UInt64(bitPattern: value))
    }
    func mix(_ value: EntryValue?) {
      guard let value else { return mix(-1) }
      mix(value.quantity)
      mix(value.reserved)
      mix(value.version)
      mix(Int64(bitPattern: value.gtin.rawValue))
      mix(Int64(value.location))
    }
    for change in entries {
      mix(change.id)
      mix(change.product)
      mix(change.after)
    }
    for change in products {
      mix(change.id)
      mix(change.after.version)
      mix(change.after.store)
      mix(Int64(change.after.type.rawValue))
      mix(change.after.updatedAt)
    }
    func mix(_ text: String) {
      for byte in text.utf8 { digest = (digest ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    for change in holds {
      mix(change.key)
      mix(change.after?.revision ?? -1)
    }
    for change in purchases {
      mix(change.key.customer)
      mix(change.key.product)
      mix(change.after?.units ?? 0)
    }
    for record in idempotency {
      mix(Int64(bitPattern: record.key.high ^ record.key.low ^ record.key.fingerprint))
    }
    mix(totalMovements)
    return digest
  }
}
