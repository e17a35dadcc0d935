/// From which locations units are taken where the client names none.
extension ShardStateMachine {
  struct Share: Equatable {
    var row: Int32
    var quantity: Int64
  }

  /// Shares that add up to `quantity`; or what there would be (of one location, where it must be one).
  enum Shares {
    case found([Share])
    case short(available: Int64)
  }

  /// The places of locations in an allocation's order.
  func ranks(_ allocation: Allocation) -> [LocationID: Int] {
    var ranks: [LocationID: Int] = [:]
    for (rank, name) in allocation.priority.enumerated() {
      if let location = books.locations.id(name), ranks[location] == nil { ranks[location] = rank }
    }
    return ranks
  }

  /// - Parameters:
  ///   - ranks: of the allocation.
  ///   - taken: units of an entry that are spoken for already; negative: given back first.
  func shares(
    of quantity: Int64, product: Int32, _ strategy: Allocation.Strategy,
    _ ranks: [LocationID: Int], taken: (Int32) -> Int64
  ) -> Shares {
    struct Candidate {
      var row: Int32
      var id: EntryID
      var free: Int64
      var rank: Int
    }
    var candidates: [Candidate] = []
    var row = books.products.rows[Int(product)].firstEntry
    while row != Books.none {
      let entry = books.entries[Int(row)]
      let free = free(row) - taken(row)
      if entry.isLive, free > 0 {
        let rank = ranks.isEmpty ? .max : ranks[entry.location] ?? .max
        candidates.append(Candidate(row: row, id: entry.id, free: free, rank: rank))
      }
      row = entry.next
    }
    switch strategy {
    case .priority, .singleLocation:
      candidates.sort { $0.rank != $1.rank ? $0.rank < $1.rank : $0.id < $1.id }
    case .highestStock:
      candidates.sort { $0.free != $1.free ? $0.free > $1.free : $0.id < $1.id }
    }
    if strategy == .singleLocation {
      if let one = candidates.first(where: { $0.free >= quantity }) {
        return .found([Share(row: one.row, quantity: quantity)])
      }
      return .short(available: candidates.map(\.free).max() ?? 0)
    }
    var shares: [Share] = []
    var rest = quantity
    for candidate in candidates where rest > 0 {
      let share = min(rest, candidate.free)
      shares.append(Share(row: candidate.row, quantity: share))
      rest -= share
    }
    return rest == 0 ? .found(shares) : .short(available: quantity - rest)
  }

  mutating func allocate(_ allocate: AllocateStock, _ scope: StoreScope, _ now: Now) -> Decision {
    guard let product = books.product(allocate.product) else {
      return .refused(.productNotFound)
    }
    let sawProduct = saw(product: product)
    guard scope.allows(books.products.rows[Int(product)].store) else {
      return .refused(.productNotFound, sawProduct)
    }
    if books.products.rows[Int(product)].type.isUnlimited {
      let amount = EntryAmount(
        product: allocate.product, location: "", quantity: allocate.quantity)
      return moveUnlimited(amount, product, sawProduct)
    }
    guard hasEntries(product) else { return .refused(.entryNotFound, saw(entriesOf: product)) }
    switch shares(
      of: allocate.quantity, product: product, allocate.allocation.strategy,
      ranks(allocate.allocation), taken: { _ in 0 })
    {
    case .short(let available):
      return .refused(
        .insufficientStock(requested: allocate.quantity, available: available),
        saw(entriesOf: product))
    case .found(let shares):
      var lines: [AllocatedLine] = []
      for share in shares {
        reserve(share.quantity, row: share.row, now)
        lines.append(
          AllocatedLine(quantity: share.quantity, entry: snapshot(entry: share.row)))
      }
      return Decision(outcome: .allocated(lines), saw: .open)
    }
  }

  /// Whether a product has a live entry anywhere.
  func hasEntries(_ product: Int32) -> Bool {
    var row = books.products.rows[Int(product)].firstEntry
    while row != Books.none {
      if books.entries[Int(row)].isLive { return true }
      row = books.entries[Int(row)].next
    }
    return false
  }

  /// Reserves units that are there.
  @inline(__always)
  mutating func reserve(_ quantity: Int64, row: Int32, _ now: Now) {
    let before = books.entries[Int(row)].counters
    var after = before
    after.reserved += quantity
    moveCounters(.reserve, row: row, from: before, to: after, floor: floor(of: row), now)
  }

  /// Units of an entry that can be reserved; negative where more are owed than may be.
  @inline(__always)
  func free(_ row: Int32) -> Int64 {
    let value = books.entries[Int(row)].counters
    return min(value.available - floor(of: row), Bounds.maxQuantity - value.reserved)
  }

  /// What the policy of an entry's product says must stay available after a reserve.
  @inline(__always)
  func floor(of row: Int32) -> Int64 {
    let product = books.entries[Int(row)].product
    return books.products.rows[Int(product)].hasPolicy
      ? books.products.policy(of: product).floor : 0
  }
}
