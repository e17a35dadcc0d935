/// What is wrong with one field of a request.
struct FieldError: Equatable, Sendable {
  /// As the client wrote it; "body" for the body as a whole.
  var field: String
  /// Goes on where the field's name ends: "is required".
  var message: String
}

/// What is wrong with a request's form. Costs nothing while nothing is.
struct FieldErrors: Sendable {
  /// More than this help nobody.
  static let limit = 32

  private(set) var items: [FieldError] = []

  var isEmpty: Bool { items.isEmpty }
  var count: Int { items.count }

  mutating func add(_ field: String, _ message: String) {
    guard items.count < Self.limit else { return }
    items.append(FieldError(field: field, message: message))
  }

  mutating func add(_ field: Field, _ message: String) {
    add(field.name.description, message)
  }

  mutating func add(_ error: JSONSyntaxError) {
    add("body", "\(error.message), at byte \(error.position)")
  }
}
