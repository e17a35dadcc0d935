import StockCore

/// A shard with stock, as after its start, and a Redis that says yes.
final class LoadedShard {
  var machine: ShardStateMachine
  var now = Now(wall: LoadedShard.start, monotonic: 1_000)
  static let start: Timestamp = 1_795_411_800_000
  static let location = "MAIN"
  private let commitLength: Int64

  /// - Parameters:
  ///   - products: 1 up to this, with one entry each.
  ///   - keys: idempotency keys that it knows.
  ///   - holds: they end one a millisecond, from `firstExpiry` on.
  init(
    _ scale: Scale, products: Int, keys: Int = 0,
    holds: (count: Int, firstExpiry: Timestamp)? = nil
  ) {
    commitLength = scale.commitLength
    machine = ShardStateMachine(id: 0, map: ShardMap(shardCount: 1))
    let start = now.wall - 86_400_000
    machine.beginLoading(
      ShardMeta(
        ownership: Ownership(owner: "bench", epoch: 1), sequence: 0, digest: 0,
        lastEntryNumber: Int64(products)),
      productCount: products, entryCount: products, now: now)
    let product = ProductValue(
      store: 1, type: .physical, sku: "SKU-OF-A-PRODUCT", title: "What the shop calls it",
      createdAt: start, updatedAt: start)
    let value = EntryValue(
      quantity: 1_000_000_000_000, reserved: 1_000_000_000, version: 1, createdAt: start,
      updatedAt: start, gtin: .none, location: 0)
    do {
      for id in 1...Int64(products) {
        try machine.load(product: id, product)
        try machine.load(entry: id, product: id, location: Self.location, value)
      }
      if let holds { try load(holds.count, from: holds.firstExpiry, products: products) }
      for number in 0..<keys { machine.load(Self.key(number), in: bucket) }
      try machine.finishLoading()
    } catch {
      preconditionFailure("cannot load: \(error)")
    }
  }

  private func load(_ count: Int, from first: Timestamp, products: Int) throws {
    for number in 0..<count {
      let hold = Hold(
        id: "r0-\(number)", order: "order-\(number)", customer: "", store: 1, status: .held,
        lines: [
          HoldLine(
            product: Int64(number % products) + 1, location: Self.location, quantity: 1)
        ],
        createdAt: now.wall, updatedAt: now.wall, expiresAt: first + Int64(number))
      try machine.load(hold: .hold(hold))
    }
  }

  private var bucket: IdempotencyBucket { now.wall / machine.configuration.bucketLength }

  static func key(_ number: Int) -> IdempotencyKey {
    IdempotencyKey(
      high: ShardMap.mix(UInt64(number)), low: ShardMap.mix(UInt64(number) &+ 1 << 40),
      fingerprint: 7)
  }

  static func reserve(_ product: ProductID, key: IdempotencyKey? = nil) -> Command {
    Command(
      scope: .only(1),
      operation: .reserve(EntryAmount(product: product, location: location, quantity: 1)),
      actor: 1, idempotency: key)
  }

  /// Each product's share of a round, in no order.
  static func commands(products: Int, count: Int = MicroOperations.perRound) -> [Command] {
    var numbers = SeededNumbers(seed: 1)
    return (0..<count).map { _ in reserve(Int64(numbers.next(below: products)) + 1) }
  }

  @inline(__always)
  func submit(_ command: Command, _ number: Int) {
    let ticket = Ticket(loop: 0, connection: number & 127, request: number)
    let outcome = machine.submit(command, ticket: ticket, now: now)
    expect(outcome == nil, "a reserve is answered when its batch is committed")
  }

  /// The end of the tick. nil: nothing is to be sent.
  @inline(__always)
  func close() -> Batch? {
    guard case .send(let batch, _) = machine.endOfTick(now: now) else { return nil }
    return batch
  }

  /// Redis has the batch: its answers are taken.
  @inline(__always)
  func commit() -> [Answer] {
    now.monotonic += commitLength
    guard case .none = machine.replied(.committed, now: now, jitter: 0) else {
      preconditionFailure("nothing waits behind the batch")
    }
    return machine.takeAnswers()
  }
}
