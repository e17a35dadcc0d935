#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Many reserves in one request, each judged on its own.
struct BatchWorkload: Workload {
  let kinds = [RequestKind("batch")]
  private(set) var books: BenchBooks
  private(set) var lineRefusals = CodeTally()
  private let pattern: BytePattern
  private let operations: Int
  private let picker: ProductPicker
  private var random: BenchRandom
  /// The products of each slot's request, one behind the other.
  private var asked: [Int32]
  /// The lines of the answer that is being read.
  private var lines: [BatchLines.Line] = []

  /// - Parameter operations: of each request.
  init(
    heads: RequestHeads, operations: Int, picker: ProductPicker, products: Int, slots: Int,
    seed: UInt64
  ) {
    var body = BytePattern([.text("{\"operations\":[")])
    for index in 0..<operations {
      body.append([
        .text(index > 0 ? "," : ""), .text("{\"op\":\"reserve\",\"product_id\":"),
        .digits(RequestHeads.productWidth),
        .text(",\"location\":\"\(BenchStage.location)\",\"quantity\":1}"),
      ])
    }
    body.append([.text("]}")])
    pattern = heads.request("POST", [.text("\(RequestHeads.inventory)/batch")], body: body)
    self.operations = operations
    self.picker = picker
    random = BenchRandom(seed: seed)
    books = BenchBooks(products: products)
    asked = Array(repeating: 0, count: slots * operations)
  }

  mutating func next(slot: Int, into bytes: inout ByteStore) -> Int? {
    let start = bytes.count
    bytes.append(pattern.bytes)
    for line in 0..<operations {
      let product = picker.next(&random)
      asked[slot * operations + line] = Int32(truncatingIfNeeded: product)
      bytes.put(
        BenchStage.firstProduct + product, width: RequestHeads.productWidth,
        at: start + pattern.places[line])
    }
    return 0
  }

  mutating func ended(
    slot: Int, kind: Int, _ end: RequestEnd, body: UnsafeBufferPointer<UInt8>, isCounted: Bool
  ) -> Settlement {
    let first = slot * operations
    guard end == .accepted, readLines(body) else {
      // An answer with other lines says nothing about any.
      let known = end == .refused ? end : .unknown
      for line in 0..<operations {
        books.add(product: Int(asked[first + line]), reserved: 1, known)
      }
      return Settlement(
        operations: Operations(total: operations, accepted: 0), kind: kind,
        isUnreadable: end == .accepted)
    }
    var accepted = 0
    for line in 0..<operations {
      var end = RequestEnd.accepted
      if lines[line].status < 300 {
        accepted += 1
      } else {
        let text = UnsafeBufferPointer(rebasing: body[lines[line].text])
        let code = CodeTally.code(in: text)
        let isUnknown =
          lines[line].status >= 500 && code?.elementsEqual("outcome_unknown".utf8) ?? true
        end = isUnknown ? .unknown : .refused
        if isCounted, let code { lineRefusals.add(code) }
      }
      books.add(product: Int(asked[first + line]), reserved: 1, end)
    }
    return Settlement(
      operations: Operations(total: operations, accepted: accepted), kind: kind)
  }

  /// Reads all lines before any is believed.
  ///
  /// - Returns: whether they are as many as were asked for.
  private mutating func readLines(_ body: UnsafeBufferPointer<UInt8>) -> Bool {
    lines.removeAll(keepingCapacity: true)
    var reader = BatchLines(body)
    while let line = reader.next() {
      guard lines.count < operations else { return false }
      lines.append(line)
    }
    return lines.count == operations && reader.isAtEnd
  }
}

/// The lines of a batch's answer, `{"results":[{"status":200,…},{"status":409,…}]}`. They are objects
/// without objects inside, and no text in them has a brace, so the next brace ends one.
struct BatchLines {
  typealias Line = (status: Int, text: Range<Int>)

  private let body: UnsafeBufferPointer<UInt8>
  private var place: Int

  init(_ body: UnsafeBufferPointer<UInt8>) {
    self.body = body
    place = CodeTally.text(body, behind: "\"results\":[", from: 0) ?? body.count
  }

  /// Behind the last line.
  var isAtEnd: Bool { place < body.count && body[place] == UInt8(ascii: "]") }

  /// - Returns: nil behind the last one, and where a line is none.
  @inline(__always)
  mutating func next() -> Line? {
    let start: StaticString = "{\"status\":"
    let length = start.utf8CodeUnitCount
    if place < body.count, body[place] == UInt8(ascii: ",") { place += 1 }
    guard let base = body.baseAddress, place + length + 3 < body.count,
      memcmp(base + place, start.utf8Start, length) == 0,
      let end = memchr(base + place, 0x7D, body.count - place)
    else { return nil }
    let digits = base + place + length
    let status =
      (Int(digits[0]) - 0x30) * 100 + (Int(digits[1]) - 0x30) * 10 + Int(digits[2]) - 0x30
    guard 100...599 ~= status else { return nil }
    let line = place
    place = UnsafePointer(end.assumingMemoryBound(to: UInt8.self)) - base + 1
    return (status, line..<place)
  }
}
