import NIOCore
import StockEngine

/// What one loop's front has counted, in plain integers that belong to the loop: no atomics, no locks,
/// nothing allocated. Others get a copy.
struct FrontCounts: Sendable {
  /// The statuses that are told apart; another one counts as the last place.
  static let statuses = [
    200, 201, 204, 304, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 503, 0,
  ]

  /// By endpoint, then by status.
  private(set) var requests = [Int](
    repeating: 0, count: Endpoint.allCases.count * statuses.count)
  /// By endpoint: from a request's header to its response's bytes, in microseconds.
  private(set) var latencies = [Buckets](
    repeating: Buckets(first: 6, last: 23), count: Endpoint.allCases.count)
  /// Requests, by `ProblemCode`.
  private(set) var refusals = [Int](repeating: 0, count: ProblemCode.allCases.count)
  /// Lines of batches, whatever became of them.
  private(set) var lines = 0
  /// Those that were refused, by `ProblemCode`.
  private(set) var lineRefusals = [Int](repeating: 0, count: ProblemCode.allCases.count)
  /// Connections that were taken, and those that were one too many or came when the engine stopped.
  var accepted = 0
  var turnedAway = 0

  @inline(__always)
  mutating func answered(_ endpoint: Endpoint, status: Int, microseconds: Int) {
    requests[endpoint.rawValue &* Self.statuses.count &+ Self.place(of: status)] &+= 1
    latencies[endpoint.rawValue].add(microseconds)
  }

  mutating func refused(_ code: ProblemCode) { refusals[code.rawValue] &+= 1 }

  mutating func answered(_ batch: BatchCounts) {
    lines &+= batch.lines
    for place in batch.refusals.indices { lineRefusals[place] &+= batch.refusals[place] }
  }

  @inline(__always)
  private static func place(of status: Int) -> Int {
    switch status {
    case 200: 0
    case 201: 1
    case 204: 2
    case 304: 3
    case 400: 4
    case 401: 5
    case 403: 6
    case 404: 7
    case 405: 8
    case 408: 9
    case 409: 10
    case 413: 11
    case 415: 12
    case 422: 13
    case 429: 14
    case 431: 15
    case 503: 16
    default: 17
    }
  }

  mutating func add(_ other: FrontCounts) {
    for place in requests.indices { requests[place] += other.requests[place] }
    for place in latencies.indices { latencies[place].add(other.latencies[place]) }
    for place in refusals.indices { refusals[place] += other.refusals[place] }
    lines += other.lines
    for place in lineRefusals.indices { lineRefusals[place] += other.lineRefusals[place] }
    accepted += other.accepted
    turnedAway += other.turnedAway
  }
}

/// What became of one batch's lines.
struct BatchCounts {
  let lines: Int
  /// By `ProblemCode`. Empty until there is one.
  private(set) var refusals: [Int] = []

  init(lines: Int) { self.lines = lines }

  mutating func refused(_ code: ProblemCode) {
    if refusals.isEmpty {
      refusals = Array(repeating: 0, count: ProblemCode.allCases.count)
    }
    refusals[code.rawValue] += 1
  }
}

/// What the fronts of all loops have, together.
struct FrontFigures: Sendable {
  var counts = FrontCounts()
  var connections = 0
  var eventReaders = 0
  var coldRequests = 0
  var bodyBytesHeld = 0
  var unsentBytes = 0
  var requestsUnderWay = 0

  mutating func add(_ other: FrontFigures) {
    counts.add(other.counts)
    connections += other.connections
    eventReaders += other.eventReaders
    coldRequests += other.coldRequests
    bodyBytesHeld += other.bodyBytesHeld
    unsentBytes += other.unsentBytes
    requestsUnderWay += other.requestsUnderWay
  }
}

extension LoopFront {
  /// A response is known: counts it, and writes what failed into the log.
  func note(_ exchange: Exchange) {
    let now = answersAt ?? NIODeadline.now()
    let elapsed = (now - exchange.arrivedAt).nanoseconds / 1_000
    counts.answered(
      exchange.endpoint, status: exchange.head.status, microseconds: Int(elapsed))
    guard exchange.head.status >= 400 || logsRequests else { return }
    if let code = exchange.problem { counts.refused(code) }
    if exchange.head.status >= 500 || logsRequests { log(exchange, microseconds: Int(elapsed)) }
  }

  var figures: FrontFigures {
    FrontFigures(
      counts: counts, connections: connectionCount, eventReaders: events.readers.count,
      coldRequests: coldRequests, bodyBytesHeld: bodyBytesHeld, unsentBytes: unsentBytes,
      requestsUnderWay: admission.underWay)
  }
}
