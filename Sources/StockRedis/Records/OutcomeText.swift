internal import StockCore

/// An outcome as text: a head of words, then fields with a tab in front of each.
///
/// | head | fields |
/// |---|---|
/// | `entry` | an entry |
/// | `transferred` | two entries |
/// | `deleted` | |
/// | `product ID`, `product_created ID` | a product's record (`ProductRecord`) |
/// | `allocated` | for each line: its quantity, a space, an entry |
/// | `hold ID`, `hold_created ID` | a hold's record (`HoldRecordReader`) |
/// | `reserved_together` | entries |
/// | `refused …` | see `RefusalText` |
///
/// An entry: `ID PRODUCT STORE KIND QUANTITY RESERVED VERSION CREATED UPDATED GTIN LOCATION`, where KIND is
/// `s` for stock, `u` for what never runs out.
enum OutcomeText {
  static func decode(_ bytes: UnsafeBufferPointer<UInt8>) throws(RecordError) -> Outcome {
    var fields = FieldReader(bytes)
    let head = fields.lastOrField(separator: tab)
    var words = FieldReader(head)
    let kind = String(decoding: words.lastOrField(separator: blank), as: UTF8.self)
    switch kind {
    case "entry":
      return .entry(try entry(fields.rest))
    case "transferred":
      let from = try entry(fields.field("from", separator: tab))
      return .transferred(from: from, to: try entry(fields.rest))
    case "deleted":
      return .deleted
    case "product":
      return .product(try product(words.rest, fields.rest))
    case "product_created":
      return .productCreated(try product(words.rest, fields.rest))
    case "allocated":
      return .allocated(try lines(&fields))
    case "hold":
      return .hold(try hold(words.rest, fields.rest))
    case "hold_created":
      return .holdCreated(try hold(words.rest, fields.rest))
    case "reserved_together":
      var entries: [EntrySnapshot] = []
      while !fields.rest.isEmpty {
        entries.append(try entry(fields.lastOrField(separator: tab)))
      }
      return .reservedTogether(entries)
    case "refused":
      return .refused(try RefusalText.decode(words.rest, &fields))
    default:
      throw RecordError("\"\(kind.prefix(40))\" is no outcome that is kept")
    }
  }

  private static func lines(_ fields: inout FieldReader) throws(RecordError) -> [AllocatedLine] {
    var lines: [AllocatedLine] = []
    while !fields.rest.isEmpty {
      var words = FieldReader(fields.lastOrField(separator: tab))
      let quantity = try words.signed("line's quantity", separator: blank)
      lines.append(AllocatedLine(quantity: quantity, entry: try entry(words.rest)))
    }
    return lines
  }

  private static func hold(
    _ id: UnsafeBufferPointer<UInt8>, _ record: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> Hold {
    let id = try FieldReader.text("hold's id", id)
    guard case .hold(let hold) = try HoldRecordReader.decode(id: id, record) else {
      throw RecordError("the outcome is a part of a hold")
    }
    return hold
  }

  private static func product(
    _ id: UnsafeBufferPointer<UInt8>, _ record: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> ProductSnapshot {
    ProductSnapshot(
      id: try FieldReader.number("product", id, from: 1), value: try ProductRecord.decode(record))
  }

  private static func entry(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> EntrySnapshot {
    var words = FieldReader(bytes)
    let id = try words.number("entry", separator: blank)
    let product = try words.number("product", separator: blank)
    let store = try words.number("store", separator: blank)
    let kind = try words.field("kind", separator: blank)
    let unlimited = kind.is("u")
    guard unlimited || kind.is("s") else { throw RecordError("an entry's kind is neither s nor u") }
    let quantity = try words.signed("quantity", separator: blank)
    let reserved = try words.signed("reserved", separator: blank)
    let version = try words.signed("version", separator: blank)
    let created = try words.signed("created", separator: blank)
    let updated = try words.signed("updated", separator: blank)
    let gtin = try FieldReader.gtin(words.field("GTIN", separator: blank))
    let value = EntryValue(
      quantity: quantity, reserved: reserved, version: version, createdAt: created,
      updatedAt: updated, gtin: gtin, location: 0)
    return EntrySnapshot(
      id: id, product: product, store: store,
      location: try FieldReader.locationOrEmpty(words.rest), value: value, unlimited: unlimited)
  }

  private static let tab = UInt8(ascii: "\t")
  private static let blank = UInt8(ascii: " ")
}
