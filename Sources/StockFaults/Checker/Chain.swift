/// What a change does to one entry.
enum Effect: Equatable {
  /// So many units more there, and more reserved.
  case move(units: Int64, promised: Int64)
  /// Exactly so many units there.
  case exactly(Int64)

  init(_ change: Change, side: Side) {
    switch change {
    case .set(let quantity, _): self = .exactly(quantity)
    case .adjust(let units): self = .move(units: units, promised: 0)
    case .reserve(let units): self = .move(units: 0, promised: units)
    case .release(let units): self = .move(units: 0, promised: -units)
    case .fulfill(let units): self = .move(units: -units, promised: -units)
    case .transfer(let units, _):
      self = .move(units: side == .own ? -units : units, promised: 0)
    }
  }

  enum Side {
    case own, other
  }

  /// What takes it back.
  var opposite: Effect {
    switch self {
    case .move(let units, let promised): .move(units: -units, promised: -promised)
    case .exactly: self
    }
  }

  /// The entry after the change; id and version are kept.
  func applied(to state: EntryState) -> EntryState {
    var state = state
    switch self {
    case .move(let units, let promised):
      state.quantity += units
      state.reserved += promised
    case .exactly(let quantity):
      state.quantity = quantity
    }
    return state
  }
}

/// An accepted change's word on one entry: "I made this version, and it is so."
struct Claim {
  var effect: Effect
  /// Only a `set` has one.
  var expectedVersion: Int64?
  var state: EntryState
  var commit: Commit
  var sentAt: Int64
  var endedAt: Int64

  /// Whether it found the entry as it wanted it, and so made no version.
  ///
  /// - Parameter before: the state of the version before the one that it was answered with, if known.
  func isNoOp(before: EntryState?) -> Bool {
    guard case .exactly(let quantity) = effect else { return false }
    // With an expected version the answer itself tells.
    if let expectedVersion { return state.version == expectedVersion }
    return before?.quantity == quantity
  }

  /// Whether it may have made no version: a `set` without an expected version.
  var mayBeNoOp: Bool {
    if case .exactly = effect { expectedVersion == nil } else { false }
  }
}

/// A change that made a version, or may have, and nobody was told which one.
struct Unseen {
  var effect: Effect
  var expectedVersion: Int64?
  /// It was accepted.
  var isCertain = false
  /// One of two that undo each other: in the end both were made, or neither.
  var isPaired = false
  var sentAt: Int64
  /// Later than this it cannot have been made; `Int64.max` where nobody knows.
  var endedAt: Int64 = .max
}

/// All that a history tells of one entry.
struct Chain {
  var claims: [Claim] = []
  var unseen: [Unseen] = []
  /// Units of it were asked for in reservations.
  var hasLines = false
  var refusals: [(sentAt: Int64, endedAt: Int64, change: Change, refused: Ending.Refused)] = []
  var readings: [Reading] = []

  mutating func add(_ attempt: Attempt, side: Effect.Side) {
    let effect = Effect(attempt.change, side: side)
    if attempt.isLine { hasLines = true }
    var expectedVersion: Int64?
    if case .set(_, let expected) = attempt.change { expectedVersion = expected }
    switch attempt.ending {
    case .accepted(let own, let other, let commit):
      guard let state = side == .own ? own : other else { return }
      claims.append(
        Claim(
          effect: effect, expectedVersion: expectedVersion, state: state, commit: commit,
          sentAt: attempt.sentAt, endedAt: attempt.endedAt))
    case .done:
      unseen.append(
        Unseen(
          effect: effect, isCertain: true, sentAt: attempt.sentAt, endedAt: attempt.endedAt))
      if attempt.isRepeated { addTakenBack(attempt, effect) }
    case .unknown:
      unseen.append(
        Unseen(effect: effect, expectedVersion: expectedVersion, sentAt: attempt.sentAt))
      if attempt.isLine { addTakenBack(attempt, effect, isUnknown: true) }
    case .refused(let refused):
      if attempt.isLine { addTakenBack(attempt, effect) }
      if case .otherLine = refused { return }
      // A transfer is judged at its source.
      guard side == .own else { return }
      refusals.append((attempt.sentAt, attempt.endedAt, attempt.change, refused))
    case .notDone:
      if attempt.isLine { addTakenBack(attempt, effect) }
    case .wrong:
      break
    }
  }

  /// What a line may have done before its reservation was given up: the change, and its opposite.
  private mutating func addTakenBack(
    _ attempt: Attempt, _ effect: Effect, isUnknown: Bool = false
  ) {
    // The last of it may come after the answer, and after a crash of the engine; half a minute is more
    // than any takes to come back.
    let end = isUnknown ? .max : attempt.endedAt + 30_000_000_000
    if !isUnknown {
      unseen.append(
        Unseen(effect: effect, isPaired: true, sentAt: attempt.sentAt, endedAt: end))
    }
    unseen.append(
      Unseen(
        effect: effect.opposite, isPaired: !isUnknown, sentAt: attempt.sentAt, endedAt: end))
  }

  /// What is left when all changes are taken off that certainly made a version comes in pairs.
  var restIsPaired: Bool { unseen.allSatisfy { $0.isCertain || $0.isPaired } }

  /// Every state that anyone was told of, by version. The state of version 0 is nothing.
  func states(base: EntryState?, end: EntryState? = nil) -> [Int64: EntryState] {
    var states: [Int64: EntryState] = [:]
    if base == nil { states[0] = EntryState(id: 0, version: 0, quantity: 0, reserved: 0) }
    for state in [base, end] { if let state { states[state.version] = state } }
    for claim in claims { states[claim.state.version] = claim.state }
    for reading in readings where states[reading.state.version] == nil {
      states[reading.state.version] = reading.state
    }
    return states
  }

  /// The accepted changes that made a version, by it. More than one is one too many. A `set` that
  /// may have made nothing counts only where nobody else says that the version is his.
  func makers(_ states: [Int64: EntryState]) -> [Int64: [Claim]] {
    let candidates = claims.filter { !$0.isNoOp(before: states[$0.state.version - 1]) }
    return Dictionary(grouping: candidates, by: \.state.version).mapValues { claims in
      let certain = claims.filter { !$0.mayBeNoOp }
      return certain.isEmpty ? Array(claims.prefix(1)) : certain
    }
  }
}
