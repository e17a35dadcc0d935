import Foundation

/// An error as the engine tells it (RFC 9457).
public struct Problem: Decodable, Equatable, Sendable {
  public struct Field: Decodable, Equatable, Sendable {
    public var field: String?
    public var message: String?
  }

  /// A line of a reservation or an atomic batch that could not be had.
  public struct Line: Decodable, Equatable, Sendable {
    public var code: String?
  }

  public var code: String?
  public var title: String?
  public var detail: String?
  public var errors: [Field]?
  public var lines: [Line]?

  /// - Returns: nil where the answer's body is none.
  public init?(_ answer: HTTPAnswer) {
    guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(answer.body)) else {
      return nil
    }
    self = problem
  }
}

extension HTTPAnswer {
  /// The body as a value; JSON's snake_case is Swift's camelCase.
  ///
  /// - Throws: `ToolError` where it is another thing.
  public func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(type, from: Data(body))
    } catch {
      throw ToolError("the engine's answer makes no sense: \(error)")
    }
  }

  /// The code of the problem that this is, or "http_502" where it has none.
  public var code: String { Problem(self)?.code ?? "http_\(status)" }

  /// What went wrong, in words.
  public var complaint: String {
    let problem = Problem(self)
    var text = "\(status) \(problem?.code ?? problem?.title ?? "without a reason")"
    if let detail = problem?.detail { text += ": \(detail)" }
    for error in problem?.errors ?? [] {
      text += " (\(error.field ?? "?"): \(error.message ?? "?"))"
    }
    if text.last == "." { text.removeLast() }
    switch status {
    case 401: text += ". Give a key with --key or STOCK_KEY"
    case 403: text += ". This needs a key of another role"
    default: break
    }
    return text
  }
}
