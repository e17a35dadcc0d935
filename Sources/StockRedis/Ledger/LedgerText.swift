public import NIOCore
public import StockCore

/// Movements as the ledger's stream holds them: version 1 of the format.
///
/// The movements of one commit are one entry of the stream `RedisKeys.ledger`. Its id is
/// `LAST-SEQUENCE`: the number of the last of them, and the commit's sequence. Its fields are `v` (`1`)
/// and `m`: a line for each movement, newlines between, fields with a tab between: kind, edges (the sum
/// of 1 low stock, 2 out of stock, 4 back in stock), product, store, location, quantity_change,
/// reserved_change, quantity_after, reserved_after, actor, occurred_at (ms), reason, reference. The last
/// two may be empty. No field holds a control character.
public enum LedgerText {
  /// The version of the format that is written, and the newest that is read.
  public static let version: StaticString = "1"

  /// - Parameter last: the number of the last movement.
  static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, last: Int64
  ) throws(RecordError) -> [LedgerEntry] {
    var entries: [LedgerEntry] = []
    var lines = FieldReader(bytes)
    repeat {
      entries.append(try line(lines.lastOrField(separator: UInt8(ascii: "\n"))))
    } while !lines.rest.isEmpty
    guard last >= Int64(entries.count) else {
      throw RecordError("there are more movements than the id says")
    }
    for place in entries.indices {
      entries[place].number = last - Int64(entries.count - 1 - place)
    }
    return entries
  }

  /// Its number is not in the line.
  private static func line(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> LedgerEntry {
    let tab = UInt8(ascii: "\t")
    var fields = FieldReader(bytes)
    let kindName = String(decoding: try fields.field("kind", separator: tab), as: UTF8.self)
    guard let kind = Movement.Kind(name: kindName) else {
      throw RecordError("\"\(kindName)\" is no kind of movement")
    }
    let edges = try fields.number("edges", separator: tab)
    guard edges <= 7 else { throw RecordError("edges is not 0 to 7") }
    let product = try fields.id("product", separator: tab)
    let store = try fields.number("store", separator: tab)
    let location = try FieldReader.locationOrEmpty(fields.field("location", separator: tab))
    let quantityChange = try fields.signed("quantity_change", separator: tab)
    let reservedChange = try fields.signed("reserved_change", separator: tab)
    let quantityAfter = try fields.signed("quantity_after", separator: tab)
    let reservedAfter = try fields.signed("reserved_after", separator: tab)
    let actor = try fields.signed("actor", separator: tab)
    let occurredAt = try fields.signed("occurred_at", separator: tab)
    let reason = try FieldReader.text("reason", fields.field("reason", separator: tab))
    let reference = try FieldReader.text("reference", fields.rest)
    return LedgerEntry(
      number: 0, kind: kind, edges: Movement.Edges(rawValue: UInt8(edges)), product: product,
      store: store, location: location, quantityChange: quantityChange,
      reservedChange: reservedChange, quantityAfter: quantityAfter, reservedAfter: reservedAfter,
      actor: actor, occurredAt: occurredAt,
      note: MovementNote(reason: reason, reference: reference))
  }
}

extension Movement.Kind {
  /// `name`, as bytes that need no copying.
  fileprivate var recordName: StaticString {
    switch self {
    case .set: "set"
    case .adjust: "adjust"
    case .reserve: "reserve"
    case .release: "release"
    case .fulfill: "fulfill"
    case .expire: "expire"
    case .transferIn: "transfer_in"
    case .transferOut: "transfer_out"
    case .import: "import"
    case .delete: "delete"
    }
  }
}

extension ByteBuffer {
  /// Writes movements as `m` of a stream's entry, without a length in front.
  ///
  /// - Parameter locationName: the name of every location that the movements mention.
  public mutating func writeMovements(
    _ movements: [Movement], notes: [MovementNote], locationName: (LocationID) -> String
  ) {
    // Movements of a hot batch are of one entry mostly: its name is asked for once.
    var location: LocationID = -1
    var name = ""
    for (place, movement) in movements.enumerated() {
      if movement.location != location {
        location = movement.location
        name = locationName(location)
      }
      let note = movement.note < 0 ? nil : notes[Int(movement.note)]
      write(movement, location: name, note: note, isFirst: place == 0)
    }
  }

  private mutating func write(
    _ movement: Movement, location: String, note: MovementNote?, isFirst: Bool
  ) {
    let noteBytes = note.map { $0.reason.utf8.count + $0.reference.utf8.count } ?? 0
    // The longest kind, a digit, eight numbers, twelve tabs, a newline.
    let maxBytes = 12 + 1 + 8 * (RawWriter.maxDigits + 1) + 13 + location.utf8.count + noteBytes
    writeRaw(maxBytes: maxBytes) { writer in
      if !isFirst { writer.byte(UInt8(ascii: "\n")) }
      writer.text(movement.kind.recordName)
      writer.tab()
      writer.byte(UInt8(ascii: "0") + movement.edges.rawValue)
      writer.tab()
      writer.decimal(movement.product)
      writer.tab()
      writer.decimal(movement.store)
      writer.tab()
      writer.text(location)
      writer.tab()
      writer.decimal(movement.quantityChange)
      writer.tab()
      writer.decimal(movement.reservedChange)
      writer.tab()
      writer.decimal(movement.quantityAfter)
      writer.tab()
      writer.decimal(movement.reservedAfter)
      writer.tab()
      writer.decimal(movement.actor)
      writer.tab()
      writer.decimal(movement.occurredAt)
      writer.tab()
      if let note { writer.text(note.reason) }
      writer.tab()
      if let note { writer.text(note.reference) }
    }
  }
}
