/// What must be true of a shard's memory at any time. For tests: it looks at every row.
extension ShardStateMachine {
  /// - Returns: what is wrong, in words; empty where all is well.
  package func checkInvariants() -> [String] {
    var wrong: [String] = []
    checkProducts(&wrong)
    checkEntries(&wrong)
    checkPendingEntries(&wrong)
    checkPendingProducts(&wrong)
    checkBatches(&wrong)
    checkHolds(&wrong)
    if isReadable { wrong += checkCounts() }
    return wrong
  }

  /// What holds have under way is gone on with: the shard is neither another's nor to be loaded anew.
  private var isDriving: Bool {
    switch phase {
    case .idle, .committing, .resolving, .pausing, .replaying, .yielding, .suspended: true
    case .recovering, .damaged, .fenced, .failed: false
    }
  }

  /// Nothing is open, on its way to Redis, or under way with other shards.
  package var isQuiet: Bool {
    inFlight == nil && !open.hasChanges && works.isEmpty && undriven.isEmpty && outbox.isEmpty
      && backlog.isEmpty
  }

  private func checkProducts(_ wrong: inout [String]) {
    var listed = 0
    var live = 0
    for (index, product) in books.products.enumerated() {
      let row = Int32(index)
      guard product.isLive else {
        if product.firstEntry != Books.none { wrong.append("free product row \(row) has entries") }
        continue
      }
      live += 1
      if books.product(product.id) != row { wrong.append("product \(product.id) is not indexed") }
      var places: Set<LocationID> = []
      var count: Int32 = 0
      var next = product.firstEntry
      while next != Books.none, Int(count) <= books.entries.count {
        let entry = books.entries[Int(next)]
        count += 1
        if entry.product != row { wrong.append("entry row \(next) is in another product's list") }
        if entry.id == 0 { wrong.append("free entry row \(next) is in a list") }
        if entry.isLive, !places.insert(entry.value.location).inserted {
          wrong.append("product \(product.id) has two entries at \(entry.value.location)")
        }
        next = entry.next
      }
      if count != product.entryCount {
        wrong.append("product \(product.id) counts \(product.entryCount) entries, lists \(count)")
      }
      listed += Int(count)
    }
    if live != books.productCount {
      wrong.append("\(live) products, \(books.productCount) indexed")
    }
    if listed != books.entryCount { wrong.append("\(listed) listed, \(books.entryCount) indexed") }
    let free = Set(books.freeProducts)
    if free.count != books.freeProducts.count { wrong.append("a product row is free twice") }
    if free.count + live != books.products.count { wrong.append("product rows are lost") }
    for row in free where books.products.rows[Int(row)].isLive {
      wrong.append("product row \(row) is free and in use")
    }
  }

  private func checkEntries(_ wrong: inout [String]) {
    var used = 0
    for (index, entry) in books.entries.enumerated() where entry.id != 0 {
      used += 1
      let row = Int32(index)
      if books.entry(entry.id) != row { wrong.append("entry \(entry.id) is not indexed") }
      if !entry.isLive, entry.pending == Books.none {
        wrong.append("entry \(entry.id) is deleted by no batch")
      }
      let value = entry.value
      if value.reserved < 0 || value.quantity < 0 || value.quantity > Bounds.maxQuantity
        || entry.held < 0 || entry.held > value.reserved
      {
        wrong.append(
          "entry \(entry.id): quantity \(value.quantity), reserved \(value.reserved), "
            + "held \(entry.held)")
      }
      if entry.pending != Books.none, pendingEntries[Int(entry.pending)].row != row {
        wrong.append("entry \(entry.id): its pending place is another's")
      }
      if map.number(ofEntry: entry.id) > lastEntryNumber {
        wrong.append("entry \(entry.id) was never given out")
      }
    }
    let free = Set(books.freeEntries)
    if free.count != books.freeEntries.count { wrong.append("an entry row is free twice") }
    if free.count + used != books.entries.count { wrong.append("entry rows are lost") }
    for row in free where books.entries[Int(row)].id != 0 {
      wrong.append("entry row \(row) is free and in use")
    }
  }

  private func checkHolds(_ wrong: inout [String]) {
    var held: [Int32: Int64] = [:]
    var orders: [OrderKey: HoldID] = [:]
    var lineCount = 0
    holds.forEach { id, record in
      lineCount += record.lineCount
      // What Redis could not read again.
      for line in record.appliedLines where line.quantity > Bounds.maxQuantity {
        wrong.append("hold \(id): \(line)")
      }
      for line in record.appliedLines where line.held != 0 && !line.unlimited {
        if line.held < 0 || line.fulfilled < 0 { wrong.append("hold \(id): \(line)") }
        guard map.shard(ofProduct: line.product) == self.id else { continue }
        guard let row = row(of: line) else {
          wrong.append("hold \(id) holds of product \(line.product), which is not there")
          continue
        }
        held[row, default: 0] += line.held
      }
      if let order = record.openOrder {
        if let other = orders[order] { wrong.append("\(order) has holds \(other) and \(id)") }
        orders[order] = id
      }
      if case .hold(let hold) = record, hold.operation != nil, works[id] == nil,
        !undriven.contains(id), isDriving
      {
        wrong.append("nobody goes on with hold \(id)")
      }
    }
    if lineCount != holdLineCount {
      wrong.append("\(lineCount) lines of holds, \(holdLineCount) counted")
    }
    if orders != self.orders { wrong.append("orders are not those of the holds") }
    for (index, entry) in books.entries.enumerated() where entry.id != 0 {
      let sum = held[Int32(index)] ?? 0
      if entry.held != sum {
        wrong.append("entry \(entry.id) knows \(entry.held) held, holds keep \(sum)")
      }
    }
  }

  private func checkPendingEntries(_ wrong: inout [String]) {
    let free = Set(freePendingEntries)
    if free.count != freePendingEntries.count { wrong.append("a pending place is free twice") }
    for (index, pending) in pendingEntries.enumerated() where !free.contains(Int32(index)) {
      let entry = books.entries[Int(pending.row)]
      if entry.pending != Int32(index) { wrong.append("pending place \(index) belongs to no row") }
      let flying = change(pending.inFlightChange, of: pending.row, in: inFlight?.contents, &wrong)
      let opened = change(pending.openChange, of: pending.row, in: open, &wrong)
      guard let first = flying ?? opened else {
        wrong.append("entry \(entry.id) is pending in no batch")
        continue
      }
      if first.before != pending.committed { wrong.append("entry \(entry.id): wrong committed") }
      guard let flying else { continue }
      // What the open batch makes of an entry is in its row alone, until the batch is closed.
      if let opened {
        if flying.after != opened.before {
          wrong.append("entry \(entry.id): the open batch does not build on the one in flight")
        }
      } else if flying.after != (entry.isLive ? entry.value : nil) {
        wrong.append("entry \(entry.id): its row is not what the last batch says")
      }
    }
    let waiting = books.entries.count { $0.id != 0 && $0.pending != Books.none }
    if waiting + free.count != pendingEntries.count { wrong.append("pending places are lost") }
  }

  private func change(
    _ place: Int32, of row: Int32, in batch: OpenBatch?, _ wrong: inout [String]
  ) -> EntryChange? {
    guard place != Books.none else { return nil }
    guard let batch, Int(place) < batch.entryRows.count, batch.entryRows[Int(place)] == row else {
      wrong.append("entry row \(row): its place \(place) in the batch is not its own")
      return nil
    }
    return batch.entryChanges[Int(place)]
  }

  private func checkPendingProducts(_ wrong: inout [String]) {
    for (row, pending) in pendingProducts {
      let product = books.products[Int(row)]
      var changes: [ProductChange] = []
      for (place, batch) in [
        (pending.inFlightChange, inFlight?.contents), (pending.openChange, open),
      ] where place != Books.none {
        guard let batch, Int(place) < batch.productRows.count, batch.productRows[Int(place)] == row
        else {
          wrong.append("product \(product.id): its place in the batch is not its own")
          continue
        }
        changes.append(batch.productChanges[Int(place)])
      }
      guard let first = changes.first, let last = changes.last else {
        wrong.append("product \(product.id) is pending in no batch")
        continue
      }
      if first.before != pending.committed { wrong.append("product \(product.id): committed") }
      if changes.count == 2, first.after != last.before {
        wrong.append("product \(product.id): the batches do not build on each other")
      }
      if last.after != product.value { wrong.append("product \(product.id): its row differs") }
    }
  }

  private func checkBatches(_ wrong: inout [String]) {
    if let flying = inFlight {
      if flying.batch.previous != committedSequence { wrong.append("in flight: wrong previous") }
      if flying.batch.entries.map(\.after) != flying.contents.entryChanges.map(\.after) {
        wrong.append("the batch in flight has changed")
      }
    }
    if lastEntryNumber < committedEntryNumber { wrong.append("entry numbers went back") }
    if !open.hasChanges, !open.waiting.isEmpty { wrong.append("tickets wait for no change") }
    switch phase {
    case .committing, .pausing:
      if inFlight == nil { wrong.append("\(state) without a batch in flight") }
    case .idle, .yielding:
      if inFlight != nil { wrong.append("idle with a batch in flight") }
    case .suspended, .damaged, .fenced, .failed, .recovering:
      if inFlight != nil || open.hasChanges || !backlog.isEmpty || !pendingProducts.isEmpty {
        wrong.append("\(state) with something pending")
      }
    case .resolving, .replaying:
      break
    }
  }
}
