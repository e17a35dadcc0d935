/// What several rules share: finding what a command is about, the bounds, and writing a quantity.
extension ShardStateMachine {
  /// Where a quantity shall be written.
  struct Target {
    /// nil: the product is to be made.
    var product: Int32?
    /// nil: the entry is to be made.
    var row: Int32?
    var saw: Saw
  }

  enum Found {
    case found(Target)
    case refused(Decision)
  }

  /// Finds a product's entry.
  ///
  /// - Parameters:
  ///   - newProductStore: nil where an unknown product is refused.
  ///   - refusal: nil where an entry that is not there will be made.
  func findOrMake(
    _ product: ProductID, _ location: String, _ scope: StoreScope, newProductStore: StoreID?,
    refusal: Refusal?
  ) -> Found {
    guard let productRow = books.product(product) else {
      if refusal != nil || newProductStore == nil {
        return .refused(.refused(.productNotFound))
      }
      return .found(Target(product: nil, row: nil, saw: .committed))
    }
    var seen = saw(product: productRow)
    guard scope.allows(books.products.rows[Int(productRow)].store) else {
      return .refused(.refused(.productNotFound, seen))
    }
    var row: Int32?
    if let known = books.locations.id(location) {
      row = books.entry(product: productRow, location: known)
    }
    seen = max(seen, row.map { saw(entry: $0) } ?? saw(entriesOf: productRow))
    if row == nil, let refusal { return .refused(.refused(refusal, seen)) }
    return .found(Target(product: productRow, row: row, saw: seen))
  }

  func value(of target: Target) -> EntryValue? {
    if let row = target.row { books.entries[Int(row)].value } else { nil }
  }

  /// The units reserved of a product at all its locations, and the youngest state that they rest on.
  func reservedUnits(of product: Int32) -> (count: Int64, saw: Saw) {
    var count: Int64 = 0
    var seen = Saw.committed
    var row = books.products.rows[Int(product)].firstEntry
    while row != Books.none {
      if books.entries[Int(row)].isLive { count += books.entries[Int(row)].reserved }
      seen = max(seen, saw(entry: row))
      row = books.entries[Int(row)].next
    }
    return (count, seen)
  }

  /// Whether an entry's quantity may be corrected so: not below what is reserved, but by what may be
  /// owed. More than now is always welcome.
  func mayBecome(
    _ quantity: Int64, reserved: Int64, _ current: EntryValue?, _ target: Target
  ) -> Bool {
    quantity - reserved >= -backorderLimit(target)
      || (quantity >= current?.quantity ?? .max && reserved <= current?.reserved ?? 0)
  }

  func backorderLimit(_ target: Target) -> Int64 {
    guard let product = target.product, books.products.rows[Int(product)].hasPolicy else {
      return 0
    }
    return books.products.policy(of: product).backorderLimit
  }

  func conflict(
    version: Int64?, quantity: Int64?, current: EntryValue?
  ) -> Refusal.VersionConflict? {
    let actualVersion = current?.version ?? 0
    if let version, version != actualVersion {
      return .version(expected: version, actual: actualVersion)
    }
    let actualQuantity = current?.quantity ?? 0
    if let quantity, quantity != actualQuantity {
      return .quantity(expected: quantity, actual: actualQuantity)
    }
    return nil
  }

  /// Any of these versions will do. The conflict names the newest of them; `versions` is not empty.
  func conflict(versions: [Int64]?, current: EntryValue) -> Refusal.VersionConflict? {
    guard let versions, !versions.contains(current.version) else { return nil }
    return .version(expected: versions.max() ?? 0, actual: current.version)
  }

  /// Whether there is room for a target that may have to be made and grows by so many units.
  ///
  /// - Parameter store: whose the product is to be, where it is to be made.
  func capacity(
    _ target: Target, location: String, store: StoreID?, growth: Int64
  ) -> Refusal? {
    if growth > 0 {
      let total =
        if let row = target.product { books.totalQuantity(product: row) } else { Int64(0) }
      if total > Bounds.maxQuantity - growth { return .quantityTooLarge }
    }
    guard target.row == nil else { return nil }
    let owner = target.product.map { books.products.rows[Int($0)].store } ?? store
    if let owner, let bound = books.locations.bound(for: owner),
      books.locations.id(location) == nil
    {
      return .capacityReached(bound)
    }
    if books.entryCount >= Bounds.maxEntriesPerShard { return .capacityReached(.entries) }
    if let product = target.product {
      if Int(books.products.rows[Int(product)].entryCount) >= Bounds.maxLocationsPerProduct {
        return .capacityReached(.locationsOfProduct)
      }
    } else if books.productCount >= Bounds.maxProductsPerShard {
      return .capacityReached(.products)
    }
    return nil
  }

  /// What `capacity` rests on.
  func sawCapacity(_ target: Target) -> Saw {
    if let product = target.product { saw(entriesOf: product) } else { target.saw }
  }

  /// Writes a quantity, making the entry and the product where they are not.
  mutating func write(
    _ target: Target, product: ProductID, location: String, store: StoreID?, quantity: Int64,
    gtin: GTIN, _ kind: Movement.Kind, _ now: Now
  ) -> Decision {
    if let row = target.row {
      let before = books.entries[Int(row)].value
      touch(entry: row, now: now)
      books.entries[Int(row)].value.quantity = quantity
      books.entries[Int(row)].value.gtin = gtin
      stamp(row, now)
      record(entry: row, floor: min(0, books.entries[Int(row)].available))
      log(kind, row: row, from: before, now)
      return Decision(outcome: .entry(snapshot(entry: row)), saw: .open)
    }
    guard let owner = target.product.map({ books.products.rows[Int($0)].store }) ?? store else {
      preconditionFailure("findOrMake allows no new product without a store")
    }
    guard let locationID = books.locations.intern(location, of: owner) else {
      preconditionFailure("there is no room for a name: `capacity` is to be asked before")
    }
    let productRow: Int32
    if let known = target.product {
      productRow = known
    } else {
      let value = ProductValue(
        store: owner, type: .physical, createdAt: now.wall, updatedAt: now.wall)
      productRow = makeProduct(product, value, now: now)
    }
    let value = EntryValue(
      quantity: quantity, reserved: 0, version: 1, createdAt: now.wall, updatedAt: now.wall,
      gtin: gtin, location: locationID)
    let row = makeEntry(product: productRow, value: value, now: now)
    log(kind, product: productRow, location: locationID, from: .zero, to: value.counters, now)
    return Decision(outcome: .entry(snapshot(entry: row)), saw: .open)
  }

  @inline(__always)
  mutating func stamp(_ row: Int32, _ now: Now) {
    books.entries[Int(row)].write(books.entries[Int(row)].counters, at: now.wall)
  }
}
