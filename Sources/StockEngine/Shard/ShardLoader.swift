import NIOCore
import StockCore
import StockLoop
import StockRedis

/// Takes a shard, so that an old owner's late writes fail, then reads it: products, entries, holds,
/// purchases, the keys of idempotency records, in pages. The next page is asked for before the last one is read, so that Redis and the engine work
/// at the same time. Lives on the shard's loop.
final class ShardLoader {
  /// Fields a page, roughly: Redis does nothing else while it gathers them.
  private static let fieldsPerPage = 2_000
  /// Keys that one step of the search for buckets looks at.
  private static let keysPerStep = 10_000

  private let shard: ShardActor
  private let loading: Int
  private let link: ShardLink
  private let connection: RedisConnection?
  private var isAborted = false
  private var isFinished = false
  /// Replies so far.
  private var replies = 0
  private var meta: ShardMeta?

  init(shard: ShardActor, loading: Int, link: ShardLink) {
    self.shard = shard
    self.loading = loading
    self.link = link
    self.connection = link.connection
  }

  func start(minimumEpoch: Epoch) {
    guard let connection, connection.isOpen, let scripts = connection.scripts else { return }
    let owner = link.owner
    let keys = link.keys
    var products = 0
    connection.send {
      $0.writeTake(
        meta: keys.meta(shard.id), owner: owner, minimumEpoch: minimumEpoch, form: .text,
        scripts: scripts)
    } reply: { result in
      guard case .success(let reply) = result else { return }
      self.replies += 1
      switch MetaReply(take: reply, owner: owner) {
      case .meta(let taken): self.meta = taken
      case .missing: self.refuse("the shard's meta is gone: redis has lost data")
      case .fenced(let other): self.refuse("fenced by \(other.owner)")
      case .notExecuted(_, let why), .failed(let why): self.retry(why)
      }
    }
    connection.send {
      $0.writeRESPCommand(["HLEN", keys.products(shard.id)])
    } reply: { result in
      if case .success(let reply) = result { products = Int(reply.integer ?? 0) }
    }
    connection.send {
      $0.writeRESPCommand(["HLEN", keys.entries(shard.id)])
    } reply: { result in
      guard case .success(let reply) = result, let meta = self.meta, !self.isAborted else { return }
      let entries = Int(reply.integer ?? 0)
      let (loading, productCount) = (self.loading, products)
      let isCurrent = self.shard.assumeIsolated {
        $0.beginLoading(loading, meta, products: productCount, entries: entries)
      }
      if isCurrent { self.scanProducts() }
    }
    connection.flush()
    watch()
  }

  /// No heartbeat runs while a shard is loaded, and a host that is gone closes no connection.
  private func watch() {
    let before = replies
    let bound = NIOLoopBound(self, eventLoop: link.loop)
    link.loop.scheduleTask(in: link.loadTimeout) {
      let loader = bound.value
      guard !loader.isAborted, !loader.isFinished, let connection = loader.connection,
        connection.isOpen, connection === loader.link.connection
      else { return }
      if loader.replies == before {
        loader.link.drop("no answer while shards are loaded")
      } else {
        loader.watch()
      }
    }
  }

  private func scanProducts() {
    scan(link.keys.products(shard.id)) { reply in
      let rows = try Self.rows(reply, ProductRecord.decode)
      return try self.hand { try $0.load($1, products: rows) }
    } done: {
      self.scanEntries()
    }
  }

  private func scanEntries() {
    scan(link.keys.entries(shard.id)) { reply in
      let rows = try Self.rows(reply, EntryRecord.init(decoding:))
      return try self.hand { try $0.load($1, entries: rows) }
    } done: {
      self.scanHolds()
    }
  }

  private func scanHolds() {
    scan(link.keys.holds(shard.id)) { reply in
      let records = try Self.texts(reply) { field, value throws(RecordError) in
        try HoldRecordReader.decode(id: String(decoding: field, as: UTF8.self), value)
      }
      return try self.hand { try $0.load($1, holds: records) }
    } done: {
      self.scanPurchases()
    }
  }

  private func scanPurchases() {
    scan(link.keys.purchases(shard.id)) { reply in
      let records = try Self.texts(reply, PurchaseRecord.decode(field:value:))
      return try self.hand { $0.load($1, purchases: records) }
    } done: {
      self.findBuckets()
    }
  }

  /// Which buckets of idempotency records there are. They are looked for, not reckoned: the clock, or
  /// the setting that tells how long a bucket is, may have been another when they were made.
  private func findBuckets(cursor: String = "0", found: Set<IdempotencyBucket> = []) {
    guard let connection, let meta else { return }
    guard meta.sequence > 0 else { return scanBuckets([]) }
    let prefix = link.keys.idempotencyPrefix(shard.id)
    connection.send {
      $0.writeRESPCommand(
        ["SCAN", cursor, "MATCH", prefix + "*", "COUNT", String(Self.keysPerStep)])
    } reply: { result in
      guard case .success(let reply) = result, !self.isAborted else { return }
      self.replies += 1
      guard reply.count == 2, let next = reply[0].string, reply[1].isArray else {
        return self.retry("SCAN: \(reply)")
      }
      var found = found
      for place in 0..<reply[1].count {
        let number = reply[1][place].string.flatMap { Int64($0.dropFirst(prefix.utf8.count)) }
        if let number { found.insert(number) }
      }
      if next != "0" { return self.findBuckets(cursor: next, found: found) }
      let old = found.filter { $0 < meta.oldestBucket }.sorted()
      if !old.isEmpty {
        _ = self.link.unlink(old, shard: self.shard.id, ownership: meta.ownership)
      }
      self.scanBuckets(found.subtracting(old).sorted()[...])
    }
    connection.flush()
  }

  private func scanBuckets(_ buckets: ArraySlice<IdempotencyBucket>) {
    guard let bucket = buckets.first else { return finish() }
    scan(link.keys.idempotency(shard.id, bucket)) { reply in
      let keys = try Self.texts(reply) { field, value throws(RecordError) in
        try IdempotencyText.key(
          fromField: field, fingerprint: IdempotencyText.fingerprint(value))
      }
      return try self.hand { $0.load($1, keys: keys, bucket: bucket) }
    } done: {
      self.scanBuckets(buckets.dropFirst())
    }
  }

  private func finish() {
    isFinished = true
    do {
      _ = try hand {
        try $0.finishLoading($1)
        return true
      }
    } catch {
      refuse("\(error)")
    }
  }

  // MARK: Pages

  /// Enters the shard, with the number of this loading.
  private func hand(_ body: @Sendable (isolated ShardActor, Int) throws -> Bool) throws -> Bool {
    let loading = loading
    return try shard.assumeIsolated { try body($0, loading) }
  }

  private static func rows<Record>(
    _ reply: RedisReply,
    _ decode: (UnsafeBufferPointer<UInt8>) throws(RecordError) -> Record
  ) throws -> [(Int64, Record)] {
    guard let page = HashScanPage(reply) else { return [] }
    var rows: [(Int64, Record)] = []
    rows.reserveCapacity(page.count)
    try page.forEach { id, value throws(RecordError) in rows.append((id, try decode(value))) }
    return rows
  }

  private static func texts<Record>(
    _ reply: RedisReply,
    _ decode: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) throws(RecordError) -> Record
  ) throws -> [Record] {
    guard let page = TextScanPage(reply) else { return [] }
    var records: [Record] = []
    records.reserveCapacity(page.count)
    try page.forEach { field, value throws(RecordError) in
      records.append(try decode(field, value))
    }
    return records
  }

  /// Reads all fields of a hash, page by page.
  ///
  /// - Parameter load: takes a page in; false: this loading was given up for another one.
  private func scan(
    _ key: String, cursor: String = "0", load: @escaping (RedisReply) throws -> Bool,
    done: @escaping () -> Void
  ) {
    guard let connection else { return }
    connection.send {
      $0.writeHashScan(key, cursor: cursor, count: Self.fieldsPerPage)
    } reply: { result in
      // A lost connection starts another loading.
      guard case .success(let reply) = result, !self.isAborted else { return }
      self.replies += 1
      guard let page = TextScanPage(reply) else { return self.retry("HSCAN \(key): \(reply)") }
      if let next = page.next { self.scan(key, cursor: next, load: load, done: done) }
      do {
        guard try load(reply) else {
          self.isAborted = true
          return
        }
      } catch {
        return self.refuse("\(key): \(error)")
      }
      if page.next == nil { done() }
    }
    connection.flush()
  }

  /// What Redis holds cannot be served: people must look.
  private func refuse(_ why: String) {
    isAborted = true
    let loading = loading
    shard.assumeIsolated { $0.loadingRefused(loading, why) }
  }

  /// Redis would not have it now: again in a while.
  private func retry(_ why: String) {
    isAborted = true
    let (shard, loading) = (shard, loading)
    shard.assumeIsolated { $0.loadingFailed(loading, why) }
    link.loop.scheduleTask(in: .milliseconds(500)) {
      shard.assumeIsolated { $0.retryLoading() }
    }
  }
}
