/// Recovery: the shard is taken (a new epoch), then everything is read, checked and served.
extension ShardStateMachine {
  /// What recovery found that cannot be true.
  public struct LoadError: Error, CustomStringConvertible, Sendable {
    public var description: String
  }

  /// The shard was taken with this meta: memory is emptied, rows come next.
  ///
  /// - Parameters:
  ///   - productCount: how many rows are to come, where known: memory is taken once.
  ///   - entryCount: the same.
  ///   - now: holds that ended before have their grace from now on.
  public mutating func beginLoading(
    _ meta: ShardMeta, productCount: Int = 0, entryCount: Int = 0,
    now: Now = Now(wall: 0, monotonic: 0)
  ) {
    undoAll(.storeUnavailable)
    abandonWorks()
    holds = Journal()
    holdLineCount = 0
    purchases = Journal()
    nextPurchase = 0
    orders = [:]
    closedOrders = []
    due.removeAll()
    keys = KeyTable()
    droppedBuckets = []
    committedMovementCount = meta.movements
    oldestBucket = meta.oldestBucket
    loadedAt = now.wall
    ownership = meta.ownership
    committedSequence = meta.sequence
    committedDigest = meta.digest
    committedEntryNumber = meta.lastEntryNumber
    lastEntryNumber = meta.lastEntryNumber
    books = Books()
    books.reserveCapacity(products: productCount, entries: entryCount)
    pendingEntries = []
    freePendingEntries = []
    pendingProducts = [:]
    stores = StoreIndex()
    redo.removeAll()
    heartbeat = nil
    isRedoing = false
    pauses = 0
    phase = .recovering("loading")
  }

  /// A product as Redis holds it. The same one twice is harmless: a scan may show it again.
  public mutating func load(product id: ProductID, _ value: ProductValue) throws(LoadError) {
    guard case .recovering = phase else { preconditionFailure("load without beginLoading") }
    guard id >= 1, id <= Bounds.maxID else { throw LoadError(description: "product \(id): bad id") }
    guard map.shard(ofProduct: id) == self.id else {
      throw LoadError(description: "product \(id) belongs to shard \(map.shard(ofProduct: id))")
    }
    guard value.sku.utf8.count <= Bounds.maxSKUBytes,
      value.title.utf8.count <= Bounds.maxTitleBytes
    else { throw LoadError(description: "product \(id): its SKU or title is too long") }
    guard Self.isKept(value.version, value.createdAt, value.updatedAt) else {
      throw LoadError(description: "product \(id): version or times out of range")
    }
    if let row = books.product(id) {
      books.replaceProduct(row, value)
    } else {
      _ = books.insertProduct(id, value)
    }
  }

  /// An entry as Redis holds it; its product was loaded before. The same one twice is harmless.
  ///
  /// - Parameter value: its `location` is set here, from `location`.
  public mutating func load(
    entry id: EntryID, product: ProductID, location: String, _ value: EntryValue
  ) throws(LoadError) {
    guard case .recovering = phase else { preconditionFailure("load without beginLoading") }
    guard id >= 1, map.shard(ofEntry: id) == self.id else {
      throw LoadError(description: "entry \(id) does not belong to shard \(self.id)")
    }
    guard map.number(ofEntry: id) <= lastEntryNumber else {
      throw LoadError(description: "entry \(id) has an id that was never given out")
    }
    guard let productRow = books.product(product) else {
      throw LoadError(description: "entry \(id): product \(product) is not there")
    }
    guard value.reserved >= 0, value.quantity >= 0, value.quantity <= Bounds.maxQuantity else {
      throw LoadError(
        description: "entry \(id): quantity \(value.quantity), reserved \(value.reserved)")
    }
    guard Self.isKept(value.version, value.createdAt, value.updatedAt) else {
      throw LoadError(description: "entry \(id): version or times out of range")
    }
    guard books.locations.id(location) != nil || !books.locations.isFull else {
      throw LoadError(description: "entry \(id): too many locations")
    }
    var value = value
    // What a store has, it keeps, whatever its share of the names is.
    value.location = books.locations.internBeyondBound(
      location, of: books.products.rows[Int(productRow)].store)
    if let row = books.entry(id) {
      guard books.entries[Int(row)].product == productRow else {
        throw LoadError(description: "entry \(id) is there twice")
      }
      books.entries[Int(row)].value = value
      return
    }
    _ = books.insertEntry(id, product: productRow, value)
  }

  /// Rows have room for these.
  private static func isKept(_ numbers: Int64...) -> Bool {
    numbers.allSatisfy { (0...Bounds.maxVersion).contains($0) }
  }

  /// A hold, or a part of one, as Redis holds it; all entries were loaded before. The same one twice is
  /// harmless.
  public mutating func load(hold record: HoldRecord) throws(LoadError) {
    guard case .recovering = phase else { preconditionFailure("load without beginLoading") }
    switch record {
    case .hold(let hold):
      guard map.shard(ofHold: hold.id) == id else {
        throw LoadError(description: "hold \(hold.id) does not belong to shard \(id)")
      }
      guard Self.isKept(hold.createdAt, hold.updatedAt) else {
        throw LoadError(description: "hold \(hold.id): times out of range")
      }
    case .part(let part):
      guard part.home != id, part.home < map.shardCount else {
        throw LoadError(description: "hold \(part.hold): its home is shard \(part.home)")
      }
    }
    let before = holds[record.id]
    for line in record.appliedLines
    where line.held != 0 && !line.unlimited && map.shard(ofProduct: line.product) == id {
      guard line.held > 0, row(of: line) != nil else {
        throw LoadError(
          description: "hold \(record.id): no entry of product \(line.product) at \(line.location)")
      }
    }
    holds.load(record.id, record)
    index(record.id, from: before, to: record)
    if case .hold(let hold) = record, hold.operation != nil, before == nil {
      undriven.append(hold.id)
    }
  }

  /// What a customer has of a product with a purchase limit.
  public mutating func load(_ purchases: Purchases, of key: PurchaseKey) {
    guard case .recovering = phase else { preconditionFailure("load without beginLoading") }
    self.purchases.load(key, purchases)
  }

  /// An idempotency key whose answer is in Redis.
  public mutating func load(_ key: IdempotencyKey, in bucket: IdempotencyBucket) {
    guard case .recovering = phase else { preconditionFailure("load without beginLoading") }
    keys.record(key, in: bucket)
  }

  /// Everything is loaded: the shard serves.
  ///
  /// - Throws: where holds keep more than is reserved, or a product has two entries at a location.
  public mutating func finishLoading() throws(LoadError) {
    guard case .recovering = phase else {
      preconditionFailure("finishLoading without beginLoading")
    }
    for entry in books.entries where entry.held > entry.reserved {
      throw LoadError(
        description:
          "entry \(entry.id): holds keep \(entry.held), reserved are \(entry.reserved)")
    }
    guard committedSequence < Bounds.maxID, committedMovementCount < Bounds.maxID,
      lastEntryNumber < Bounds.maxID / Int64(map.shardCount)
    else { throw LoadError(description: "meta has numbers that no shard comes to") }
    if let (one, other) = books.entriesAtSameLocation {
      throw LoadError(description: "entries \(one) and \(other) are at the same location")
    }
    countAll()
    phase = .idle
  }

  /// Loading could not be done, and may be tried again (`connectionReady`).
  public mutating func loadingFailed(_ why: String) {
    phase = .recovering(why)
  }

  /// What Redis holds cannot be served: people must look.
  public mutating func loadingRefused(_ why: String) {
    phase = .failed(why)
  }
}
