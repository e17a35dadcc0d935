import Foundation
import StockTools

/// What answers look like, as far as a history needs it. Everything may be missing: what has to be
/// there is checked where it is used.
struct AnswerBody: Decodable {
  struct Entry: Decodable {
    var id: Int64
    var productId: Int64
    var location: String
    var version: Int64
    var quantity: Int64
    var reservedQuantity: Int64
    var availableQuantity: Int64

    var state: EntryState {
      EntryState(id: id, version: version, quantity: quantity, reserved: reservedQuantity)
    }
  }

  var status: Int?
  var code: String?
  var requested: Int64?
  var available: Int64?
  var reserved: Int64?
  var expected: Int64?
  var actual: Int64?
  var shard: Int64?
  var sequence: Int64?
  var from: Entry?
  var to: Entry?
  var entry: Entry?

  private enum CodingKeys: String, CodingKey {
    case status, code, requested, available, reserved, expected, actual, shard, sequence, from, to
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    status = try values.decodeIfPresent(Int.self, forKey: .status)
    code = try values.decodeIfPresent(String.self, forKey: .code)
    requested = try values.decodeIfPresent(Int64.self, forKey: .requested)
    available = try values.decodeIfPresent(Int64.self, forKey: .available)
    reserved = try values.decodeIfPresent(Int64.self, forKey: .reserved)
    expected = try values.decodeIfPresent(Int64.self, forKey: .expected)
    actual = try values.decodeIfPresent(Int64.self, forKey: .actual)
    shard = try values.decodeIfPresent(Int64.self, forKey: .shard)
    sequence = try values.decodeIfPresent(Int64.self, forKey: .sequence)
    from = try values.decodeIfPresent(Entry.self, forKey: .from)
    to = try values.decodeIfPresent(Entry.self, forKey: .to)
    // An entry's members stand beside the others.
    entry = code == nil && from == nil ? try? Entry(from: decoder) : nil
  }
}

/// `{"results": […]}`.
struct BatchBody: Decodable {
  var results: [AnswerBody]
}

/// `GET /api/v1/store/inventory/product/{id}`.
struct SummaryBody: Decodable {
  var productId: Int64
  var totalQuantity: Int64
  var totalReserved: Int64
  var totalAvailable: Int64
  var locations: [AnswerBody.Entry]
}

extension Commit {
  /// Of an answer's header fields.
  init?(_ answer: HTTPAnswer) {
    guard let shard = answer.header("X-Stock-Shard").flatMap({ Int64($0) }),
      let sequence = answer.header("X-Stock-Sequence").flatMap({ Int64($0) })
    else { return nil }
    self.init(shard: shard, sequence: sequence)
  }

  /// Of a line of a batch's results.
  init?(line: AnswerBody) {
    guard let shard = line.shard, let sequence = line.sequence else { return nil }
    self.init(shard: shard, sequence: sequence)
  }
}

extension Ending {
  /// Of a request of its own.
  init(_ answer: HTTPAnswer, to change: Change) {
    if answer.status == 503, answer.retryAfter == nil {
      self = .wrong("a 503 without Retry-After")
      return
    }
    guard let body: AnswerBody = try? answer.decoded() else {
      self = .wrong("\(answer.status) with a body that makes no sense")
      return
    }
    self.init(status: answer.status, body, Commit(answer), to: change)
  }

  /// Of a line of a batch's results.
  init(line: AnswerBody, to change: Change) {
    self.init(status: line.status ?? 0, line, Commit(line: line), to: change)
  }

  private init(status: Int, _ body: AnswerBody, _ commit: Commit?, to change: Change) {
    switch (status, body.code) {
    case (200, nil):
      guard let commit else {
        self = .wrong("a 200 that does not say its shard and sequence")
        return
      }
      if case .transfer = change {
        guard let from = body.from, let to = body.to else {
          self = .wrong("a transfer that does not show both entries")
          return
        }
        self = .accepted(from.state, other: to.state, commit)
      } else if let entry = body.entry {
        self = .accepted(entry.state, other: nil, commit)
      } else {
        self = .wrong("a 200 without an entry")
      }
    case (409, "insufficient_stock"):
      self = Self.refusal(body.requested, body.available) {
        .insufficientStock(requested: $0, available: $1)
      }
    case (409, "insufficient_reserved"):
      self = Self.refusal(body.requested, body.reserved) {
        .insufficientReserved(requested: $0, reserved: $1)
      }
    case (409, "below_reserved"):
      self = Self.refusal(body.requested, body.reserved) {
        .belowReserved(requested: $0, reserved: $1)
      }
    case (409, "version_conflict"):
      self = Self.refusal(body.expected, body.actual) {
        .versionConflict(expected: $0, actual: $1)
      }
    case (503, "store_unavailable"), (503, "overloaded"):
      self = .notDone(body.code ?? "")
    case (503, "outcome_unknown"):
      self = .unknown("outcome_unknown")
    default:
      self = .wrong("\(status) \(body.code ?? "without a code")")
    }
  }

  private static func refusal(
    _ first: Int64?, _ second: Int64?, _ make: (Int64, Int64) -> Refused
  ) -> Ending {
    guard let first, let second else { return .wrong("a 409 without its numbers") }
    return .refused(make(first, second))
  }

  /// Of a request without an answer.
  init(_ error: ClientError) {
    switch error {
    case .notSent(let why): self = .notDone(why)
    case .outcomeUnknown(let why): self = .unknown(why)
    }
  }
}
