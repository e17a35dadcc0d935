import StockTools

/// What a client asks for in a cell of the matrix, and what it does where it is done.
struct MatrixRequest: Sendable {
  /// A part of the request that ends by itself.
  struct Line: Sendable {
    /// What the line adds, by entry. A hold has one line with all of its entries.
    var effect: [EntryKey: Delta]
  }

  struct Delta: Equatable, Sendable {
    var quantity: Int64 = 0
    var reserved: Int64 = 0
  }

  var request: HTTPRequest
  var lines: [Line]
  var form: MatrixCase.Form

  /// - Parameters:
  ///   - number: makes its idempotency key and its order the only ones.
  ///   - here, there: entries of different shards.
  init(_ form: MatrixCase.Form, number: Int, here: EntryKey, there: EntryKey) {
    self.form = form
    let key = "matrix-\(number)"
    switch form {
    case .single:
      request = Change.reserve(2).request(on: here)
      request.headers.append(("Idempotency-Key", key))
      lines = [Line(effect: [here: Delta(reserved: 2)])]
    case .batch:
      request = Change.batch([
        (here, .reserve(1)), (there, .reserve(3)), (here, .adjust(5)),
      ])
      request.headers.append(("Idempotency-Key", key))
      lines = [
        Line(effect: [here: Delta(reserved: 1)]), Line(effect: [there: Delta(reserved: 3)]),
        Line(effect: [here: Delta(quantity: 5)]),
      ]
    case .hold:
      let cart = Cart(order: key, lines: [here: 2, there: 3])
      request = cart.request(key: key)
      lines = [Line(effect: [here: Delta(reserved: 2), there: Delta(reserved: 3)])]
    }
    request.isIdempotent = true
  }

  enum Told: Equatable {
    /// A 2xx.
    case done
    /// 503 `store_unavailable`: nothing has changed.
    case notDone
    /// 503 `outcome_unknown`, or no answer.
    case unknown
    /// What nobody should be told.
    case wrong(String)
  }

  /// What an answer says of each line.
  func told(_ answer: HTTPAnswer) -> [Told] {
    func all(_ told: Told) -> [Told] { lines.map { _ in told } }
    if answer.status == 503, answer.retryAfter == nil {
      return all(.wrong("a 503 without Retry-After"))
    }
    guard answer.status == 200 || answer.status == 201 else {
      return all(Self.told(answer.status, answer.code))
    }
    guard form == .batch else { return all(.done) }
    guard let body: BatchBody = try? answer.decoded(), body.results.count == lines.count else {
      return all(.wrong("a batch's answer that makes no sense"))
    }
    return body.results.map { Self.told($0.status ?? 0, $0.code ?? "") }
  }

  private static func told(_ status: Int, _ code: String) -> Told {
    switch (status, code) {
    case (200, _), (201, _): .done
    case (503, "store_unavailable"), (503, "overloaded"): .notDone
    case (503, "outcome_unknown"): .unknown
    default: .wrong("\(status) \(code)")
    }
  }

  /// All that there may be afterwards: with each line of unknown ending done, and not done.
  func possible(
    _ told: [Told], before: [EntryKey: EntryState]
  ) -> [[EntryKey: EntryState]] {
    var possible = [before]
    for (line, told) in zip(lines, told) {
      let done = possible.map { Self.apply(line.effect, to: $0) }
      switch told {
      case .done: possible = done
      case .unknown: possible += done
      case .notDone, .wrong: break
      }
    }
    return possible
  }

  private static func apply(
    _ effect: [EntryKey: Delta], to state: [EntryKey: EntryState]
  ) -> [EntryKey: EntryState] {
    var state = state
    for (key, delta) in effect {
      state[key]?.quantity += delta.quantity
      state[key]?.reserved += delta.reserved
    }
    return state
  }
}

extension [EntryKey: EntryState] {
  /// The counters alone: a part that is taken and given back raises the version.
  func hasSameCounters(as other: [EntryKey: EntryState]) -> Bool {
    keys == other.keys
      && allSatisfy { key, state in
        state.quantity == other[key]?.quantity && state.reserved == other[key]?.reserved
      }
  }
}
