import StockCore

extension ByteWriter {
  /// An entry as an object.
  mutating func append(_ entry: EntrySnapshot) {
    append("{")
    appendMembers(of: entry)
    append("}")
  }

  /// An entry's members, without the braces: a batch's line puts more in front.
  mutating func appendMembers(of entry: EntrySnapshot) {
    // Room for all of it at once, so that the pieces below only store.
    reserve(512)
    let exists = entry.id != 0
    append("\"id\":")
    if exists { append(entry.id) } else { append("null") }
    append(",\"product_id\":")
    append(entry.product)
    append(",\"store_id\":")
    append(entry.store)
    if entry.location.isEmpty {
      append(",\"location\":null")
    } else {
      // A location's name has nothing that needs an escape.
      append(",\"location\":\"")
      append(utf8: entry.location)
      append("\"")
    }
    append(",\"quantity\":")
    append(entry.value.quantity)
    append(",\"reserved_quantity\":")
    append(entry.value.reserved)
    append(",\"available_quantity\":")
    append(entry.available)
    append(",\"gtin\":")
    append(entry.value.gtin)
    append(",\"version\":")
    append(entry.value.version)
    append(",\"created_at\":")
    appendTime(exists ? entry.value.createdAt : nil)
    append(",\"updated_at\":")
    appendTime(exists ? entry.value.updatedAt : nil)
    if entry.unlimited { append(",\"unlimited\":true") }
  }

  /// A product of the catalogue as an object.
  mutating func append(_ product: ProductSnapshot) {
    append("{\"id\":")
    append(product.id)
    append(",\"store_id\":")
    append(product.value.store)
    append(",\"title\":")
    appendText(product.value.title)
    append(",\"sku\":")
    appendText(product.value.sku)
    append(",\"gtin\":")
    append(product.value.gtin)
    append(",\"product_type\":\"")
    append(utf8: product.value.type.name)
    append("\",\"is_digital\":")
    append(product.value.type.isUnlimited)
    append(",\"unlimited\":")
    append(product.value.type.isUnlimited)
    append(product.value.policy)
    append(",\"version\":")
    append(product.value.version)
    append(",\"created_at\":")
    appendTime(product.value.createdAt)
    append(",\"updated_at\":")
    appendTime(product.value.updatedAt)
    append("}")
  }

  /// The members that tell what a product's stock may be used for, with a comma in front.
  private mutating func append(_ policy: StockPolicy) {
    append(",\"low_stock_threshold\":")
    if let threshold = policy.lowStockThreshold { append(threshold) } else { append("null") }
    append(",\"safety_stock\":")
    append(policy.safetyStock)
    append(",\"backorder_limit\":")
    append(policy.backorderLimit)
    append(",\"purchase_limit\":")
    guard let limit = policy.purchaseLimit else {
      append("null")
      return
    }
    append("{\"quantity\":")
    append(limit.quantity)
    append(",\"starts_at\":")
    appendTime(limit.startsAt == 0 ? nil : limit.startsAt)
    append(",\"ends_at\":")
    appendTime(limit.endsAt == .max ? nil : limit.endsAt)
    append("}")
  }

  /// A product with its entries and their sums as an object.
  mutating func append(_ summary: ProductSummary) {
    let value = summary.product.value
    append("{\"product_id\":")
    append(summary.product.id)
    append(",\"title\":")
    appendText(value.title)
    append(",\"sku\":")
    appendText(value.sku)
    append(",\"product_type\":\"")
    append(utf8: value.type.name)
    append("\",\"unlimited\":")
    append(value.type.isUnlimited)
    append(",\"total_quantity\":")
    append(summary.totalQuantity)
    append(",\"total_reserved\":")
    append(summary.totalReserved)
    append(",\"total_available\":")
    append(summary.totalAvailable)
    append(",\"locations\":[")
    for (index, entry) in summary.entries.enumerated() {
      if index > 0 { append(UInt8(ascii: ",")) }
      append(entry)
    }
    append("]}")
  }

  mutating func append(_ value: Bool) {
    if value { append("true") } else { append("false") }
  }

  /// null where empty.
  mutating func appendText(_ text: String) {
    if text.isEmpty { append("null") } else { append(json: text) }
  }

  mutating func appendTime(_ time: Timestamp?) {
    guard let time else {
      append("null")
      return
    }
    append(UInt8(ascii: "\""))
    append(time: time)
    append(UInt8(ascii: "\""))
  }

  mutating func append(_ gtin: GTIN) {
    if gtin.isNone {
      append("null")
      return
    }
    append(UInt8(ascii: "\""))
    appendDigits(gtin.rawValue & 0x00FF_FFFF_FFFF_FFFF, width: Int(gtin.rawValue >> 56))
    append(UInt8(ascii: "\""))
  }
}
