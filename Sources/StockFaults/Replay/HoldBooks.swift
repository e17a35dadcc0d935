import StockCore

/// A movement of a line of a reservation.
struct HoldMovement {
  var hold: String
  var key: EntryKey
  var kind: Movement.Kind
  var units: Int64
}

/// What became of each reservation, over all shards: all lines came to the same end, and to one that
/// its client was told.
struct HoldBooks {
  private struct Hold {
    /// Units that were asked for.
    var asked: [EntryKey: Int64] = [:]
    var taking: Ending?
    var shipping: Ending?
    var releasing: Ending?
    var held: [EntryKey: Int64] = [:]
    var shipped: [EntryKey: Int64] = [:]
  }

  /// How a reservation can stand in the end.
  private enum State: String {
    case nothing, held, shipped
  }

  private var holds: [String: Hold] = [:]

  init(_ attempts: [Attempt]) {
    for attempt in attempts {
      guard let id = attempt.hold else { continue }
      switch attempt.change {
      case .reserve(let units):
        holds[id, default: Hold()].asked[attempt.key] = units
        // Of a refused one some lines are not at fault.
        holds[id, default: Hold()].taking = attempt.ending
      case .fulfill: holds[id, default: Hold()].shipping = attempt.ending
      case .release: holds[id, default: Hold()].releasing = attempt.ending
      case .set, .adjust, .transfer: break
      }
    }
  }

  mutating func add(_ movements: [HoldMovement]) {
    for movement in movements {
      switch movement.kind {
      case .reserve:
        holds[movement.hold]?.held[movement.key, default: 0] += movement.units
      case .fulfill:
        holds[movement.hold]?.held[movement.key, default: 0] -= movement.units
        holds[movement.hold]?.shipped[movement.key, default: 0] += movement.units
      case .adjust:
        holds[movement.hold]?.held[movement.key, default: 0] += movement.units
        holds[movement.hold]?.shipped[movement.key, default: 0] -= movement.units
      default:
        holds[movement.hold]?.held[movement.key, default: 0] -= movement.units
      }
    }
  }

  func check() -> [Violation] {
    holds.sorted { $0.key < $1.key }.compactMap { id, hold in
      let held = hold.held.filter { $0.value != 0 }
      let shipped = hold.shipped.filter { $0.value != 0 }
      let state: State
      if held.isEmpty, shipped.isEmpty {
        state = .nothing
      } else if held == hold.asked, shipped.isEmpty {
        state = .held
      } else if held.isEmpty, shipped == hold.asked {
        state = .shipped
      } else {
        return Violation(
          .halfHeld,
          "reservation \(id) asked for \(hold.asked), has \(held), and shipped \(shipped)")
      }
      if possible(hold).contains(state) { return nil }
      let told = [hold.taking, hold.shipping, hold.releasing].compactMap { $0 }
      return Violation(.halfHeld, "reservation \(id) was told \(told), and is \(state.rawValue)")
    }
  }

  private func possible(_ hold: Hold) -> Set<State> {
    var possible: Set<State> = []
    switch hold.taking {
    case .done: possible = [.held]
    case .unknown: possible = [.nothing, .held]
    default: return [.nothing]
    }
    for (ending, state) in [(hold.shipping, State.shipped), (hold.releasing, .nothing)] {
      switch ending {
      case .done: possible = [state]
      case .unknown: possible.insert(state)
      default: break
      }
    }
    return possible
  }
}
