import StockCore

// Refusals of several lines at once.
extension ByteWriter {
  /// The whole object of a problem that lines of a reservation make: what the gravest alone would be,
  /// and every line that could not be had.
  mutating func append(_ refused: [LineRefusal]) {
    guard let gravest = refused.gravest else {
      append(Problem(.insufficientStock, "Nothing was reserved."))
      return
    }
    append(
      gravest.refusal, about: Subject(product: gravest.product, location: gravest.location))
    reopen()
    append(",\"lines\":[")
    for (place, line) in refused.enumerated() {
      if place > 0 { append(UInt8(ascii: ",")) }
      append("{\"product_id\":")
      append(line.product)
      append(",\"location\":")
      appendLocation(line.location)
      append(",\"code\":\"")
      append(line.refusal.code.name)
      append("\"")
      numbers(of: line.refusal)
      append("}")
    }
    append("]}")
  }

  /// A location's name, which has nothing that needs an escape; null where empty.
  mutating func appendLocation(_ location: String) {
    if location.isEmpty {
      append("null")
    } else {
      append(UInt8(ascii: "\""))
      append(utf8: location)
      append(UInt8(ascii: "\""))
    }
  }
}
