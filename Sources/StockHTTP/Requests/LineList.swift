import StockCore

/// The lines of a reservation, as a client lists them: read with their places, then summed.
struct LineList {
  /// One line as it was given. Its form is right.
  private struct Line {
    var product: ProductID
    /// Empty: not given.
    var location: String
    var quantity: Int64
    var place: Int
  }

  private var lines: [Line] = []
  private(set) var count = 0

  /// Reads an array of objects, whose bracket is next.
  mutating func read(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    guard try reader.peek() == UInt8(ascii: "[") else {
      errors.add(.lines, "must be an array")
      try reader.skipValue()
      return
    }
    reader.position += 1
    while try reader.next(isFirst: count == 0, close: UInt8(ascii: "]")) {
      count += 1
      guard count <= Bounds.maxLinesPerHold else {
        try reader.skipValue()
        continue
      }
      errors.place = .element(.lines, count - 1)
      try readLine(&reader, &errors)
    }
    errors.place = .body
    if !(1...Bounds.maxLinesPerHold).contains(count) {
      errors.add(.lines, "must have 1 to \(Bounds.maxLinesPerHold) elements")
    }
  }

  private mutating func readLine(
    _ reader: inout JSONReader, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    guard try reader.peek() == UInt8(ascii: "{") else {
      errors.addHere("must be an object")
      try reader.skipValue()
      return
    }
    reader.position += 1
    var line = Line(product: 0, location: "", quantity: 0, place: count - 1)
    var members = JSONMembers(allowed: [.productID, .location, .quantity])
    while let field = try members.next(&reader, &errors) {
      switch field {
      case .productID:
        line.product = try reader.integer(field, in: 1...Bounds.maxID, &errors) ?? 0
      case .quantity:
        line.quantity = try reader.integer(field, in: 1...Bounds.maxQuantity, &errors) ?? 0
      default:
        line.location = try reader.location(field, &errors) ?? ""
      }
    }
    if !members.seen.contains(.productID) { errors.add(.productID, "is required") }
    if !members.seen.contains(.quantity) { errors.add(.quantity, "is required") }
    // A line that cannot be used has left an error, so nobody will ask for the sums.
    if line.product > 0, line.quantity > 0 { lines.append(line) }
  }

  /// Adds a line that was read elsewhere.
  mutating func append(product: ProductID, location: String, quantity: Int64) {
    lines.append(Line(product: product, location: location, quantity: quantity, place: count))
    count += 1
  }

  /// One line for each product and location, sorted by both.
  ///
  /// - Parameter array: what `errors` call the lines: a sum may be too large.
  /// - Returns: the sums, and for each line that was given the place of its sum.
  func summed(
    _ array: Field, _ errors: inout FieldErrors
  ) -> (lines: [HoldAmount], places: [Int]) {
    var sums: [HoldAmount] = []
    var places = [Int](repeating: 0, count: count)
    // Carts come sorted or small: no table is made for them.
    let sorted = lines.sorted { left, right in
      if left.product != right.product { return left.product < right.product }
      if left.location != right.location { return left.location < right.location }
      return left.place < right.place
    }
    for line in sorted {
      if let last = sums.last, last.product == line.product, last.location == line.location {
        // Both are at most 2^53: their sum is far from overflowing.
        let sum = last.quantity + line.quantity
        if sum > Bounds.maxQuantity {
          errors.place = .element(array, line.place)
          errors.add(
            .quantity, "makes more than \(Bounds.maxQuantity) of this product and location")
          errors.place = .body
          continue
        }
        sums[sums.count - 1].quantity = sum
      } else {
        sums.append(
          HoldAmount(
            product: line.product, location: line.location, quantity: line.quantity))
      }
      places[line.place] = sums.count - 1
    }
    return (sums, places)
  }
}
