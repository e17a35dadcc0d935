import NIOCore
import StockCore
import StockRedis

/// Holds a shard's memory against Redis while both go on.
///
/// It scans on the connection on which the shard commits, and compares each page when its reply is
/// read. Replies come in the order of execution, so committed memory at that moment is exactly what
/// Redis held when it ran the scan: a difference is one.
final class ShardVerifier {
  static let fieldsPerPage = 1_000
  private static let shownDifferences = 100

  let shard: ShardActor
  let link: ShardLink
  private let connection: RedisConnection?
  private let done: (Result<VerifyReport.Shard, EngineError>) -> Void

  private var seenProducts: Set<ProductID> = []
  private var seenEntries: Set<EntryID> = []
  var seenHolds: Set<HoldID> = []
  var seenPurchases: Set<PurchaseKey> = []
  private var differences: [String] = []
  private var differenceCount = 0

  init(
    shard: ShardActor, link: ShardLink,
    done: @escaping (Result<VerifyReport.Shard, EngineError>) -> Void
  ) {
    self.shard = shard
    self.link = link
    self.connection = link.connection
    self.done = done
  }

  func start() {
    scan(link.keys.products(shard.id), compare: compareProduct) {
      self.scan(self.link.keys.entries(self.shard.id), compare: self.compareEntry) {
        self.scanHolds {
          self.scanPurchases { self.lookForMissing() }
        }
      }
    }
  }

  private func scan(
    _ key: String, cursor: String = "0",
    compare: @escaping (Int64, UnsafeBufferPointer<UInt8>) -> Void, done: @escaping () -> Void
  ) {
    ask({ $0.writeHashScan(key, cursor: cursor, count: Self.fieldsPerPage) }) { reply in
      guard let page = HashScanPage(reply) else { return self.end("HSCAN \(key): \(reply)") }
      do throws(RecordError) {
        try page.forEach { id, value throws(RecordError) in compare(id, value) }
      } catch {
        self.report("\(key): \(error)")
      }
      guard let next = page.next else { return done() }
      self.scan(key, cursor: next, compare: compare, done: done)
    }
  }

  func ask(
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

  private func compareProduct(_ id: ProductID, _ bytes: UnsafeBufferPointer<UInt8>) {
    seenProducts.insert(id)
    do {
      let held = try ProductRecord.decode(bytes)
      let memory = shard.assumeIsolated { $0.committedProduct(id) }
      if memory != held { report("product \(id): redis \(held), memory \(describe(memory))") }
    } catch {
      report("product \(id): \(error)")
    }
  }

  private func compareEntry(_ id: EntryID, _ bytes: UnsafeBufferPointer<UInt8>) {
    seenEntries.insert(id)
    do {
      let held = try EntryRecord(decoding: bytes)
      let memory = shard.assumeIsolated { $0.committedEntry(id) }.map {
        EntryRecord(product: $0.product, value: $0.value, location: $0.location)
      }
      if memory != held { report("entry \(id): redis \(held), memory \(describe(memory))") }
    } catch {
      report("entry \(id): \(error)")
    }
  }

  /// What memory has and the scan did not show was made since, or is missing: each is asked for.
  private func lookForMissing() {
    let ids = shard.assumeIsolated { $0.committedIDs() }
    let unseenProducts = ids.products.filter { !seenProducts.contains($0) }
    let unseenEntries = ids.entries.filter { !seenEntries.contains($0) }
    look(for: unseenProducts[...], in: link.keys.products(shard.id), compare: compareProduct) {
      id in
      let isThere = self.shard.assumeIsolated { $0.committedProduct(id) != nil }
      if isThere { self.report("product \(id): not in redis") }
    } done: {
      self.look(
        for: unseenEntries[...], in: self.link.keys.entries(self.shard.id),
        compare: self.compareEntry
      ) { id in
        let isThere = self.shard.assumeIsolated { $0.committedEntry(id) != nil }
        if isThere { self.report("entry \(id): not in redis") }
      } done: {
        self.lookForHolds(ids.holds.filter { !self.seenHolds.contains($0) }[...]) {
          self.lookForPurchases(ids.purchases.filter { !self.seenPurchases.contains($0) }[...]) {
            self.finish(ids)
          }
        }
      }
    }
  }

  private func look(
    for ids: ArraySlice<Int64>, in key: String,
    compare: @escaping (Int64, UnsafeBufferPointer<UInt8>) -> Void,
    missing: @escaping (Int64) -> Void, done: @escaping () -> Void
  ) {
    guard !ids.isEmpty else { return done() }
    let some = ids.prefix(1_000)
    ask({ $0.writeRESPCommand(["HMGET", key] + some.map(String.init)) }) { reply in
      for (index, id) in some.enumerated() where index < reply.count {
        if reply[index].isNull { missing(id) } else { compare(id, reply[index].bytes) }
      }
      self.look(
        for: ids.dropFirst(some.count), in: key, compare: compare, missing: missing, done: done)
    }
  }

  func describe<Value>(_ value: Value?) -> String { value.map { "\($0)" } ?? "nothing" }

  func report(_ difference: String) {
    differenceCount += 1
    if differences.count < Self.shownDifferences { differences.append(difference) }
  }

  func end(_ why: String) {
    done(.failure(.unavailable("shard \(shard.id): \(why)")))
  }

  private func finish(_ ids: CommittedIDs) {
    done(
      .success(
        VerifyReport.Shard(
          shard: shard.id, products: ids.products.count, entries: ids.entries.count,
          holds: ids.holds.count, differences: differences, differenceCount: differenceCount)))
  }
}

extension EngineLoop {
  /// Verifies one of this loop's shards.
  func verify(
    _ id: ShardID, done: @escaping @Sendable (Result<VerifyReport.Shard, EngineError>) -> Void
  ) {
    guard let link, let shard = shards.first(where: { $0.id == id }) else {
      return done(.failure(.unavailable("shard \(id) is not on this loop")))
    }
    let isReadable = shard.assumeIsolated { $0.isReadable }
    guard isReadable else { return done(.failure(.unavailable("shard \(id) is not there"))) }
    ShardVerifier(shard: shard, link: link, done: done).start()
  }
}
