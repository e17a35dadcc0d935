public import NIOCore
public import StockCore

/// Encodes the batches of one shard as calls of commit.lua.
public struct CommitEncoder: Sendable {
  private let metaKey: String
  private let entriesKey: String
  private let productsKey: String

  public init(keys: RedisKeys, shard: ShardID) {
    metaKey = keys.meta(shard)
    entriesKey = keys.entries(shard)
    productsKey = keys.products(shard)
  }

  /// Appends one command to `buffer`: the same bytes for the same batch, whenever it is sent again.
  ///
  /// - Parameter locationName: the name of every location that the changes mention.
  public func encode(
    _ batch: Batch, ownership: Ownership, form: ScriptForm = .hash, scripts: LoadedScripts,
    into buffer: inout ByteBuffer, locationName: (LocationID) -> String
  ) {
    buffer.writeScriptCall(
      .commit, form, scripts, keys: 3, arguments: 8 + 3 * batch.changeCount)
    buffer.writeRESPBulk(metaKey)
    buffer.writeRESPBulk(entriesKey)
    buffer.writeRESPBulk(productsKey)
    buffer.writeRESPBulk(ownership.owner)
    buffer.writeRESPBulk(ownership.epoch)
    buffer.writeRESPBulk(batch.previous)
    buffer.writeRESPBulk(batch.sequence)
    buffer.writeRESPBulk(hex: batch.digest)
    buffer.writeRESPBulk(batch.lastEntryNumber)

    buffer.writeRESPBulk(Int64(batch.entries.count))
    for change in batch.entries { buffer.write(change, locationName) }
    buffer.writeRESPBulk(Int64(batch.products.count))
    for change in batch.products { buffer.write(change) }
  }
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
}
