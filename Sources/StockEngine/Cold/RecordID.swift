import NIOCore
import StockCore
import StockRedis

/// A record of a shard in Redis: which hash, and which field.
enum RecordID: CustomStringConvertible {
  enum Table { case products, entries, holds, purchases }

  case product(ProductID)
  case entry(EntryID)
  case hold(HoldID)
  case purchases(PurchaseKey)
  /// The numbers beside the sequence in `meta`.
  case meta
  /// A field that no record of ours has.
  case unknown(Table, [UInt8])

  /// Of records that are one field.
  var field: String {
    switch self {
    case .product(let id), .entry(let id): String(id)
    case .hold(let id): id
    case .purchases(let key): "\(key.product) \(key.customer)"
    case .meta: ""
    case .unknown(_, let bytes): String(decoding: bytes, as: UTF8.self)
    }
  }

  var description: String {
    switch self {
    case .product(let id): "product \(id)"
    case .entry(let id): "entry \(id)"
    case .hold(let id): "hold \(id)"
    case .purchases(let key): "purchases \(key)"
    case .meta: "meta"
    case .unknown(_, let bytes): "field \(String(decoding: bytes.prefix(200), as: UTF8.self))"
    }
  }

  /// The hash that it is in.
  func hash(_ keys: RedisKeys, _ shard: ShardID) -> String {
    switch self {
    case .product, .unknown(.products, _): keys.products(shard)
    case .entry, .unknown(.entries, _): keys.entries(shard)
    case .hold, .unknown(.holds, _): keys.holds(shard)
    case .purchases, .unknown(.purchases, _): keys.purchases(shard)
    case .meta: keys.meta(shard)
    }
  }
}

extension ShardActor {
  /// Redis should hold it.
  func hasCommitted(_ id: RecordID) -> Bool {
    switch id {
    case .product(let id): committedProduct(id) != nil
    case .entry(let id): committedEntry(id) != nil
    case .hold(let id): committedHold(id) != nil
    case .purchases(let key): committedPurchases(key) != nil
    case .meta: true
    case .unknown: false
    }
  }

  /// The fields of a record, as Redis should hold them.
  func mendedFields(_ id: RecordID) -> [MendedField] {
    func one(_ write: (inout ByteBuffer) -> Bool) -> [MendedField] {
      var buffer = ByteBuffer()
      let isThere = write(&buffer)
      return [MendedField(field: Array(id.field.utf8), value: isThere ? buffer : nil)]
    }
    switch id {
    case .product(let product):
      return one { buffer in
        guard let value = committedProduct(product) else { return false }
        buffer.writeProductRecord(value)
        return true
      }
    case .entry(let entry):
      return one { buffer in
        guard let found = committedEntry(entry) else { return false }
        buffer.writeEntryRecord(
          product: found.product, value: found.value, location: found.location)
        return true
      }
    case .hold(let hold):
      return one { buffer in
        guard let record = committedHold(hold) else { return false }
        buffer.writeHoldRecord(record)
        return true
      }
    case .purchases(let key):
      return one { buffer in
        guard let purchases = committedPurchases(key) else { return false }
        buffer.writePurchaseValue(purchases)
        return true
      }
    case .meta:
      let meta = committedMeta
      return [
        ("last_entry", meta.lastEntryNumber), ("movements", meta.movements),
        ("oldest_bucket", meta.oldestBucket),
      ].map { MendedField(field: Array($0.0.utf8), value: ByteBuffer(string: "\($0.1)")) }
    case .unknown(_, let field):
      return [MendedField(field: field, value: nil)]
    }
  }
}
