public import StockCore

/// An entry as Redis holds it: the value of a field of `RedisKeys.entries`.
///
/// `AVAILABLE RESERVED VERSION PRODUCT CREATED UPDATED GTIN LOCATION`, single spaces between, times
/// in ms, `-` for no GTIN; the location is last since it may have spaces inside. So
/// `95 5 7 123 1291190400000 1291190460000 - WAREHOUSE_A`. AVAILABLE is negative where units are
/// owed (backorders). The first four, with the space after them, are what a commit compares.
public struct EntryRecord: Equatable, Sendable {
  public var product: ProductID
  /// Available and reserved units.
  public var quantity: Int64
  public var reserved: Int64
  public var version: Int64
  public var createdAt: Timestamp
  public var updatedAt: Timestamp
  public var gtin: GTIN
  public var location: String

  public init(
    product: ProductID, quantity: Int64, reserved: Int64, version: Int64, createdAt: Timestamp,
    updatedAt: Timestamp, gtin: GTIN, location: String
  ) {
    self.product = product
    self.quantity = quantity
    self.reserved = reserved
    self.version = version
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.gtin = gtin
    self.location = location
  }

  public init(product: ProductID, value: EntryValue, location: String) {
    self.init(
      product: product, quantity: value.quantity, reserved: value.reserved, version: value.version,
      createdAt: value.createdAt, updatedAt: value.updatedAt, gtin: value.gtin, location: location)
  }

  /// The value in memory, where locations are numbers.
  public func value(location: LocationID) -> EntryValue {
    EntryValue(
      quantity: quantity, reserved: reserved, version: version, createdAt: createdAt,
      updatedAt: updatedAt, gtin: gtin, location: location)
  }
}

// MARK: Reading

extension EntryRecord {
  /// Reads exactly what is written: a sign, a zero in front, a second space, a location in other
  /// letters are errors, since somebody else wrote them.
  public init(decoding bytes: UnsafeBufferPointer<UInt8>) throws(RecordError) {
    var fields = FieldReader(bytes)
    let available = try fields.signed("available", separator: UInt8(ascii: " "))
    let reserved = try fields.number("reserved", separator: UInt8(ascii: " "))
    let (quantity, overflow) = available.addingReportingOverflow(reserved)
    guard !overflow, (0...Bounds.maxQuantity).contains(quantity) else {
      throw RecordError("available and reserved do not add up to 0 to \(Bounds.maxQuantity)")
    }
    self.quantity = quantity
    self.reserved = reserved
    self.version = try fields.id("version", separator: UInt8(ascii: " "))
    self.product = try fields.id("product", separator: UInt8(ascii: " "))
    self.createdAt = try fields.number("created", separator: UInt8(ascii: " "))
    self.updatedAt = try fields.number("updated", separator: UInt8(ascii: " "))
    self.gtin = try FieldReader.gtin(fields.field("GTIN", separator: UInt8(ascii: " ")))
    let location = fields.rest
    guard let name = LocationName.normalize(location), name.utf8.elementsEqual(location) else {
      throw RecordError("the location is not a normal name")
    }
    self.location = name
  }
}

// MARK: Writing

/// Writes an entry without ever making an `EntryRecord`: the commit path.
struct EntryWriter {
  let product: ProductID
  let value: EntryValue

  /// Bytes of what a commit compares: the first four fields with their spaces.
  var prefixCount: Int {
    RawWriter.digitCount(value.available) + RawWriter.digitCount(value.reserved)
      + RawWriter.digitCount(value.version) + RawWriter.digitCount(product) + 4
  }

  func writePrefix(to writer: inout RawWriter) {
    writer.decimal(value.available)
    writer.space()
    writer.decimal(value.reserved)
    writer.space()
    writer.decimal(value.version)
    writer.space()
    writer.decimal(product)
    writer.space()
  }

  /// Bytes of the whole record, for a location name of so many bytes.
  func count(locationBytes: Int) -> Int {
    prefixCount + RawWriter.digitCount(value.createdAt) + RawWriter.digitCount(value.updatedAt)
      + value.gtin.recordCount + locationBytes + 3
  }

  func write(location: String, to writer: inout RawWriter) {
    writePrefix(to: &writer)
    writer.decimal(value.createdAt)
    writer.space()
    writer.decimal(value.updatedAt)
    writer.space()
    writer.gtin(value.gtin)
    writer.space()
    writer.text(location)
  }
}

extension GTIN {
  /// Bytes in a record: its digits, or the dash.
  var recordCount: Int { isNone ? 1 : Int(rawValue >> 56) }
}

extension RawWriter {
  mutating func gtin(_ gtin: GTIN) {
    guard !gtin.isNone else {
      byte(UInt8(ascii: "-"))
      return
    }
    let number = gtin.rawValue & 0x00FF_FFFF_FFFF_FFFF
    let digits = Self.digitCount(number)
    for _ in digits..<gtin.recordCount { byte(UInt8(ascii: "0")) }
    decimal(number, digits: digits)
  }
}
