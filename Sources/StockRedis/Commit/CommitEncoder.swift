public import NIOCore
public import StockCore

/// Encodes the batches of one shard as calls of commit.lua.
public struct CommitEncoder: Sendable {
  /// meta, entries, products, holds, purchases.
  private let fixedKeys: [String]
  private let bucketPrefix: String
  private let ledgerKey: String
  private let ledgerLength: Int64

  /// How many movements go by, about, before old ones are cut off again.
  private static let movementsBetweenCuts: Int64 = 4_096

  /// - Parameter ledgerLength: movements that the shard's ledger keeps, about.
  public init(
    keys: RedisKeys, shard: ShardID, ledgerLength: Int64 = ShardConfiguration().ledgerLength
  ) {
    fixedKeys = [
      keys.meta(shard), keys.entries(shard), keys.products(shard), keys.holds(shard),
      keys.purchases(shard),
    ]
    bucketPrefix = keys.idempotencyPrefix(shard)
    ledgerKey = keys.ledger(shard)
    self.ledgerLength = ledgerLength
  }

  /// Appends one command to `buffer`: the same bytes for the same batch, whenever it is sent again.
  ///
  /// - Parameter locationName: the name of every location that the changes and movements mention.
  public func encode(
    _ batch: Batch, ownership: Ownership, form: ScriptForm = .hash, scripts: LoadedScripts,
    into buffer: inout ByteBuffer, locationName: (LocationID) -> String
  ) {
    let floors = batch.entries.reduce(0) { $0 + ($1.hasFloor ? 1 : 0) }
    let changes =
      batch.entries.count + batch.products.count + batch.holds.count + batch.purchases.count
    buffer.writeScriptCall(
      .commit, form, scripts, keys: 7,
      arguments: 15 + 3 * changes + 2 * (floors + batch.idempotency.count)
        + (batch.movements.isEmpty ? 0 : 2))
    for key in fixedKeys { buffer.writeRESPBulk(key) }
    buffer.writeBulk {
      $0.writeString(bucketPrefix)
      $0.writeRaw(maxBytes: RawWriter.maxDigits + 1) { $0.decimal(batch.bucket) }
    }
    buffer.writeRESPBulk(ledgerKey)
    buffer.writeRESPBulk(ownership.owner)
    buffer.writeRESPBulk(ownership.epoch)
    buffer.writeRESPBulk(batch.previous)
    buffer.writeRESPBulk(batch.sequence)
    buffer.writeRESPBulk(hex: batch.digest)
    buffer.writeRESPBulk(batch.lastEntryNumber)
    buffer.writeRESPBulk(batch.totalMovements)
    buffer.writeRESPBulk(batch.oldestBucket)

    buffer.writeRESPBulk(Int64(floors))
    if floors > 0 {
      for change in batch.entries where change.hasFloor {
        buffer.writeRESPBulk(change.id)
        buffer.writeRESPBulk(change.floor)
      }
    }
    buffer.writeRESPBulk(Int64(batch.entries.count))
    for change in batch.entries { buffer.write(change, locationName) }
    buffer.writeRESPBulk(Int64(batch.products.count))
    for change in batch.products { buffer.write(change) }
    buffer.writeRESPBulk(Int64(batch.holds.count))
    for change in batch.holds { buffer.write(change) }
    buffer.writeRESPBulk(Int64(batch.purchases.count))
    for change in batch.purchases { buffer.write(change) }
    buffer.writeRESPBulk(Int64(batch.idempotency.count))
    for record in batch.idempotency {
      buffer.writeBulk(field: record.key)
      buffer.writeBulk { $0.writeIdempotencyRecord(record, sequence: batch.sequence) }
    }
    guard !batch.movements.isEmpty else {
      buffer.writeRESPBulk(0)
      return
    }
    buffer.writeRESPBulk(1)
    buffer.writeBulk {
      $0.writeMovements(batch.movements, notes: batch.notes, locationName: locationName)
    }
    if let cut = cut(batch) { buffer.writeRESPBulk(cut) } else { buffer.writeRESPBulk("") }
  }

  /// The number before which movements may go; nil where it is not time for that. Told by the batch
  /// alone, so that a resend says the same.
  private func cut(_ batch: Batch) -> Int64? {
    let (before, after) = (batch.previousMovements, batch.totalMovements)
    guard before / Self.movementsBetweenCuts != after / Self.movementsBetweenCuts,
      after > ledgerLength
    else { return nil }
    return after - ledgerLength
  }
}

extension EntryChange {
  /// Its new value has another floor than 0.
  fileprivate var hasFloor: Bool { floor != 0 && after != nil }
}

extension ByteBuffer {
  /// Id, what the held value must start with, the new value.
  fileprivate mutating func write(
    _ change: EntryChange, _ locationName: (LocationID) -> String
  ) {
    let before = change.before.map { EntryWriter(product: change.product, value: $0) }
    let after = change.after.map { EntryWriter(product: change.product, value: $0) }
    let location = change.after.map { locationName($0.location) } ?? ""
    let beforeCount = before?.prefixCount ?? 0
    let afterCount = after?.count(locationBytes: location.utf8.count) ?? 0
    let maxBytes = 3 * RawWriter.bulkFrame + RawWriter.maxDigits + 1 + beforeCount + afterCount
    writeRaw(maxBytes: maxBytes) { writer in
      writer.bulk(change.id)
      if let before {
        writer.bulkHead(beforeCount)
        before.writePrefix(to: &writer)
        writer.lineEnd()
      } else {
        writer.emptyBulk()
      }
      if let after {
        writer.bulkHead(afterCount)
        after.write(location: location, to: &writer)
        writer.lineEnd()
      } else {
        writer.emptyBulk()
      }
    }
  }

  /// As above. Products are never deleted.
  fileprivate mutating func write(_ change: ProductChange) {
    let before = change.before.map { ProductWriter(value: $0) }
    let after = ProductWriter(value: change.after)
    let beforeCount = before?.prefixCount ?? 0
    let afterCount = after.count
    let maxBytes = 3 * RawWriter.bulkFrame + RawWriter.maxDigits + 1 + beforeCount + afterCount
    writeRaw(maxBytes: maxBytes) { writer in
      writer.bulk(change.id)
      if let before {
        writer.bulkHead(beforeCount)
        before.writePrefix(to: &writer)
        writer.lineEnd()
      } else {
        writer.emptyBulk()
      }
      writer.bulkHead(afterCount)
      after.write(to: &writer)
      writer.lineEnd()
    }
  }

  /// As above.
  fileprivate mutating func write(_ change: Change<HoldID, HoldRecord>) {
    writeRESPBulk(change.key)
    if let before = change.before {
      writeBulk { $0.writeHoldPrefix(before) }
    } else {
      writeRESPBulk("" as StaticString)
    }
    if let after = change.after {
      writeBulk { $0.writeHoldRecord(after) }
    } else {
      writeRESPBulk("" as StaticString)
    }
  }

  /// As `writeIdempotencyField`, which is always of the same length.
  fileprivate mutating func writeBulk(field key: IdempotencyKey) {
    writeRaw(maxBytes: RawWriter.bulkFrame + 32) { writer in
      writer.bulkHead(32)
      writer.hex(key.high)
      writer.hex(key.low)
      writer.lineEnd()
    }
  }

  /// As above, but what is held must be `before` to the last byte.
  fileprivate mutating func write(_ change: Change<PurchaseKey, Purchases>) {
    writeBulk { $0.writePurchaseField(change.key) }
    if let before = change.before {
      writeBulk { $0.writePurchaseValue(before) }
    } else {
      writeRESPBulk("" as StaticString)
    }
    if let after = change.after {
      writeBulk { $0.writePurchaseValue(after) }
    } else {
      writeRESPBulk("" as StaticString)
    }
  }
}
