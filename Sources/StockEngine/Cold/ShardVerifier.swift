import NIOCore
import StockCore
import StockLoop
import StockRedis

/// Holds a shard's memory against Redis while both go on; and, with a mender, makes Redis hold again
/// what memory does.
///
/// It scans on the connection on which the shard commits, and compares each page when its reply is
/// read. Replies come in the order of execution, so committed memory at that moment is exactly what
/// Redis held when it ran the scan: a difference is one. What differs on a page is written before the
/// next page is asked for.
final class ShardVerifier {
  typealias Bytes = UnsafeBufferPointer<UInt8>
  static let fieldsPerPage = 1_000
  private static let shownDifferences = 100

  enum Failure: Error {
    case unavailable(String)
    /// Redis lost the shard's meta; the shard will stop when it hears of it, and can be restored then.
    case metaLost
    /// Somebody else repairs the shard at the moment.
    case taken
  }

  let shard: ShardActor
  let link: ShardLink
  /// nil: nothing is written.
  let mender: ShardMender?
  private let connection: RedisConnection?
  private let done: (Result<VerifyReport.Shard, Failure>) -> Void

  var seenProducts: Set<ProductID> = []
  var seenEntries: Set<EntryID> = []
  var seenHolds: Set<HoldID> = []
  var seenPurchases: Set<PurchaseKey> = []
  /// Of one hash: not yet written.
  private var damaged: [RecordID] = []
  private var differences: [String] = []
  private var differenceCount = 0
  private var hasEnded = false

  init(
    shard: ShardActor, link: ShardLink, isRepairing: Bool,
    done: @escaping (Result<VerifyReport.Shard, Failure>) -> Void
  ) {
    self.shard = shard
    self.link = link
    self.connection = link.connection
    self.mender =
      isRepairing ? ShardMender(shard: shard, link: link, connection: link.connection) : nil
    self.done = done
  }

  func start() {
    guard let mender else { return checkMeta() }
    mender.begin { self.goOn($0) { self.checkMeta() } }
  }

  private func checkRecords() {
    scan(link.keys.products(shard.id), compare: compareProduct) {
      self.scan(self.link.keys.entries(self.shard.id), compare: self.compareEntry) {
        self.scan(self.link.keys.holds(self.shard.id), compare: self.compareHold) {
          self.scan(self.link.keys.purchases(self.shard.id), compare: self.comparePurchases) {
            self.lookForMissing()
          }
        }
      }
    }
  }

  /// Goes on, or ends with the failure.
  private func goOn(_ failure: Failure?, _ next: () -> Void) {
    if let failure { end(failure) } else { next() }
  }

  // MARK: Meta

  private func checkMeta() {
    if mender?.isRestoring == true {
      report("meta: lost, or not what was confirmed: \(shard.assumeIsolated { $0.health.state })")
      return checkRecords()
    }
    let key = link.keys.meta(shard.id)
    ask({ $0.writeReadMeta(key) }) { reply in
      let memory = self.shard.assumeIsolated { $0.committedMeta }
      switch MetaReply(read: reply) {
      case .meta(let held) where held == memory:
        self.checkRecords()
      case .meta(let held):
        self.report("meta: redis \(held), memory \(memory)", of: .meta)
        // Who owns the shard, and which batch was the last, the shard finds out by itself.
        self.mend { self.checkRecords() }
      case .missing:
        guard self.mender == nil else { return self.end(.metaLost) }
        self.report("meta: not in redis")
        self.checkRecords()
      case .fenced, .notExecuted, .failed:
        self.end("meta: \(reply)")
      }
    }
  }

  // MARK: Pages

  private func scan(
    _ key: String, cursor: String = "0", compare: @escaping (Bytes, Bytes) -> Void,
    done: @escaping () -> Void
  ) {
    ask({ $0.writeHashScan(key, cursor: cursor, count: Self.fieldsPerPage) }) { reply in
      guard let page = TextScanPage(reply) else { return self.end("HSCAN \(key): \(reply)") }
      do throws(RecordError) {
        try page.forEach { field, value throws(RecordError) in compare(field, value) }
      } catch {
        self.report("\(key): \(error)")
      }
      let next = page.next
      self.mend {
        guard let next else { return done() }
        self.scan(key, cursor: next, compare: compare, done: done)
      }
    }
  }

  /// Reads fields that the scan did not show.
  private func look(
    for wanted: ArraySlice<RecordID>, in key: String,
    compare: @escaping (Bytes, Bytes) -> Void, done: @escaping () -> Void
  ) {
    guard !wanted.isEmpty else { return done() }
    let some = Array(wanted.prefix(Self.fieldsPerPage))
    ask({ $0.writeRESPCommand(["HMGET", key] + some.map(\.field)) }) { reply in
      for (place, id) in some.enumerated() where place < reply.count {
        if reply[place].isNull {
          // It may have gone from memory too meanwhile.
          let isThere = self.shard.assumeIsolated { $0.hasCommitted(id) }
          if isThere { self.report("\(id): not in redis", of: id) }
        } else {
          var field = id.field
          field.withUTF8 { compare($0, reply[place].bytes) }
        }
      }
      self.mend {
        self.look(for: wanted.dropFirst(some.count), in: key, compare: compare, done: done)
      }
    }
  }

  private func ask(
    _ body: (inout ByteBuffer) -> Void, reply: @escaping (RedisReply) -> Void
  ) {
    guard let connection, connection.isOpen else { return end("no connection to redis") }
    connection.send(body) { result in
      switch result {
      case .success(let raw): raw.isError ? self.end("redis: \(raw)") : reply(raw)
      case .failure(let error): self.end("\(error)")
      }
    }
  }

  /// What memory has and the scan did not show was made since, or is missing: each is asked for.
  private func lookForMissing() {
    let ids = shard.assumeIsolated { $0.committedIDs() }
    let keys = link.keys
    let products = ids.products.filter { !seenProducts.contains($0) }.map(RecordID.product)
    let entries = ids.entries.filter { !seenEntries.contains($0) }.map(RecordID.entry)
    let holds = ids.holds.filter { !seenHolds.contains($0) }.map(RecordID.hold)
    let purchases = ids.purchases.filter { !seenPurchases.contains($0) }.map(RecordID.purchases)
    look(for: products[...], in: keys.products(shard.id), compare: compareProduct) {
      self.look(for: entries[...], in: keys.entries(self.shard.id), compare: self.compareEntry) {
        self.look(for: holds[...], in: keys.holds(self.shard.id), compare: self.compareHold) {
          self.look(
            for: purchases[...], in: keys.purchases(self.shard.id), compare: self.comparePurchases
          ) {
            self.finish(ids)
          }
        }
      }
    }
  }

  // MARK: What differs

  /// - Parameter record: what is to be written anew.
  func report(_ difference: String, of record: RecordID? = nil) {
    differenceCount += 1
    if differences.count < Self.shownDifferences { differences.append(difference) }
    if mender != nil, let record { damaged.append(record) }
  }

  private func mend(then next: @escaping () -> Void) {
    guard let mender, !damaged.isEmpty else { return next() }
    let records = damaged
    damaged = []
    mender.mend(records[...]) { self.goOn($0, next) }
  }

  private func end(_ why: String) { end(.unavailable("shard \(shard.id): \(why)")) }

  private func end(_ failure: Failure) {
    guard !hasEnded else { return }
    hasEnded = true
    mender?.release()
    done(.failure(failure))
  }

  private func finish(_ ids: CommittedIDs) {
    guard let mender else { return succeed(ids) }
    mender.finish {
      self.goOn($0) {
        mender.release()
        self.succeed(ids)
      }
    }
  }

  private func succeed(_ ids: CommittedIDs) {
    guard !hasEnded else { return }
    hasEnded = true
    done(
      .success(
        VerifyReport.Shard(
          shard: shard.id, products: ids.products.count, entries: ids.entries.count,
          holds: ids.holds.count, differences: differences, differenceCount: differenceCount,
          repairedCount: mender?.writtenCount ?? 0)))
  }
}

extension EngineLoop {
  /// How often it is tried again, every 100 ms: a shard whose meta is lost hears of that within
  /// `heartbeat`, and whoever repairs it already will end.
  private static let mostLooks = 100

  /// Verifies one of this loop's shards.
  ///
  /// - Parameter isRepairing: what differs is written to Redis from memory.
  func verify(
    _ id: ShardID, isRepairing: Bool = false, looks: Int = 0,
    done: @escaping @Sendable (Result<VerifyReport.Shard, EngineError>) -> Void
  ) {
    guard let link, let shard = shards.first(where: { $0.id == id }) else {
      return done(.failure(.unavailable("shard \(id) is not on this loop")))
    }
    let isReadable = shard.assumeIsolated { $0.isReadable }
    guard isReadable else { return done(.failure(.unavailable("shard \(id) is not there"))) }
    ShardVerifier(shard: shard, link: link, isRepairing: isRepairing) { result in
      switch result {
      case .success(let report): done(.success(report))
      case .failure(.unavailable(let why)): done(.failure(.unavailable(why)))
      case .failure(let again):
        guard looks < Self.mostLooks else {
          return done(.failure(.unavailable("shard \(id): \(again)")))
        }
        let bound = NIOLoopBound(self, eventLoop: self.loop)
        self.loop.scheduleTask(in: .milliseconds(100)) {
          bound.value.verify(id, isRepairing: isRepairing, looks: looks + 1, done: done)
        }
      }
    }.start()
  }
}
