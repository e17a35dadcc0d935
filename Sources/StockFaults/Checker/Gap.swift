/// Versions that nobody was told of, between two known states.
struct Gap {
  /// How many.
  var steps: Int
  /// Units that must have come; nil: any number, since a `set` comes after.
  var units: Int64?
  /// Reserved units that must have come.
  var promised: Int64
  /// The versions that the unseen changes can have made.
  var versions: ClosedRange<Int64>

  /// States that are followed at the same time. More means that the answer stays open.
  private static let maxStates = 200_000

  private struct Sum: Hashable {
    var steps: Int
    var units: Int64
    var promised: Int64
  }

  /// Whether some choice of exactly `steps` of the attempts, in any order, bridges the gap.
  ///
  /// - Returns: nil if there are too many to tell.
  func isExplained(by attempts: [Unseen]) -> Bool? {
    var unitsAreFree = units == nil
    // Attempts that do the same are told apart by nobody: how many of them is all that counts.
    var kinds: [Sum: Int] = [:]
    for attempt in attempts {
      switch attempt.effect {
      case .move(let moved, let kept):
        kinds[Sum(steps: 1, units: moved, promised: kept), default: 0] += 1
      case .exactly:
        // It can only have made the version after the one that it expected.
        if let expected = attempt.expectedVersion, !versions.contains(expected + 1) { continue }
        unitsAreFree = true
        kinds[Sum(steps: 1, units: 0, promised: 0), default: 0] += 1
      }
    }
    var reached: Set<Sum> = [Sum(steps: 0, units: 0, promised: 0)]
    for (kind, count) in kinds {
      for sum in reached {
        for taken in 1...max(1, min(count, steps - sum.steps)) where sum.steps < steps {
          reached.insert(
            Sum(
              steps: sum.steps + taken,
              units: unitsAreFree ? 0 : sum.units + kind.units * Int64(taken),
              promised: sum.promised + kind.promised * Int64(taken)))
        }
      }
      if reached.count > Self.maxStates { return nil }
    }
    return reached.contains { sum in
      sum.steps == steps && sum.promised == promised && (unitsAreFree || sum.units == units)
    }
  }
}
