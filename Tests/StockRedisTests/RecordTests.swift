import NIOCore
import StockCore
import StockRedis
import Testing

@Suite("Entries and products as text")
struct RecordTests {
  private func encode(_ record: EntryRecord) -> String {
    var buffer = ByteBuffer()
    buffer.writeEntryRecord(
      product: record.product, value: record.value(location: 0), location: record.location)
    return String(buffer: buffer)
  }

  private func decodeEntry(_ text: String) throws -> EntryRecord {
    var text = text
    return try text.withUTF8 { try EntryRecord(decoding: $0) }
  }

  private func encode(_ value: ProductValue) -> String {
    var buffer = ByteBuffer()
    buffer.writeProductRecord(value)
    return String(buffer: buffer)
  }

  private func decodeProduct(_ text: String) throws -> ProductValue {
    var text = text
    return try text.withUTF8 { try ProductRecord.decode($0) }
  }

  @Test("an entry reads as the layout says")
  func entry() throws {
    let text = "95 5 7 123 1291190400000 1291190460000 - WAREHOUSE_A"
    let record = EntryRecord(
      product: 123, quantity: 100, reserved: 5, version: 7, createdAt: 1_291_190_400_000,
      updatedAt: 1_291_190_460_000, gtin: .none, location: "WAREHOUSE_A")
    #expect(try decodeEntry(text) == record)
    #expect(encode(record) == text)
    let withSpaces = "0 0 1 1 0 0 00012345 SHELF 3 / B"
    let decoded = try decodeEntry(withSpaces)
    #expect(decoded.location == "SHELF 3 / B")
    #expect(decoded.gtin.description == "00012345")
    #expect(encode(decoded) == withSpaces)
  }

  @Test("random entries come back as they were, the largest numbers too")
  func randomEntries() throws {
    var random = SystemRandomNumberGenerator()
    let letters = Array("ABCXYZ019_-./")
    func number(from lowest: Int64) -> Int64 {
      // Any number of bits, so that short and long ones come up alike.
      let bits = Int64.random(in: 0...53, using: &random)
      return max(lowest, Int64.random(in: 0..<(1 << bits), using: &random))
    }
    for _ in 0..<5000 {
      let quantity = number(from: 0)
      let gtinDigits = [0, 8, 12, 13, 14].randomElement(using: &random) ?? 0
      let gtin = String((0..<gtinDigits).map { _ in "0123456789".randomElement(using: &random)! })
      let length = Int.random(in: 1...64, using: &random)
      var location = (0..<length).map { _ in letters.randomElement(using: &random)! }
      if length > 2 { location[length / 2] = " " }
      let record = EntryRecord(
        product: number(from: 1), quantity: quantity,
        // More than there is: backorders.
        reserved: Bool.random(using: &random)
          ? Int64.random(in: 0...quantity, using: &random) : number(from: 0),
        version: number(from: 1),
        createdAt: number(from: 0), updatedAt: number(from: 0), gtin: GTIN(gtin) ?? .none,
        location: String(location))
      let text = encode(record)
      #expect(try decodeEntry(text) == record, "\(text)")
    }
    let largest = EntryRecord(
      product: Bounds.maxID, quantity: Bounds.maxQuantity, reserved: Bounds.maxQuantity,
      version: Bounds.maxID, createdAt: Bounds.maxID, updatedAt: Bounds.maxID,
      gtin: GTIN("99999999999999")!, location: "Z")
    #expect(try decodeEntry(encode(largest)) == largest)
  }

  @Test(
    "an entry that we did not write so is refused",
    arguments: [
      ("", "available"),
      ("95", "available"),
      ("-6 5 7 123 1 1 - A", "add up"),
      ("-0 5 7 123 1 1 - A", "available"),
      ("+1 5 7 123 1 1 - A", "available"),
      ("01 5 7 123 1 1 - A", "available"),
      ("1.5 5 7 123 1 1 - A", "available"),
      ("95  5 7 123 1 1 - A", "reserved"),
      ("95 -5 7 123 1 1 - A", "reserved"),
      ("9007199254740991 1 7 123 1 1 - A", "add up"),
      ("9007199254740992 0 7 123 1 1 - A", "add up"),
      ("99999999999999999999 0 7 123 1 1 - A", "available"),
      ("95 5 0 123 1 1 - A", "version"),
      ("95 5 7 0 1 1 - A", "product"),
      ("95 5 7 123 x 1 - A", "created"),
      ("95 5 7 123 1 1", "updated"),
      ("95 5 7 123 1 1 123 A", "GTIN"),
      ("95 5 7 123 1 1 - ", "location"),
      ("95 5 7 123 1 1 - a", "location"),
      ("95 5 7 123 1 1 - A ", "location"),
      ("95 5 7 123 1 1 - \u{e9}", "location"),
    ])
  func malformedEntries(_ text: String, _ word: String) throws {
    let error = try #require(throws: RecordError.self) { try decodeEntry(text) }
    #expect(error.reason.contains(word))
  }

  @Test("a product reads as the layout says, with and without its optional parts")
  func product() throws {
    let bare = "store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3"
    let value = ProductValue(store: 1, type: .physical, version: 1, createdAt: 2, updatedAt: 3)
    #expect(encode(value) == bare)
    #expect(try decodeProduct(bare) == value)
    for type in ProductType.allCases {
      let full = ProductValue(
        store: Bounds.maxID, type: type, gtin: GTIN("0012345678905")!, sku: "A=B c",
        title: "Th\u{e9} – 5 €",
        version: 12, createdAt: 4, updatedAt: 5)
      let text = encode(full)
      #expect(text.hasSuffix("\tgtin=0012345678905\tsku=A=B c\ttitle=Th\u{e9} – 5 €"))
      #expect(try decodeProduct(text) == full)
    }
    #expect(try decodeProduct(bare + "\tcolour=red\tupdated_by=x") == value)
  }

  @Test("an entry with backorders is below zero")
  func backorder() throws {
    let text = "-3 5 7 123 0 0 - A"
    let record = try decodeEntry(text)
    #expect(record.quantity == 2)
    #expect(record.reserved == 5)
    #expect(encode(record) == text)
  }

  @Test("a product's policy is written where it says something")
  func policy() throws {
    let bare = "store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3"
    let table: [(StockPolicy, String)] = [
      (StockPolicy(), ""),
      (StockPolicy(lowStockThreshold: 0), "\tlow=0"),
      (
        StockPolicy(lowStockThreshold: 5, safetyStock: 2, backorderLimit: 10),
        "\tlow=5\tsafety=2\tbackorder=10"
      ),
      (StockPolicy(purchaseLimit: PurchaseLimit(quantity: 2)), "\tlimit=2"),
      (
        StockPolicy(purchaseLimit: PurchaseLimit(quantity: 2, startsAt: -7, endsAt: 9)),
        "\tlimit=2\tlimitfrom=-7\tlimituntil=9"
      ),
      (
        StockPolicy(
          safetyStock: Bounds.maxQuantity, backorderLimit: Bounds.maxQuantity,
          purchaseLimit: PurchaseLimit(quantity: Bounds.maxQuantity, endsAt: .max - 1)),
        "\tsafety=9007199254740991\tbackorder=9007199254740991\tlimit=9007199254740991"
          + "\tlimituntil=9223372036854775806"
      ),
    ]
    for (policy, text) in table {
      let value = ProductValue(
        store: 1, type: .physical, policy: policy, version: 1, createdAt: 2, updatedAt: 3)
      #expect(encode(value) == bare + text)
      #expect(try decodeProduct(bare + text) == value)
    }
  }

  @Test(
    "a product that we did not write so is refused",
    arguments: [
      ("", "no store"),
      ("store=1", "no type"),
      ("store=1\ttype=physical", "no version"),
      ("store=0\ttype=physical\tversion=1\tcreated=2\tupdated=3", "store"),
      ("store=1\ttype=gas\tversion=1\tcreated=2\tupdated=3", "type"),
      ("store=1\ttype=physical\tversion=01\tcreated=2\tupdated=3", "version"),
      ("store=1\ttype=physical\tversion=1\tcreated=\tupdated=3", "created"),
      ("store=1\ttype=physical\tversion=1\tcreated=2", "no updated"),
      ("store=1\tstore=1\ttype=physical\tversion=1\tcreated=2\tupdated=3", "twice"),
      ("store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3\tgtin=12", "GTIN"),
      ("store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3\ttitle=", "title"),
      ("store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3\tlow=-1", "low"),
      ("store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3\tsafety=x", "safety"),
      ("store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3\tbackorder=", "backorder"),
      ("store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3\tlimit=0", "limit"),
      ("store=1\ttype=physical\tversion=1\tcreated=2\tupdated=3\tlimitfrom=1", "window"),
      ("store=1\t\ttype=physical\tversion=1\tcreated=2\tupdated=3", "key=value"),
    ])
  func malformedProducts(_ text: String, _ word: String) throws {
    let error = try #require(throws: RecordError.self) { try decodeProduct(text) }
    #expect(error.reason.contains(word))
  }
}
