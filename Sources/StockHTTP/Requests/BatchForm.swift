import StockCore

/// A batch's line: to be judged by a shard, or refused for its form or the caller's role.
enum BatchLine {
  case command(Command)
  case refused(Problem)
}

/// The body of a batch request: `{"operations": [{"op": "reserve", …}, …]}`, and `"atomic": true` for
/// all or none.
///
/// All of it is read before a line goes on its way, because a mistake in its syntax, wherever it
/// stands, refuses the whole.
struct BatchForm {
  private(set) var lines: [BatchLine] = []
  private(set) var isAtomic = false
  /// Places of the lines that say how to allocate.
  private var strategies: [Int] = []

  /// - Parameters:
  ///   - errors: what is wrong with the whole; what is wrong with a line stands on the line.
  ///   - allocation: where units are looked for if a line has no location.
  mutating func read(
    _ reader: inout JSONReader, caller: Principal, _ errors: inout FieldErrors,
    allocation: (Allocation.Strategy?) -> Allocation
  ) throws(JSONSyntaxError) {
    try reader.beginBody()
    var members = JSONMembers(allowed: [.operations, .atomic])
    while let field = try members.next(&reader, &errors) {
      if field == .atomic {
        isAtomic = try reader.boolean(field, &errors) ?? false
        continue
      }
      guard try reader.peek() == UInt8(ascii: "[") else {
        errors.add(.operations, "must be an array")
        try reader.skipValue()
        continue
      }
      try readLines(&reader, caller: caller, &errors, allocation: allocation)
    }
    try reader.endBody()
    if !members.seen.contains(.operations) { errors.add(.operations, "is required") }
  }

  private mutating func readLines(
    _ reader: inout JSONReader, caller: Principal, _ errors: inout FieldErrors,
    allocation: (Allocation.Strategy?) -> Allocation
  ) throws(JSONSyntaxError) {
    reader.position += 1
    var count = 0
    while try reader.next(isFirst: count == 0, close: UInt8(ascii: "]")) {
      count += 1
      guard count <= Bounds.maxOperationsPerRequest else {
        try reader.skipValue()
        continue
      }
      lines.append(try readLine(&reader, caller: caller, allocation: allocation))
    }
    if count > Bounds.maxOperationsPerRequest {
      errors.add(.operations, "must have at most \(Bounds.maxOperationsPerRequest) elements")
    }
  }

  private mutating func readLine(
    _ reader: inout JSONReader, caller: Principal,
    allocation: (Allocation.Strategy?) -> Allocation
  ) throws(JSONSyntaxError) -> BatchLine {
    var errors = FieldErrors()
    guard try reader.peek() == UInt8(ascii: "{") else {
      try reader.skipValue()
      errors.add("body", "must be a JSON object")
      return .refused(.invalid(errors))
    }
    reader.position += 1
    var form = StockForm()
    try form.read(&reader, allowed: StockOperation.lineFields, &errors)
    guard let operation = form.operation else {
      if !form.given.contains(.op) { errors.add(.op, "is required") }
      return .refused(.invalid(errors, form.subject))
    }
    guard caller.may(operation) else { return .refused(.forbidden) }
    if form.given.contains(.strategy) { strategies.append(lines.count) }
    let foreign = form.given.subtracting(operation.fields).subtracting([.op])
    if !foreign.isEmpty {
      for field in foreign.fields { errors.add(field, "is not a known field here") }
    }
    guard
      let command = form.operation(operation, caller: caller, &errors, allocation: allocation)
    else { return .refused(.invalid(errors, form.subject)) }
    return .command(Command(scope: caller.scope, operation: command, actor: caller.actor))
  }

  // MARK: All or none

  /// The lines of an atomic batch, summed.
  ///
  /// - Parameter errors: gets what is wrong with any line, by its place.
  /// - Returns: the sums, and for each operation the place of its sum.
  func atomicLines(
    _ errors: inout FieldErrors
  ) -> (lines: [HoldAmount], places: [Int]) {
    var list = LineList()
    for (place, line) in lines.enumerated() {
      errors.place = .element(.operations, place)
      switch line {
      case .command(let command):
        switch command.operation {
        case .reserve(let amount):
          list.append(
            product: amount.product, location: amount.location, quantity: amount.quantity)
        case .allocate(let amount):
          // Only products that never run out can do without: the shard knows which.
          list.append(product: amount.product, location: "", quantity: amount.quantity)
        default: errors.add(.op, "must be reserve in an atomic batch")
        }
      case .refused(let problem):
        if problem.errors.isEmpty { errors.add(.op, "must be reserve in an atomic batch") }
        for error in problem.errors.items {
          if error.field == "body" {
            errors.addHere(error.message)
          } else {
            errors.add(error.field, error.message)
          }
        }
      }
    }
    for place in strategies {
      errors.place = .element(.operations, place)
      errors.add(.strategy, "is not taken in an atomic batch: name the location")
    }
    errors.place = .body
    guard errors.isEmpty else { return ([], []) }
    let summed = list.summed(.operations, &errors)
    if summed.lines.count > Bounds.maxLinesPerHold {
      errors.add(
        .operations, "must name at most \(Bounds.maxLinesPerHold) products and locations if atomic")
    }
    return summed
  }
}
