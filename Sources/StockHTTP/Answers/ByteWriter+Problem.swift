import StockCore

extension ByteWriter {
  /// `{"status":409,` and what every problem says (RFC 9457). More members have to follow.
  mutating func beginProblem(_ code: ProblemCode) {
    append("{\"status\":")
    append(Int64(code.status))
    append(",\"code\":\"")
    append(code.name)
    append("\",\"type\":\"/docs/errors#")
    append(code.name)
    append("\",\"title\":\"")
    append(code.title)
    append("\"")
  }

  mutating func member(_ name: StaticString, _ value: Int64) {
    append(",\"")
    append(name)
    append("\":")
    append(value)
  }

  mutating func members(of subject: Subject) {
    if subject.entry != 0 { member("id", subject.entry) }
    if subject.product != 0 { member("product_id", subject.product) }
    if !subject.location.isEmpty {
      append(",\"location\":\"")
      append(utf8: subject.location)
      append("\"")
    }
  }

  /// The whole object of a problem.
  mutating func append(_ problem: Problem) {
    beginProblem(problem.code)
    append(",\"detail\":")
    append(json: problem.detail)
    members(of: problem.subject)
    if !problem.errors.isEmpty {
      append(",\"errors\":[")
      for (index, error) in problem.errors.items.enumerated() {
        append(index == 0 ? "{\"field\":" : ",{\"field\":")
        append(json: error.field)
        append(",\"message\":")
        append(json: error.message)
        append("}")
      }
      append("]")
    }
    append("}")
  }

  /// The whole object of a refusal by a shard. Written without making strings: when something is sold
  /// out, this is what most answers are.
  mutating func append(_ refusal: Refusal, about subject: Subject) {
    if case .linesRefused(let lines) = refusal { return append(lines) }
    beginProblem(refusal.code)
    append(",\"detail\":\"")
    switch refusal {
    case .productNotFound:
      append("No product of yours has this id.\"")
    case .entryNotFound:
      append("No entry of yours is there.\"")
    case .locationRequired:
      fieldError("location", "is required for a physical product")
    case .versionConflict(.version(let expected, let actual)):
      detail("Expected version ", expected, ", but it is ", actual)
    case .versionConflict(.quantity(let expected, let actual)):
      detail("Expected quantity ", expected, ", but it is ", actual)
    case .insufficientStock(let requested, let available):
      detail("Requested ", requested, ", available ", available)
    case .insufficientReserved(let requested, let reserved),
      .belowReserved(let requested, let reserved):
      detail("Requested ", requested, ", reserved ", reserved)
    case .quantityTooLarge:
      fieldError("quantity", "would take the entry or its product past 9007199254740991")
    case .locationTaken:
      append("Another entry of the product is at that location.\"")
    case .entryInUse:
      append("Release or fulfil what is reserved first.\"")
    case .capacityReached(let capacity):
      append("A bound is reached: ")
      append(capacity.name)
      append(".\"")
    case .purchaseLimit, .customerRequired, .holdNotFound, .holdClosed, .holdIDTaken,
      .lineNotFound, .linesRefused, .idempotencyMismatch, .idempotencyRunning:
      rarerDetail(of: refusal)
    }
    numbers(of: refusal)
    members(of: subject)
    append("}")
  }

  /// The whole object of a command that a shard could not answer.
  mutating func append(_ unavailability: Unavailability, about subject: Subject) {
    beginProblem(unavailability.code)
    switch unavailability {
    case .overloaded, .storeUnavailable:
      append(",\"detail\":\"Nothing has changed. Ask again in a moment.\"")
    case .outcomeUnknown:
      append(",\"detail\":\"Look whether the change was made before asking again.\"")
    }
    members(of: subject)
    append("}")
  }

  /// The rest of the detail, with its closing quote.
  private mutating func rarerDetail(of refusal: Refusal) {
    switch refusal {
    case .purchaseLimit(let requested, let limit, _):
      detail("Requested ", requested, " for one customer, who may have ", limit)
    case .customerRequired:
      fieldError("customer_id", "is required, because a product has a purchase limit")
    case .holdNotFound:
      append("No reservation of yours has this id.\"")
    case .holdClosed(let status):
      append("It is ")
      append(utf8: status.name)
      append(".\"")
    case .holdIDTaken:
      append("Leave reservation_id out, or choose another.\"")
    case .lineNotFound:
      fieldError("lines", "names a product and location of which the reservation has no such line")
    case .linesRefused:
      append("Nothing was reserved.\"")
    case .idempotencyMismatch:
      append("Each key is good for one request: same method, path and body.\"")
    case .idempotencyRunning:
      append("Ask again in a moment: the answer will be that of the first.\"")
    case .productNotFound, .entryNotFound, .locationRequired, .versionConflict,
      .insufficientStock, .insufficientReserved, .belowReserved, .quantityTooLarge,
      .locationTaken, .entryInUse, .capacityReached:
      preconditionFailure("\(refusal) is told elsewhere")
    }
  }

  /// The members that tell a refusal's numbers.
  mutating func numbers(of refusal: Refusal) {
    switch refusal {
    case .versionConflict(.version(let expected, let actual)),
      .versionConflict(.quantity(let expected, let actual)):
      member("expected", expected)
      member("actual", actual)
    case .insufficientStock(let requested, let available):
      member("requested", requested)
      member("available", available)
    case .insufficientReserved(let requested, let reserved),
      .belowReserved(let requested, let reserved):
      member("requested", requested)
      member("reserved", reserved)
    case .entryInUse(let reserved):
      member("reserved", reserved)
    case .purchaseLimit(let requested, let limit, let had):
      member("requested", requested)
      member("limit", limit)
      member("had", had)
    case .holdClosed(let status):
      // Not `status`: that is the HTTP status of every problem (RFC 9457, section 3.1.2).
      append(",\"reservation_status\":\"")
      append(utf8: status.name)
      append("\"")
    case .productNotFound, .entryNotFound, .locationRequired, .quantityTooLarge, .locationTaken,
      .capacityReached, .customerRequired, .holdNotFound, .holdIDTaken, .lineNotFound,
      .linesRefused, .idempotencyMismatch, .idempotencyRunning:
      break
    }
  }

  private mutating func detail(
    _ first: StaticString, _ one: Int64, _ second: StaticString, _ two: Int64
  ) {
    append(first)
    append(one)
    append(second)
    append(two)
    append(".\"")
  }

  /// The end of the detail, and `errors` with the same.
  private mutating func fieldError(_ field: StaticString, _ message: StaticString) {
    append(field)
    append(" ")
    append(message)
    append(".\",\"errors\":[{\"field\":\"")
    append(field)
    append("\",\"message\":\"")
    append(message)
    append("\"}]")
  }
}
