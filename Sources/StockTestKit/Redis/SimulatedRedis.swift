import StockCore

/// What an engine asks of Redis.
enum RedisRequest {
  case commit(CommitRequest, withScript: Bool)
  case readMeta
  case take(owner: String, minimum: Epoch)
  case retake(Ownership)
  case readProducts
  /// One of two halves.
  case readEntries(half: Int)
  case readHolds
  case readPurchases
  /// The keys of all buckets from this one on; older ones are dropped.
  case readKeys(oldest: IdempotencyBucket)
  case readAnswer(IdempotencyBucket, IdempotencyKey)
  /// As `drop.lua`: of whole buckets, by the shard's owner only.
  case drop([IdempotencyBucket], Ownership)
}

enum RedisReply {
  case commit(CommitReply)
  case meta(ShardMeta?)
  case taken(ShardMeta?)
  case products([ProductID: ProductValue])
  case entries([EntryID: StoredEntry], half: Int)
  case holds([HoldID: HoldRecord])
  case purchases([PurchaseKey: Purchases])
  case keys([(key: IdempotencyKey, bucket: IdempotencyBucket)])
  /// nil: it could not be read, or is not there any more.
  case answer(StoredAnswer?, IdempotencyKey)
  case dropped
  /// LOADING, OOM and the like, to anything but a commit.
  case error(String)
}

/// One redis-server: all shards, its bad moods, and what it held a while ago.
final class SimulatedRedis {
  enum Mood: CaseIterable {
    case well, loading, busy, outOfMemory, readOnly
  }

  private(set) var shards: [RedisShard]
  private let faults: Set<PlantedFault>
  private var hasScript = false
  private(set) var mood = Mood.well
  private var moodUntil: Int64 = 0
  /// Nothing is executed before.
  private(set) var stalledUntil: Int64 = 0
  /// What was held after each write: a server that loses its tail goes back to one of these.
  private(set) var past: [(at: Int64, shards: [RedisShard])]

  /// Hears of every commit, with the meta as it was before.
  var onCommit: (ShardID, CommitRequest, ShardMeta) -> Void = { _, _, _ in }

  init(shardCount: Int, faults: Set<PlantedFault>) {
    self.shards = Array(repeating: RedisShard(), count: shardCount)
    self.faults = faults
    self.past = [(0, shards)]
  }

  func execute(_ request: RedisRequest, shard: ShardID, at now: Int64) -> RedisReply {
    if now >= moodUntil { mood = .well }
    if let refused = refuse(request) { return refused }
    switch request {
    case .commit(let commit, let withScript):
      if !withScript, !hasScript { return .commit(.notExecuted(.scriptMissing, "NOSCRIPT")) }
      hasScript = true
      guard let before = shards[shard].meta else { return .commit(.failed("no meta")) }
      let result = shards[shard].commit(commit, faults: faults)
      if result.isExecuted {
        past.append((now, shards))
        onCommit(shard, commit, before)
      }
      return .commit(result.reply)
    case .readMeta:
      return .meta(shards[shard].meta)
    case .take(let owner, let minimum):
      let meta = shards[shard].take(owner: owner, minimum: minimum)
      past.append((now, shards))
      return .taken(meta)
    case .retake(let ownership):
      let meta = shards[shard].retake(ownership)
      past.append((now, shards))
      return .meta(meta)
    case .readProducts:
      return .products(shards[shard].products)
    case .readEntries(let half):
      return .entries(shards[shard].entries.filter { $0.key % 4 / 2 == Int64(half) }, half: half)
    case .readHolds: return .holds(shards[shard].holds)
    case .readPurchases: return .purchases(shards[shard].purchases)
    case .readKeys(let oldest):
      shards[shard].answers = shards[shard].answers.filter { $0.key >= oldest }
      return .keys(shards[shard].keys)
    case .readAnswer(let bucket, let key):
      return .answer(shards[shard].answers[bucket]?[RedisShard.KeyDigest(key)], key)
    case .drop(let buckets, let ownership):
      guard shards[shard].meta?.ownership == ownership else { return .dropped }
      shards[shard].drop(buckets)
      past.append((now, shards))
      return .dropped
    }
  }

  private func refuse(_ request: RedisRequest) -> RedisReply? {
    let reply: (CommitReply, String)
    var refusesReads = true
    switch mood {
    case .well: return nil
    case .loading: reply = (.notExecuted(.later, "LOADING"), "LOADING")
    case .busy: reply = (.notExecuted(.later, "BUSY"), "BUSY")
    case .outOfMemory:
      reply = (.notExecuted(.refused, "OOM"), "OOM")
      refusesReads = false
    case .readOnly:
      reply = (.notExecuted(.refused, "READONLY"), "READONLY")
      refusesReads = false
    }
    switch request {
    case .commit: return .commit(reply.0)
    case .take, .retake, .drop: return .error(reply.1)
    case .readMeta, .readProducts, .readEntries, .readHolds, .readPurchases, .readKeys:
      return refusesReads ? .error(reply.1) : nil
    case .readAnswer(_, let key): return refusesReads ? .answer(nil, key) : nil
    }
  }

  // MARK: Faults

  func flushScripts() { hasScript = false }

  func turn(_ mood: Mood, until instant: Int64) {
    self.mood = mood
    moodUntil = instant
  }

  func stall(until instant: Int64) { stalledUntil = max(stalledUntil, instant) }

  func recoverNow() {
    mood = .well
    stalledUntil = 0
  }

  /// Goes back to what was held at a place of `past`.
  func rewind(to place: Int) {
    shards = past[place].shards
    past.removeSubrange((place + 1)...)
  }
}
