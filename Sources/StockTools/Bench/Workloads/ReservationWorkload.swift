/// Reservations with lines: `checkout` and `cart`. Each slot is a buyer who holds, then ships, gives
/// back or forgets, and then comes again.
struct ReservationWorkload: Workload {
  struct Options: Sendable {
    /// Lines of a reservation: 1 up to this, each as likely as any other.
    var maxLines = 1
    /// Every request carries an idempotency key that no other has.
    var hasKeys = true
    /// Percent of the reservations that are given back.
    var releaseShare = 0
    /// Percent that are left to expire; the others are shipped.
    var expireShare = 0
    /// Seconds until those expire.
    var expireAfter = 30
  }

  /// Seconds for which those that are ended are held at most.
  private static let heldFor = 900
  /// Bytes of a reservation's id at most.
  private static let idRoom = 64

  private enum Step: UInt8 {
    /// The next request holds.
    case begin
    /// The next request ships, or gives back, what is held.
    case fulfill, release
  }

  let kinds = [RequestKind("hold"), RequestKind("fulfill"), RequestKind("release")]
  private(set) var books: BenchBooks
  /// A reservation that is held when nothing more is asked.
  struct Held: Equatable {
    var id: String
    /// The product of each line.
    var products: [Int]
  }

  /// The last answer to a hold that is left to expire: nanoseconds of `LoadClock`, 0: none is.
  private(set) var lastExpiring: UInt64 = 0

  private let options: Options
  private let patterns: ReservationPatterns
  private let picker: ProductPicker
  private var random: BenchRandom
  private var serial = 0

  private var steps: [Step]
  /// How each slot's reservation will end: `begin` where it is left to expire.
  private var endings: [Step]
  private var lineCounts: [Int]
  /// The products of each slot's reservation, one behind the other.
  private var products: [Int32]
  private var ids: [UInt8]
  private var idLengths: [Int]

  /// - Parameter run: letters and digits that no other run or thread on this engine has.
  init(
    heads: RequestHeads, options: Options, run: String, picker: ProductPicker,
    products count: Int, slots: Int, seed: UInt64
  ) {
    self.options = options
    patterns = ReservationPatterns(
      heads: heads, run: run, hasKeys: options.hasKeys,
      lifetimes: (held: Self.heldFor, expiring: options.expireAfter))
    self.picker = picker
    random = BenchRandom(seed: seed)
    books = BenchBooks(products: count)
    steps = Array(repeating: .begin, count: slots)
    endings = steps
    lineCounts = Array(repeating: 0, count: slots)
    products = Array(repeating: 0, count: slots * options.maxLines)
    ids = Array(repeating: 0, count: slots * Self.idRoom)
    idLengths = Array(repeating: 0, count: slots)
  }

  mutating func next(slot: Int, into bytes: inout ByteStore) -> Int? {
    serial += 1
    switch steps[slot] {
    case .begin:
      chooseHold(slot)
      patterns.appendHold(
        serial: serial, expires: endings[slot] == .begin, lines: lines(of: slot), into: &bytes)
      return 0
    case .fulfill, .release:
      let isRelease = steps[slot] == .release
      patterns.appendEnd(serial: serial, id: id(of: slot), isRelease: isRelease, into: &bytes)
      return isRelease ? 2 : 1
    }
  }

  /// What nobody will ship or give back any more.
  var held: [Held] {
    steps.indices.filter { steps[$0] != .begin }.map { slot in
      Held(
        id: String(decoding: id(of: slot), as: UTF8.self), products: lines(of: slot).map(Int.init))
    }
  }

  private func id(of slot: Int) -> ArraySlice<UInt8> {
    ids[slot * Self.idRoom..<slot * Self.idRoom + idLengths[slot]]
  }

  private func lines(of slot: Int) -> ArraySlice<Int32> {
    let first = slot * options.maxLines
    return products[first..<first + lineCounts[slot]]
  }

  private mutating func chooseHold(_ slot: Int) {
    let dice = random.below(100)
    endings[slot] =
      if dice < options.releaseShare {
        .release
      } else if dice < options.releaseShare + options.expireShare { .begin } else { .fulfill }
    lineCounts[slot] = 1 + random.below(options.maxLines)
    for line in 0..<lineCounts[slot] {
      products[slot * options.maxLines + line] = Int32(
        truncatingIfNeeded: picker.next(&random))
    }
  }

  mutating func ended(
    slot: Int, kind: Int, _ end: RequestEnd, body: UnsafeBufferPointer<UInt8>, isCounted: Bool
  ) -> Settlement {
    var settlement = Settlement(operations: .whole(lineCounts[slot], end), kind: kind)
    switch steps[slot] {
    case .begin:
      var end = end
      if end == .accepted, !keepID(slot, body) {
        settlement.isUnreadable = true
        end = .unknown
      }
      if endings[slot] == .begin {
        // In the end nothing of it is left, held or not.
        enter(slot, reserved: 0, quantity: 0, end)
        lastExpiring = LoadClock.now
      } else {
        enter(slot, reserved: 1, quantity: 0, end)
        if end == .accepted { steps[slot] = endings[slot] }
      }
    case .fulfill:
      enter(slot, reserved: -1, quantity: -1, end)
      steps[slot] = .begin
    case .release:
      enter(slot, reserved: -1, quantity: 0, end)
      steps[slot] = .begin
    }
    return settlement
  }

  private mutating func enter(_ slot: Int, reserved: Int64, quantity: Int64, _ end: RequestEnd) {
    let first = slot * options.maxLines
    for line in first..<first + lineCounts[slot] {
      books.add(product: Int(products[line]), reserved: reserved, quantity: quantity, end)
    }
  }

  private mutating func keepID(_ slot: Int, _ body: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let start = CodeTally.text(body, behind: "\"reservation_id\":\"", from: 0),
      let end = body[start...].firstIndex(of: UInt8(ascii: "\"")),
      end > start, end - start <= Self.idRoom
    else { return false }
    for place in start..<end { ids[slot * Self.idRoom + place - start] = body[place] }
    idLengths[slot] = end - start
    return true
  }
}

/// The bytes of requests about reservations.
struct ReservationPatterns: Sendable {
  private let holdHead: BytePattern
  private let holdBody: BytePattern
  private let line: BytePattern
  private let tails: (held: BytePattern, expiring: BytePattern)
  private let endStart: BytePattern
  private let endings: (fulfill: BytePattern, release: BytePattern)
  private let hasKeys: Bool

  /// - Parameter lifetimes: seconds.
  init(
    heads: RequestHeads, run: String, hasKeys: Bool, lifetimes: (held: Int, expiring: Int)
  ) {
    self.hasKeys = hasKeys
    let key: [BytePattern.Part] =
      hasKeys
      ? [.text("Idempotency-Key: \(run)-"), .digits(RequestHeads.serialWidth), .text("\r\n")] : []
    var head = heads.start("POST", [.text(RequestHeads.reservations)])
    head.append(key)
    head.append([
      .text("Content-Type: application/json\r\nContent-Length: "),
      .digits(RequestHeads.lengthWidth), .text("\r\n\r\n"),
    ])
    holdHead = head
    holdBody = BytePattern([
      .text("{\"order_id\":\"\(run)-"), .digits(RequestHeads.serialWidth), .text("\",\"lines\":["),
    ])
    line = BytePattern([
      .text("{\"product_id\":"), .digits(RequestHeads.productWidth),
      .text(",\"location\":\"\(BenchStage.location)\",\"quantity\":1}"),
    ])
    func tail(_ seconds: Int) -> BytePattern {
      BytePattern([.text("],\"ttl_seconds\":\(seconds)}")])
    }
    tails = (tail(lifetimes.held), tail(lifetimes.expiring))
    endStart = BytePattern([.text("POST \(RequestHeads.reservations)/")])
    // All that stands behind the id.
    func ending(_ word: String) -> BytePattern {
      var pattern = heads.rest(ofPath: [.text("/\(word)")])
      pattern.append(key)
      pattern.append([.text("Content-Length: 0\r\n\r\n")])
      return pattern
    }
    endings = (ending("fulfill"), ending("release"))
  }

  func appendHold(
    serial: Int, expires: Bool, lines: ArraySlice<Int32>, into bytes: inout ByteStore
  ) {
    let head = bytes.count
    bytes.append(holdHead.bytes)
    let body = bytes.count
    bytes.append(holdBody.bytes)
    bytes.put(serial, width: RequestHeads.serialWidth, at: body + holdBody.places[0])
    for (index, product) in lines.enumerated() {
      if index > 0 { bytes.append(",") }
      let start = bytes.count
      bytes.append(line.bytes)
      bytes.put(
        BenchStage.firstProduct + Int(product), width: RequestHeads.productWidth,
        at: start + line.places[0])
    }
    bytes.append(expires ? tails.expiring.bytes : tails.held.bytes)
    var places = holdHead.places[...]
    if hasKeys, let place = places.popFirst() {
      bytes.put(serial, width: RequestHeads.serialWidth, at: head + place)
    }
    if let place = places.popFirst() {
      // Leading zeros are digits like any other (RFC 9110, 8.6).
      bytes.put(bytes.count - body, width: RequestHeads.lengthWidth, at: head + place)
    }
  }

  func appendEnd(
    serial: Int, id: ArraySlice<UInt8>, isRelease: Bool, into bytes: inout ByteStore
  ) {
    bytes.append(endStart.bytes)
    id.withUnsafeBufferPointer { bytes.append($0) }
    let start = bytes.count
    let ending = isRelease ? endings.release : endings.fulfill
    bytes.append(ending.bytes)
    if let place = ending.places.first {
      bytes.put(serial, width: RequestHeads.serialWidth, at: start + place)
    }
  }
}
