import NIOHTTP1
import StockCore
import StockEngine

@testable import StockHTTP

/// Small texts that clients hand back or make up: tokens, cookies, cursors, tags, positions, times,
/// paths, queries. The first byte says which.
///
/// What is accepted is written again as the same, or means the same.
enum TokenFuzzer {
  static func check(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    var choices = Choices(input)
    switch choices.choice(of: 12) {
    case 0: return base64(choices.rest)
    case 1: return cursors(text(choices.rest))
    case 2: return cookies(text(choices.rest))
    case 3: return tags(choices.rest)
    case 4: return positions(text(choices.rest))
    case 5: return fields(choices.rest)
    case 6: return times(text(choices.rest))
    case 7: return queries(text(choices.rest))
    case 8: return paths(choices.rest)
    case 9: return trace(choices.rest)
    case 10: return names(choices.rest)
    default: return authorization(choices.rest)
    }
  }

  private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  private static func base64(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    let bytes = Array(input)
    guard Base64URL.decode(Base64URL.encode(bytes)) == bytes else {
      return "base 64 of \(bytes) is not read back"
    }
    let text = text(input)
    guard let decoded = Base64URL.decode(text) else { return nil }
    return Base64URL.encode(decoded) == text ? nil : "\(text) is one of two texts of \(decoded)"
  }

  private static func cursors(_ text: String) -> String? {
    for sort in EntrySort.allCases {
      for descending in [false, true] {
        guard let cursor = Cursor.entry(text, sort: sort, descending: descending) else { continue }
        guard Cursor.text(cursor, sort: sort, descending: descending) == text else {
          return "a cursor of entries has two texts"
        }
      }
    }
    if let id = Cursor.store(text), Cursor.text(store: id).utf8.count != text.utf8.count {
      return "a cursor of stores has another length"
    }
    if let id = Cursor.product(text), Cursor.product(Cursor.text(product: id)) != id {
      return "a cursor of products is read otherwise"
    }
    if let name = Cursor.location(text), Cursor.text(location: name) != text {
      return "a cursor of locations has two texts"
    }
    if let hold = Cursor.hold(text), Cursor.hold(Cursor.text(hold)) != hold {
      return "a cursor of reservations is read otherwise: \(hold)"
    }
    for count in [1, 4] {
      guard let cursor = Cursor.movements(text, count: count) else { continue }
      if Cursor.movements(Cursor.text(cursor), count: count) != cursor {
        return "a cursor of movements is read otherwise: \(cursor)"
      }
    }
    return nil
  }

  private static func cookies(_ text: String) -> String? {
    let browser = BrowserFields(HTTPHeaders([("Cookie", text), ("Host", "a"), ("Origin", text)]))
    guard let session = browser.sessions.first else { return nil }
    // Whatever stands round it, a cookie's value has no separator.
    if session.contains(";") { return "the session has a separator: \(session)" }
    let again = BrowserFields(
      HTTPHeaders([("Cookie", "a=b; \(BrowserFields.cookieName)=\(session)")]))
    return again.sessions.first == session
      ? nil : "the session \(session) is \(again.sessions.first ?? "none")"
  }

  private static func take(
    _ name: String, _ value: UnsafeBufferPointer<UInt8>, into fields: inout HeaderFields
  ) -> Bool {
    var name = name
    return name.withUTF8 { fields.take($0, value) { _ in nil } }
  }

  private static func tags(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    var fields = HeaderFields()
    guard take("If-Match", input, into: &fields) else { return "If-Match is refused" }
    guard let versions = fields.ifMatch.flatMap(IfMatch.init)?.versions else { return nil }
    if versions.isEmpty { return "a list of tags asks for no version at all" }
    let text = versions.map { "\"\($0)\"" }.joined(separator: ", ")
    return IfMatch(Array(text.utf8))?.versions == versions ? nil : "\(text) is read otherwise"
  }

  private static func positions(_ text: String) -> String? {
    for count in [1, 4] {
      guard let position = EventPosition(text, shardCount: count) else { continue }
      var writer = ByteWriter()
      writer.append(position)
      if !text.utf8.elementsEqual(writer.bytes) { return "a position has two texts: \(position)" }
    }
    return nil
  }

  /// A header's field: its name, a newline, its value. Taken one by one or from NIO's table it says the
  /// same, where white space does not stand round it.
  private static func fields(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    let end = input.firstIndex(of: UInt8(ascii: "\n")) ?? input.count
    let name = UnsafeBufferPointer(rebasing: input[..<end])
    let value = UnsafeBufferPointer(rebasing: input[min(end + 1, input.count)...])
    let blanks: [UInt8] = [0x20, 0x09]
    if let first = value.first, let last = value.last,
      blanks.contains(first) || blanks.contains(last)
    {
      return nil
    }
    // The decoder lets text through only.
    guard String(validating: value, as: UTF8.self) != nil,
      String(validating: name, as: UTF8.self) != nil
    else { return nil }
    var one = HeaderFields()
    guard one.take(name, value, authorize: { _ in nil }) else { return "a first field is refused" }
    let other = HeaderFields(HTTPHeaders([(text(name), text(value))])) { _ in nil }
    guard one.contentLength == other.contentLength, one.isJSON == other.isJSON,
      one.hostCount == other.hostCount, one.idempotencyKey == other.idempotencyKey,
      one.isChunked == other.isChunked, one.isEncoded == other.isEncoded,
      one.requestID == other.requestID, one.traceParent == other.traceParent,
      one.expectsContinue == other.expectsContinue, one.wantsUpgrade == other.wantsUpgrade
    else { return "\(text(name)): \(text(value)) is read in two ways" }
    if let length = one.contentLength, length < 0 { return "a length below 0" }
    return nil
  }

  private static func times(_ text: String) -> String? {
    guard let time = CivilTime.parse(text) else { return nil }
    // Before the year 0 and after 9999, which an offset may reach, nothing is written.
    guard (-62_167_219_200_000..<253_402_300_800_000).contains(time) else { return nil }
    var writer = ByteWriter()
    writer.append(time: time)
    writer.append(httpDate: time)
    let written = String(decoding: writer.bytes.prefix(24), as: UTF8.self)
    return CivilTime.parse(written) == time ? nil : "\(text) is \(time), written \(written)"
  }

  private static func queries(_ text: String) -> String? {
    var errors = FieldErrors()
    let entries = ListQueries.entries(text, scope: .any, takesStore: true, &errors)
    guard ListQueries.limits.contains(Int64(entries.limit)) else {
      return "a limit of \(entries.limit)"
    }
    _ = ListQueries.lowStock(text, &errors)
    _ = ListQueries.products(text, &errors)
    let holds = LedgerQueries.holds(text, scope: .any, &errors)
    guard ListQueries.limits.contains(Int64(holds.limit)) else {
      return "a limit of \(holds.limit)"
    }
    _ = LedgerQueries.movements(text, scope: .any, shardCount: 4, &errors)
    _ = LedgerQueries.events(text, lastEventID: nil, scope: .any, shardCount: 4, &errors)
    return errors.count <= FieldErrors.limit ? nil : "more errors than are shown"
  }

  private static func paths(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    guard case .path(_, let id, let reservation) = RouteTable.shared.match(input) else {
      return nil
    }
    guard (0...Bounds.maxID).contains(id) else { return "a path has the id \(id)" }
    return reservation.utf8.count <= Bounds.maxHoldIDBytes
      ? nil : "a path's reservation is too long"
  }

  private static func trace(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    guard var parsed = TraceParent.parse(input) else { return nil }
    guard parsed.utf8.count == TraceParent.length else { return "a trace of another length" }
    let version = parsed.hasPrefix("00")
    let again = parsed.withUTF8 { TraceParent.parse($0) }
    // The part of a later version that is known is well formed by itself.
    return again == parsed || !version ? nil : "a trace is read otherwise"
  }

  private static func names(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    if let name = LocationName.normalize(input) {
      guard name.utf8.count <= Bounds.maxLocationBytes, LocationName.normalize(name) == name else {
        return "a location's name is not normal: \(name)"
      }
    }
    let text = text(input)
    if let gtin = GTIN(text), gtin.description != text { return "a GTIN has two texts: \(gtin)" }
    if let decoded = QueryString.decode(text), !input.contains(UInt8(ascii: "%")),
      !input.contains(UInt8(ascii: "+"))
    {
      if decoded != text { return "plain text is decoded" }
    }
    if let id = HoldIDText.check(input), !id.utf8.elementsEqual(input) { return "an id is changed" }
    return nil
  }

  private static func authorization(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    var fields = HeaderFields()
    var seen: [UInt8]?
    var name = "Authorization"
    let taken = name.withUTF8 { name in
      fields.take(name, input) { value in
        seen = Array(value)
        return nil
      }
    }
    guard taken, fields.authorizationCount == 1, seen?.elementsEqual(input) == true else {
      return "the value of Authorization is changed"
    }
    return nil
  }
}
