internal import NIOCore
public import StockCore

/// A hold, or a shard's part of one, as Redis holds it: the value of a field of `RedisKeys.holds`.
///
/// Fields with a tab between. A hold: `H REVISION STATUS`, store, created, updated, expires (ms), order,
/// customer, then its lines; and where something is under way with other shards:
/// `op KIND PHASE EXPIRES SHARDS` (commas between the shards, `-` for none), and the lines that it is to
/// have. A part: `P REVISION HOME`, customer, its lines.
///
/// A line: `PRODUCT QUANTITY HELD FULFILLED KIND LOCATION`, single spaces between; KIND is `s` for stock,
/// `u` for what never runs out, with `@` and the start of the sale (ms) behind it where the units count
/// against a purchase limit; the location is last since it may have spaces inside, or be empty. So
/// `H 1 held⇥1⇥1291190400000⇥1291190400000⇥1291191300000⇥A-17⇥⇥123 2 2 0 s WAREHOUSE_A`.
///
/// The first two words, with the space after them, are what a commit compares.
public enum HoldRecordReader {
  /// - Throws: `RecordError` for whatever the engine would not have written.
  public static func decode(
    id: HoldID, _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> HoldRecord {
    var fields = FieldReader(bytes)
    var head = FieldReader(try fields.field("head", separator: tab))
    let kind = try head.field("kind", separator: blank)
    let revision = try head.id("revision", separator: blank)
    if kind.is("H") {
      return .hold(try hold(id, revision, status: head.rest, &fields))
    } else if kind.is("P") {
      return .part(try part(id, revision, home: head.rest, &fields))
    }
    throw RecordError("the record is neither a hold (H) nor a part of one (P)")
  }

  private static func hold(
    _ id: HoldID, _ revision: Int64, status: UnsafeBufferPointer<UInt8>,
    _ fields: inout FieldReader
  ) throws(RecordError) -> Hold {
    guard let status = HoldStatus(name: String(decoding: status, as: UTF8.self)) else {
      throw RecordError("the status is not that of a hold")
    }
    let store = try fields.number("store", separator: tab)
    let created = try fields.signed("created", separator: tab)
    let updated = try fields.signed("updated", separator: tab)
    let expires = try fields.signed("expires", separator: tab)
    let order = try FieldReader.text("order", fields.field("order", separator: tab))
    let customer = try FieldReader.text("customer", fields.lastOrField(separator: tab))
    var found = Hold(
      id: id, order: order, customer: customer, store: store, status: status, lines: [],
      createdAt: created, updatedAt: updated, expiresAt: expires, revision: revision)
    while !fields.rest.isEmpty {
      let field = fields.lastOrField(separator: tab)
      if field.first == UInt8(ascii: "o") {
        found.operation = try operation(field, &fields)
      } else {
        found.lines.append(try line(field))
      }
    }
    return found
  }

  private static func part(
    _ id: HoldID, _ revision: Int64, home: UnsafeBufferPointer<UInt8>, _ fields: inout FieldReader
  ) throws(RecordError) -> HoldPart {
    var found = HoldPart(
      hold: id, home: try shard(home),
      customer: try FieldReader.text("customer", fields.lastOrField(separator: tab)),
      lines: [], revision: revision)
    while !fields.rest.isEmpty {
      found.lines.append(try line(fields.lastOrField(separator: tab)))
    }
    return found
  }

  /// From its head to the end of the record.
  private static func operation(
    _ head: UnsafeBufferPointer<UInt8>, _ fields: inout FieldReader
  ) throws(RecordError) -> HoldOperation {
    var words = FieldReader(head)
    guard try words.field("op", separator: blank).is("op") else {
      throw RecordError("a part of the record is neither a line nor an operation")
    }
    let kindName = String(
      decoding: try words.field("operation's kind", separator: blank), as: UTF8.self)
    let phaseName = String(
      decoding: try words.field("operation's phase", separator: blank), as: UTF8.self)
    guard let kind = HoldOperation.Kind(recordName: kindName),
      let phase = HoldOperation.Phase(recordName: phaseName)
    else { throw RecordError("the operation is none that is known") }
    let expires = try words.signed("operation's expires", separator: blank)
    var participants: [ShardID] = []
    if !words.rest.is("-") {
      guard !words.rest.isEmpty else { throw RecordError("the operation has no shards") }
      while !words.rest.isEmpty {
        participants.append(try shard(words.lastOrField(separator: UInt8(ascii: ","))))
      }
    }
    var target: [HoldLine] = []
    while !fields.rest.isEmpty { target.append(try line(fields.lastOrField(separator: tab))) }
    return HoldOperation(
      kind: kind, phase: phase, target: target, expiresAt: expires, participants: participants)
  }

  private static func line(_ bytes: UnsafeBufferPointer<UInt8>) throws(RecordError) -> HoldLine {
    var words = FieldReader(bytes)
    let product = try words.id("line's product", separator: blank)
    let quantity = try words.number("line's quantity", separator: blank)
    let held = try words.number("line's held", separator: blank)
    let fulfilled = try words.number("line's fulfilled", separator: blank)
    let kind = try words.field("line's kind", separator: blank)
    let unlimited = kind.first == UInt8(ascii: "u")
    guard unlimited || kind.first == UInt8(ascii: "s") else {
      throw RecordError("a line's kind is neither s nor u")
    }
    var sale: Timestamp?
    if kind.count > 1 {
      guard kind[1] == UInt8(ascii: "@") else { throw RecordError("a line's kind is longer") }
      sale = try FieldReader.signed("line's sale", UnsafeBufferPointer(rebasing: kind[2...]))
    }
    return HoldLine(
      product: product, location: try FieldReader.locationOrEmpty(words.rest), quantity: quantity,
      held: held, fulfilled: fulfilled, unlimited: unlimited, sale: sale)
  }

  private static func shard(_ bytes: UnsafeBufferPointer<UInt8>) throws(RecordError) -> ShardID {
    let number = try FieldReader.number("shard", bytes, from: 0)
    guard number < Bounds.maxShards else { throw RecordError("there is no shard \(number)") }
    return ShardID(number)
  }

  private static let tab = UInt8(ascii: "\t")
  private static let blank = UInt8(ascii: " ")
}

extension HoldOperation.Kind {
  var recordName: StaticString {
    switch self {
    case .take: "take"
    case .fulfill: "fulfill"
    case .release: "release"
    case .expire: "expire"
    case .reserve: "reserve"
    }
  }

  fileprivate init?(recordName: String) {
    switch recordName {
    case "take": self = .take
    case "fulfill": self = .fulfill
    case "release": self = .release
    case "expire": self = .expire
    case "reserve": self = .reserve
    default: return nil
    }
  }
}

extension HoldOperation.Phase {
  var recordName: StaticString {
    switch self {
    case .preparing: "preparing"
    case .finishing: "finishing"
    case .undoing: "undoing"
    }
  }

  fileprivate init?(recordName: String) {
    switch recordName {
    case "preparing": self = .preparing
    case "finishing": self = .finishing
    case "undoing": self = .undoing
    default: return nil
    }
  }
}
