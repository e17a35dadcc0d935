import StockCore
import Testing

@testable import StockHTTP

/// Bodies that are refused, and how.
@Suite struct JSONTests {
  private func errors(_ body: [UInt8], _ operation: StockOperation) -> [FieldError] {
    var form = StockForm()
    var errors = FieldErrors()
    body.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes)
      do throws(JSONSyntaxError) {
        try reader.beginBody()
        try form.read(&reader, allowed: operation.fields, &errors)
        try reader.endBody()
        _ = form.operation(operation, caller: .unchecked, &errors) { _ in Allocation() }
      } catch {
        errors.add(error)
      }
    }
    return errors.items
  }

  private func errors(_ body: String, _ operation: StockOperation = .set) -> [String] {
    errors(Array(body.utf8), operation).map { "\($0.field): \($0.message)" }
  }

  /// A whole body with one field's value replaced.
  private func set(_ field: String, _ value: String) -> String {
    var fields = ["product_id": "1", "location": "\"A\"", "quantity": "1"]
    fields[field] = value
    return "{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
  }

  @Test(arguments: [
    ("", "body: is empty, but must be a JSON object, at byte 0"),
    ("  ", "body: ends too early, at byte 2"),
    ("[]", "body: must be a JSON object, at byte 0"),
    ("7", "body: must be a JSON object, at byte 0"),
    ("null", "body: must be a JSON object, at byte 0"),
    ("{", "body: ends too early, at byte 1"),
    (#"{"product_id":1"#, "body: ends too early, at byte 15"),
    (#"{"product_id":1,}"#, "body: has a comma before its end, at byte 16"),
    (#"{,"product_id":1}"#, "body: needs a field's name in quotes, at byte 1"),
    (#"{product_id:1}"#, "body: needs a field's name in quotes, at byte 1"),
    (#"{"product_id" 1}"#, "body: needs ':' after a field's name, at byte 14"),
    (#"{"product_id":1 "quantity":1}"#, "body: needs ',' or '}', at byte 16"),
    (#"{"product_id":}"#, "product_id: must be an integer|body: needs a value, at byte 14"),
    (#"{"product_id":01}"#, "body: has a number with a leading zero, at byte 14"),
    (#"{"product_id":-}"#, "body: needs a digit after '-', at byte 15"),
    (#"{"product_id":1.}"#, "body: needs a digit after '.', at byte 16"),
    (#"{"product_id":1e}"#, "body: needs a digit in the exponent, at byte 16"),
    (#"{"product_id":1x}"#, "body: needs ',' or '}', at byte 15"),
    (#"{"product_id":tru}"#, "product_id: must be an integer|body: needs a value, at byte 14"),
    (#"{"location":"A}"#, "body: ends inside a string, at byte 15"),
    (#"{"location":"\x"}"#, "body: has an unknown escape, at byte 13"),
    (#"{"location":"\u12g4"}"#, "body: has a \\u without four hexadecimal digits, at byte 13"),
    (#"{"location":"\ud800"}"#, "body: has half of a surrogate pair, at byte 13"),
    (#"{"location":"\ud800\u0041"}"#, "body: has half of a surrogate pair, at byte 13"),
    (#"{"location":"\udc00"}"#, "body: has half of a surrogate pair, at byte 13"),
    ("{\"location\":\"A\u{1}\"}", "body: has a control character that is not escaped, at byte 14"),
    ("\u{FEFF}{}", "body: must not begin with a byte order mark, at byte 0"),
  ])
  func syntax(_ body: String, _ expected: String) {
    #expect(errors(body).joined(separator: "|") == expected)
  }

  @Test func bytesBehindTheEnd() {
    let whole = #"{"product_id":1,"location":"A","quantity":1}"#
    #expect(errors(whole).isEmpty)
    #expect(errors(whole + " \r\n\t").isEmpty)
    #expect(errors(whole + "x").first == "body: has bytes after its end, at byte 44")
    #expect(errors(whole + "{}").first == "body: has bytes after its end, at byte 44")
    #expect(errors(Array(whole.utf8) + [0], .set).first?.field == "body")
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80],
      [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF5, 0x80, 0x80, 0x80], [0xFF],
    ] as [[UInt8]])
  func malformedUTF8(_ bytes: [UInt8]) {
    let body = Array(#"{"reason":""#.utf8) + bytes + Array("\"}".utf8)
    #expect(
      errors(body, .set).last
        == FieldError(field: "body", message: "is not well-formed UTF-8, at byte 11"))
  }

  @Test func wellFormedUTF8() {
    for text in ["é", "€", "𝄞", "\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}"] {
      #expect(errors(set("reason", "\"\(text)\"")).isEmpty)
    }
  }

  @Test(arguments: [
    ("product_id", "0", "must be from 1 to 9007199254740991"),
    ("product_id", "-1", "must be from 1 to 9007199254740991"),
    ("product_id", "9007199254740992", "must be from 1 to 9007199254740991"),
    ("product_id", "99999999999999999999999999", "must be from 1 to 9007199254740991"),
    ("product_id", "1.0", "must be an integer, without fraction or exponent"),
    ("product_id", "1e3", "must be an integer, without fraction or exponent"),
    ("product_id", "1E-3", "must be an integer, without fraction or exponent"),
    ("product_id", "\"1\"", "must be an integer"),
    ("product_id", "null", "must be an integer"),
    ("product_id", "true", "must be an integer"),
    ("product_id", "[1]", "must be an integer"),
    ("product_id", "{\"a\":[1,{}]}", "must be an integer"),
    ("quantity", "-1", "must be from 0 to 9007199254740991"),
    ("quantity", "9007199254740992", "must be from -9007199254740991 to 9007199254740991"),
    ("location", "1", "must be a string"),
    ("location", "null", "must be a string"),
    ("location", "\"\"", JSONReader.locationMessage),
    ("location", "\"  \"", JSONReader.locationMessage),
    ("location", "\"A\\nB\"", JSONReader.locationMessage),
    ("location", "\"é\"", JSONReader.locationMessage),
    ("gtin", "null", "must be a string"),
    ("gtin", "12345678", "must be a string"),
    ("gtin", "\"123\"", "must be a string of 8, 12, 13 or 14 digits"),
    ("reason", "\"a\\u0000b\"", "must have no control characters"),
    ("reason", "\"a\\u007fb\"", "must have no control characters"),
    ("expected_version", "-1", "must be from 0 to 9007199254740991"),
    ("expected_quantity", "1.5", "must be an integer, without fraction or exponent"),
  ])
  func values(_ field: String, _ value: String, _ message: String) {
    #expect(errors(set(field, value)) == ["\(field): \(message)"])
  }

  @Test func bounds() {
    #expect(errors(set("product_id", "9007199254740991")).isEmpty)
    #expect(errors(set("quantity", "9007199254740991")).isEmpty)
    #expect(errors(set("quantity", "0")).isEmpty)
    let longest = String(repeating: "a", count: 64)
    #expect(errors(set("location", "\"\(longest)\"")).isEmpty)
    #expect(errors(set("location", "\"  \(longest)\\t\"")).isEmpty)
    #expect(
      errors(set("location", "\"\(longest)a\"")) == ["location: \(JSONReader.locationMessage)"])
    let note = String(repeating: "é", count: 127) + "a"
    #expect(errors(set("reason", "\"\(note)\"")).isEmpty)
    #expect(errors(set("reason", "\"\(note)a\"")) == ["reason: must have at most 255 bytes"])
  }

  @Test func unknownRepeatedAndMissing() {
    #expect(
      errors(#"{"product_id":1,"location":"A","quantitiy":1}"#)
        == ["quantitiy: is not a known field here", "quantity: is required"])
    #expect(
      errors(#"{"product_id":1,"product_id":1,"location":"A","quantity":1}"#)
        == ["product_id: is given more than once"])
    #expect(
      errors(#"{"product_id":1,"\u0070roduct_id":1,"location":"A","quantity":1}"#)
        == ["product_id: is given more than once"])
    #expect(
      errors("{}") == [
        "product_id: is required", "quantity: is required", "location: is required",
      ])
    #expect(errors(#"{"Product_id":1}"#).first == "Product_id: is not a known field here")
    #expect(errors(#"{"":1}"#).first == ": is not a known field here")
    #expect(
      errors(#"{"product_id":1,"location":"A","quantity":1,"atomic":true}"#)
        == ["atomic: is not a known field here"])
  }

  @Test func eachOperationHasItsFields() {
    let amount = #"{"product_id":1,"location":"A","quantity":"#
    #expect(errors(amount + "-5}", .adjust).isEmpty)
    #expect(errors(amount + "0}", .adjust) == ["quantity: must not be 0"])
    #expect(errors(amount + "-0}", .adjust) == ["quantity: must not be 0"])
    for operation in [StockOperation.reserve, .release, .fulfill] {
      #expect(errors(amount + "1}", operation).isEmpty)
      #expect(errors(#"{"product_id":1,"quantity":1}"#, operation).isEmpty)
      #expect(errors(amount + "0}", operation) == ["quantity: must be from 1 to 9007199254740991"])
      #expect(
        errors(amount + "1,\"reason\":\"x\"}", operation) == ["reason: is not a known field here"])
    }
    let transfer = #"{"product_id":1,"quantity":1,"from":"a","to":"#
    #expect(errors(transfer + "\"b\"}", .transfer).isEmpty)
    #expect(errors(transfer + "\" A \"}", .transfer) == ["to: must differ from 'from'"])
    #expect(
      errors(#"{"product_id":1,"quantity":1}"#, .transfer)
        == ["from: is required", "to: is required"])
  }

  @Test func nesting() {
    func nested(_ depth: Int) -> String {
      set(
        "x", String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
    }
    #expect(errors(nested(16)) == ["x: is not a known field here"])
    #expect(errors(nested(17)).last?.hasPrefix("body: is nested too deep") == true)
    #expect(errors(nested(100_000)).last?.hasPrefix("body: is nested too deep") == true)
  }

  @Test func escapesAreUnderstood() throws {
    let text = #"{"\u0070rod\u0075ct_id":1,"locat\u0069on":" \u0061\/b ","quantity":1}"#
    var form = StockForm()
    var errors = FieldErrors()
    try Array(text.utf8).withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes)
      try reader.beginBody()
      try form.read(&reader, allowed: StockOperation.reserve.fields, &errors)
      try reader.endBody()
    }
    #expect(errors.isEmpty)
    #expect(form.product == 1)
    #expect(form.location == "A/B")

    let escapes = Array(#""\"\\\/\b\f\n\r\t\u00e9\ud834\udd1e""#.utf8)
    try escapes.withUnsafeBufferPointer { bytes in
      var reader = JSONReader(bytes)
      let text = try reader.text()
      #expect(reader.string(text) == "\"\\/\u{8}\u{c}\n\r\té𝄞")
    }
  }

  /// Whatever is cut off or changed, the reader ends, and says so.
  @Test func everyPrefixIsRefused() {
    let whole = Array(#"{"product_id":12,"location":"\u0041é","quantity":-3.5e+2,"x":[true]}"#.utf8)
    for length in 0..<whole.count {
      #expect(errors(Array(whole[..<length]), .adjust).last?.field == "body", "\(length)")
    }
  }

  @Test func everyFieldIsFoundByItsName() {
    for field in Field.allCases {
      let found = Array(field.name.description.utf8).withUnsafeBufferPointer { Field($0) }
      #expect(found == field)
    }
  }
}
