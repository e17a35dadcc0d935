public import StockCore

/// One line of a reservation.
public struct ReservationLine: Equatable, Sendable {
  public var product: ProductID
  /// Normalised; nil leaves it to the engine.
  public var location: String?
  public var quantity: Int64

  public init(product: ProductID, location: String?, quantity: Int64) {
    self.product = product
    self.location = location
    self.quantity = quantity
  }
}

/// How making a reservation ended.
public enum ReservationEnd: Equatable, Sendable {
  /// All lines are held.
  case held(id: String)
  /// None is. With the codes of the lines that could not be had, or the request's own.
  case refused(codes: [String])
  /// Held or not: nobody knows.
  case unknown
}

/// Makes reservations and ends them. Each request carries an idempotency key, so whatever becomes of it,
/// it may be sent again.
public struct ReservationSender: Sendable {
  private let exchange: any Exchange
  private let latency: Latency

  /// - Parameter exchange: should ask again by itself.
  public init(_ exchange: any Exchange, latency: Latency) {
    self.exchange = exchange
    self.latency = latency
  }

  /// - Parameters:
  ///   - customer: nil: not given.
  ///   - seconds: how long it is held.
  ///   - key: the request's idempotency key.
  /// - Throws: `ClientError.notSent` where the engine cannot be reached; `ToolError` where the caller
  ///   may not do it.
  public func hold(
    order: String, customer: String?, lines: [ReservationLine], seconds: Int, key: String
  ) async throws -> ReservationEnd {
    let body = Self.body(order: order, customer: customer, lines: lines, seconds: seconds)
    guard
      let answer = try await send(HTTPRequest(.post, Self.path, body: body, key: key))
    else { return .unknown }
    if answer.isSuccess {
      struct Held: Decodable { var reservationId: String }
      // An answer that cannot be read leaves nothing to end the reservation by.
      guard let held: Held = try? answer.decoded() else { return .unknown }
      return .held(id: held.reservationId)
    }
    if Self.isUnknown(answer) { return .unknown }
    let problem = Problem(answer)
    let codes = problem?.lines?.compactMap(\.code) ?? []
    return .refused(codes: codes.isEmpty ? [answer.code] : codes)
  }

  public enum Ending: String, Sendable { case fulfill, release }

  /// Ships or gives back all that the reservation holds.
  public func end(_ id: String, by ending: Ending, key: String) async throws -> OperationEnd {
    let request = HTTPRequest(
      .post, "\(Self.path)/\(id.queryEscaped)/\(ending.rawValue)", key: key)
    guard let answer = try await send(request) else { return .unknown }
    if answer.isSuccess { return .done }
    return Self.isUnknown(answer) ? .unknown : .refused(code: answer.code)
  }

  private static let path = "/api/v1/store/reservations"

  /// - Returns: nil where no answer came.
  private func send(_ request: HTTPRequest) async throws -> HTTPAnswer? {
    let answer: HTTPAnswer
    do {
      answer = try await latency.measure { try await exchange.send(request) }
    } catch ClientError.outcomeUnknown {
      return nil
    }
    if answer.status == 401 || answer.status == 403 {
      throw ToolError("cannot make reservations: \(answer.complaint)")
    }
    return answer
  }

  /// A 5xx that is not a clear 503 is a bug of the engine, which may have done anything.
  private static func isUnknown(_ answer: HTTPAnswer) -> Bool {
    answer.status == 503 ? answer.code == "outcome_unknown" : answer.status >= 500
  }

  private static func body(
    order: String, customer: String?, lines: [ReservationLine], seconds: Int
  ) -> [UInt8] {
    var json = JSONText()
    json.raw("{\"order_id\":")
    json.string(order)
    if let customer {
      json.raw(",\"customer_id\":")
      json.string(customer)
    }
    json.raw(",\"ttl_seconds\":")
    json.number(Int64(seconds))
    json.raw(",\"lines\":[")
    for (index, line) in lines.enumerated() {
      if index > 0 { json.raw(",") }
      json.raw("{\"product_id\":")
      json.number(line.product)
      if let location = line.location {
        json.raw(",\"location\":")
        json.string(location)
      }
      json.raw(",\"quantity\":")
      json.number(line.quantity)
      json.raw("}")
    }
    json.raw("]}")
    return json.bytes
  }
}
