import NIOCore
import StockCore
import StockRedis
import Testing

@Suite("First answers as text")
struct IdempotencyTextTests {
  private let key = IdempotencyKey(high: 0xABC, low: .max, fingerprint: 0xDEAD_BEEF)

  private func encode(_ outcome: Outcome, sequence: Sequence64 = 42) -> String {
    var buffer = ByteBuffer()
    buffer.writeIdempotencyRecord(
      IdempotencyRecord(key: key, outcome: outcome), sequence: sequence)
    return String(buffer: buffer)
  }

  private func decode(_ text: String) throws -> Outcome {
    let read = try withBytes(text) { bytes throws(RecordError) in
      try IdempotencyText.decode(bytes)
    }
    #expect(read.fingerprint == key.fingerprint)
    #expect(read.sequence == 42)
    return read.outcome
  }

  @Test("an answer reads as the layout says")
  func examples() throws {
    let head = "00000000deadbeef 42 "
    let value = EntryValue(
      quantity: 100, reserved: 5, version: 7, createdAt: 1, updatedAt: 2, gtin: .none, location: 0)
    let entry = EntrySnapshot(id: 8, product: 123, store: 1, location: "SHELF 3", value: value)
    let hold = Hold(
      id: "r3-0a", order: "o", customer: "c", store: 1, status: .held,
      lines: [HoldLine(product: 123, location: "SHELF 3", quantity: 5)], createdAt: 1, updatedAt: 2,
      expiresAt: 3)
    let table: [(Outcome, String)] = [
      (.deleted, "deleted"),
      (.entry(entry), "entry\t8 123 1 s 100 5 7 1 2 - SHELF 3"),
      (.holdCreated(hold), "hold_created r3-0a\tH 1 held\t1\t1\t2\t3\to\tc\t123 5 5 0 s SHELF 3"),
      (
        .refused(.insufficientStock(requested: 5, available: -3)), "refused insufficient_stock 5 -3"
      ),
      (
        .refused(
          .linesRefused([
            LineRefusal(product: 1, location: "", refusal: .productNotFound),
            LineRefusal(
              product: 2, location: "SHELF 3",
              refusal: .purchaseLimit(requested: 2, limit: 2, had: 1)),
          ])), "refused lines\t1 \tproduct_not_found\t2 SHELF 3\tpurchase_limit 2 2 1"
      ),
    ]
    for (outcome, text) in table {
      #expect(encode(outcome) == head + text)
      #expect(try decode(head + text) == outcome)
    }
  }

  @Test("every kind of outcome that is kept comes back equal")
  func random() throws {
    for _ in 0..<500 {
      for outcome in RandomRecords.outcomes() {
        let text = encode(outcome)
        #expect(try decode(text) == outcome, "\(text)")
      }
    }
  }

  @Test("what is never kept cannot be read back")
  func unkept() throws {
    for outcome: Outcome in [
      .keyUnknown, .replay(IdempotencyKey(high: 1, low: 2, fingerprint: 3), 3),
      .unavailable(.overloaded), .part(PartAnswer()),
    ] {
      #expect(throws: RecordError.self) { try decode(encode(outcome)) }
    }
  }

  @Test(
    "an answer that we did not write so is refused",
    arguments: [
      ("", "fingerprint"),
      ("deadbeef 42 deleted", "fingerprint"),
      ("00000000DEADBEEF 42 deleted", "fingerprint"),
      ("00000000deadbeef x deleted", "sequence"),
      ("00000000deadbeef 42 ", "outcome"),
      ("00000000deadbeef 42 vanished", "outcome"),
      ("00000000deadbeef 42 entry", "entry"),
      ("00000000deadbeef 42 entry\t8 123 1 x 100 5 7 1 2 - A", "kind"),
      ("00000000deadbeef 42 transferred\t8 123 1 s 100 5 7 1 2 - A", "from"),
      ("00000000deadbeef 42 product x\tstore=1", "product"),
      ("00000000deadbeef 42 hold h\tP 1 3\tc", "part"),
      ("00000000deadbeef 42 allocated\tx 8 123", "quantity"),
      ("00000000deadbeef 42 refused", "refusal"),
      ("00000000deadbeef 42 refused because", "refusal"),
      ("00000000deadbeef 42 refused insufficient_stock 5", "number"),
      ("00000000deadbeef 42 refused insufficient_stock 5 x", "number"),
      ("00000000deadbeef 42 refused capacity_reached shops", "capacity"),
      ("00000000deadbeef 42 refused hold_closed ajar", "status"),
      ("00000000deadbeef 42 refused lines\t1 A", "line"),
    ])
  func malformed(_ text: String, _ word: String) throws {
    let error = try #require(throws: RecordError.self) {
      try withBytes(text) { bytes throws(RecordError) in try IdempotencyText.decode(bytes) }
    }
    #expect(error.reason.contains(word), "\(error)")
  }

  @Test("a key's field is 32 hex digits, there and back")
  func field() throws {
    let field = IdempotencyText.field(of: key)
    #expect(field == "0000000000000abcffffffffffffffff")
    #expect(try IdempotencyText.key(fromField: field, fingerprint: 0xDEAD_BEEF) == key)
    #expect(
      try withBytes(encode(.deleted)) { bytes throws(RecordError) in
        try IdempotencyText.fingerprint(bytes)
      } == key.fingerprint)
    for wrong in ["", "abc", "0000000000000abcfffffffffffffffg", field + "0"] {
      #expect(throws: RecordError.self) {
        try IdempotencyText.key(fromField: wrong, fingerprint: 1)
      }
    }
  }
}
