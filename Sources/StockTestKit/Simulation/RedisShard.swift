public import StockCore

/// An entry as Redis holds it: the location by name.
public struct StoredEntry: Equatable, Sendable {
  public var product: ProductID
  public var location: String
  /// Its `location` is always 0.
  public var value: EntryValue
}

/// A batch as it travels: what `commit.lua` gets.
public struct CommitRequest: Sendable {
  public struct Entry: Sendable {
    public var id: EntryID
    public var before: StoredEntry?
    public var after: StoredEntry?
  }

  public var ownership: Ownership
  public var previous: Sequence64
  public var sequence: Sequence64
  public var digest: UInt64
  public var lastEntryNumber: Int64
  public var entries: [Entry]
  public var products: [ProductChange]

  public init(_ batch: Batch, ownership: Ownership, locations: LocationTable) {
    self.ownership = ownership
    self.previous = batch.previous
    self.sequence = batch.sequence
    self.digest = batch.digest
    self.lastEntryNumber = batch.lastEntryNumber
    self.products = batch.products
    self.entries = batch.entries.map { change in
      func stored(_ value: EntryValue?) -> StoredEntry? {
        guard var value else { return nil }
        let name = locations.name(value.location)
        value.location = 0
        return StoredEntry(product: change.product, location: name, value: value)
      }
      return Entry(id: change.id, before: stored(change.before), after: stored(change.after))
    }
  }
}

/// What Redis holds of one shard, and what the scripts do to it. A value: a copy is a snapshot.
public struct RedisShard: Sendable {
  public var meta: ShardMeta? = ShardMeta(
    ownership: Ownership(owner: "", epoch: 0), sequence: 0, digest: 0, lastEntryNumber: 0)
  public var entries: [EntryID: StoredEntry] = [:]
  public var products: [ProductID: ProductValue] = [:]

  public init() {}

  /// As `commit.lua`, check by check: everything is checked, then everything is written.
  ///
  /// - Parameter faults: checks to leave out.
  public mutating func commit(
    _ request: CommitRequest, faults: Set<PlantedFault> = []
  ) -> (reply: CommitReply, isExecuted: Bool) {
    guard let held = meta else { return (.failed("no meta"), false) }
    if held.ownership != request.ownership, !faults.contains(.skipEpochCheck) {
      return (.fenced, false)
    }
    if !faults.contains(.skipSequenceCheck) {
      if held.sequence == request.sequence, held.digest == request.digest {
        return (.committed, false)
      }
      guard held.sequence == request.previous else {
        return (.sequenceMismatch(held: held.sequence), false)
      }
    }
    for change in request.entries {
      guard Self.matches(entries[change.id], change.before) else {
        return (.invalid("entry \(change.id)"), false)
      }
      if let after = change.after?.value, after.reserved < 0 || after.available < 0 {
        return (.invalid("entry \(change.id) would be negative"), false)
      }
    }
    for change in request.products {
      let held = products[change.id]
      guard held?.version == change.before?.version, held?.store == change.before?.store,
        held?.type == change.before?.type
      else { return (.invalid("product \(change.id)"), false) }
    }
    for change in request.entries { entries[change.id] = change.after }
    for change in request.products { products[change.id] = change.after }
    meta?.sequence = request.sequence
    meta?.digest = request.digest
    meta?.lastEntryNumber = request.lastEntryNumber
    return (.committed, true)
  }

  /// The prefix that the script compares: available, reserved, version, product.
  private static func matches(_ held: StoredEntry?, _ before: StoredEntry?) -> Bool {
    held?.value.quantity == before?.value.quantity
      && held?.value.reserved == before?.value.reserved
      && held?.value.version == before?.value.version && held?.product == before?.product
  }

  /// As `take.lua`: a new epoch for a new owner.
  public mutating func take(owner: String, minimum: Epoch) -> ShardMeta? {
    guard let held = meta else { return nil }
    let epoch = max(held.ownership.epoch, minimum) + 1
    meta?.ownership = Ownership(owner: owner, epoch: epoch)
    return meta
  }

  /// As `retake.lua`: the same epoch again, if nobody has taken a newer one.
  public mutating func retake(_ ownership: Ownership) -> ShardMeta? {
    guard let held = meta else { return nil }
    if held.ownership.epoch < ownership.epoch { meta?.ownership = ownership }
    return meta
  }
}

extension RedisShard {
  /// What differs from a machine's committed state, in words.
  public func differences(from machine: borrowing ShardStateMachine) -> [String] {
    var found: [String] = []
    if meta?.sequence != machine.committedSequence {
      found.append("sequence \(meta?.sequence ?? -1), memory \(machine.committedSequence)")
    }
    var entryCount = 0
    _ = machine.visitEntries(from: 0, count: .max) { _, _ in entryCount += 1 }
    if entries.count != entryCount {
      found.append("\(entries.count) entries, memory \(entryCount)")
    }
    var productCount = 0
    _ = machine.visitProducts(from: 0, count: .max) { _ in productCount += 1 }
    if products.count != productCount {
      found.append("\(products.count) products, memory \(productCount)")
    }
    for (id, held) in entries {
      guard let known = machine.committedEntry(id)?.withoutLocationNumber else {
        found.append("entry \(id) is not in memory")
        continue
      }
      if known.value != held.value || known.location != held.location
        || known.product != held.product
      {
        found.append("entry \(id): \(held), memory \(known)")
      }
    }
    for (id, held) in products where machine.committedProduct(id) != held {
      found.append("product \(id): \(held)")
    }
    return found
  }
}
