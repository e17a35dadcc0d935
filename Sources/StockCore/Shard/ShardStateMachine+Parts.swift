/// Holds over several shards, seen from a shard that is not the home: it does what the home asks, any
/// number of times with the same effect.
extension ShardStateMachine {
  mutating func applyPart(_ request: PartRequest, _ scope: StoreScope, _ now: Now) -> Decision {
    let known = part(request.hold)
    guard known != nil || holds[request.hold] == nil else {
      // The home itself has a hold of that id, which it would not ask itself for.
      return .refused(.holdIDTaken, holds.saw(request.hold))
    }
    let old = known?.lines ?? []
    let change = LineChange(
      hold: request.hold, customer: request.customer, scope: scope,
      giveBack: request.cause == .expire ? .expire : .release, allocation: request.allocation,
      isCounted: request.cause != .reserve)
    switch request.mode {
    case .probe:
      switch judge(old, to: request.lines, change, isForced: false, now) {
      case .refused(let refusals, let seen):
        return Decision(outcome: .part(PartAnswer(refused: refusals)), saw: seen)
      case .possible: return Decision(outcome: .part(PartAnswer()), saw: .committed)
      }
    case .prepare:
      return prepare(request, old, known, change, now)
    case .settle:
      if case .possible(let plan) = judge(old, to: request.lines, change, isForced: true, now) {
        carryOut(plan, change, now)
      }
      if request.lines.isEmpty {
        if known != nil { write(request.hold, nil, now) }
      } else if known?.lines != request.lines {
        keep(request.lines, request, known, now)
      }
      return Decision(outcome: .part(PartAnswer()), saw: holds.saw(request.hold))
    case .detach:
      if known != nil { write(request.hold, nil, now) }
      return Decision(outcome: .part(PartAnswer()), saw: holds.saw(request.hold))
    }
  }

  private mutating func prepare(
    _ request: PartRequest, _ old: [HoldLine], _ known: HoldPart?, _ change: LineChange,
    _ now: Now
  ) -> Decision {
    switch judge(old, to: request.lines, change, isForced: false, now) {
    case .refused(let refusals, let seen):
      return Decision(
        outcome: .part(PartAnswer(refused: refusals)), saw: max(seen, holds.saw(request.hold)))
    case .possible(let plan):
      let prepared = Hold.prepared(old, for: plan.lines, request.cause)
      if case .possible(let step) = judge(old, to: prepared, change, isForced: true, now) {
        carryOut(step, change, now)
      }
      if known?.lines != prepared, !(known == nil && prepared.isEmpty) {
        keep(prepared, request, known, now)
      }
      let entries =
        request.cause == .reserve ? plan.lines.compactMap { entrySnapshot(of: $0) } : []
      return Decision(
        outcome: .part(PartAnswer(lines: plan.lines, entries: entries)),
        saw: holds.saw(request.hold))
    }
  }

  private mutating func keep(
    _ lines: [HoldLine], _ request: PartRequest, _ known: HoldPart?, _ now: Now
  ) {
    let part = HoldPart(
      hold: request.hold, home: request.home, customer: request.customer, lines: lines,
      revision: (known?.revision ?? 0) + 1)
    write(request.hold, .part(part), now)
  }

  /// A line's entry as it is in the open batch.
  func entrySnapshot(of line: HoldLine) -> EntrySnapshot? {
    guard let product = books.product(line.product) else { return nil }
    if let row = row(of: line) {
      let unlimited = books.products.rows[Int(product)].type.isUnlimited
      return snapshot(entry: row, unlimited: unlimited)
    }
    let nothing = EntryValue(
      quantity: 0, reserved: 0, version: 0, createdAt: 0, updatedAt: 0, gtin: .none, location: 0)
    return EntrySnapshot(
      id: 0, product: line.product, store: books.products.rows[Int(product)].store,
      location: line.location, value: nothing, unlimited: true)
  }
}
