import NIOCore

/// An error that the front itself gives, before or instead of asking a shard.
struct Problem: Error, Sendable {
  var code: ProblemCode
  var detail: String
  var errors = FieldErrors()
  var subject = Subject()
  /// The `Allow` header of a 405.
  var allow: String?

  init(_ code: ProblemCode, _ detail: String) {
    self.code = code
    self.detail = detail
  }

  static func invalid(_ errors: FieldErrors, _ subject: Subject = Subject()) -> Problem {
    let first = errors.items.first.map { "\($0.field) \($0.message)" } ?? "the request is not valid"
    let more = errors.count > 1 ? " (and \(errors.count - 1) more)" : ""
    var problem = Problem(.invalidRequest, first + more + ".")
    problem.errors = errors
    problem.subject = subject
    return problem
  }

  static func invalid(_ field: String, _ message: String) -> Problem {
    var errors = FieldErrors()
    errors.add(field, message)
    return invalid(errors)
  }

  static let unauthorized = Problem(
    .unauthorized, "Send 'Authorization: Bearer' with the token of a key that is not expired.")
  static let forbidden = Problem(.forbidden, "Another key is needed for this.")
  static let notFound = Problem(.notFound, "Look at the documentation for the paths there are.")
  static let unsupportedMediaType = Problem(
    .unsupportedMediaType, "Send 'Content-Type: application/json' and no Content-Encoding.")
  static let headersTooLarge = Problem(
    .headersTooLarge,
    "At most \(HTTPLimits.maxHeaderCount) fields and \(HTTPLimits.maxHeaderBytes) bytes are taken.")
  static let requestTimeout = Problem(
    .requestTimeout, "The rest of the request did not come in time.")

  static func methodNotAllowed(_ allow: String) -> Problem {
    var problem = Problem(.methodNotAllowed, "Allowed: \(allow).")
    problem.allow = allow
    return problem
  }

  static func payloadTooLarge(limit: Int) -> Problem {
    Problem(.payloadTooLarge, "At most \(limit) bytes are taken.")
  }
}

/// The front's own bounds; those that the engine shares are in `Bounds`.
enum HTTPLimits {
  /// Fields in a request's header.
  static let maxHeaderCount = 100
  /// Bytes of all of them, and of the request's first line.
  static let maxHeaderBytes = 16 << 10
  /// Bytes of bodies that a loop holds while they arrive.
  static let maxBodyBytesHeld = 256 << 20
  /// Bytes of answers that a loop keeps for clients who have not read them. With more, reads and batches
  /// are refused, and who reads nothing for `slowReaderTimeout` is let go.
  static let maxUnsentBytes = 128 << 20
  /// Lists, catalogue changes and the like that a loop has under way.
  static let maxColdRequests = 256

  /// Event readers of a loop.
  static let maxEventReaders = 8_192
  /// Bytes of movements that a loop keeps for its readers: at 30,000 movements a second the last 7 s.
  /// Who is further behind reads from Redis.
  static let eventRingBytes = 32 << 20
  /// Bytes that a reader is sent before it is asked whether its socket takes more: what waits for a
  /// socket is at most this, and what NIO takes before it says that it is full (64 KiB).
  static let eventPieceBytes = 32 << 10
  /// Bytes that a reader is sent before others have their turn.
  static let eventTurnBytes = 256 << 10
  /// Of the loop's processor time, what it sends events for in each tick (50 ms) of its readers: the
  /// longer they wait, the more there is for each, and the less each event costs.
  static let eventTickBudget = TimeAmount.milliseconds(2)
  /// The same while the first in line has waited longer than it should have to.
  static let eventLateBudget = TimeAmount.milliseconds(6)
  static let eventPatience = TimeAmount.milliseconds(1_500)
  /// Bytes that a reader's socket is asked to hold (Linux takes twice as many). Left to itself it would
  /// grow to megabytes for each reader that does not read.
  static let eventSocketBytes: CInt = 256 << 10
  /// How long a reader may take nothing, when what it misses is no longer kept in memory.
  static let slowReaderTimeout = TimeAmount.seconds(5)
  /// Questions to Redis that a loop has under way for its readers, movements that one asks for, and
  /// answers that it keeps until all readers have had them: a crowd that is behind must not take from
  /// Redis what commits need.
  static let maxEventFetches = 1
  static let eventPageMovements = 2_000
  static let maxEventPages = 4
}
