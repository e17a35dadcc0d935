#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Counts the codes of refusals. A code that has been seen before costs a comparison of bytes.
public struct CodeTally: Sendable {
  private var codes: [[UInt8]] = []
  private var counts: [Int] = []

  public init() {}

  /// Counts by name.
  public var byCode: [String: Int] {
    Dictionary(
      zip(codes, counts).map { (String(decoding: $0, as: UTF8.self), $1) },
      uniquingKeysWith: +)
  }

  mutating func add(_ code: UnsafeBufferPointer<UInt8>, count: Int = 1) {
    for index in codes.indices where codes[index].elementsEqual(code) {
      counts[index] += count
      return
    }
    codes.append(Array(code))
    counts.append(count)
  }

  mutating func add(_ code: String, count: Int = 1) {
    var code = code
    code.withUTF8 { add($0, count: count) }
  }

  mutating func add(_ other: CodeTally) {
    for (code, count) in zip(other.codes, other.counts) {
      code.withUnsafeBufferPointer { add($0, count: count) }
    }
  }

  /// The `code` of a problem (RFC 9457): the text behind the first `"code":"`.
  static func code(
    in body: UnsafeBufferPointer<UInt8>
  ) -> UnsafeBufferPointer<UInt8>? {
    let name: StaticString = "\"code\":\""
    guard let start = text(body, behind: name, from: 0),
      let end = body[start...].firstIndex(of: UInt8(ascii: "\""))
    else { return nil }
    return UnsafeBufferPointer(rebasing: body[start..<end])
  }

  /// Where the text behind `name` begins.
  static func text(
    _ body: UnsafeBufferPointer<UInt8>, behind name: StaticString, from start: Int
  ) -> Int? {
    let length = name.utf8CodeUnitCount
    var place = start
    while place + length <= body.count, let base = body.baseAddress {
      guard let found = memchr(base + place, Int32(name.utf8Start[0]), body.count - place) else {
        return nil
      }
      place = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - base
      guard place + length <= body.count else { return nil }
      if memcmp(base + place, name.utf8Start, length) == 0 { return place + length }
      place += 1
    }
    return nil
  }
}
