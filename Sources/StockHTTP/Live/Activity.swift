import NIOConcurrencyHelpers
import StockCore

/// Reserves of the last minutes, by the second: how many were asked for, and how many there was nothing
/// for. Refusals change nothing, so no ledger tells them.
///
/// Each loop counts for itself (`ActivityCount`), and brings what it has every 100 ms.
final class Activity: Sendable {
  /// Seconds that are remembered.
  static let seconds = 300

  struct Second: Equatable, Sendable {
    /// Since 1970.
    var second: Int64
    var asked: Int64 = 0
    var refused: Int64 = 0
  }

  private let recent = NIOLockedValueBox<[Second]>([])

  func add(_ count: ActivityCount, now: Timestamp) {
    let second = now / 1_000
    recent.withLockedValue { recent in
      // A clock that was set back must not make a second twice.
      if recent.last.map({ $0.second < second }) ?? true {
        recent.append(Second(second: second))
        if recent.count > 2 * Self.seconds { recent.removeFirst(recent.count - Self.seconds) }
      }
      recent[recent.count - 1].asked += count.asked
      recent[recent.count - 1].refused += count.refused
    }
  }

  /// Seconds in which anything happened, in their order, from `first` on and before the present one.
  func seconds(from first: Int64, now: Timestamp) -> [Second] {
    let first = max(first, now / 1_000 - Int64(Self.seconds))
    return recent.withLockedValue { recent in
      recent.filter { $0.second >= first && $0.second < now / 1_000 }
    }
  }
}

/// What one loop has counted since it last told. Plain integers of the loop's own.
struct ActivityCount {
  var asked: Int64 = 0
  var refused: Int64 = 0

  var isEmpty: Bool { asked == 0 && refused == 0 }

  /// Notes what became of a request.
  @inline(__always)
  mutating func note(_ outcome: Outcome) {
    if case .refused(let refusal) = outcome, refusal.isShortage { refused &+= 1 }
  }
}

extension Refusal {
  /// Somebody wanted units, and could not have them.
  var isShortage: Bool {
    switch self {
    case .insufficientStock, .linesRefused, .purchaseLimit: true
    default: false
    }
  }
}
