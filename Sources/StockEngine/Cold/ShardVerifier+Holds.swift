import StockCore
import StockRedis

/// Holds and purchases: as products and entries, but found by text.
extension ShardVerifier {
  func scanHolds(done: @escaping () -> Void) {
    scanTexts(link.keys.holds(shard.id), compare: compareHold, done: done)
  }

  func scanPurchases(done: @escaping () -> Void) {
    scanTexts(link.keys.purchases(shard.id), compare: comparePurchases, done: done)
  }

  private typealias Bytes = UnsafeBufferPointer<UInt8>

  private func scanTexts(
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
      guard let next = page.next else { return done() }
      self.scanTexts(key, cursor: next, compare: compare, done: done)
    }
  }

  private func compareHold(_ field: Bytes, _ value: Bytes) {
    let id = String(decoding: field, as: UTF8.self)
    seenHolds.insert(id)
    do {
      let held = try HoldRecordReader.decode(id: id, value)
      let memory = shard.assumeIsolated { $0.committedHold(id) }
      if memory != held { report("hold \(id): redis \(held), memory \(describe(memory))") }
    } catch {
      report("hold \(id): \(error)")
    }
  }

  private func comparePurchases(_ field: Bytes, _ value: Bytes) {
    do {
      let (key, held) = try PurchaseRecord.decode(field: field, value: value)
      seenPurchases.insert(key)
      let memory = shard.assumeIsolated { $0.committedPurchases(key) }
      if memory != held {
        report("purchases \(key): redis \(held), memory \(describe(memory))")
      }
    } catch {
      report("purchases \(String(decoding: field.prefix(200), as: UTF8.self)): \(error)")
    }
  }

  // MARK: What the scan did not show

  func lookForHolds(_ ids: ArraySlice<HoldID>, done: @escaping () -> Void) {
    look(
      for: ids.map { id in
        (
          field: id,
          missing: {
            let isThere = self.shard.assumeIsolated { $0.committedHold(id) != nil }
            if isThere { self.report("hold \(id): not in redis") }
          }
        )
      }[...], in: link.keys.holds(shard.id), compare: compareHold, done: done)
  }

  func lookForPurchases(_ keys: ArraySlice<PurchaseKey>, done: @escaping () -> Void) {
    look(
      for: keys.map { key in
        (
          field: "\(key.product) \(key.customer)",
          missing: {
            let isThere = self.shard.assumeIsolated { $0.committedPurchases(key) != nil }
            if isThere { self.report("purchases \(key): not in redis") }
          }
        )
      }[...], in: link.keys.purchases(shard.id), compare: comparePurchases, done: done)
  }

  private func look(
    for wanted: ArraySlice<(field: String, missing: () -> Void)>, in key: String,
    compare: @escaping (Bytes, Bytes) -> Void, done: @escaping () -> Void
  ) {
    guard !wanted.isEmpty else { return done() }
    let some = Array(wanted.prefix(1_000))
    ask({ $0.writeRESPCommand(["HMGET", key] + some.map(\.field)) }) { reply in
      for (place, one) in some.enumerated() where place < reply.count {
        if reply[place].isNull {
          one.missing()
        } else {
          var field = one.field
          field.withUTF8 { compare($0, reply[place].bytes) }
        }
      }
      self.look(for: wanted.dropFirst(some.count), in: key, compare: compare, done: done)
    }
  }
}
