import StockCore
import StockEngine
import Testing

@testable import StockHTTP

/// What is written, to the byte.
@Suite struct RenderingTests {
  private func text(_ write: (inout ByteWriter) -> Void) -> String {
    var writer = ByteWriter(capacity: 1)
    write(&writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  @Test func integers() {
    for value: Int64 in [0, 1, 9, 10, 99, 100, -1, -10, 9_007_199_254_740_991, .max, .min] {
      #expect(text { $0.append(value) } == String(value))
    }
    #expect(text { $0.appendHex(0xAB, width: 4) } == "00ab")
  }

  @Test func sumsPastTheLastIntegerAreShownAsIt() {
    var sums = StockSums()
    sums.quantity = Int128(Int64.max) + 5
    sums.reserved = 7
    let told = text { $0.append(StockOverview(sums: sums, stores: [], locations: [])) }
    #expect(
      told.contains(
        #""total_quantity":9223372036854775807,"total_reserved":7,"#
          + #""total_available":9223372036854775805,"#), "\(told)")
  }

  @Test func strings() {
    #expect(text { $0.append(json: "a\"b\\c/é\n\u{1}\u{1f}") } == #""a\"b\\c/é\u000a\u0001\u001f""#)
    #expect(text { $0.append(json: "") } == "\"\"")
  }

  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (951_868_799_999, "2000-02-29T23:59:59.999Z"),
      (1_795_411_800_123, "2026-11-23T05:30:00.123Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Timestamp, String)])
  func times(_ time: Timestamp, _ expected: String) {
    #expect(text { $0.append(time: time) } == expected)
    #expect(CivilTime.parse(expected) == time)
  }

  @Test func everyDayFollowsTheOneBefore() {
    for day in stride(from: -800_000, to: 3_000_000, by: 97) {
      let time = CivilTime(Timestamp(day) * 86_400_000)
      #expect(CivilTime.days(year: time.year, month: time.month, day: time.day) == day)
      #expect(time.dayNumber == day)
    }
  }

  @Test func parsesTimes() {
    #expect(CivilTime.parse("2026-11-23T06:30:00.123999+01:00") == 1_795_411_800_123)
    #expect(CivilTime.parse("2026-11-23t05:30:00z") == 1_795_411_800_000)
    #expect(CivilTime.parse("9999-12-31T23:59:59.999Z") == 253_402_300_799_999)
    for bad in [
      "", "2026-11-23", "2026-11-23T05:30:00", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
      "2026-11-23T24:00:00Z", "2026-11-23T05:30:00.Z", "2026-11-23T05:30:00Zx",
      "9999-12-31T23:59:59-00:01", "9999-12-31T23:59:60Z", "0000-01-01T00:00:00+00:01",
      "2026-11-23T05:30:00+1:00", "+026-11-23T05:30:00Z",
    ] {
      #expect(CivilTime.parse(bad) == nil, "\(bad)")
    }
  }

  @Test func dates() {
    #expect(text { $0.append(httpDate: 784_111_777_000) } == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(text { $0.append(httpDate: 0) } == "Thu, 01 Jan 1970 00:00:00 GMT")
  }

  @Test func entries() {
    #expect(
      text { $0.append(entry()) }
        == #"{"id":41,"product_id":123,"store_id":1,"location":"WAREHOUSE_A","quantity":100,"#
        + #""reserved_quantity":5,"available_quantity":95,"gtin":null,"version":2,"#
        + #""created_at":"2026-11-23T05:30:00.123Z","updated_at":"2026-11-23T05:30:01.004Z"}"#)
    #expect(
      text {
        $0.append(
          entry(
            id: 0, quantity: 0, reserved: 0, location: "", gtin: GTIN("01234567") ?? .none,
            unlimited: true))
      }
        == #"{"id":null,"product_id":123,"store_id":1,"location":null,"quantity":0,"#
        + #""reserved_quantity":0,"available_quantity":999999,"gtin":"01234567","version":2,"#
        + #""created_at":null,"updated_at":null,"unlimited":true}"#)
  }

  @Test func products() {
    let value = ProductValue(
      store: 1, type: .service, gtin: GTIN("4006381333931") ?? .none, title: "A \"b\"",
      version: 3, createdAt: 0, updatedAt: 1)
    let product = ProductSnapshot(id: 9, value: value)
    #expect(
      text { $0.append(product) }
        == #"{"id":9,"store_id":1,"title":"A \"b\"","sku":null,"gtin":"4006381333931","#
        + #""product_type":"service","is_digital":true,"unlimited":true,"#
        + #""low_stock_threshold":null,"safety_stock":0,"backorder_limit":0,"#
        + #""purchase_limit":null,"version":3,"#
        + #""created_at":"1970-01-01T00:00:00.000Z","updated_at":"1970-01-01T00:00:00.001Z"}"#)
    let physical = ProductSnapshot(
      id: 9, value: ProductValue(store: 1, type: .physical, createdAt: 0, updatedAt: 0))
    let summary = ProductSummary(
      product: physical, entries: [entry(), entry(id: 42, quantity: 7, reserved: 0)])
    let shown = text { $0.append(summary) }
    #expect(
      shown.hasPrefix(
        #"{"product_id":9,"title":null,"sku":null,"product_type":"physical","unlimited":false,"#
          + #""total_quantity":107,"total_reserved":5,"total_available":102,"locations":[{"id":41,"#
      ))
    #expect(shown.hasSuffix("}]}"))
  }

  @Test func base64() {
    #expect(Base64URL.encode([]) == "")
    #expect(Base64URL.encode([0xFB, 0xFF]) == "-_8")
    for length in 0..<70 {
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
      #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
    }
    #expect(Base64URL.decode("A") == nil)
    #expect(Base64URL.decode("AB") == nil, "bits that stand for nothing")
    #expect(Base64URL.decode("A+==") == nil)
  }

  @Test func tokens() {
    let token = Token.make()
    #expect(token.hasPrefix("sk_") && token.utf8.count == 46)
    #expect(token != Token.make())
    #expect(Token.digest("abc".utf8).prefix(4) == [0xBA, 0x78, 0x16, 0xBF])
  }

  @Test func cursors() {
    let cursor = EntryCursor(key: -5, id: 77)
    let text = Cursor.text(cursor, sort: .quantity, descending: true)
    #expect(Cursor.entry(text, sort: .quantity, descending: true) == cursor)
    #expect(Cursor.entry(text, sort: .quantity, descending: false) == nil)
    #expect(Cursor.entry(text, sort: .id, descending: true) == nil)
    #expect(Cursor.product(text) == nil)
    for odd in [
      EntryCursor(key: .max, id: 1), EntryCursor(key: .min, id: 1), EntryCursor(key: 1, id: .max),
    ] {
      let text = Cursor.text(odd, sort: .id, descending: true)
      #expect(Cursor.entry(text, sort: .id, descending: true) == nil, "\(odd)")
    }
    #expect(Cursor.product(Cursor.text(product: .max)) == nil)
    #expect(ExportDesk.Position("a-1-2147483647")?.row == 2_147_483_647)
    for row in ["2147483648", "9223372036854775807", "-1"] {
      #expect(ExportDesk.Position("a-1-\(row)") == nil)
    }
    #expect(Cursor.entry("nonsense", sort: .id, descending: false) == nil)
    #expect(Cursor.product(Cursor.text(product: 5)) == 5)
    #expect(Cursor.store(Cursor.text(store: 6)) == 6)
  }
}
