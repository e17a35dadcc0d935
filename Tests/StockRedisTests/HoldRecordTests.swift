import NIOCore
import StockCore
import StockRedis
import Testing

@Suite("Holds and purchases as text")
struct HoldRecordTests {
  private func encode(_ record: HoldRecord) -> String {
    var buffer = ByteBuffer()
    buffer.writeHoldRecord(record)
    return String(buffer: buffer)
  }

  private func decode(_ text: String, id: HoldID = "h") throws -> HoldRecord {
    try withBytes(text) { bytes throws(RecordError) in
      try HoldRecordReader.decode(id: id, bytes)
    }
  }

  @Test("a hold reads as the layout says")
  func hold() throws {
    var hold = Hold(
      id: "h", order: "A-17", customer: "", store: 1, status: .held,
      lines: [
        HoldLine(product: 123, location: "SHELF 3", quantity: 5, held: 2, fulfilled: 1),
        HoldLine(product: 9, location: "", quantity: 1, unlimited: true),
        HoldLine(product: 10, location: "B", quantity: 1, sale: 77),
      ], createdAt: 10, updatedAt: 20, expiresAt: 30, revision: 3)
    let text = "H 3 held\t1\t10\t20\t30\tA-17\t\t123 5 2 1 s SHELF 3\t9 1 1 0 u \t10 1 1 0 s@77 B"
    #expect(encode(.hold(hold)) == text)
    #expect(try decode(text) == .hold(hold))

    hold.status = .preparing
    hold.operation = HoldOperation(
      kind: .take, phase: .preparing, target: [HoldLine(product: 7, location: "B", quantity: 1)],
      expiresAt: 40, participants: [0, 5])
    let under = "H 3 preparing" + text.dropFirst(8) + "\top take preparing 40 0,5\t7 1 1 0 s B"
    #expect(encode(.hold(hold)) == under)
    #expect(try decode(under) == .hold(hold))
  }

  @Test("a part reads as the layout says")
  func part() throws {
    let part = HoldPart(
      hold: "h", home: 5, customer: "c 9",
      lines: [HoldLine(product: 123, location: "A", quantity: 2)], revision: 12)
    #expect(encode(.part(part)) == "P 12 5\tc 9\t123 2 2 0 s A")
    #expect(try decode("P 12 5\tc 9\t123 2 2 0 s A") == .part(part))
  }

  @Test("random holds and parts come back as they were")
  func random() throws {
    for _ in 0..<3_000 {
      let hold = RandomRecords.hold()
      #expect(try decode(encode(.hold(hold)), id: hold.id) == .hold(hold))
      let part = RandomRecords.part()
      #expect(try decode(encode(.part(part)), id: part.hold) == .part(part))
    }
  }

  @Test(
    "a hold that we did not write so is refused",
    arguments: [
      ("", "head"),
      ("H 1 held", "head"),
      ("X 1 held\t1\t1\t1\t1\to\tc", "neither"),
      ("H 0 held\t1\t1\t1\t1\to\tc", "revision"),
      ("H 1 gone\t1\t1\t1\t1\to\tc", "status"),
      ("H 1 held\t-1\t1\t1\t1\to\tc", "store"),
      ("H 1 held\t1\t1\t1\t\to\tc", "expires"),
      ("H 1 held\t1\t1\t1\t1\to", "order"),
      ("H 1 held\t1\t1\t1\t1\to\tc\t1 2 3 4 s", "kind"),
      ("H 1 held\t1\t1\t1\t1\to\tc\t1 2 3 4 x A", "kind"),
      ("H 1 held\t1\t1\t1\t1\to\tc\t1 2 3 4  A", "kind"),
      ("H 1 held\t1\t1\t1\t1\to\tc\t1 2 3 4 s7 A", "kind"),
      ("H 1 held\t1\t1\t1\t1\to\tc\t1 2 3 4 s@ A", "sale"),
      ("H 1 held\t1\t1\t1\t1\to\tc\t1 2 -3 4 s A", "held"),
      ("H 1 held\t1\t1\t1\t1\to\tc\t0 2 3 4 s A", "product"),
      ("H 1 held\t1\t1\t1\t1\to\tc\t1 2 3 4 s a", "location"),
      ("H 1 held\t1\t1\t1\t1\to\tc\top steal preparing 1 -", "operation"),
      ("H 1 held\t1\t1\t1\t1\to\tc\top take later 1 -", "operation"),
      ("H 1 held\t1\t1\t1\t1\to\tc\top take preparing 1 ", "shards"),
      ("H 1 held\t1\t1\t1\t1\to\tc\top take preparing 1 4096", "4096"),
      ("P 1 x\tc", "shard"),
      ("P 1 3\tc\top take preparing 1 -", "product"),
    ])
  func malformed(_ text: String, _ word: String) throws {
    let error = try #require(throws: RecordError.self) { try decode(text) }
    #expect(error.reason.contains(word), "\(error)")
  }

  @Test("purchases read as the layout says, random ones too")
  func purchases() throws {
    for turn in 0..<500 {
      let key =
        turn == 0
        ? PurchaseKey(product: 123, customer: "c 9")
        : PurchaseKey(product: RandomRecords.id(), customer: RandomRecords.text(1...20))
      let value =
        turn == 0
        ? Purchases(units: 2, saleStart: 0)
        : Purchases(units: RandomRecords.id(), saleStart: RandomRecords.number(-9_999...9_999))
      var field = ByteBuffer()
      var text = ByteBuffer()
      field.writePurchaseField(key)
      text.writePurchaseValue(value)
      if turn == 0 {
        #expect(String(buffer: field) == "123 c 9")
        #expect(String(buffer: text) == "2 0")
      }
      let (readKey, readValue) = try PurchaseRecord.decode(
        field: String(buffer: field), value: String(buffer: text))
      #expect(readKey == key)
      #expect(readValue == value)
    }
    for (field, value, word) in [
      ("123", "2 0", "product"), ("123 ", "2 0", "customer"), ("x c", "2 0", "product"),
      ("123 c", "0 0", "units"), ("123 c", "2", "units"), ("123 c", "2 ", "start"),
      ("123 c", "2 1 ", "start"),
    ] {
      let error = try #require(throws: RecordError.self) {
        try PurchaseRecord.decode(field: field, value: value)
      }
      #expect(error.reason.contains(word), "\(field) \(value): \(error)")
    }
  }
}
