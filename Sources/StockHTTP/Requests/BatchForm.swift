import StockCore

/// A batch's line: to be judged by a shard, or refused for its form or the caller's role.
enum BatchLine {
  case command(Command, Subject)
  case refused(Problem)
}

/// The body of a batch request: `{"operations": [{"op": "reserve", …}, …]}`.
///
/// All of it is read before a line goes on its way, because a mistake in its syntax, wherever it
/// stands, refuses the whole.
struct BatchForm {
  private(set) var lines: [BatchLine] = []

  /// - Parameter errors: what is wrong with the whole; what is wrong with a line stands on the line.
  mutating func read(
    _ reader: inout JSONReader, caller: Principal, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    try reader.beginBody()
    var members = JSONMembers(allowed: [.operations])
    while try members.next(&reader, &errors) != nil {
      guard try reader.peek() == UInt8(ascii: "[") else {
        errors.add(.operations, "must be an array")
        try reader.skipValue()
        continue
      }
      try readLines(&reader, caller: caller, &errors)
    }
    try reader.endBody()
    if !members.seen.contains(.operations) { errors.add(.operations, "is required") }
  }

  private mutating func readLines(
    _ reader: inout JSONReader, caller: Principal, _ errors: inout FieldErrors
  ) throws(JSONSyntaxError) {
    reader.position += 1
    var count = 0
    while try reader.next(isFirst: count == 0, close: UInt8(ascii: "]")) {
      count += 1
      guard count <= Bounds.maxOperationsPerRequest else {
        try reader.skipValue()
        continue
      }
      lines.append(try Self.readLine(&reader, caller: caller))
    }
    if count > Bounds.maxOperationsPerRequest {
      errors.add(.operations, "must have at most \(Bounds.maxOperationsPerRequest) elements")
    }
  }

  private static func readLine(
    _ reader: inout JSONReader, caller: Principal
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
    let foreign = form.given.subtracting(operation.fields).subtracting([.op])
    if !foreign.isEmpty {
      for field in foreign.fields { errors.add(field, "is not a known field here") }
    }
    guard
      let command = form.operation(
        operation, newProductStore: caller.newProductStore, &errors)
    else { return .refused(.invalid(errors, form.subject)) }
    return .command(Command(scope: caller.scope, operation: command), form.subject)
  }
}
