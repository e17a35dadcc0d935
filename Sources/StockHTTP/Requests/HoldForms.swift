import StockCore

/// The body of `POST /api/v1/store/reservations`.
struct HoldForm {
  static let defaultTTLSeconds: Int64 = 900

  private let timeToLive: ClosedRange<Int64>
  private var id: HoldID?
  private var order = ""
  private var customer = ""
  private var ttl = Self.defaultTTLSeconds
  private(set) var strategy: Allocation.Strategy?
  private var lines = LineList()

  /// - Parameter timeToLive: in milliseconds (`HTTPConfiguration`).
  init(timeToLive: ClosedRange<Int64>) { self.timeToLive = timeToLive }

  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    let reference = 1...Bounds.maxReferenceBytes
    try reader.beginBody()
    var members = JSONMembers(
      allowed: [.orderID, .lines, .ttlSeconds, .customerID, .reservationID, .strategy])
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .orderID: order = try reader.note(field, bytes: reference, &errors) ?? ""
      case .customerID: customer = try reader.note(field, bytes: reference, &errors) ?? ""
      case .ttlSeconds: ttl = try reader.seconds(field, in: timeToLive, &errors) ?? ttl
      case .lines: try lines.read(&reader, &errors)
      case .strategy: strategy = try reader.strategy(field, &errors)
      default:
        guard let text = try reader.text(field, &errors) else { continue }
        id = reader.withBytes(of: text) { HoldIDText.check($0) }
        if id == nil { errors.add(field, HoldIDText.message) }
      }
    }
    try reader.endBody()
    if !members.seen.contains(.orderID) { errors.add(.orderID, "is required") }
    if !members.seen.contains(.lines) { errors.add(.lines, "is required") }
  }

  /// - Parameter allocation: for lines without a location.
  /// - Returns: nil with the reasons added to `errors`, or where there were some before.
  func request(allocation: Allocation, _ errors: inout FieldErrors) -> HoldRequest? {
    guard errors.isEmpty else { return nil }
    let sums = lines.summed(.lines, &errors).lines
    guard errors.isEmpty else { return nil }
    return HoldRequest(
      id: id ?? "", isClientID: id != nil, order: order, customer: customer,
      lines: sums.map {
        HoldLine(product: $0.product, location: $0.location, quantity: $0.quantity)
      },
      timeToLive: ttl * 1_000, allocation: allocation)
  }
}

/// The body of `…/reservations/{id}/extend`.
struct ExtendForm {
  /// Milliseconds from now.
  private(set) var timeToLive: Int64 = 0
  private let range: ClosedRange<Int64>

  /// - Parameter range: in milliseconds (`HTTPConfiguration.timeToLive`).
  init(in range: ClosedRange<Int64>) { self.range = range }

  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    try reader.beginBody()
    var members = JSONMembers(allowed: [.ttlSeconds])
    while let field = try members.next(&reader, &errors) {
      guard let ttl = try reader.seconds(field, in: range, &errors) else { continue }
      timeToLive = ttl * 1_000
    }
    try reader.endBody()
    if !members.seen.contains(.ttlSeconds) { errors.add(.ttlSeconds, "is required") }
  }
}

/// The body of `…/reservations/{id}/fulfill` and `…/release`: none or `{}` for all that is held, or
/// some of its lines.
struct HoldAmountsForm {
  private var lines: LineList?

  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    guard !reader.bytes.isEmpty else { return }
    try reader.beginBody()
    var members = JSONMembers(allowed: [.lines])
    while try members.next(&reader, &errors) != nil {
      var list = LineList()
      try list.read(&reader, &errors)
      lines = list
    }
    try reader.endBody()
  }

  /// nil: all that is held.
  func amounts(_ errors: inout FieldErrors) -> [HoldAmount]? {
    errors.isEmpty ? lines?.summed(.lines, &errors).lines : nil
  }
}

/// The rules for a reservation's id.
enum HoldIDText {
  static let message =
    "must be 1 to \(Bounds.maxHoldIDBytes) bytes of letters, digits, '_', '-', '.' and ':'"

  /// - Returns: nil where the bytes are no such id.
  static func check(_ bytes: UnsafeBufferPointer<UInt8>) -> HoldID? {
    guard (1...Bounds.maxHoldIDBytes).contains(bytes.count), bytes.allSatisfy(isAllowed) else {
      return nil
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: ":"):
      true
    default: false
    }
  }
}

extension JSONReader {
  /// A span of time as clients give it, in seconds.
  fileprivate mutating func seconds(
    _ field: Field, in milliseconds: ClosedRange<Int64>, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> Int64? {
    try integer(
      field, in: milliseconds.lowerBound / 1_000...milliseconds.upperBound / 1_000, &errors)
  }

  /// How to allocate.
  mutating func strategy(
    _ field: Field, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) -> Allocation.Strategy? {
    guard let text = try text(field, &errors) else { return nil }
    if let strategy = Allocation.Strategy(rawValue: string(text)) { return strategy }
    errors.add(field, "must be priority, highest_stock or single_location")
    return nil
  }
}
