import StockCore
import StockEngine

/// The body of `PUT /api/v1/admin/stores/{id}`.
struct StoreForm: Sendable {
  static let maxNameBytes = 255

  private(set) var name = ""
  private(set) var locationPriority: [String] = []
  private(set) var strategy = AllocationStrategy.priority

  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    try reader.beginBody()
    var members = JSONMembers(allowed: [.name, .locationPriority, .allocationStrategy])
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .name: name = try reader.note(field, bytes: 1...Self.maxNameBytes, &errors) ?? ""
      case .locationPriority: try readPriority(&reader, &errors)
      default:
        guard let text = try reader.text(field, &errors) else { continue }
        guard let value = AllocationStrategy(rawValue: reader.string(text)) else {
          errors.add(field, "must be priority, highest_stock or single_location")
          continue
        }
        strategy = value
      }
    }
    try reader.endBody()
    if !members.seen.contains(.name) { errors.add(.name, "is required") }
  }

  private mutating func readPriority(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    guard try reader.peek() == UInt8(ascii: "[") else {
      errors.add(.locationPriority, "must be an array of strings")
      try reader.skipValue()
      return
    }
    reader.position += 1
    var isFirst = true
    var known: Set<String> = []
    while try reader.next(isFirst: isFirst, close: UInt8(ascii: "]")) {
      isFirst = false
      guard let location = try reader.location(.locationPriority, &errors) else { continue }
      guard known.insert(location).inserted else {
        errors.add(.locationPriority, "names \(location) more than once")
        continue
      }
      guard locationPriority.count < Bounds.maxLocationsPerProduct else { continue }
      locationPriority.append(location)
    }
    if known.count > Bounds.maxLocationsPerProduct {
      errors.add(.locationPriority, "must have at most \(Bounds.maxLocationsPerProduct) elements")
    }
  }
}

/// The body of `POST /api/v1/admin/keys`.
struct KeyForm: Sendable {
  private(set) var role = Role.read
  private(set) var store: StoreID?
  private(set) var name = ""
  private(set) var expiresAt: Timestamp?
  /// The key's own. nil: that of all keys.
  private(set) var rateLimit: RateLimit?

  /// - Parameter now: a key that has expired already is refused.
  mutating func read(
    _ reader: inout JSONReader, now: Timestamp, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    var given: Role?
    var rate: Int64?
    var burst: Int64?
    let counts = Int64(RateLimit.range.lowerBound)...Int64(RateLimit.range.upperBound)
    try reader.beginBody()
    var members = JSONMembers(
      allowed: [.role, .storeID, .name, .expiresAt, .rateLimit, .rateBurst])
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .role:
        guard let text = try reader.text(field, &errors) else { continue }
        given = Role(rawValue: reader.string(text))
        if given == nil { errors.add(field, "must be admin, store, checkout or read") }
      case .storeID:
        store = try reader.integer(field, in: 1...Bounds.maxID, &errors)
      case .name:
        name = try reader.note(field, bytes: 1...StoreForm.maxNameBytes, &errors) ?? ""
      case .rateLimit: rate = try reader.integer(field, in: counts, &errors)
      case .rateBurst: burst = try reader.integer(field, in: counts, &errors)
      default:
        guard let text = try reader.text(field, &errors) else { continue }
        guard let time = CivilTime.parse(reader.string(text)) else {
          errors.add(field, CivilTime.message)
          continue
        }
        if time <= now { errors.add(field, "must not be in the past") }
        expiresAt = time
      }
    }
    try reader.endBody()
    if !members.seen.contains(.role) { errors.add(.role, "is required") }
    if !members.seen.contains(.name) { errors.add(.name, "is required") }
    if let rate { rateLimit = RateLimit(rate: Int(rate), burst: Int(burst ?? rate)) }
    if members.seen.contains(.rateBurst), !members.seen.contains(.rateLimit) {
      errors.add(.rateLimit, "is required with rate_burst")
    }
    guard let given else { return }
    role = given
    if role == .admin, members.seen.contains(.rateLimit) {
      errors.add(.rateLimit, "must be left out: an admin's key may ask as often as it likes")
    }
    if role == .admin, members.seen.contains(.storeID) {
      errors.add(.storeID, "must be left out: an admin's key is good for all stores")
    }
    if role != .admin, !members.seen.contains(.storeID) { errors.add(.storeID, "is required") }
  }
}

/// The body of `POST /api/v1/admin/verify`: none, or an object.
struct VerifyForm {
  private(set) var repairs = false

  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    guard !reader.bytes.isEmpty else { return }
    try reader.beginBody()
    var members = JSONMembers(allowed: [.repair])
    while let field = try members.next(&reader, &errors) {
      repairs = try reader.boolean(field, &errors) ?? false
    }
    try reader.endBody()
  }
}
