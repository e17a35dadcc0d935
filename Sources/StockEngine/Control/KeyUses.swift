import NIOConcurrencyHelpers
import StockCore

/// When keys were used last. Loops tell it now and then; no request waits for it.
final class KeyUses: Sendable {
  /// How often Redis is told.
  static let interval = Duration.seconds(60)

  private struct State {
    var times: [Int64: Timestamp] = [:]
    /// What Redis is to be told; nil: to forget.
    var changed: [Int64: Timestamp?] = [:]
  }

  private let state = NIOLockedValueBox(State())

  var all: [Int64: Timestamp] { state.withLockedValue { $0.times } }

  func note(_ uses: [Int64: Timestamp]) {
    state.withLockedValue { state in
      for (id, time) in uses where time > state.times[id] ?? .min {
        state.times[id] = time
        state.changed[id] = .some(time)
      }
    }
  }

  /// As Redis has it.
  func restore(_ id: Int64, _ time: Timestamp) {
    state.withLockedValue { $0.times[id] = time }
  }

  func forget(_ id: Int64) {
    state.withLockedValue { state in
      state.times[id] = nil
      state.changed[id] = .some(nil)
    }
  }

  /// What Redis is to be told, as fields of a hash.
  func takeChanges() -> [String: String?] {
    state.withLockedValue { state in
      var fields: [String: String?] = [:]
      for (id, time) in state.changed { fields["\(id)"] = .some(time.map { "\($0)" }) }
      state.changed = [:]
      return fields
    }
  }

  /// Redis did not take them.
  func giveBack(_ changes: [String: String?]) {
    state.withLockedValue { state in
      for field in changes.keys {
        guard let id = Int64(field), state.changed[id] == nil else { continue }
        state.changed[id] = .some(state.times[id])
      }
    }
  }
}
