import StockCore

/// The model's outcome, as far as an answer shows it.
enum ModelSays: Equatable, CustomStringConvertible {
  case entries(EntryState, other: EntryState?)
  case refused(Ending.Refused)
  /// Something that no client of ours is told.
  case otherwise(String)

  init(_ outcome: Outcome) {
    switch outcome {
    case .entry(let entry): self = .entries(EntryState(entry), other: nil)
    case .transferred(let from, let to): self = .entries(EntryState(from), other: EntryState(to))
    case .refused(.linesRefused(let lines)) where lines.count == 1:
      self.init(.refused(lines[0].refusal))
    case .refused(.insufficientStock(let requested, let available)):
      self = .refused(.insufficientStock(requested: requested, available: available))
    case .refused(.insufficientReserved(let requested, let reserved)):
      self = .refused(.insufficientReserved(requested: requested, reserved: reserved))
    case .refused(.belowReserved(let requested, let reserved)):
      self = .refused(.belowReserved(requested: requested, reserved: reserved))
    case .refused(.versionConflict(.version(let expected, let actual))):
      self = .refused(.versionConflict(expected: expected, actual: actual))
    default: self = .otherwise("\(outcome)")
    }
  }

  /// What the client was told; nil where that says nothing about it.
  init?(_ ending: Ending) {
    switch ending {
    case .accepted(let own, let other, _): self = .entries(own, other: other)
    case .refused(let refused): self = .refused(refused)
    case .done, .notDone, .unknown, .wrong: return nil
    }
  }

  var description: String {
    switch self {
    case .entries(let own, let other): "\(own)\(other.map { ", \($0)" } ?? "")"
    case .refused(let why): "refused: \(why)"
    case .otherwise(let text): text
    }
  }
}

extension EntryState {
  init(_ entry: EntrySnapshot) {
    self.init(
      id: entry.id, version: entry.value.version, quantity: entry.value.quantity,
      reserved: entry.value.reserved)
  }
}
