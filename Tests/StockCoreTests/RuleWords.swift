import StockCore

// Answers in the words of a `RuleTable`.

extension Outcome {
  /// The answer in words: its name, then `field=value`s.
  var words: [String] {
    switch self {
    case .entry(let entry): ["ok"] + entry.words(prefix: "")
    case .transferred(let from, let to):
      ["transferred"] + from.words(prefix: "from.") + to.words(prefix: "to.")
    case .deleted: ["deleted"]
    case .product(let product): ["product"] + product.words
    case .productCreated(let product): ["created"] + product.words
    case .summary(let summary):
      [
        "summary", "entries=\(summary.entries.map { String($0.id) }.joined(separator: ","))",
        "quantity=\(summary.totalQuantity)", "reserved=\(summary.totalReserved)",
        "available=\(summary.totalAvailable)",
      ] + summary.product.words
    case .allocated(let lines):
      [
        "allocated",
        "lines=" + lines.map { "\($0.entry.location):\($0.quantity)" }.joined(separator: ","),
      ]
    case .hold(let hold): ["held"] + hold.words
    case .holdCreated(let hold): ["held_new"] + hold.words
    case .reservedTogether(let entries):
      [
        "together",
        "entries="
          + entries.map { "\($0.product)@\($0.location):\($0.value.reserved)" }
          .joined(separator: ","),
      ]
    case .part(let answer):
      ["part", "lines=\(answer.lines.words)"] + answer.refused.flatMap(\.words)
    case .keyUnknown: ["key_unknown"]
    case .replay: ["replay"]
    case .refused(let refusal): refusal.words
    case .unavailable(let why): ["\(why)"]
    }
  }
}

extension EntrySnapshot {
  fileprivate func words(prefix: String) -> [String] {
    [
      "id=\(id)", "product=\(product)", "store=\(store)", "location=\(location)",
      "quantity=\(value.quantity)", "reserved=\(value.reserved)", "available=\(available)",
      "version=\(value.version)", "gtin=\(value.gtin)", "unlimited=\(unlimited)",
      "created=\(value.createdAt / 1_000)s", "updated=\(value.updatedAt / 1_000)s",
    ].map { prefix + $0 }
  }
}

extension ProductSnapshot {
  fileprivate var words: [String] {
    [
      "product=\(id)", "store=\(value.store)", "type=\(value.type.name)",
      "version=\(value.version)", "title=\(value.title)", "gtin=\(value.gtin)",
    ]
  }
}

extension Refusal {
  fileprivate var words: [String] {
    switch self {
    case .productNotFound: ["product_not_found"]
    case .entryNotFound: ["entry_not_found"]
    case .locationRequired: ["location_required"]
    case .versionConflict(.version(let expected, let actual)):
      ["version_conflict", "expected_version=\(expected)", "actual=\(actual)"]
    case .versionConflict(.quantity(let expected, let actual)):
      ["version_conflict", "expected_quantity=\(expected)", "actual=\(actual)"]
    case .insufficientStock(let requested, let available):
      ["insufficient_stock", "requested=\(requested)", "available=\(available)"]
    case .insufficientReserved(let requested, let reserved):
      ["insufficient_reserved", "requested=\(requested)", "reserved=\(reserved)"]
    case .belowReserved(let requested, let reserved):
      ["below_reserved", "requested=\(requested)", "reserved=\(reserved)"]
    case .quantityTooLarge: ["quantity_too_large"]
    case .locationTaken: ["location_taken"]
    case .entryInUse(let reserved): ["entry_in_use", "reserved=\(reserved)"]
    case .capacityReached(let what): ["capacity_reached", "of=\(what)"]
    case .purchaseLimit(let requested, let limit, let had):
      ["purchase_limit", "requested=\(requested)", "limit=\(limit)", "had=\(had)"]
    case .customerRequired: ["customer_required"]
    case .holdNotFound: ["hold_not_found"]
    case .holdClosed(let status): ["hold_closed", "status=\(status.name)"]
    case .holdIDTaken: ["hold_id_taken"]
    case .lineNotFound(let product, let location):
      ["line_not_found", "line=\(product)@\(location.isEmpty ? "-" : location)"]
    case .linesRefused(let lines): ["lines_refused"] + lines.flatMap(\.words)
    case .idempotencyMismatch: ["idempotency_mismatch"]
    case .idempotencyRunning: ["idempotency_running"]
    }
  }
}

extension LineRefusal {
  /// `1@A:insufficient_stock`, then its fields with the line before them.
  fileprivate var words: [String] {
    let line = "\(product)@\(location.isEmpty ? "-" : location)"
    return refusal.words.map { "\(line):\($0)" }
  }
}

extension Hold {
  fileprivate var words: [String] {
    [
      "id=\(id)", "order=\(order)", "customer=\(customer)", "store=\(store)",
      "status=\(status.name)", "lines=\(lines.words)", "created=\(createdAt / 1_000)s",
      "updated=\(updatedAt / 1_000)s", "expires=\(expiresAt / 1_000)s", "revision=\(revision)",
    ]
  }
}

extension [HoldLine] {
  fileprivate var words: String {
    map { line in
      let location = line.location.isEmpty ? "-" : line.location
      let shipped = line.fulfilled > 0 ? "+\(line.fulfilled)" : ""
      return "\(line.product)@\(location):\(line.held)/\(line.quantity)\(shipped)"
    }.joined(separator: ",")
  }
}
