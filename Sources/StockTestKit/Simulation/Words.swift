import StockCore

// What happens, in words that fit on a line.

extension HoldLine {
  var words: String {
    "\(product)@\(location.isEmpty ? "-" : location):\(held)/\(quantity)"
      + (fulfilled == 0 ? "" : "+\(fulfilled)") + (unlimited ? "*" : "")
  }
}

extension [HoldLine] {
  var words: String { map(\.words).joined(separator: " ") }
}

extension Hold {
  var words: String {
    var text = "\(id) r\(revision) \(order) \(status.name) [\(lines.words)] until \(expiresAt)"
    if let operation {
      text += " \(operation.phase) \(operation.kind) [\(operation.target.words)]"
      text += " with \(operation.participants)"
    }
    return text
  }
}

extension HoldRecord {
  var words: String {
    switch self {
    case .hold(let hold): hold.words
    case .part(let part): "part r\(part.revision) of \(part.hold) [\(part.lines.words)]"
    }
  }
}

extension EntrySnapshot {
  var words: String {
    "\(id) v\(value.version) \(product)@\(location) \(value.quantity)-\(value.reserved)"
      + (unlimited ? " unlimited" : "")
  }
}

extension Refusal {
  var words: String {
    switch self {
    case .linesRefused(let lines):
      "refused "
        + lines.map { "\($0.product)@\($0.location) \($0.refusal.words)" }.joined(separator: ", ")
    default: "\(self)"
    }
  }
}

extension Outcome {
  var words: String {
    switch self {
    case .entry(let entry): entry.words
    case .transferred(let from, let to): "\(from.words) to \(to.words)"
    case .allocated(let lines):
      lines.map { "\($0.quantity) of \($0.entry.words)" }.joined(separator: ", ")
    case .hold(let hold): "hold \(hold.words)"
    case .holdCreated(let hold): "new \(hold.words)"
    case .reservedTogether(let entries):
      "together " + entries.map(\.words).joined(separator: ", ")
    case .part(let part):
      "part [\(part.lines.words)]"
        + part.refused.map { " \($0.product)@\($0.location) \($0.refusal.words)" }.joined()
    case .refused(let refusal): refusal.words
    case .deleted, .product, .productCreated, .summary, .keyUnknown, .replay, .unavailable:
      "\(self)"
    }
  }
}

extension Command.Operation {
  var words: String {
    switch self {
    case .reserve(let it): "reserve \(it.quantity) \(it.product)@\(it.location)"
    case .release(let it): "release \(it.quantity) \(it.product)@\(it.location)"
    case .fulfill(let it): "fulfill \(it.quantity) \(it.product)@\(it.location)"
    case .hold(let it):
      "hold \(it.id) \(it.order) of \(it.customer) [\(it.lines.words)] for \(it.timeToLive) ms"
    case .reserveTogether(let it): "together \(it.id) [\(it.lines.words)]"
    default: "\(self)"
    }
  }
}
