import StockCore
import StockRedis

/// The records of each hash, one by one.
extension ShardVerifier {
  func compareProduct(_ field: Bytes, _ value: Bytes) {
    guard let id = Self.id(field) else { return reportUnknown("product", .products, field) }
    seenProducts.insert(id)
    do {
      let held = try ProductRecord.decode(value)
      let memory = shard.assumeIsolated { $0.committedProduct(id) }
      if memory != held { reportDifference(.product(id), held, memory) }
    } catch {
      report("product \(id): \(error)", of: .product(id))
    }
  }

  func compareEntry(_ field: Bytes, _ value: Bytes) {
    guard let id = Self.id(field) else { return reportUnknown("entry", .entries, field) }
    seenEntries.insert(id)
    do {
      let held = try EntryRecord(decoding: value)
      let memory = shard.assumeIsolated { $0.committedEntry(id) }.map {
        EntryRecord(product: $0.product, value: $0.value, location: $0.location)
      }
      if memory != held { reportDifference(.entry(id), held, memory) }
    } catch {
      report("entry \(id): \(error)", of: .entry(id))
    }
  }

  func compareHold(_ field: Bytes, _ value: Bytes) {
    let id = String(decoding: field, as: UTF8.self)
    guard id.utf8.elementsEqual(field) else { return reportUnknown("hold", .holds, field) }
    seenHolds.insert(id)
    do {
      let held = try HoldRecordReader.decode(id: id, value)
      let memory = shard.assumeIsolated { $0.committedHold(id) }
      if memory != held { reportDifference(.hold(id), held, memory) }
    } catch {
      report("hold \(id): \(error)", of: .hold(id))
    }
  }

  func comparePurchases(_ field: Bytes, _ value: Bytes) {
    do {
      let (key, held) = try PurchaseRecord.decode(field: field, value: value)
      guard RecordID.purchases(key).field.utf8.elementsEqual(field) else {
        return reportUnknown("purchases", .purchases, field)
      }
      seenPurchases.insert(key)
      let memory = shard.assumeIsolated { $0.committedPurchases(key) }
      if memory != held { reportDifference(.purchases(key), held, memory) }
    } catch {
      // A good field with a bad value is deleted first, and then found to be missing.
      reportUnknown("purchases", .purchases, field)
    }
  }

  private func reportDifference<Value>(_ id: RecordID, _ held: Value, _ memory: Value?) {
    report("\(id): redis \(held), memory \(memory.map { "\($0)" } ?? "nothing")", of: id)
  }

  private func reportUnknown(_ what: String, _ table: RecordID.Table, _ field: Bytes) {
    let name = String(decoding: field.prefix(200), as: UTF8.self)
    report("\(what) \(name): cannot be read", of: .unknown(table, Array(field)))
  }

  /// A field that is an id as we write it.
  private static func id(_ field: Bytes) -> Int64? {
    let text = String(decoding: field, as: UTF8.self)
    guard let id = Int64(text), id >= 1, String(id) == text else { return nil }
    return id
  }
}
