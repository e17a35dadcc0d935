/// How batches that Redis has not executed are undone, and how a shard ends.
extension ShardStateMachine {
  // MARK: Undoing

  /// Restores what the open batch changed, and refuses all who wait for it or behind it.
  mutating func undoOpen(_ why: Unavailability) {
    let undone = open
    open = OpenBatch()
    closedOrders += undone.closedOrders.all
    let changes = holds.undoOpen()
    _ = purchases.undoOpen()
    forgetRecords(of: undone, changes)
    restore(undone, isOpen: true)
    wasUndone(changes, .storeUnavailable)
    doubtProbes()
    lastEntryNumber = inFlight?.batch.lastEntryNumber ?? committedEntryNumber
    refuse(undone.waiting, why)
    let queued = backlog
    backlog = []
    for (_, ticket) in queued {
      answers.append(
        Answer(ticket: ticket, outcome: .unavailable(why), shard: id, sequence: committedSequence))
    }
  }

  /// Undoes the batch in flight, which Redis has definitely not executed, and all that builds on it.
  ///
  /// - Parameter why: what those are told who wait for the batch in flight.
  mutating func undoAll(_ why: Unavailability) {
    undoOpen(.storeUnavailable)
    guard let flying = inFlight else { return }
    inFlight = nil
    closedOrders += flying.contents.closedOrders.all
    let changes = holds.undoFlying()
    _ = purchases.undoFlying()
    forgetRecords(of: flying.contents, changes)
    restore(flying.contents, isOpen: false)
    wasUndone(changes, why)
    doubtProbes()
    lastEntryNumber = committedEntryNumber
    refuse(flying.contents.waiting, why)
  }

  /// What holds keep of entries is taken back before the entries are, while those are all there; what
  /// they kept before is noted after that (`wasUndone`), when those are there again.
  private mutating func forgetRecords(
    of undone: OpenBatch, _ changes: [Change<HoldID, HoldRecord>]
  ) {
    for record in undone.idempotency { keys.forget(record.key) }
    for change in changes.reversed() { index(change.key, from: change.after, to: nil) }
  }

  private mutating func restore(_ undone: OpenBatch, isOpen: Bool) {
    for (index, row) in undone.entryRows.enumerated().reversed() {
      let place = books.entries[Int(row)].pending
      if isOpen {
        pendingEntries[Int(place)].openChange = Books.none
      } else {
        pendingEntries[Int(place)].inFlightChange = Books.none
      }
      let isFree = pendingEntries[Int(place)].inFlightChange == Books.none
      if isFree {
        freePendingEntries.append(place)
        books.entries[Int(row)].pending = Books.none
      }
      if let before = undone.entryChanges[index].before {
        books.entries[Int(row)].value = before
        books.entries[Int(row)].isLive = true
      } else {
        books.removeEntry(row)
      }
    }
    for (index, row) in undone.productRows.enumerated().reversed() {
      guard var pending = pendingProducts[row] else { continue }
      if isOpen { pending.openChange = Books.none } else { pending.inFlightChange = Books.none }
      pendingProducts[row] = pending.inFlightChange == Books.none ? nil : pending
      if let before = undone.productChanges[index].before {
        books.replaceProduct(row, before)
      } else {
        books.removeProduct(row)
      }
    }
  }

  // MARK: Ends

  /// Another engine owns the shard. What was in flight may have been taken before it came.
  mutating func fence(_ who: String, now: Now) -> ShardAction {
    undoAll(inFlight?.maybeExecuted == true ? .outcomeUnknown : .storeUnavailable)
    abandonWorks()
    phase = .fenced(who)
    return .none
  }

  /// Something that must not be. Nothing more is written until Redis has been mended, or the shard is
  /// loaded anew. What was confirmed is in memory, and nothing else: it can be written back.
  mutating func fail(_ why: String) -> ShardAction {
    undoAll(.outcomeUnknown)
    abandonWorks()
    phase = .damaged(why)
    return .none
  }

  /// The engine stops: nobody is to wait any more. What is in flight may or may not get to Redis.
  public mutating func abandon() {
    if inFlight != nil {
      undoAll(.outcomeUnknown)
    } else {
      undoOpen(.storeUnavailable)
    }
    abandonWorks()
    phase = .recovering("stopped")
  }
}
