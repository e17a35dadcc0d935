public import StockCore
import StockTestKit

/// A history's attempts on one shard, found by what the ledger and the answers tell of them.
struct AskedFor {
  struct Line: Hashable {
    var hold: String
    var key: EntryKey
  }

  let attempts: [Attempt]
  /// Accepted changes by entry and the version that they were told; of a transfer the source's.
  private var accepted: [EntryKey: [Int64: [Int]]] = [:]
  /// Those of unknown outcome, in the order in which they were sent.
  private var unknown: [EntryKey: [Int]] = [:]
  /// What may have changed nothing, by the commit that it rests on: refusals, and sets.
  private(set) var judged: [Int64: [Int]] = [:]
  /// What must have changed something, by the commit that it was told.
  private(set) var due: [Int64: [Int]] = [:]
  /// Refused lines of reservations, which name no commit.
  private(set) var refusedLines: [Int] = []
  /// Counter-level refusals that name no commit, as they should.
  private(set) var withoutCommit: [Int] = []
  private(set) var takes: [Line: Int] = [:]
  private(set) var ends: [Line: Int] = [:]

  init(_ attempts: [Attempt]) {
    self.attempts = attempts.sorted { $0.sentAt < $1.sentAt }
    for (place, attempt) in self.attempts.enumerated() {
      if let hold = attempt.hold {
        let line = Line(hold: hold, key: attempt.key)
        if case .reserve = attempt.change { takes[line] = place } else { ends[line] = place }
      }
      switch attempt.ending {
      case .accepted(let state, _, let commit):
        accepted[attempt.key, default: [:]][state.version, default: []].append(place)
        if case .set = attempt.change {
          judged[commit.sequence, default: []].append(place)
        } else {
          due[commit.sequence, default: []].append(place)
        }
      case .refused(let why) where attempt.isLine:
        if why != .otherLine { refusedLines.append(place) }
      case .refused:
        if let commit = attempt.refusedIn {
          judged[commit.sequence, default: []].append(place)
        } else {
          withoutCommit.append(place)
        }
      case .unknown where !attempt.isLine:
        unknown[attempt.key, default: []].append(place)
      case .unknown, .done, .notDone, .wrong:
        break
      }
    }
  }

  /// When something was done or seen, of what its client was told.
  var told: [Moment] {
    attempts.compactMap { attempt in
      let commit: Commit?
      var isChange = false
      switch attempt.ending {
      case .accepted(let state, _, let told):
        commit = told
        isChange = !attempt.mayBeNoOp(at: state.version)
      case .refused: commit = attempt.isLine ? nil : attempt.refusedIn
      case .done, .notDone, .unknown, .wrong: commit = nil
      }
      return commit.map {
        Moment(
          sequence: $0.sequence, sentAt: attempt.sentAt, endedAt: attempt.endedAt,
          isChange: isChange)
      }
    }
  }

  /// Whose movement this is: an accepted attempt's that was told so, else one's of unknown outcome.
  ///
  /// - Parameters:
  ///   - other: where a transfer went.
  ///   - before: the entry's version.
  mutating func take(
    _ movement: LedgerEntry, of sequence: Int64, to other: String?, before: Int64
  ) -> Int? {
    let key = EntryKey(movement.product, movement.location)
    let told = accepted[key]?[before + 1]?.firstIndex { place in
      let attempt = attempts[place]
      // Another one may have made the version that such a set only found.
      if attempt.mayBeNoOp(at: before + 1), case .accepted(_, _, let commit) = attempt.ending,
        commit.sequence != sequence
      {
        return false
      }
      return attempt.made(movement, to: other, before: before)
    }
    if let told { return accepted[key]?[before + 1]?.remove(at: told) }
    let silent = unknown[key]?.firstIndex {
      attempts[$0].made(movement, to: other, before: before)
    }
    return silent.flatMap { unknown[key]?.remove(at: $0) }
  }
}

extension Attempt {
  /// Whether it is a set that, accepted and told this version, may have found it so.
  fileprivate func mayBeNoOp(at version: Int64) -> Bool {
    guard case .set(_, let expected) = change else { return false }
    return expected.map { $0 == version } ?? true
  }

  /// Whether the ledger would tell of it so.
  ///
  /// - Parameters:
  ///   - other: where a transfer went.
  ///   - before: the entry's version.
  fileprivate func made(_ movement: LedgerEntry, to other: String?, before: Int64) -> Bool {
    switch (change, movement.kind) {
    case (.set(let quantity, let version), .set):
      movement.quantityAfter == quantity && (version ?? before) == before
    case (.adjust(let units), .adjust): movement.quantityChange == units
    case (.reserve(let units), .reserve): movement.reservedChange == units
    case (.release(let units), .release), (.fulfill(let units), .fulfill):
      movement.reservedChange == -units
    case (.transfer(let units, let to), .transferOut):
      movement.quantityChange == -units && to == other
    default: false
    }
  }

  /// What the model is asked for.
  public var operation: Command.Operation {
    func amount(_ units: Int64) -> EntryAmount {
      EntryAmount(product: key.product, location: key.location, quantity: units)
    }
    if isLine, case .reserve(let units) = change {
      let line = HoldLine(product: key.product, location: key.location, quantity: units)
      return .hold(.of("asked", [line]))
    }
    switch change {
    case .set(let quantity, let version):
      return .set(
        SetStock(
          product: key.product, location: key.location, quantity: quantity,
          expectedVersion: version))
    case .adjust(let units):
      return .adjust(AdjustStock(product: key.product, location: key.location, quantity: units))
    case .reserve(let units): return .reserve(amount(units))
    case .release(let units): return .release(amount(units))
    case .fulfill(let units): return .fulfill(amount(units))
    case .transfer(let units, let to):
      return .transfer(
        Transfer(product: key.product, from: key.location, to: to, quantity: units))
    }
  }
}

extension HoldRequest {
  /// A reservation that does not end by itself.
  static func of(_ id: String, _ lines: [HoldLine]) -> HoldRequest {
    HoldRequest(
      id: id, isClientID: false, order: id, customer: "",
      lines: lines.sorted { ($0.product, $0.location) < ($1.product, $1.location) },
      timeToLive: Bounds.maxQuantity, allocation: Allocation())
  }
}
