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
    var reached: Set<Sum> = [Sum(steps: 0, units: 0, promised: 0)]
    var unitsAreFree = units == nil
    for attempt in attempts {
      let units: Int64
      let promised: Int64
      switch attempt.effect {
      case .move(let moved, let kept):
        (units, promised) = (moved, kept)
      case .exactly:
        // It can only have made the version after the one that it expected.
        if let expected = attempt.expectedVersion, !versions.contains(expected + 1) { continue }
        unitsAreFree = true
        (units, promised) = (0, 0)
      }
      for sum in reached where sum.steps < steps {
        reached.insert(
          Sum(
            steps: sum.steps + 1, units: sum.units + units, promised: sum.promised + promised))
      }
      if reached.count > Self.maxStates { return nil }
    }
    return reached.contains { sum in
      sum.steps == steps && sum.promised == promised && (unitsAreFree || sum.units == units)
    }
  }
}
