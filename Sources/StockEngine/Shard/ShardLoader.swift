import NIOCore
import StockCore
import StockRedis

/// Takes a shard, so that an old owner's late writes fail, then reads it: products, then entries, in
/// pages. The next page is asked for before the last one is read, so that Redis and the engine work
/// at the same time. Lives on the shard's loop.
final class ShardLoader {
  /// Fields a page, roughly: Redis does nothing else while it gathers them.
  private static let fieldsPerPage = 2_000

  private let shard: ShardActor
  private let loading: Int
  private let link: ShardLink
  private let connection: RedisConnection?
  private var isAborted = false

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
    var meta: ShardMeta?
    var products = 0
    connection.send {
      $0.writeTake(
        meta: keys.meta(shard.id), owner: owner, minimumEpoch: minimumEpoch, form: .text,
        scripts: scripts)
    } reply: { result in
      guard case .success(let reply) = result else { return }
      switch MetaReply(take: reply, owner: owner) {
      case .meta(let taken): meta = taken
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
      guard case .success(let reply) = result, let meta, !self.isAborted else { return }
      let entries = Int(reply.integer ?? 0)
      let (loading, productCount) = (self.loading, products)
      let isCurrent = self.shard.assumeIsolated {
        $0.beginLoading(loading, meta, products: productCount, entries: entries)
      }
      if isCurrent { self.scanProducts() }
    }
    connection.flush()
  }

  private func scanProducts() {
    let (shard, loading) = (shard, loading)
    scan(
      link.keys.products(shard.id), decode: ProductRecord.decode,
      load: { rows in try shard.assumeIsolated { try $0.load(loading, products: rows) } },
      done: { self.scanEntries() })
  }

  private func scanEntries() {
    let (shard, loading) = (shard, loading)
    scan(
      link.keys.entries(shard.id), decode: EntryRecord.init(decoding:),
      load: { rows in try shard.assumeIsolated { try $0.load(loading, entries: rows) } },
      done: {
        do {
          _ = try shard.assumeIsolated { try $0.finishLoading(loading) }
        } catch {
          self.refuse("\(error)")
        }
      })
  }

  /// Reads all fields of a hash, each an id with a record.
  private func scan<Record>(
    _ key: String, cursor: String = "0",
    decode: @escaping (UnsafeBufferPointer<UInt8>) throws(RecordError) -> Record,
    load: @escaping ([(Int64, Record)]) throws -> Bool, done: @escaping () -> Void
  ) {
    guard let connection else { return }
    connection.send {
      $0.writeHashScan(key, cursor: cursor, count: Self.fieldsPerPage)
    } reply: { result in
      // A lost connection starts another loading.
      guard case .success(let reply) = result, !self.isAborted else { return }
      guard let page = HashScanPage(reply) else { return self.retry("HSCAN \(key): \(reply)") }
      if let next = page.next {
        self.scan(key, cursor: next, decode: decode, load: load, done: done)
      }
      do {
        var rows: [(Int64, Record)] = []
        rows.reserveCapacity(page.count)
        try page.forEach { id, value throws(RecordError) in rows.append((id, try decode(value))) }
        guard try load(rows) else {
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
