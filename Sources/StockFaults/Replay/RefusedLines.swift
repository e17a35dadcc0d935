/// Refused lines of reservations, which name no commit: each can have seen any place between what was
/// answered before it was sent, and what was sent after it was answered.
struct RefusedLines {
  private struct Line {
    var attempt: Attempt
    var floor: Int64
    var ceiling: Int64
  }

  /// By their floors, the highest first.
  private var waiting: [Line]
  private var open: [EntryKey: [Line]] = [:]
  /// Entries with lines that have not been looked at.
  private var fresh: Set<EntryKey> = []
  private var sequence: Int64 = 0

  init(_ asked: AskedFor) {
    let bounds = SequenceBounds(asked.told)
    waiting = asked.refusedLines.map { place in
      let attempt = asked.attempts[place]
      return Line(
        attempt: attempt, floor: bounds.floor(before: attempt.sentAt),
        ceiling: bounds.ceiling(after: attempt.endedAt))
    }
    waiting.sort { $0.floor > $1.floor }
  }

  /// A commit comes next; `Int64.max`: none does. The state is still that before it.
  mutating func begin(_ sequence: Int64) {
    self.sequence = sequence
    while let next = waiting.last, next.floor < sequence {
      waiting.removeLast()
      open[next.attempt.key, default: []].append(next)
      fresh.insert(next.attempt.key)
    }
  }

  /// Strikes out what this place bears out.
  ///
  /// - Parameter touched: the entries that have just changed; nil: none, a commit begins.
  /// - Returns: one that no place has borne out.
  mutating func judge(_ touched: [EntryKey]?, _ isBorneOut: (Attempt) -> Bool) -> Attempt? {
    for key in touched ?? Array(fresh) {
      open[key]?.removeAll { isBorneOut($0.attempt) }
    }
    guard touched == nil else { return nil }
    fresh = []
    for (key, lines) in open {
      if let late = lines.first(where: { $0.ceiling < sequence || sequence == .max }) {
        return late.attempt
      }
      if lines.isEmpty { open[key] = nil }
    }
    return nil
  }
}
