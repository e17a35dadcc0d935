import StockCore

extension ByteWriter {
  /// A movement as an object.
  mutating func append(_ entry: LedgerEntry, shard: ShardID, sequence: Sequence64) {
    reserve(512)
    append("{\"shard\":")
    append(Int64(shard))
    append(",\"number\":")
    append(entry.number)
    append(",\"sequence\":")
    append(sequence)
    append(",\"product_id\":")
    append(entry.product)
    append(",\"store_id\":")
    append(entry.store)
    append(",\"location\":")
    appendLocation(entry.location)
    append(",\"kind\":\"")
    append(utf8: entry.kind.name)
    append("\",\"quantity_change\":")
    append(entry.quantityChange)
    append(",\"reserved_change\":")
    append(entry.reservedChange)
    append(",\"quantity_after\":")
    append(entry.quantityAfter)
    append(",\"reserved_after\":")
    append(entry.reservedAfter)
    append(",\"reason\":")
    appendText(entry.note.reason)
    append(",\"reference\":")
    appendText(entry.note.reference)
    if entry.actor == 0 {
      append(",\"actor\":\"engine\"")
    } else {
      append(
        Principal.isOfToken(entry.actor) ? ",\"actor\":\"token:" : ",\"actor\":\"key:")
      append(entry.actor)
      append("\"")
    }
    append(",\"occurred_at\":")
    appendTime(entry.occurredAt)
    append("}")
  }
}
