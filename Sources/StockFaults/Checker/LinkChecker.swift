/// Checks one entry's chain of versions. `Checker` says what for.
struct LinkChecker {
  private let key: EntryKey
  private let chain: Chain
  private let base: EntryState?
  private let end: EntryState?
  private let states: [Int64: EntryState]
  /// Claims that made a version, by it.
  private let makers: [Int64: [Claim]]
  private(set) var violations: [Violation] = []

  init(_ key: EntryKey, _ chain: Chain, base: EntryState?, end: EntryState?) {
    self.key = key
    self.chain = chain
    self.base = base
    self.end = end
    let states = chain.states(base: base, end: end)
    self.states = states
    self.makers = chain.makers(states)
  }

  mutating func check() {
    checkStates()
    checkMakers()
    checkLength()
    checkGaps()
    checkOrder()
    checkRefusals()
  }

  private mutating func report(_ kind: Violation.Kind, _ text: String) {
    violations.append(Violation(kind, "\(key): \(text)"))
  }

  private var firstVersion: Int64 { base?.version ?? 0 }
  private var lastVersion: Int64 { end?.version ?? 0 }

  // MARK: States

  private mutating func checkStates() {
    let told =
      chain.claims.map(\.state) + chain.readings.map(\.state) + [base, end].compactMap(\.self)
    for state in told {
      if state.quantity < 0 || state.reserved < 0 || state.reserved > state.quantity {
        report(.impossibleState, "\(state)")
      }
      guard let known = states[state.version], known != state else { continue }
      report(.contradiction, "\(known), and also \(state)")
    }
    if let id = told.first?.id, let other = told.first(where: { $0.id != id }) {
      report(.contradiction, "it was entry \(id), and also \(other.id)")
    }
  }

  // MARK: Makers

  private mutating func checkMakers() {
    for (version, claims) in makers.sorted(by: { $0.key < $1.key }) {
      if claims.count > 1 {
        report(.sameVersion, "\(claims.count) accepted changes made version \(version)")
      }
      if version <= firstVersion {
        report(
          .sameVersion, "version \(version) was made again: it had been at \(firstVersion) before")
      }
      guard let before = states[version - 1] else { continue }
      for claim in claims {
        if let expected = claim.expectedVersion, expected != version - 1 {
          report(.wrongTransition, "a set that expected version \(expected) made \(version)")
        }
        let after = claim.effect.applied(to: before)
        let isRight =
          after.quantity == claim.state.quantity && after.reserved == claim.state.reserved
        if !isRight {
          report(.wrongTransition, "\(claim.effect) made of \(before) this: \(claim.state)")
        }
      }
    }
    for claim in chain.claims where claim.isNoOp(before: states[claim.state.version - 1]) {
      guard case .exactly(let quantity) = claim.effect, quantity != claim.state.quantity else {
        continue
      }
      report(.wrongTransition, "a set to \(quantity) was answered with \(claim.state)")
    }
  }

  // MARK: Length

  private mutating func checkLength() {
    let told = states.keys.max() ?? 0
    if lastVersion < told {
      report(.lostWrite, "version \(told) was answered, and at the end it is \(lastVersion)")
      return
    }
    guard lastVersion > firstVersion else { return }
    let made = makers.keys.filter { $0 > firstVersion && $0 <= lastVersion }.count
    let missing = Int(lastVersion - firstVersion) - made
    if missing > chain.unseen.count {
      report(
        .unexplainedVersions,
        """
        versions \(firstVersion + 1) to \(lastVersion): \(made) were acknowledged, and only \
        \(chain.unseen.count) changes can have made the others
        """)
    }
    let certain = chain.unseen.count { $0.isCertain }
    if missing < certain {
      report(
        .lostWrite,
        """
        versions \(firstVersion + 1) to \(lastVersion): of \(missing) that nobody was told of \
        \(certain) lines of reservations were accepted
        """)
    } else if chain.restIsPaired, (missing - certain) % 2 != 0 {
      report(
        .unexplainedVersions,
        """
        versions \(firstVersion + 1) to \(lastVersion): \(missing - certain) that nobody was told of \
        and that should have undone each other
        """)
    }
  }

  // MARK: Gaps

  /// From each known state to the next one, over versions that nobody was told of.
  private mutating func checkGaps() {
    var from: EntryState?
    for version in states.keys.sorted() where version >= firstVersion {
      guard let state = states[version] else { continue }
      defer { from = state }
      guard let from else { continue }
      // A maker takes its own change off: what is left to explain ends a version earlier.
      var target: (quantity: Int64?, reserved: Int64) = (state.quantity, state.reserved)
      var steps = Int(version - from.version)
      if let maker = makers[version]?.first {
        steps -= 1
        switch maker.effect {
        case .move(let units, let promised):
          target = (state.quantity - units, state.reserved - promised)
        case .exactly:
          target.quantity = nil
        }
      }
      guard steps > 0 else { continue }
      let gap = Gap(
        steps: steps, units: target.quantity.map { $0 - from.quantity },
        promised: target.reserved - from.reserved, versions: from.version + 1...version)
      // What was answered before the one was sent, or sent after the other was answered, is no part
      // of it.
      let begin = makers[from.version]?.first?.sentAt ?? .min
      let end = makers[version]?.first?.endedAt ?? .max
      let candidates = chain.unseen.filter { $0.endedAt >= begin && $0.sentAt <= end }
      guard gap.isExplained(by: candidates) == false else { continue }
      report(
        .unexplainedState,
        "no \(steps) of \(candidates.count) changes lead from \(from) to \(state)")
    }
  }

  // MARK: Order

  private mutating func checkOrder() {
    var last: Claim?
    for version in makers.keys.sorted() {
      guard let claim = makers[version]?.first else { continue }
      if let last, claim.commit.sequence < last.commit.sequence {
        report(
          .wrongOrder,
          """
          version \(last.state.version) has sequence \(last.commit.sequence), version \(version) has \
          \(claim.commit.sequence)
          """)
      }
      last = claim
    }

    // What had been answered when something was sent is a floor under it.
    var floor = VersionFloor(chain.claims)
    for claim in chain.claims.sorted(by: { $0.sentAt < $1.sentAt }) {
      let least = floor.at(claim.sentAt)
      let isNoOp = claim.isNoOp(before: states[claim.state.version - 1])
      if isNoOp || claim.mayBeNoOp ? claim.state.version < least : claim.state.version <= least {
        report(
          .wrongOrder,
          "version \(claim.state.version) was sent after version \(least) was answered")
      }
    }
    floor = VersionFloor(chain.claims)
    for reading in chain.readings.sorted(by: { $0.sentAt < $1.sentAt }) {
      let least = floor.at(reading.sentAt)
      if reading.state.version < least {
        report(
          .staleRead, "version \(reading.state.version) was read after \(least) was answered")
      }
    }
  }

  // MARK: Refusals

  private mutating func checkRefusals() {
    guard !chain.refusals.isEmpty else { return }
    // The versions that a refusal can have seen: not before what was answered when it was sent, and
    // before what was sent after it was answered.
    var floor = VersionFloor(chain.claims)
    let bySending = chain.claims.sorted { $0.sentAt < $1.sentAt }
    var lowestLater = [Int64](repeating: .max, count: bySending.count + 1)
    for index in bySending.indices.reversed() {
      lowestLater[index] = min(lowestLater[index + 1], bySending[index].state.version)
    }
    for refusal in chain.refusals.sorted(by: { $0.sentAt < $1.sentAt }) {
      if let wrong = complaint(about: refusal.refused, of: refusal.change) {
        report(.wrongRefusal, wrong)
        continue
      }
      let least = max(floor.at(refusal.sentAt), firstVersion)
      let later = bySending.partitioningIndex { $0.sentAt > refusal.endedAt }
      // The lowest later version itself counts: a set that made nothing is answered with what is.
      let most = max(least, min(lastVersion, lowestLater[later]))
      guard most - least < 5_000 else { continue }
      let seen = (least...most).map { states[$0] }
      // One version that is not known may be the one that it saw.
      guard !seen.contains(where: { $0 == nil }) else { continue }
      if !seen.contains(where: { $0.map { rests(refusal.refused, on: $0) } ?? true }) {
        report(
          .wrongRefusal,
          "\(refusal.refused) fits none of the versions \(least) to \(most) that it can have seen")
      }
    }
  }

  /// What is wrong with a refusal, by its own numbers.
  private func complaint(about refused: Ending.Refused, of change: Change) -> String? {
    switch (refused, change) {
    case (.insufficientStock(let requested, let available), .reserve(let units)),
      (.insufficientStock(let requested, let available), .transfer(let units, _)):
      return requested == units && available >= 0 && available < requested
        ? nil : "\(change) was refused with \(refused)"
    case (.insufficientStock(let requested, let available), .adjust(let units)):
      return requested == -units && available >= 0 && available < requested
        ? nil : "\(change) was refused with \(refused)"
    case (.insufficientReserved(let requested, let reserved), .release(let units)),
      (.insufficientReserved(let requested, let reserved), .fulfill(let units)):
      return requested == units && reserved >= 0 && reserved < requested
        ? nil : "\(change) was refused with \(refused)"
    case (.belowReserved(let requested, let reserved), .set(let quantity, _)):
      return requested == quantity && reserved > requested
        ? nil : "\(change) was refused with \(refused)"
    case (.versionConflict(let expected, let actual), .set(_, let version)):
      return expected == version && actual != expected
        ? nil : "\(change) was refused with \(refused)"
    default:
      return "\(change) cannot be refused with \(refused)"
    }
  }

  private func rests(_ refused: Ending.Refused, on state: EntryState) -> Bool {
    switch refused {
    case .insufficientStock(_, let available): state.available == available
    // What reservations keep is nobody's to release; some may be from before the history.
    case .insufficientReserved(_, let reserved):
      chain.hasLines || base != nil ? reserved <= state.reserved : reserved == state.reserved
    case .belowReserved(_, let reserved): state.reserved == reserved
    case .versionConflict(_, let actual): state.version == actual
    case .otherLine: true
    }
  }
}

/// The highest version that had been answered at a time; times must not go back.
private struct VersionFloor {
  private let byEnding: [Claim]
  private var next = 0
  private var highest: Int64 = 0

  init(_ claims: [Claim]) { byEnding = claims.sorted { $0.endedAt < $1.endedAt } }

  mutating func at(_ time: Int64) -> Int64 {
    while next < byEnding.count, byEnding[next].endedAt < time {
      highest = max(highest, byEnding[next].state.version)
      next += 1
    }
    return highest
  }
}

extension Array {
  /// The first index for which `belongs` holds, if it holds for all behind it too.
  fileprivate func partitioningIndex(_ belongs: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
