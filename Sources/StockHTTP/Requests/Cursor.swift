import StockCore
import StockEngine

/// Where a page ended, as text that clients hand back unread.
///
/// It names the list and the order it belongs to: one of another list or order is refused, instead
/// of showing a page that skips or repeats.
enum Cursor {
  private static let entriesTag: UInt8 = 1
  private static let productsTag: UInt8 = 2
  private static let storesTag: UInt8 = 3
  private static let holdsTag: UInt8 = 4
  private static let movementsTag: UInt8 = 5
  private static let locationsTag: UInt8 = 6

  static func text(_ cursor: EntryCursor, sort: EntrySort, descending: Bool) -> String {
    encode(tag: entriesTag, order: order(sort, descending), cursor.key, cursor.id)
  }

  static func entry(
    _ text: String, sort: EntrySort, descending: Bool
  ) -> EntryCursor? {
    guard
      let (key, id) = decode(text, tag: entriesTag, order: order(sort, descending))
    else { return nil }
    return EntryCursor(key: key, id: id)
  }

  static func text(product: ProductID) -> String {
    encode(tag: productsTag, order: 0, product, product)
  }

  static func product(_ text: String) -> ProductID? {
    decode(text, tag: productsTag, order: 0)?.id
  }

  static func text(store: StoreID) -> String { encode(tag: storesTag, order: 0, store, store) }

  static func store(_ text: String) -> StoreID? { decode(text, tag: storesTag, order: 0)?.id }

  static func text(location: String) -> String {
    Base64URL.encode([locationsTag] + Array(location.utf8))
  }

  static func location(_ text: String) -> String? {
    guard text.utf8.count <= 128, let bytes = Base64URL.decode(text), bytes.first == locationsTag
    else { return nil }
    return String(validating: bytes.dropFirst(), as: UTF8.self)
  }

  static func text(_ cursor: HoldCursor) -> String {
    var bytes = [holdsTag]
    append(UInt64(bitPattern: cursor.createdAt), to: &bytes)
    bytes += cursor.id.utf8
    return Base64URL.encode(bytes)
  }

  static func hold(_ text: String) -> HoldCursor? {
    guard text.utf8.count <= 128, let bytes = Base64URL.decode(text), bytes.first == holdsTag else {
      return nil
    }
    var place = 1
    guard let createdAt = number(bytes, &place), createdAt <= Int64.max else { return nil }
    let id = bytes[place...].withUnsafeBufferPointer { HoldIDText.check($0) }
    return id.map { HoldCursor(createdAt: Timestamp(createdAt), id: $0) }
  }

  static func text(_ cursor: MovementCursor) -> String {
    var bytes = [movementsTag]
    for position in cursor.positions { append(UInt64(bitPattern: position), to: &bytes) }
    return Base64URL.encode(bytes)
  }

  /// - Parameter count: how many positions there have to be.
  static func movements(_ text: String, count: Int) -> MovementCursor? {
    guard let bytes = Base64URL.decode(text), bytes.first == movementsTag else { return nil }
    var positions: [Int64] = []
    var place = 1
    while place < bytes.count {
      // More than any number that a client can be told: nobody has counted so far.
      guard positions.count < count, let position = number(bytes, &place),
        position <= Bounds.maxID
      else { return nil }
      positions.append(Int64(position))
    }
    return positions.count == count ? MovementCursor(positions: positions) : nil
  }

  /// Seven bits a byte, the lowest first; the last byte has no high bit.
  private static func append(_ number: UInt64, to bytes: inout [UInt8]) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  private static func number(_ bytes: [UInt8], _ place: inout Int) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 63, by: 7) {
      guard place < bytes.count else { return nil }
      let byte = bytes[place]
      place += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }

  private static func order(_ sort: EntrySort, _ descending: Bool) -> UInt8 {
    let place = EntrySort.allCases.firstIndex(of: sort) ?? 0
    return UInt8(place * 2 + (descending ? 1 : 0))
  }

  private static func encode(tag: UInt8, order: UInt8, _ key: Int64, _ id: Int64) -> String {
    var bytes = [tag, order]
    for value in [key, id] {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift)))
      }
    }
    return Base64URL.encode(bytes)
  }

  private static func decode(
    _ text: String, tag: UInt8, order: UInt8
  ) -> (key: Int64, id: Int64)? {
    guard text.utf8.count == 24, let bytes = Base64URL.decode(text), bytes.count == 18,
      bytes[0] == tag, bytes[1] == order
    else { return nil }
    let key = bytes[2..<10].reduce(Int64(0)) { $0 << 8 | Int64($1) }
    let id = bytes[10..<18].reduce(Int64(0)) { $0 << 8 | Int64($1) }
    // Keys are quantities, times and ids; those of a made-up one are for no arithmetic.
    guard id >= 1, id <= Bounds.maxID, key.magnitude <= 2 * Bounds.maxID.magnitude else {
      return nil
    }
    return (key, id)
  }
}
