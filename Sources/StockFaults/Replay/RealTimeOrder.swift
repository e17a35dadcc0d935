/// When something was asked for and answered, and the commit that it was done in, or rests on.
struct Moment {
  var sequence: Int64
  var sentAt: Int64
  /// `Int64.max`: never, as far as its client knows.
  var endedAt: Int64
  /// It was done in that commit. Else it only saw it: a refusal, or a change that changed nothing.
  var isChange: Bool
}

/// In one shard: what is sent after something was answered comes after it.
enum RealTimeOrder {
  static func check(_ moments: [Moment]) -> [Violation] {
    let byEnding = moments.sorted { $0.endedAt < $1.endedAt }
    var ended = 0
    var highest: Int64 = 0
    var violations: [Violation] = []
    for one in moments.sorted(by: { $0.sentAt < $1.sentAt }) {
      while ended < byEnding.count, byEnding[ended].endedAt < one.sentAt {
        highest = max(highest, byEnding[ended].sequence)
        ended += 1
      }
      // What was answered was committed, so that a later change is in a later commit.
      guard one.isChange ? one.sequence <= highest : one.sequence < highest else { continue }
      violations.append(
        Violation(
          .wrongOrder,
          """
          commit \(one.sequence) \(one.isChange ? "has" : "was seen by") what was sent after commit \
          \(highest) had been answered
          """))
    }
    return violations
  }
}

/// What had been answered, and what was sent, at a time.
struct SequenceBounds {
  private let ended: [(time: Int64, highest: Int64)]
  private let sent: [(time: Int64, lowest: Int64)]

  init(_ moments: [Moment]) {
    var highest: Int64 = 0
    ended = moments.sorted { $0.endedAt < $1.endedAt }.map { moment in
      highest = max(highest, moment.sequence)
      return (moment.endedAt, highest)
    }
    var lowest = Int64.max
    sent = moments.filter(\.isChange).sorted { $0.sentAt > $1.sentAt }.map { moment in
      lowest = min(lowest, moment.sequence)
      return (moment.sentAt, lowest)
    }
  }

  /// The highest sequence that had been answered before a time; 0 if none had.
  func floor(before time: Int64) -> Int64 {
    let place = ended.firstIndex(from: 0) { $0.time >= time }
    return place == 0 ? 0 : ended[place - 1].highest
  }

  /// The lowest sequence of a change that was sent after a time; `Int64.max` if none was.
  func ceiling(after time: Int64) -> Int64 {
    let place = sent.firstIndex(from: 0) { $0.time <= time }
    return place == 0 ? .max : sent[place - 1].lowest
  }
}

extension Array {
  /// The first index for which `belongs` holds, if it holds for all behind it too; else the count.
  fileprivate func firstIndex(from low: Int, _ belongs: (Element) -> Bool) -> Int {
    var (low, high) = (low, count)
    while low < high {
      let middle = (low + high) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
