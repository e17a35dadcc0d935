public import StockCore

/// A product as Redis holds it: the value of a field of `RedisKeys.products`.
///
/// Pairs with a tab between them, in this order: `store=1`, `type=physical`, `version=1`,
/// `created=…`, `updated=…` (ms), then, where they say something: `gtin=`, `sku=`, `title=`, and what
/// its stock may be used for: `low=` (threshold of low stock), `safety=`, `backorder=` (units), `limit=`
/// (units a customer), `limitfrom=`, `limituntil=` (ms). Values hold no control characters. The first three, with the tab after them, are what a commit compares.
public enum ProductRecord {
  /// Unknown keys are skipped: a newer engine may have written them. A known one that is missing,
  /// given twice or malformed is an error.
  public static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> ProductValue {
    var store: Int64?
    var type: ProductType?
    var version: Int64?
    var created: Int64?
    var updated: Int64?
    var gtin: GTIN?
    var sku: String?
    var title: String?
    var low: Int64?
    var safety: Int64?
    var backorder: Int64?
    var limit: Int64?
    var limitFrom: Int64?
    var limitUntil: Int64?

    var fields = FieldReader(bytes)
    while !fields.rest.isEmpty {
      let pair = fields.lastOrField(separator: UInt8(ascii: "\t"))
      guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else {
        throw RecordError("a part of the record is not key=value")
      }
      let key = UnsafeBufferPointer(rebasing: pair[..<equals])
      let value = UnsafeBufferPointer(rebasing: pair[(equals + 1)...])
      if key.is("store") {
        try put(FieldReader.number("store", value, from: 1), into: &store, "store")
      } else if key.is("type") {
        guard let known = ProductType(name: String(decoding: value, as: UTF8.self)) else {
          throw RecordError("the type is not one of physical, digital, service, subscription")
        }
        try put(known, into: &type, "type")
      } else if key.is("version") {
        try put(FieldReader.number("version", value, from: 1), into: &version, "version")
      } else if key.is("created") {
        try put(FieldReader.number("created", value, from: 0), into: &created, "created")
      } else if key.is("updated") {
        try put(FieldReader.number("updated", value, from: 0), into: &updated, "updated")
      } else if key.is("gtin") {
        guard let number = GTIN(String(decoding: value, as: UTF8.self)) else {
          throw RecordError("the GTIN is not 8, 12, 13 or 14 digits")
        }
        try put(number, into: &gtin, "gtin")
      } else if key.is("sku") {
        try put(text("sku", value), into: &sku, "sku")
      } else if key.is("title") {
        try put(text("title", value), into: &title, "title")
      } else if key.is("low") {
        try put(FieldReader.number("low", value, from: 0), into: &low, "low")
      } else if key.is("safety") {
        try put(FieldReader.number("safety", value, from: 0), into: &safety, "safety")
      } else if key.is("backorder") {
        try put(FieldReader.number("backorder", value, from: 0), into: &backorder, "backorder")
      } else if key.is("limit") {
        try put(FieldReader.number("limit", value, from: 1), into: &limit, "limit")
      } else if key.is("limitfrom") {
        try put(FieldReader.signed("limitfrom", value), into: &limitFrom, "limitfrom")
      } else if key.is("limituntil") {
        try put(FieldReader.signed("limituntil", value), into: &limitUntil, "limituntil")
      }
    }
    guard let store else { throw RecordError("the record has no store") }
    guard let type else { throw RecordError("the record has no type") }
    guard let version else { throw RecordError("the record has no version") }
    guard let created else { throw RecordError("the record has no created") }
    guard let updated else { throw RecordError("the record has no updated") }
    if limit == nil, limitFrom != nil || limitUntil != nil {
      throw RecordError("the record has a limit's window without a limit")
    }
    let policy = StockPolicy(
      lowStockThreshold: low, safetyStock: safety ?? 0, backorderLimit: backorder ?? 0,
      purchaseLimit: limit.map {
        PurchaseLimit(quantity: $0, startsAt: limitFrom ?? 0, endsAt: limitUntil ?? .max)
      })
    return ProductValue(
      store: store, type: type, gtin: gtin ?? .none, sku: sku ?? "", title: title ?? "",
      policy: policy, version: version, createdAt: created, updatedAt: updated)
  }

  private static func put<Value>(
    _ value: Value, into slot: inout Value?, _ name: StaticString
  ) throws(RecordError) {
    guard slot == nil else { throw RecordError("\(name) is given twice") }
    slot = value
  }

  private static func text(
    _ name: StaticString, _ bytes: UnsafeBufferPointer<UInt8>
  ) throws(RecordError) -> String {
    guard !bytes.isEmpty, let text = String(validating: bytes, as: UTF8.self) else {
      throw RecordError("\(name) is empty, or not UTF-8")
    }
    return text
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Whether these are exactly the bytes of `text`.
  func `is`(_ text: StaticString) -> Bool {
    elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

/// Writes a product.
struct ProductWriter {
  let value: ProductValue

  /// Bytes of what a commit compares: the first three pairs with their tabs.
  var prefixCount: Int {
    "store=\ttype=\tversion=\t".utf8.count + RawWriter.digitCount(value.store)
      + value.type.name.utf8.count + RawWriter.digitCount(value.version)
  }

  func writePrefix(to writer: inout RawWriter) {
    writer.text("store=")
    writer.decimal(value.store)
    writer.text("\ttype=")
    writer.text(value.type.name)
    writer.text("\tversion=")
    writer.decimal(value.version)
    writer.byte(UInt8(ascii: "\t"))
  }

  /// Bytes of the whole record.
  var count: Int {
    var count = prefixCount + "created=\tupdated=".utf8.count
    count += RawWriter.digitCount(value.createdAt) + RawWriter.digitCount(value.updatedAt)
    if !value.gtin.isNone { count += "\tgtin=".utf8.count + value.gtin.recordCount }
    if !value.sku.isEmpty { count += "\tsku=".utf8.count + value.sku.utf8.count }
    if !value.title.isEmpty { count += "\ttitle=".utf8.count + value.title.utf8.count }
    forEachPolicyField { count += $0.utf8CodeUnitCount + RawWriter.digitCount($1) }
    return count
  }

  /// What the policy says beyond the default: how it begins, and its number.
  private func forEachPolicyField(_ body: (StaticString, Int64) -> Void) {
    let policy = value.policy
    if let low = policy.lowStockThreshold { body("\tlow=", low) }
    if policy.safetyStock != 0 { body("\tsafety=", policy.safetyStock) }
    if policy.backorderLimit != 0 { body("\tbackorder=", policy.backorderLimit) }
    guard let limit = policy.purchaseLimit else { return }
    body("\tlimit=", limit.quantity)
    if limit.startsAt != 0 { body("\tlimitfrom=", limit.startsAt) }
    if limit.endsAt != .max { body("\tlimituntil=", limit.endsAt) }
  }

  func write(to writer: inout RawWriter) {
    writePrefix(to: &writer)
    writer.text("created=")
    writer.decimal(value.createdAt)
    writer.text("\tupdated=")
    writer.decimal(value.updatedAt)
    if !value.gtin.isNone {
      writer.text("\tgtin=")
      writer.gtin(value.gtin)
    }
    if !value.sku.isEmpty {
      writer.text("\tsku=")
      writer.text(value.sku)
    }
    if !value.title.isEmpty {
      writer.text("\ttitle=")
      writer.text(value.title)
    }
    forEachPolicyField { name, number in
      writer.text(name)
      writer.decimal(number)
    }
  }
}
