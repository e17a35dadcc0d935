public import StockCore

/// What Redis holds of one shard, and what the scripts do to it. A value: a copy is a snapshot.
public struct RedisShard: Sendable {
  public var meta: ShardMeta? = ShardMeta(
    ownership: Ownership(owner: "", epoch: 0), sequence: 0, digest: 0, lastEntryNumber: 0)
  public var entries: [EntryID: StoredEntry] = [:]
  public var products: [ProductID: ProductValue] = [:]
  public var holds: [HoldID: HoldRecord] = [:]
  public var purchases: [PurchaseKey: Purchases] = [:]
  public var answers: [IdempotencyBucket: [KeyDigest: StoredAnswer]] = [:]
  /// The stream of movements, one element an entry of it.
  public var ledger: [LedgerBatch] = []

  /// The field of an idempotency record.
  public struct KeyDigest: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(_ key: IdempotencyKey) {
      high = key.high
      low = key.low
    }
  }

  public init() {}

  /// As `commit.lua`, check by check: everything is checked, then everything is written.
  ///
  /// - Parameter faults: checks to leave out.
  public mutating func commit(
    _ request: CommitRequest, faults: Set<PlantedFault> = []
  ) -> (reply: CommitReply, isExecuted: Bool) {
    guard let held = meta else { return (.failed("no meta"), false) }
    if held.ownership != request.ownership, !faults.contains(.skipEpochCheck) {
      return (.fenced, false)
    }
    if !faults.contains(.skipSequenceCheck) {
      if held.sequence == request.sequence, held.digest == request.digest {
        return (.committed, false)
      }
      guard held.sequence == request.previous else {
        return (.sequenceMismatch(held: held.sequence), false)
      }
    }
    for change in request.entries {
      guard Self.matches(entries[change.id], change.before) else {
        return (.invalid("entry \(change.id)"), false)
      }
      if let after = change.after?.value,
        after.reserved < 0 || after.quantity < 0 || after.available < change.floor
      {
        return (.invalid("entry \(change.id) would be below its floor"), false)
      }
    }
    for change in request.products {
      let held = products[change.id]
      guard held?.version == change.before?.version, held?.store == change.before?.store,
        held?.type == change.before?.type
      else { return (.invalid("product \(change.id)"), false) }
    }
    if let wrong = check(others: request) ?? request.unreadable { return (.invalid(wrong), false) }
    for change in request.entries { entries[change.id] = change.after }
    for change in request.products { products[change.id] = change.after }
    write(others: request)
    meta?.sequence = request.sequence
    meta?.digest = request.digest
    meta?.lastEntryNumber = request.lastEntryNumber
    return (.committed, true)
  }

  /// Drops whole buckets of answers.
  public mutating func drop(_ buckets: [IdempotencyBucket]) {
    for bucket in buckets { answers[bucket] = nil }
  }

  /// All keys with their buckets, in an order of their own.
  var keys: [(key: IdempotencyKey, bucket: IdempotencyBucket)] {
    answers.flatMap { bucket, records in
      records.map { digest, answer in
        (
          IdempotencyKey(
            high: digest.high, low: digest.low, fingerprint: answer.fingerprint), bucket
        )
      }
    }.sorted { ($0.bucket, $0.key.high, $0.key.low) < ($1.bucket, $1.key.high, $1.key.low) }
  }

  private func check(others request: CommitRequest) -> String? {
    for change in request.holds {
      // Of a record its kind and its revision are compared.
      switch (holds[change.key], change.before) {
      case (nil, nil): continue
      case (.hold(let held)?, .hold(let before)?) where held.revision == before.revision: continue
      case (.part(let held)?, .part(let before)?) where held.revision == before.revision: continue
      default: return "hold \(change.key)"
      }
    }
    for change in request.purchases where purchases[change.key] != change.before {
      return "purchases \(change.key)"
    }
    for record in request.idempotency
    where answers[request.bucket]?[KeyDigest(record.key)] != nil {
      return "idempotency key \(record.key) is there"
    }
    // An explicit id of a stream must be greater than the last one.
    if !request.ledger.entries.isEmpty, request.totalMovements <= meta?.movements ?? 0 {
      return "movement \(request.totalMovements) is there"
    }
    return nil
  }

  private mutating func write(others request: CommitRequest) {
    for change in request.holds { holds[change.key] = change.after }
    for change in request.purchases { purchases[change.key] = change.after }
    for record in request.idempotency {
      answers[request.bucket, default: [:]][KeyDigest(record.key)] = StoredAnswer(
        fingerprint: record.key.fingerprint, sequence: request.sequence, outcome: record.outcome)
    }
    if !request.ledger.entries.isEmpty { ledger.append(request.ledger) }
    meta?.movements = request.totalMovements
    meta?.oldestBucket = request.oldestBucket
  }

  /// The prefix that the script compares: available, reserved, version, product.
  private static func matches(_ held: StoredEntry?, _ before: StoredEntry?) -> Bool {
    held?.value.quantity == before?.value.quantity
      && held?.value.reserved == before?.value.reserved
      && held?.value.version == before?.value.version && held?.product == before?.product
  }

  /// As `take.lua`: a new epoch for a new owner.
  public mutating func take(owner: String, minimum: Epoch) -> ShardMeta? {
    guard let held = meta else { return nil }
    let epoch = max(held.ownership.epoch, minimum) + 1
    meta?.ownership = Ownership(owner: owner, epoch: epoch)
    return meta
  }

  /// As `retake.lua`: the same epoch again, if nobody has taken a newer one.
  public mutating func retake(_ ownership: Ownership) -> ShardMeta? {
    guard let held = meta else { return nil }
    if held.ownership.epoch < ownership.epoch { meta?.ownership = ownership }
    return meta
  }
}
