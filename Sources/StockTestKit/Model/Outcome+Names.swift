public import StockCore

extension Outcome {
  /// The same outcome with every location's number set to 0: numbers differ between engines, names
  /// do not.
  public var withoutLocationNumbers: Outcome {
    switch self {
    case .entry(let entry): .entry(entry.withoutLocationNumber)
    case .transferred(let from, let to):
      .transferred(from: from.withoutLocationNumber, to: to.withoutLocationNumber)
    case .summary(let summary):
      .summary(
        ProductSummary(
          product: summary.product, entries: summary.entries.map(\.withoutLocationNumber)))
    case .allocated(let lines):
      .allocated(
        lines.map { AllocatedLine(quantity: $0.quantity, entry: $0.entry.withoutLocationNumber) })
    case .reservedTogether(let entries): .reservedTogether(entries.map(\.withoutLocationNumber))
    case .part(let answer):
      .part(
        PartAnswer(
          lines: answer.lines,
          entries: answer.entries.map(\.withoutLocationNumber), refused: answer.refused))
    case .deleted, .product, .productCreated, .hold, .holdCreated, .keyUnknown, .replay, .refused,
      .unavailable:
      self
    }
  }
}

extension EntrySnapshot {
  /// See `Outcome.withoutLocationNumbers`.
  public var withoutLocationNumber: EntrySnapshot {
    var copy = self
    copy.value.location = 0
    return copy
  }
}

extension Outcome {
  /// It rests on stock, so that who asks with the same key is told the same again.
  var isJudged: Bool {
    switch self {
    case .refused(.capacityReached), .unavailable: false
    default: true
    }
  }
}
