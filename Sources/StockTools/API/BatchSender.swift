public import StockCore

/// One line of a batch request.
public struct BatchOperation: Equatable, Sendable {
  public enum Kind: String, Sendable { case set, adjust, reserve, release, fulfill }

  public var kind: Kind
  public var product: ProductID
  /// Normalised.
  public var location: String
  public var quantity: Int64
  /// For the ledger, with `set` and `adjust`; nil: none.
  public var reason: String?
  /// For the ledger, with `adjust`; nil: none.
  public var reference: String?

  public init(
    _ kind: Kind, product: ProductID, location: String, quantity: Int64, reason: String? = nil,
    reference: String? = nil
  ) {
    self.reason = reason
    self.reference = reference
    self.kind = kind
    self.product = product
    self.location = location
    self.quantity = quantity
  }
}

/// How an operation ended, for whoever keeps books.
public enum OperationEnd: Equatable, Sendable {
  case done
  /// Nothing has changed. With the engine's code, such as "insufficient_stock".
  case refused(code: String)
  /// Done or not: nobody knows.
  case unknown
}

/// Sends operations as batch requests and sees each of them through.
public struct BatchSender: Sendable {
  private let exchange: any Exchange
  private let policy: RetryPolicy
  private let latency: Latency

  /// - Parameter exchange: should ask again by itself what the engine turned away as a whole.
  public init(_ exchange: any Exchange, latency: Latency, policy: RetryPolicy = RetryPolicy()) {
    self.exchange = exchange
    self.latency = latency
    self.policy = policy
  }

  /// One end for each operation, in the same order. Lines that were turned away for a passing reason
  /// (503) are sent again for a while: with a key the whole request, of which the engine answers what
  /// it has done as before.
  ///
  /// - Parameters:
  ///   - operations: up to `Bounds.maxOperationsPerRequest`.
  ///   - key: an idempotency key; then unknown outcomes are sent again as well.
  ///   - isIdempotent: `set` is, even without a key.
  /// - Throws: `ClientError.notSent` where the engine cannot be reached; `ToolError` where it refuses
  ///   the request as a whole.
  public func send(
    _ operations: [BatchOperation], key: String? = nil, isIdempotent: Bool = false
  ) async throws -> [OperationEnd] {
    let isIdempotent = isIdempotent || key != nil
    precondition(operations.count <= Bounds.maxOperationsPerRequest, "too many operations")
    var ends = [OperationEnd](repeating: .unknown, count: operations.count)
    var open = Array(operations.indices)
    let start = ContinuousClock.now
    var attempt = 0
    while !open.isEmpty {
      attempt += 1
      let results = try await request(
        open.map { operations[$0] }, key: key, isIdempotent: isIdempotent)
      var again: [Int] = []
      for (index, result) in zip(open, results) {
        ends[index] = Self.end(of: result)
        let ending = RetryPolicy.Ending.answer(status: result.status, code: result.code)
        if RetryPolicy.mayRepeat(ending, isIdempotent: isIdempotent) { again.append(index) }
      }
      guard !again.isEmpty,
        let pause = policy.pause(
          attempt: attempt, elapsed: ContinuousClock.now - start, retryAfter: nil,
          jitter: .random(in: 0..<1))
      else { break }
      try await Task.sleep(for: pause)
      // A key stands for the request as it was.
      if key == nil { open = again }
    }
    return ends
  }

  static func end(of result: LineResult) -> OperationEnd {
    if result.status >= 200, result.status < 300 { return .done }
    if result.code == "outcome_unknown" { return .unknown }
    // A 5xx that is not a clear 503 is a bug of the engine, which may have done anything.
    if result.status >= 500, result.status != 503 { return .unknown }
    return .refused(code: result.code ?? "http_\(result.status)")
  }

  private static let unknownLine = LineResult(status: 503, code: "outcome_unknown")

  private func request(
    _ operations: [BatchOperation], key: String?, isIdempotent: Bool
  ) async throws -> [LineResult] {
    let request = HTTPRequest(
      .post, "/api/v1/store/inventory/batch", body: Self.body(operations), key: key,
      isIdempotent: isIdempotent)
    let unknown = [LineResult](repeating: Self.unknownLine, count: operations.count)
    let answer: HTTPAnswer
    do {
      answer = try await latency.measure { try await exchange.send(request) }
    } catch ClientError.outcomeUnknown {
      return unknown
    }
    guard answer.isSuccess else {
      if answer.status == 503, answer.code != "outcome_unknown" {
        return [LineResult](
          repeating: LineResult(status: 503, code: answer.code), count: operations.count)
      }
      if answer.status >= 500 { return unknown }
      throw ToolError("a batch was refused: \(answer.complaint)")
    }
    // An answer that cannot be read says nothing about what was done.
    guard let results = BatchAnswer.read(answer.body), results.count == operations.count else {
      return unknown
    }
    return results
  }

  static func body(_ operations: [BatchOperation]) -> [UInt8] {
    var json = JSONText()
    json.raw("{\"operations\":[")
    for (index, operation) in operations.enumerated() {
      if index > 0 { json.raw(",") }
      json.raw("{\"op\":")
      json.string(operation.kind.rawValue)
      json.raw(",\"product_id\":")
      json.number(operation.product)
      json.raw(",\"location\":")
      json.string(operation.location)
      json.raw(",\"quantity\":")
      json.number(operation.quantity)
      if let reason = operation.reason {
        json.raw(",\"reason\":")
        json.string(reason)
      }
      if let reference = operation.reference {
        json.raw(",\"reference\":")
        json.string(reference)
      }
      json.raw("}")
    }
    json.raw("]}")
    return json.bytes
  }
}
