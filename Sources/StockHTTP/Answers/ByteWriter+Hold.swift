import StockCore

extension ByteWriter {
  /// A reservation as an object.
  mutating func append(_ hold: Hold) {
    reserve(512 + hold.lines.count * 192)
    append("{\"reservation_id\":")
    append(json: hold.id)
    append(",\"order_id\":")
    appendText(hold.order)
    append(",\"customer_id\":")
    appendText(hold.customer)
    append(",\"store_id\":")
    if hold.store == 0 { append("null") } else { append(hold.store) }
    append(",\"status\":\"")
    append(utf8: hold.status.name)
    append("\",\"expires_at\":")
    appendTime(hold.expiresAt)
    append(",\"created_at\":")
    appendTime(hold.createdAt)
    append(",\"updated_at\":")
    appendTime(hold.updatedAt)
    append(",\"lines\":[")
    for place in hold.lines.indices {
      if place > 0 { append(UInt8(ascii: ",")) }
      append(hold.lines[place])
    }
    append("]}")
  }

  private mutating func append(_ line: HoldLine) {
    append("{\"product_id\":")
    append(line.product)
    append(",\"location\":")
    appendLocation(line.location)
    append(",\"quantity\":")
    append(line.quantity)
    append(",\"held_quantity\":")
    append(line.held)
    append(",\"fulfilled_quantity\":")
    append(line.fulfilled)
    append(",\"released_quantity\":")
    append(line.released)
    if line.unlimited { append(",\"unlimited\":true") }
    append("}")
  }

  /// The members of what an allocation took: of each entry what it gave, and how it now is.
  ///
  /// `allocated_quantity` is not called `quantity`, which in an entry is what lies there.
  mutating func appendMembers(of lines: [AllocatedLine]) {
    append("\"product_id\":")
    append(lines.first?.entry.product ?? 0)
    append(",\"requested_quantity\":")
    append(lines.reduce(0) { $0 + $1.quantity })
    append(",\"lines\":[")
    for place in lines.indices {
      append(place == 0 ? "{\"allocated_quantity\":" : ",{\"allocated_quantity\":")
      append(lines[place].quantity)
      append(UInt8(ascii: ","))
      appendMembers(of: lines[place].entry)
      append("}")
    }
    append("]")
  }
}
