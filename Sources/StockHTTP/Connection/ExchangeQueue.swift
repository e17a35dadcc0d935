import NIOCore

/// A connection's exchanges whose responses have not been written, in the order of the requests.
/// Nearly always there is one: it lies here itself, without a buffer to look it up in.
struct ExchangeQueue {
  private(set) var first: Exchange?
  private var rest = CircularBuffer<Exchange>()

  var isEmpty: Bool { first == nil }
  var count: Int { first == nil ? 0 : rest.count + 1 }
  var last: Exchange? { rest.last ?? first }

  /// - Parameter place: 0 to `count` − 1.
  subscript(place: Int) -> Exchange {
    if place == 0, let first { return first }
    return rest[rest.index(rest.startIndex, offsetBy: place - 1)]
  }

  mutating func append(_ exchange: Exchange) {
    if first == nil { first = exchange } else { rest.append(exchange) }
  }

  mutating func removeFirst() -> Exchange {
    guard let taken = first else { preconditionFailure("no exchange waits") }
    first = rest.isEmpty ? nil : rest.removeFirst()
    return taken
  }

  func forEach(_ body: (Exchange) -> Void) {
    if let first { body(first) }
    rest.forEach(body)
  }

  mutating func removeAll() {
    first = nil
    rest.removeAll()
  }

  /// The place of the exchange whose response these events are.
  func place(of reader: EventReader) -> Int? {
    (0..<count).first { self[$0].reader === reader }
  }
}
