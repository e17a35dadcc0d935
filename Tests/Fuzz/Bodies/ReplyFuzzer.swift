import NIOCore
import StockCore

@testable import StockEngine
@testable import StockRedis

/// What Redis may say. The first byte says whether it is replies or which kind of record.
///
/// Replies are the same however they are cut; a record that is read and written is read as the same.
enum ReplyFuzzer {
  static func check(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    var choices = Choices(input)
    switch choices.choice(of: 10) {
    case 0, 9: return replies(&choices)
    case 1: return entry(choices.rest)
    case 2: return product(choices.rest)
    case 3: return hold(choices.rest)
    case 4: return purchase(choices.rest)
    case 5: return idempotency(choices.rest)
    case 6: return ledger(choices.rest)
    case 7: return store(choices.rest)
    case 8: return key(choices.rest)
    default: return nil
    }
  }

  // MARK: Replies

  private static func replies(_ choices: inout Choices) -> String? {
    let step = choices.choice(of: 40) + 1
    let bytes = choices.rest
    let whole = values(bytes, step: max(bytes.count, 1))
    let cut = values(bytes, step: step)
    return whole == cut ? nil : "fed \(step) bytes at a time \(cut), at once \(whole)"
  }

  /// The replies up to a mistake, each given to all who read replies.
  private static func values(_ bytes: UnsafeBufferPointer<UInt8>, step: Int) -> [RESPValue] {
    guard let reader = ReplyReader() else { return [] }
    var values: [RESPValue] = []
    do {
      for start in stride(from: 0, to: bytes.count, by: step) {
        let piece = bytes[start..<min(start + step, bytes.count)]
        try reader.feed(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: piece)))
        while try reader.next({ reply in
          values.append(RESPValue(reply))
          give(reply)
        }) {}
      }
    } catch {
      values.append(.error("broken"))
    }
    return values
  }

  private static func give(_ reply: RedisReply) {
    let owner = Ownership(owner: "me", epoch: 3)
    _ = CommitReply(reply)
    _ = ControlReply(reply)
    _ = MendReply(reply)
    _ = MetaReply(take: reply, owner: "me")
    _ = MetaReply(retake: reply, ownership: owner)
    _ = MetaReply(read: reply)
    _ = try? LedgerReply.decode(reply, shard: 0)
    try? HashScanPage(reply)?.forEach { _, value throws(RecordError) in
      _ = try EntryRecord(decoding: value)
    }
    try? TextScanPage(reply)?.forEach { _, value throws(RecordError) in
      _ = try IdempotencyText.fingerprint(value)
    }
  }

  // MARK: Records

  private static func bytes(_ write: (inout ByteBuffer) -> Void) -> [UInt8] {
    var buffer = ByteBuffer()
    write(&buffer)
    return Array(buffer.readableBytesView)
  }

  /// What is read from the bytes that `write` makes of what was read is the same.
  private static func roundTrip<Value: Equatable>(
    _ input: UnsafeBufferPointer<UInt8>, read: (UnsafeBufferPointer<UInt8>) throws -> Value,
    write: (inout ByteBuffer, Value) -> Void
  ) -> String? {
    guard let value = try? read(input) else { return nil }
    let written = bytes { write(&$0, value) }
    let again = written.withUnsafeBufferPointer { bytes in try? read(bytes) }
    if again == value { return nil }
    return
      "\(value), written \(String(decoding: written, as: UTF8.self)), is read as \(again as Any)"
  }

  private static func entry(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    guard let record = try? EntryRecord(decoding: input) else { return nil }
    let written = bytes {
      $0.writeEntryRecord(
        product: record.product, value: record.value(location: 0), location: record.location)
    }
    // An entry has one form only: a commit compares bytes.
    return written.elementsEqual(input)
      ? nil : "an entry is written as \(String(decoding: written, as: UTF8.self))"
  }

  private static func product(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    roundTrip(input, read: { try ProductRecord.decode($0) }, write: { $0.writeProductRecord($1) })
  }

  private static func hold(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    roundTrip(
      input, read: { try HoldRecordReader.decode(id: "h", $0) }, write: { $0.writeHoldRecord($1) })
  }

  private static func purchase(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    let end = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.count
    let field = UnsafeBufferPointer(rebasing: input[..<end])
    let value = UnsafeBufferPointer(rebasing: input[min(end + 1, input.count)...])
    guard let (key, purchases) = try? PurchaseRecord.decode(field: field, value: value) else {
      return nil
    }
    guard bytes({ $0.writePurchaseField(key) }).elementsEqual(field),
      bytes({ $0.writePurchaseValue(purchases) }).elementsEqual(value)
    else { return "a purchase is written otherwise: \(key) \(purchases)" }
    return nil
  }

  private struct Answer: Equatable {
    var fingerprint: UInt64
    var sequence: Sequence64
    var outcome: Outcome
  }

  private static func idempotency(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    roundTrip(
      input,
      read: { bytes in
        let (fingerprint, sequence, outcome) = try IdempotencyText.decode(bytes)
        return Answer(fingerprint: fingerprint, sequence: sequence, outcome: outcome)
      },
      write: { buffer, answer in
        let key = IdempotencyKey(high: 1, low: 2, fingerprint: answer.fingerprint)
        buffer.writeIdempotencyRecord(
          IdempotencyRecord(key: key, outcome: answer.outcome), sequence: answer.sequence)
      })
  }

  private static func ledger(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    roundTrip(
      input, read: { try LedgerText.decode($0, last: 1 << 40) },
      write: { buffer, entries in
        var names: [String] = []
        let movements = entries.enumerated().map { place, entry in
          let location = names.firstIndex(of: entry.location) ?? names.count
          if location == names.count { names.append(entry.location) }
          return Movement(
            kind: entry.kind, edges: entry.edges, product: entry.product, store: entry.store,
            location: LocationID(location), quantityChange: entry.quantityChange,
            reservedChange: entry.reservedChange, quantityAfter: entry.quantityAfter,
            reservedAfter: entry.reservedAfter, actor: entry.actor, occurredAt: entry.occurredAt,
            note: Int32(place))
        }
        buffer.writeMovements(movements, notes: entries.map(\.note)) { names[Int($0)] }
      })
  }

  private static func store(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    let text = String(decoding: input, as: UTF8.self)
    guard let store = ControlRecords.store(id: 1, text) else { return nil }
    let written = ControlRecords.text(of: store)
    return ControlRecords.store(id: 1, written) == store ? nil : "a store is written as \(written)"
  }

  private static func key(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    let text = String(decoding: input, as: UTF8.self)
    guard let key = ControlRecords.key(id: 1, text) else { return nil }
    let written = ControlRecords.text(of: key)
    return ControlRecords.key(id: 1, written) == key ? nil : "a key is written as \(written)"
  }
}
