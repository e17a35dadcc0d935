import StockCore

extension ByteWriter {
  /// `{"status":409,` and what every problem says (RFC 9457). More members have to follow.
  private mutating func beginProblem(_ code: ProblemCode) {
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

  private mutating func member(_ name: StaticString, _ value: Int64) {
    append(",\"")
    append(name)
    append("\":")
    append(value)
  }

  private mutating func members(of subject: Subject) {
    if subject.product != 0 { member("product_id", subject.product) }
    if !subject.location.isEmpty {
      append(",\"location\":\"")
      append(subject.location)
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
      member("expected", expected)
      member("actual", actual)
    case .versionConflict(.quantity(let expected, let actual)):
      detail("Expected quantity ", expected, ", but it is ", actual)
      member("expected", expected)
      member("actual", actual)
    case .insufficientStock(let requested, let available):
      detail("Requested ", requested, ", available ", available)
      member("requested", requested)
      member("available", available)
    case .insufficientReserved(let requested, let reserved),
      .belowReserved(let requested, let reserved):
      detail("Requested ", requested, ", reserved ", reserved)
      member("requested", requested)
      member("reserved", reserved)
    case .quantityTooLarge:
      fieldError("quantity", "would take the entry or its product past 9007199254740991")
    case .locationTaken:
      append("Another entry of the product is at that location.\"")
    case .entryInUse(let reserved):
      append("Release or fulfil what is reserved first.\"")
      member("reserved", reserved)
    case .capacityReached(let capacity):
      append("A bound is reached: ")
      append(capacity.name)
      append(".\"")
    }
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

extension Refusal {
  var code: ProblemCode {
    switch self {
    case .productNotFound: .productNotFound
    case .entryNotFound: .entryNotFound
    case .locationRequired, .quantityTooLarge: .invalidRequest
    case .versionConflict: .versionConflict
    case .insufficientStock: .insufficientStock
    case .insufficientReserved: .insufficientReserved
    case .belowReserved: .belowReserved
    case .locationTaken: .locationTaken
    case .entryInUse: .entryInUse
    case .capacityReached(.locationsOfProduct): .tooManyLocations
    case .capacityReached(.locations), .capacityReached(.products), .capacityReached(.entries):
      .overloaded
    }
  }
}

extension Refusal.Capacity {
  var name: StaticString {
    switch self {
    case .locationsOfProduct: "locations of a product"
    case .locations: "names of locations"
    case .products: "products"
    case .entries: "entries"
    }
  }
}

extension Unavailability {
  var code: ProblemCode {
    switch self {
    case .overloaded: .overloaded
    case .storeUnavailable: .storeUnavailable
    case .outcomeUnknown: .outcomeUnknown
    }
  }
}
