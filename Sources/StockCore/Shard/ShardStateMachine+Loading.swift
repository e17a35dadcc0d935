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
  public mutating func beginLoading(_ meta: ShardMeta, productCount: Int = 0, entryCount: Int = 0) {
    undoAll(.storeUnavailable)
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
    if let row = books.product(id) {
      books.products[Int(row)].value = value
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
    guard value.reserved >= 0, value.quantity >= value.reserved,
      value.quantity <= Bounds.maxQuantity
    else {
      throw LoadError(
        description: "entry \(id): quantity \(value.quantity), reserved \(value.reserved)")
    }
    guard let locationID = books.locations.intern(location) else {
      throw LoadError(description: "entry \(id): too many locations")
    }
    var value = value
    value.location = locationID
    if let row = books.entry(id) {
      guard books.entries[Int(row)].product == productRow else {
        throw LoadError(description: "entry \(id) is there twice")
      }
      books.entries[Int(row)].value = value
      return
    }
    if let other = books.entry(product: productRow, location: locationID) {
      throw LoadError(
        description: "entries \(books.entries[Int(other)].id) and \(id) are at the same location")
    }
    _ = books.insertEntry(id, product: productRow, value)
  }

  /// Everything is loaded: the shard serves.
  public mutating func finishLoading() {
    guard case .recovering = phase else {
      preconditionFailure("finishLoading without beginLoading")
    }
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
