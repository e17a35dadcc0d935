internal import NIOCore
internal import StockCore

extension ByteBuffer {
  /// Writes an outcome as `OutcomeText` says, without a length in front.
  ///
  /// Reads, answers between shards and "unavailable" are never kept: they become a word that cannot be
  /// read back.
  mutating func writeOutcome(_ outcome: Outcome) {
    switch outcome {
    case .entry(let entry):
      writeStaticString("entry")
      write(entry)
    case .transferred(let from, let to):
      writeStaticString("transferred")
      write(from)
      write(to)
    case .deleted:
      writeStaticString("deleted")
    case .product(let product):
      writeStaticString("product ")
      write(product)
    case .productCreated(let product):
      writeStaticString("product_created ")
      write(product)
    case .allocated(let lines):
      writeStaticString("allocated")
      for line in lines { write(line.entry, quantity: line.quantity) }
    case .hold(let hold):
      writeStaticString("hold ")
      write(hold)
    case .holdCreated(let hold):
      writeStaticString("hold_created ")
      write(hold)
    case .reservedTogether(let entries):
      writeStaticString("reserved_together")
      for entry in entries { write(entry) }
    case .refused(let refusal):
      writeStaticString("refused ")
      writeRefusal(refusal)
    case .summary, .part, .keyUnknown, .replay, .unavailable:
      writeStaticString("unkept")
    }
  }

  private mutating func write(_ product: ProductSnapshot) {
    writeString("\(product.id)\t")
    writeProductRecord(product.value)
  }

  private mutating func write(_ hold: Hold) {
    writeString(hold.id)
    writeStaticString("\t")
    writeHoldRecord(.hold(hold))
  }

  /// A tab, the quantity of an allocated line if there is one, the entry.
  private mutating func write(_ entry: EntrySnapshot, quantity: Int64? = nil) {
    let value = entry.value
    let maxBytes =
      9 * (RawWriter.maxDigits + 2) + 4 + value.gtin.recordCount + entry.location.utf8.count
    writeRaw(maxBytes: maxBytes) { writer in
      writer.tab()
      if let quantity {
        writer.decimal(quantity)
        writer.space()
      }
      writer.decimal(entry.id)
      writer.space()
      writer.decimal(entry.product)
      writer.space()
      writer.decimal(entry.store)
      writer.text(entry.unlimited ? " u " : " s ")
      writer.decimal(value.quantity)
      writer.space()
      writer.decimal(value.reserved)
      writer.space()
      writer.decimal(value.version)
      writer.space()
      writer.decimal(value.createdAt)
      writer.space()
      writer.decimal(value.updatedAt)
      writer.space()
      writer.gtin(value.gtin)
      writer.space()
      writer.text(entry.location)
    }
  }
}
