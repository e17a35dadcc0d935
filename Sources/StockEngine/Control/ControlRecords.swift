import StockCore

/// How stores and keys stand in Redis: `name=value` pairs with tabs between, as products do. The
/// front lets no control characters through, so no value has a tab. Unknown names are skipped. Read by
/// bytes: a mark that begins a value would make one character with the "=" before it.
enum ControlRecords {
  private static func write(_ fields: [(String, String)]) -> String {
    fields.map { "\($0)=\($1)" }.joined(separator: "\t")
  }

  private static func read(_ text: String) -> [Substring: Substring] {
    var fields: [Substring: Substring] = [:]
    for pair in text.utf8.split(separator: UInt8(ascii: "\t")) {
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { continue }
      fields[Substring(pair[..<equals])] = Substring(pair[pair.index(after: equals)...])
    }
    return fields
  }

  static func text(of store: Store) -> String {
    write([
      ("strategy", store.allocationStrategy.rawValue),
      ("priority", store.locationPriority.joined(separator: ",")),
      ("created", "\(store.createdAt)"), ("updated", "\(store.updatedAt)"), ("name", store.name),
    ])
  }

  /// - Returns: nil for what no engine wrote.
  static func store(id: StoreID, _ text: String) -> Store? {
    let fields = read(text)
    guard let name = fields["name"],
      let strategy = AllocationStrategy(rawValue: String(fields["strategy"] ?? "")),
      let created = fields["created"].flatMap({ Timestamp($0) }),
      let updated = fields["updated"].flatMap({ Timestamp($0) })
    else { return nil }
    let priority = (fields["priority"] ?? "").split(separator: ",").map(String.init)
    return Store(
      id: id, name: String(name), locationPriority: priority, allocationStrategy: strategy,
      createdAt: created, updatedAt: updated)
  }

  static func text(of key: APIKey) -> String {
    var fields = [
      ("role", key.role.rawValue), ("digest", hex(key.digest)), ("created", "\(key.createdAt)"),
    ]
    if let store = key.store { fields.append(("store", "\(store)")) }
    if let expiresAt = key.expiresAt { fields.append(("expires", "\(expiresAt)")) }
    if let limit = key.rateLimit {
      fields += [("rate", "\(limit.rate)"), ("burst", "\(limit.burst)")]
    }
    return write(fields + [("name", key.name)])
  }

  static func key(id: Int64, _ text: String) -> APIKey? {
    let fields = read(text)
    guard let role = Role(rawValue: String(fields["role"] ?? "")), let name = fields["name"],
      let digest = fields["digest"].flatMap(bytes(hex:)), digest.count == 32,
      let created = fields["created"].flatMap({ Timestamp($0) })
    else { return nil }
    var limit: RateLimit?
    if let rate = fields["rate"].flatMap({ Int($0) }) {
      limit = RateLimit(rate: rate, burst: fields["burst"].flatMap { Int($0) } ?? rate)
    }
    return APIKey(
      id: id, role: role, store: fields["store"].flatMap { StoreID($0) }, name: String(name),
      digest: digest, createdAt: created, expiresAt: fields["expires"].flatMap { Timestamp($0) },
      rateLimit: limit)
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func bytes(hex: Substring) -> [UInt8]? {
    let digits = hex.compactMap { $0.hexDigitValue.map(UInt8.init) }
    guard digits.count == hex.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
