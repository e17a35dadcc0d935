public import NIOCore
public import StockCore

extension ByteBuffer {
  /// Writes an entry's record, without a length in front.
  public mutating func writeEntryRecord(
    product: ProductID, value: EntryValue, location: String
  ) {
    let record = EntryWriter(product: product, value: value)
    writeRaw(maxBytes: record.count(locationBytes: location.utf8.count)) { writer in
      record.write(location: location, to: &writer)
    }
  }

  /// Writes a product's record, without a length in front.
  public mutating func writeProductRecord(_ value: ProductValue) {
    let record = ProductWriter(value: value)
    writeRaw(maxBytes: record.count) { record.write(to: &$0) }
  }
}
