public import NIOCore
public import StockCore

/// Movements as the ledger's stream holds them: version 1 of the format.
///
/// The movements of one commit are one entry of the stream `RedisKeys.ledger`. Its id is
/// `LAST-SEQUENCE`: the number of the last of them, and the commit's sequence. Its fields are `v` (`1`)
/// and `m`: a line for each movement, newlines between, fields with a tab between: kind, edges (the sum
/// of 1 low stock, 2 out of stock, 4 back in stock), product, store, location, quantity_change,
/// reserved_change, quantity_after, reserved_after, actor, occurred_at (ms), reason, reference. The last
/// two may be empty. Any other that is empty is the same as in the line before: a batch is mostly about
/// few products and one moment, and a third of the bytes is left. No field holds a control character.
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
      let text = lines.lastOrField(separator: UInt8(ascii: "\n"))
      entries.append(try line(text, after: entries.last))
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
  ///
  /// - Parameter before: what empty fields say again.
  private static func line(
    _ bytes: UnsafeBufferPointer<UInt8>, after before: LedgerEntry?
  ) throws(RecordError) -> LedgerEntry {
    let tab = UInt8(ascii: "\t")
    var fields = FieldReader(bytes)
    func number(_ name: StaticString, _ before: Int64?) throws(RecordError) -> Int64 {
      let field = try fields.field(name, separator: tab)
      if field.isEmpty, let before { return before }
      return try FieldReader.signed(name, field)
    }
    func id(
      _ name: StaticString, from lowest: Int64, _ before: Int64?
    ) throws(RecordError) -> Int64 {
      let field = try fields.field(name, separator: tab)
      if field.isEmpty, let before { return before }
      return try FieldReader.number(name, field, from: lowest)
    }
    let kindName = String(decoding: try fields.field("kind", separator: tab), as: UTF8.self)
    let sameKind = kindName.isEmpty ? before?.kind : nil
    guard let kind = sameKind ?? Movement.Kind(name: kindName) else {
      throw RecordError("\"\(kindName)\" is no kind of movement")
    }
    let edges = try id("edges", from: 0, before.map { Int64($0.edges.rawValue) })
    guard edges <= 7 else { throw RecordError("edges is not 0 to 7") }
    let product = try id("product", from: 1, before?.product)
    let store = try id("store", from: 0, before?.store)
    let locationName = try fields.field("location", separator: tab)
    let sameLocation = locationName.isEmpty ? before?.location : nil
    let location: String
    if let sameLocation {
      location = sameLocation
    } else {
      location = try FieldReader.locationOrEmpty(locationName)
    }
    let quantityChange = try number("quantity_change", before?.quantityChange)
    let reservedChange = try number("reserved_change", before?.reservedChange)
    let quantityAfter = try number("quantity_after", before?.quantityAfter)
    let reservedAfter = try number("reserved_after", before?.reservedAfter)
    let actor = try number("actor", before?.actor)
    let occurredAt = try number("occurred_at", before?.occurredAt)
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
    var before: Movement?
    for movement in movements {
      let note = movement.note < 0 ? nil : notes[Int(movement.note)]
      // Asked for where it is written only.
      let name = movement.location == before?.location ? "" : locationName(movement.location)
      write(movement, after: before, location: name, note: note)
      before = movement
    }
  }

  private mutating func write(
    _ movement: Movement, after before: Movement?, location: String, note: MovementNote?
  ) {
    let noteBytes = note.map { $0.reason.utf8.count + $0.reference.utf8.count } ?? 0
    // The longest kind, a digit, eight numbers, twelve tabs, a newline.
    let maxBytes = 12 + 1 + 8 * (RawWriter.maxDigits + 1) + 13 + location.utf8.count + noteBytes
    writeRaw(maxBytes: maxBytes) { writer in
      if before != nil { writer.byte(UInt8(ascii: "\n")) }
      if movement.kind != before?.kind { writer.text(movement.kind.recordName) }
      writer.tab()
      if movement.edges != before?.edges {
        writer.byte(UInt8(ascii: "0") + movement.edges.rawValue)
      }
      writer.tab()
      writer.decimal(movement.product, unless: before?.product)
      writer.decimal(movement.store, unless: before?.store)
      writer.text(location)
      writer.tab()
      writer.decimal(movement.quantityChange, unless: before?.quantityChange)
      writer.decimal(movement.reservedChange, unless: before?.reservedChange)
      writer.decimal(movement.quantityAfter, unless: before?.quantityAfter)
      writer.decimal(movement.reservedAfter, unless: before?.reservedAfter)
      writer.decimal(movement.actor, unless: before?.actor)
      writer.decimal(movement.occurredAt, unless: before?.occurredAt)
      if let note { writer.text(note.reason) }
      writer.tab()
      if let note { writer.text(note.reference) }
    }
  }
}

extension RawWriter {
  /// A number and a tab; the tab alone where the line before says the same.
  @inline(__always)
  fileprivate mutating func decimal(_ value: Int64, unless before: Int64?) {
    if value != before { decimal(value) }
    tab()
  }
}
