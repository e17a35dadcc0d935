internal import NIOCore
internal import StockCore

/// A refusal as text: a word, then its numbers; a location is last. `lines` has two fields for each
/// refused line, with a tab in front of each: `PRODUCT LOCATION`, and the refusal.
enum RefusalText {
  /// - Parameters:
  ///   - head: the words after "refused".
  ///   - fields: what follows the head; only `lines` reads there.
  static func decode(
    _ head: UnsafeBufferPointer<UInt8>, _ fields: inout FieldReader
  ) throws(RecordError) -> Refusal {
    guard head.is("lines") else { return try single(head) }
    var lines: [LineRefusal] = []
    while !fields.rest.isEmpty {
      var line = FieldReader(try fields.field("refused line", separator: UInt8(ascii: "\t")))
      let product = try line.number("product", separator: UInt8(ascii: " "))
      let location = try FieldReader.locationOrEmpty(line.rest)
      let refusal = try single(fields.lastOrField(separator: UInt8(ascii: "\t")))
      lines.append(LineRefusal(product: product, location: location, refusal: refusal))
    }
    return .linesRefused(lines)
  }

  /// Any but `lines`.
  private static func single(_ bytes: UnsafeBufferPointer<UInt8>) throws(RecordError) -> Refusal {
    var words = FieldReader(bytes)
    let name = String(decoding: words.lastOrField(separator: UInt8(ascii: " ")), as: UTF8.self)
    switch name {
    case "product_not_found": return .productNotFound
    case "entry_not_found": return .entryNotFound
    case "location_required": return .locationRequired
    case "version_conflict":
      let (expected, actual) = try pair(&words)
      return .versionConflict(.version(expected: expected, actual: actual))
    case "quantity_conflict":
      let (expected, actual) = try pair(&words)
      return .versionConflict(.quantity(expected: expected, actual: actual))
    case "insufficient_stock":
      let (requested, available) = try pair(&words)
      return .insufficientStock(requested: requested, available: available)
    case "insufficient_reserved":
      let (requested, reserved) = try pair(&words)
      return .insufficientReserved(requested: requested, reserved: reserved)
    case "below_reserved":
      let (requested, reserved) = try pair(&words)
      return .belowReserved(requested: requested, reserved: reserved)
    case "quantity_too_large": return .quantityTooLarge
    case "location_taken": return .locationTaken
    case "entry_in_use": return .entryInUse(reserved: try last(&words))
    case "capacity_reached":
      let what = String(decoding: words.rest, as: UTF8.self)
      guard let capacity = Refusal.Capacity(recordName: what) else {
        throw RecordError("\"\(what.prefix(40))\" is no capacity")
      }
      return .capacityReached(capacity)
    case "purchase_limit":
      let requested = try words.signed("requested", separator: UInt8(ascii: " "))
      let (limit, had) = try pair(&words)
      return .purchaseLimit(requested: requested, limit: limit, had: had)
    case "customer_required": return .customerRequired
    case "hold_not_found": return .holdNotFound
    case "hold_closed":
      guard let status = HoldStatus(name: String(decoding: words.rest, as: UTF8.self)) else {
        throw RecordError("the status is not that of a hold")
      }
      return .holdClosed(status)
    case "hold_id_taken": return .holdIDTaken
    case "line_not_found":
      let product = try words.number("product", separator: UInt8(ascii: " "))
      return .lineNotFound(
        product: product, location: try FieldReader.locationOrEmpty(words.rest))
    case "idempotency_mismatch": return .idempotencyMismatch
    case "idempotency_running": return .idempotencyRunning
    default: throw RecordError("\"\(name.prefix(40))\" is no refusal")
    }
  }

  private static func pair(_ words: inout FieldReader) throws(RecordError) -> (Int64, Int64) {
    let first = try words.signed("refusal's number", separator: UInt8(ascii: " "))
    return (first, try last(&words))
  }

  private static func last(_ words: inout FieldReader) throws(RecordError) -> Int64 {
    try FieldReader.signed("refusal's number", words.rest)
  }
}

extension ByteBuffer {
  mutating func writeRefusal(_ refusal: Refusal) {
    switch refusal {
    case .productNotFound: writeStaticString("product_not_found")
    case .entryNotFound: writeStaticString("entry_not_found")
    case .locationRequired: writeStaticString("location_required")
    case .versionConflict(.version(let expected, let actual)):
      write("version_conflict", expected, actual)
    case .versionConflict(.quantity(let expected, let actual)):
      write("quantity_conflict", expected, actual)
    case .insufficientStock(let requested, let available):
      write("insufficient_stock", requested, available)
    case .insufficientReserved(let requested, let reserved):
      write("insufficient_reserved", requested, reserved)
    case .belowReserved(let requested, let reserved): write("below_reserved", requested, reserved)
    case .quantityTooLarge: writeStaticString("quantity_too_large")
    case .locationTaken: writeStaticString("location_taken")
    case .entryInUse(let reserved): write("entry_in_use", reserved)
    case .capacityReached(let capacity):
      writeStaticString("capacity_reached ")
      writeStaticString(capacity.recordName)
    case .purchaseLimit(let requested, let limit, let had):
      write("purchase_limit", requested, limit, had)
    case .customerRequired: writeStaticString("customer_required")
    case .holdNotFound: writeStaticString("hold_not_found")
    case .holdClosed(let status):
      writeStaticString("hold_closed ")
      writeString(status.name)
    case .holdIDTaken: writeStaticString("hold_id_taken")
    case .lineNotFound(let product, let location):
      write("line_not_found", product)
      writeStaticString(" ")
      writeString(location)
    case .linesRefused(let lines):
      writeStaticString("lines")
      for line in lines {
        write("\t", product: line.product, location: line.location)
        writeRefusal(line.refusal)
      }
    case .idempotencyMismatch: writeStaticString("idempotency_mismatch")
    case .idempotencyRunning: writeStaticString("idempotency_running")
    }
  }

  /// A word with its numbers.
  private mutating func write(
    _ word: StaticString, _ first: Int64, _ second: Int64? = nil, _ third: Int64? = nil
  ) {
    writeRaw(maxBytes: word.utf8CodeUnitCount + 3 * (RawWriter.maxDigits + 2)) { writer in
      writer.text(word)
      writer.space()
      writer.decimal(first)
      if let second {
        writer.space()
        writer.decimal(second)
      }
      if let third {
        writer.space()
        writer.decimal(third)
      }
    }
  }

  private mutating func write(_ start: StaticString, product: ProductID, location: String) {
    writeStaticString(start)
    writeString("\(product) ")
    writeString(location)
    writeStaticString("\t")
  }
}

extension Refusal.Capacity {
  fileprivate var recordName: StaticString {
    switch self {
    case .locationsOfProduct: "locations_of_product"
    case .locationsOfStore: "locations_of_store"
    case .linesOfHold: "lines_of_hold"
    case .locations: "locations"
    case .products: "products"
    case .entries: "entries"
    case .holds: "holds"
    }
  }

  fileprivate init?(recordName: String) {
    switch recordName {
    case "locations_of_product": self = .locationsOfProduct
    case "locations_of_store": self = .locationsOfStore
    case "lines_of_hold": self = .linesOfHold
    case "locations": self = .locations
    case "products": self = .products
    case "entries": self = .entries
    case "holds": self = .holds
    default: return nil
    }
  }
}
