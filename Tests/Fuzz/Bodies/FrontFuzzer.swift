@testable import StockHTTP

/// The bytes of a connection, into the whole front, with an engine that answers without stock. The first
/// byte says how the engine answers and whether NIO's decoder reads all, the next two where the bytes are
/// cut.
///
/// There are as many answers as requests, in their order; and they are the same however the bytes are
/// cut, in whatever order the engine answers, and whoever reads the requests.
enum FrontFuzzer {
  private struct Result: Equatable {
    var answers: [UInt8]
    /// The front ended the connection before the client did.
    var endsFirst: Bool
    var hasReader: Bool
    var unanswered: Int
  }

  static func check(_ input: UnsafeBufferPointer<UInt8>) -> String? {
    var choices = Choices(input)
    let way = choices.choice(of: 16)
    var seed = UInt64(choices.choice(of: 256)) << 8 | UInt64(choices.choice(of: 256))
    let bytes = choices.rest
    guard !bytes.isEmpty else { return nil }
    let whole = run([bytes], FrontWire.Answering(), scans: true)
    guard let whole else { return nil }
    let answering = FrontWire.Answering(
      isEager: way & 1 != 0, isBackwards: way & 2 != 0, isSingle: way & 4 != 0)
    let pieces = pieces(of: bytes, seed: &seed)
    guard let cut = run(pieces, answering, scans: way & 8 == 0) else { return nil }
    guard cut == whole || refusesEarly(cut, whole, bytes, decodes: way & 8 != 0) else {
      return """
        in pieces of \(pieces.map(\.count)) bytes, answered as \(answering), the answers are
        \(String(decoding: cut.answers, as: UTF8.self)) \(cut.endsFirst)
        instead of
        \(String(decoding: whole.answers, as: UTF8.self)) \(whole.endsFirst)
        """
    }
    return inOrder(bytes, whole)
  }

  /// NIO's decoder refuses at once what the scanner would give it with the next bytes, which never come.
  private static func refusesEarly(
    _ cut: Result, _ whole: Result, _ bytes: UnsafeBufferPointer<UInt8>, decodes: Bool
  ) -> Bool {
    guard decodes, plainRequests(bytes).isPartial, cut.answers.starts(with: whole.answers) else {
      return false
    }
    let rest = Array(Responses(Array(cut.answers[whole.answers.count...])))
    return rest.count == 1 && [400, 405].contains(rest[0].status)
  }

  /// Up to eight pieces.
  private static func pieces(
    of bytes: UnsafeBufferPointer<UInt8>, seed: inout UInt64
  ) -> [UnsafeBufferPointer<UInt8>] {
    func next(below bound: Int) -> Int {
      // SplitMix64.
      seed &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (seed ^ (seed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
    }
    let places = (0..<(next(below: 8))).map { _ in next(below: bytes.count) }.sorted()
    var pieces: [UnsafeBufferPointer<UInt8>] = []
    var start = 0
    for place in places + [bytes.count] where place > start {
      pieces.append(UnsafeBufferPointer(rebasing: bytes[start..<place]))
      start = place
    }
    return pieces
  }

  private static func run(
    _ pieces: [UnsafeBufferPointer<UInt8>], _ answering: FrontWire.Answering, scans: Bool
  ) -> Result? {
    guard let wire = FrontWire(answering, scans: scans) else { return nil }
    defer { wire.close() }
    for piece in pieces { wire.send(piece) }
    wire.settle()
    let endsFirst = wire.hasEnded
    wire.end()
    return Result(
      answers: withoutLeave(wire.written()), endsFirst: endsFirst, hasReader: wire.hasReader,
      unanswered: wire.unanswered)
  }

  private static let leave = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// Leave to send a body is given to those alone who have not sent it yet.
  private static func withoutLeave(_ text: [UInt8]) -> [UInt8] {
    guard text.count >= leave.count else { return text }
    var kept: [UInt8] = []
    var start = 0
    for response in Responses(text) where response.status == 100 {
      kept += text[start..<response.range.lowerBound]
      start = response.range.upperBound
    }
    return start == 0 ? text : kept + text[start...]
  }

  /// Each request that is plain has an answer, in its place; and all that is asked for is answered.
  private static func inOrder(
    _ bytes: UnsafeBufferPointer<UInt8>, _ result: Result
  ) -> String? {
    let responses = Array(Responses(result.answers))
    guard responses.last?.range.upperBound ?? 0 == result.answers.count else {
      return "what is written is no response: \(String(decoding: result.answers, as: UTF8.self))"
    }
    if !result.hasReader, result.unanswered > 0 { return "\(result.unanswered) are not answered" }
    for (place, response) in responses.enumerated() {
      if let number = response.number(in: result.answers), number != place {
        return "answer \(place) is that of request \(number)"
      }
    }
    if result.hasReader { return nil }
    let plain = plainRequests(bytes)
    guard responses.count == plain.count || (responses.count > plain.count && !plain.isAll) else {
      return "\(plain.count) plain requests have \(responses.count) answers"
    }
    return nil
  }

  /// What the bytes begin with that is plain.
  private struct Plain {
    var count = 0
    /// Nothing behind it can be answered.
    var isAll = true
    /// Behind it there is the beginning of another one, as far as can be seen.
    var isPartial = false
  }

  private static func plainRequests(_ bytes: UnsafeBufferPointer<UInt8>) -> Plain {
    var plain = Plain()
    var rest = bytes
    while !rest.isEmpty {
      var scanner = RequestScanner()
      switch scanner.scan(rest, authorize: { _ in nil }) {
      case .complete(let length):
        plain.count += 1
        // Nothing behind it is read.
        if scanner.fields.hostCount != 1 { return plain }
        rest = UnsafeBufferPointer(rebasing: rest[length...])
      case .incomplete:
        plain.isPartial = true
        return plain
      case .unusual:
        plain.isAll = false
        return plain
      }
    }
    return plain
  }
}

/// Where responses begin and end. It ends before what is none.
struct Responses: Sequence, IteratorProtocol {
  struct Response {
    var status: Int
    var range: Range<Int>
    var body: Range<Int>

    /// Which request of its connection it answers, if an entry tells.
    func number(in text: [UInt8]) -> Int? {
      guard status == 200, body.count < 4_096 else { return nil }
      let body = text[body]
      guard body.starts(with: "{\"id\":41,".utf8) else { return nil }
      let text = String(decoding: body, as: UTF8.self)
      guard let mark = text.firstRange(of: "\"quantity\":") else { return nil }
      return Int(text[mark.upperBound...].prefix { $0.isNumber })
    }
  }

  private let text: [UInt8]
  private var start = 0

  init(_ text: [UInt8]) { self.text = text }

  mutating func next() -> Response? {
    let version = "HTTP/1.1 ".utf8
    let rest = text[start...]
    guard rest.starts(with: version), rest.count > 12,
      let status = Int(String(decoding: rest.dropFirst(9).prefix(3), as: UTF8.self))
    else { return nil }
    var lineStart = start
    var length = 0
    while true {
      guard let end = text[lineStart...].firstIndex(of: 0x0A) else { return nil }
      let line = text[lineStart..<end]
      lineStart = end + 1
      if line.count == 1 { break }
      let name = "Content-Length: "
      if line.starts(with: name.utf8) {
        let digits = line.dropFirst(name.utf8.count).dropLast()
        length = Int(String(decoding: digits, as: UTF8.self)) ?? 0
      }
    }
    // To HEAD the body is not sent.
    let behind = text[lineStart...]
    if behind.isEmpty || behind.starts(with: version) { length = 0 }
    guard behind.count >= length else { return nil }
    let response = Response(
      status: status, range: start..<(lineStart + length), body: lineStart..<(lineStart + length))
    start = lineStart + length
    return response
  }
}
