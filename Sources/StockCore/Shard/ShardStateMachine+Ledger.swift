/// The ledger: every change of a counter is a movement, and travels in the batch of its change.
extension ShardStateMachine {
  /// Whom and what the movements of the command under way name.
  struct Cause {
    var actor: ActorID = 0
    var note = MovementNote()
    /// The note's place in the open batch; negative: it is not there yet.
    var notePlace: Int32 = -1

    /// The next command's turn.
    @inline(__always)
    mutating func begin(_ actor: ActorID) {
      self.actor = actor
      if !note.isEmpty { note = MovementNote() }
      notePlace = -1
    }
  }

  /// Writes a movement of an entry's row, which has its new counters already.
  @inline(__always)
  mutating func log(
    _ kind: Movement.Kind, row: Int32, from before: EntryValue, _ now: Now
  ) {
    let entry = books.entries[Int(row)]
    let after = entry.isLive ? entry.counters : .zero
    log(
      kind, product: entry.product, location: entry.location, from: before.counters,
      to: after, now)
  }

  @inline(__always)
  mutating func log(
    _ kind: Movement.Kind, product: Int32, location: LocationID, from before: Counters,
    to after: Counters, _ now: Now
  ) {
    if before == after { return }
    var edges: Movement.Edges = []
    if books.products.rows[Int(product)].hasPolicy || before.available <= 0 || after.available <= 0
    {
      edges = self.edges(product: product, from: before.available, to: after.available)
    }
    open.movements.append(
      Movement(
        kind: kind, edges: edges, product: books.products.rows[Int(product)].id,
        store: books.products.rows[Int(product)].store, location: location,
        quantityChange: after.quantity - before.quantity,
        reservedChange: after.reserved - before.reserved, quantityAfter: after.quantity,
        reservedAfter: after.reserved, actor: cause.actor, occurredAt: now.wall,
        note: notePlace()))
  }

  private func edges(product: Int32, from before: Int64, to after: Int64) -> Movement.Edges {
    let value = books.products.value(of: product)
    if value.type.isUnlimited { return [] }
    var edges: Movement.Edges = []
    if let threshold = value.policy.lowStockThreshold, before > threshold, after <= threshold {
      edges.insert(.lowStock)
    }
    let floor = value.policy.floor
    if before > floor, after <= floor { edges.insert(.outOfStock) }
    if before <= floor, after > floor { edges.insert(.backInStock) }
    return edges
  }

  /// Where the command's note stands in the open batch; negative: it has none.
  @inline(__always)
  private mutating func notePlace() -> Int32 {
    if cause.note.isEmpty { return -1 }
    if cause.notePlace < 0 || Int(cause.notePlace) >= open.notes.count {
      cause.notePlace = Int32(open.notes.count)
      open.notes.append(cause.note)
    }
    return cause.notePlace
  }

  /// The movements of the batches that Redis has taken since the last call, for readers of events.
  public mutating func takeCommitted() -> [CommittedMovements] {
    if committedMovementsForReaders.isEmpty { return [] }
    defer { committedMovementsForReaders = [] }
    return committedMovementsForReaders
  }

  public mutating func setFeedsReaders(_ feeds: Bool) {
    feedsReaders = feeds
    if !feeds { committedMovementsForReaders = [] }
  }
}

/// An entry's counters.
struct Counters: Equatable {
  var quantity: Int64
  var reserved: Int64

  static let zero = Counters(quantity: 0, reserved: 0)

  var available: Int64 { quantity - reserved }
}

extension EntryValue {
  var counters: Counters { Counters(quantity: quantity, reserved: reserved) }
}
