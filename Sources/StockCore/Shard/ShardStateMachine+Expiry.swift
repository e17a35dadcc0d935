/// What is due: holds end at their time, and are forgotten some time after they ended, as is what
/// customers have of a sale. These are changes like any other: they travel in a batch, in order.
extension ShardStateMachine {
  /// Holds that one look ends at most, so that no client waits for a long list of overdue ones.
  static let expiriesPerLook = 256
  /// Purchases that one look goes through: they are all looked at, round and round.
  static let purchasesPerLook = 64

  /// When a hold's next thing is due; nil: nothing.
  private func dueAt(_ hold: Hold) -> Timestamp? {
    if hold.status.isClosed { return hold.updatedAt + configuration.closedHoldAge }
    guard hold.status == .held, !hold.order.isEmpty else { return nil }
    // One that ended while nobody could reach the engine gets the grace that people set.
    return hold.expiresAt < loadedAt
      ? max(hold.expiresAt, loadedAt + configuration.expiryGrace) : hold.expiresAt
  }

  mutating func schedule(_ hold: Hold) {
    guard let at = dueAt(hold) else { return }
    due.insert(hold.id, at: at)
    // Extended and ended holds leave items behind.
    if due.count > 4_096, due.count > 3 * holds.count { rebuildDue() }
  }

  /// While others were only asked, the hold's time may have come and been passed over: nothing was
  /// written after that, by which it would be found again.
  mutating func scheduleAfter(_ work: Work, of id: HoldID) {
    guard work.isProbe, let hold = hold(id), hold.operation == nil else { return }
    schedule(hold)
  }

  mutating func rebuildDue() {
    due.removeAll()
    var items: [(HoldID, Timestamp)] = []
    holds.forEach { id, record in
      if case .hold(let hold) = record, hold.operation == nil, let at = dueAt(hold) {
        items.append((id, at))
      }
    }
    for (id, at) in items { due.insert(id, at: at) }
  }

  /// Ends what is due, in the open batch.
  mutating func expireDue(_ now: Now, limit: Int = expiriesPerLook) {
    guard due.next <= now.wall else { return }
    let caller = cause
    defer { cause = caller }
    for _ in 0..<limit {
      guard !open.isFull, let item = due.popDue(at: now.wall) else { return }
      guard let hold = hold(item.hold), hold.operation == nil, works[item.hold] == nil,
        let at = dueAt(hold), at <= now.wall
      else { continue }
      if hold.status.isClosed {
        write(hold.id, nil, now)
      } else {
        expire(hold, now)
      }
    }
  }

  /// Whether more is due than one look ends.
  func hasDue(_ now: Now) -> Bool { due.next <= now.wall }

  /// Ends one hold if it is due, whatever is due before it.
  mutating func expireIfDue(_ id: HoldID, _ now: Now) {
    guard let hold = hold(id), !hold.status.isClosed, hold.operation == nil, works[id] == nil,
      let at = dueAt(hold), at <= now.wall
    else { return }
    let caller = cause
    defer { cause = caller }
    expire(hold, now)
  }

  /// Forgets, in the open batch, what customers have of sales that are over.
  mutating func forgetPurchases(_ now: Now) {
    let count = purchases.rowCount
    for _ in 0..<min(count, Self.purchasesPerLook) {
      guard !open.isFull else { return }
      if nextPurchase >= count { nextPurchase = 0 }
      if let (key, value) = purchases.tentative(row: nextPurchase), isOver(key, value, now) {
        noteOpened(now)
        purchases.write(key, nil)
      }
      nextPurchase += 1
    }
  }

  /// The sale that it counts for ended long ago, or its product has had another one, or none, for long.
  private func isOver(_ key: PurchaseKey, _ value: Purchases, _ now: Now) -> Bool {
    guard let product = books.product(key.product) else { return true }
    let limit = books.products.policy(of: product).purchaseLimit
    let endedAt =
      limit?.startsAt == value.saleStart
      ? limit?.endsAt ?? .max : books.products.updatedAt(of: product)
    return endedAt <= now.wall - configuration.endedSaleAge
  }

  private mutating func expire(_ hold: Hold, _ now: Now) {
    if configuration.plants(.expiryNotSequenced) {
      for line in hold.lines {
        if let row = row(of: line) { books.entries[Int(row)].value.reserved -= line.held }
      }
      return
    }
    cause = Cause(actor: 0, note: MovementNote(reference: hold.id))
    var lines = hold.lines
    for place in lines.indices { lines[place].held = 0 }
    _ = letGo(hold, to: lines, .expire, nil, now)
  }
}
