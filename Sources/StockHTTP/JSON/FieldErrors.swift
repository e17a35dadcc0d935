/// What is wrong with one field of a request.
struct FieldError: Equatable, Sendable {
  /// As the client wrote it, with its place where it lies deeper: `lines[3].quantity`; "body" for the
  /// body as a whole.
  var field: String
  /// Goes on where the field's name ends: "is required".
  var message: String
}

/// What is wrong with a request's form. Costs nothing while nothing is.
struct FieldErrors: Sendable {
  /// More than this help nobody.
  static let limit = 32

  /// Where the fields lie that are read at the moment.
  enum Place: Sendable {
    case body
    /// In an element of an array.
    case element(Field, Int)
    /// In the object that a field holds.
    case member(Field)
  }

  private(set) var items: [FieldError] = []
  var place = Place.body

  var isEmpty: Bool { items.isEmpty }
  var count: Int { items.count }

  mutating func add(_ field: String, _ message: String) {
    guard items.count < Self.limit else { return }
    let full =
      switch place {
      case .body: field
      case .element(let array, let index): "\(array.name)[\(index)].\(field)"
      case .member(let object): "\(object.name).\(field)"
      }
    items.append(FieldError(field: full, message: message))
  }

  mutating func add(_ field: Field, _ message: String) {
    add(field.name.description, message)
  }

  /// What is wrong with the whole element or object that is read at the moment.
  mutating func addHere(_ message: String) {
    guard items.count < Self.limit else { return }
    let name =
      switch place {
      case .body: "body"
      case .element(let array, let index): "\(array.name)[\(index)]"
      case .member(let object): object.name.description
      }
    items.append(FieldError(field: name, message: message))
  }

  mutating func add(_ error: JSONSyntaxError) {
    place = .body
    add("body", "\(error.message), at byte \(error.position)")
  }
}
