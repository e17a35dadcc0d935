public import NIOCore
public import StockCore

/// What a customer has of a product with a purchase limit, as Redis holds it: the field of
/// `RedisKeys.purchases` is `PRODUCT CUSTOMER`, the value `UNITS SALE-START` (ms), so `123 c-9` and `2 0`.
public enum PurchaseRecord {
  public static func decode(
    field: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> (PurchaseKey, Purchases) {
    var key = FieldReader(field)
    let product = try key.id("product", separator: UInt8(ascii: " "))
    let customer = try FieldReader.text("customer", key.rest)
    guard !customer.isEmpty else { throw RecordError("the customer is missing") }
    var words = FieldReader(value)
    let units = try words.id("units", separator: UInt8(ascii: " "))
    let saleStart = try FieldReader.signed("the sale's start", words.rest)
    return (
      PurchaseKey(product: product, customer: customer),
      Purchases(units: units, saleStart: saleStart)
    )
  }

  /// As above, for text that was kept.
  public static func decode(
    field: String, value: String
  ) throws(RecordError) -> (PurchaseKey, Purchases) {
    // `withUTF8` rethrows without a type.
    try withBytes(of: field) { field throws(RecordError) in
      try withBytes(of: value) { value throws(RecordError) in
        try decode(field: field, value: value)
      }
    }
  }

  private static func withBytes<Value>(
    of text: String, _ body: (UnsafeBufferPointer<UInt8>) throws(RecordError) -> Value
  ) throws(RecordError) -> Value {
    var text = text
    return try text.withUTF8 { bytes -> Result<Value, RecordError> in
      do throws(RecordError) { return .success(try body(bytes)) } catch { return .failure(error) }
    }.get()
  }
}

extension ByteBuffer {
  /// Writes a purchase's field, without a length in front.
  public mutating func writePurchaseField(_ key: PurchaseKey) {
    writeRaw(maxBytes: RawWriter.maxDigits + 2 + key.customer.utf8.count) { writer in
      writer.decimal(key.product)
      writer.space()
      writer.text(key.customer)
    }
  }

  /// Writes a purchase's value, without a length in front.
  public mutating func writePurchaseValue(_ purchases: Purchases) {
    writeRaw(maxBytes: 2 * (RawWriter.maxDigits + 1) + 1) { writer in
      writer.decimal(purchases.units)
      writer.space()
      writer.decimal(purchases.saleStart)
    }
  }
}
