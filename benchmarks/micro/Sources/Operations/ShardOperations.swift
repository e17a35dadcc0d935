import StockCore

extension MicroOperations {
  /// The rules, on one shard: without HTTP, without Redis.
  static let shard: [NamedOperation] = [
    .init("submit/decide only, one product") { Submit($0, products: 1) },
    .init("submit/decide only, 1,000 products") { Submit($0, products: 1_000) },
    .init("submit/decide only, a million products") { Submit($0, products: $0.million) },
    .init("submit/with commit, ledger, answers, one product") { Cycle($0, products: 1) },
    .init("submit/with commit, ledger, answers, 1,000 products") { Cycle($0, products: 1_000) },
    .init("submit/with commit, ledger, answers, a million products") {
      Cycle($0, products: $0.million)
    },
    .init("submit/with commit, ledger, answers, one product, batches of 20") {
      Cycle($0, products: 1, batch: 20)
    },
    .init("submit/sold out") { SoldOut($0) },
    .init("keys/new key, of a million", maxRounds: 2_900) { Keyed($0) },
    .init("keys/known key, of a million") { Replayed($0) },
    .init("expiry/hold that is due, of a million", maxRounds: 900) { Expiry($0) },
    .init("routing/product to shard") { _ in ShardOfProduct() },
  ]
}

/// `ShardStateMachine.submit` alone. The batch is closed, committed and answered between the rounds.
private final class Submit: MicroOperation {
  private let shard: LoadedShard
  private let commands: [Command]

  init(_ scale: Scale, products: Int) {
    shard = LoadedShard(scale, products: products)
    commands = LoadedShard.commands(products: products)
  }

  func measured() {
    for number in commands.indices { shard.submit(commands[number], number) }
  }

  func finish() {
    expect(shard.close() != nil, "a batch")
    expect(shard.commit().count == commands.count, "each is answered")
  }
}

/// From the command to its answer: decided, batch closed with its movements, committed, tickets
/// released. What encoding and Redis cost is not in it.
private final class Cycle: MicroOperation {
  private let shard: LoadedShard
  private let commands: [Command]
  private let batch: Int

  init(_ scale: Scale, products: Int, batch: Int = MicroOperations.perRound) {
    shard = LoadedShard(scale, products: products)
    commands = LoadedShard.commands(products: products)
    self.batch = batch
  }

  func measured() {
    var start = 0
    while start < commands.count {
      let end = min(start + batch, commands.count)
      for number in start..<end { shard.submit(commands[number], number) }
      expect(shard.close() != nil, "a batch")
      expect(shard.commit().count == end - start, "each is answered")
      start = end
    }
  }
}

/// A reserve of what is not there, with nothing pending: refused at once.
private final class SoldOut: MicroOperation {
  private let shard: LoadedShard
  private let command = Command(
    scope: .only(1),
    operation: .reserve(
      EntryAmount(product: 1, location: LoadedShard.location, quantity: 2_000_000_000_000)),
    actor: 1)

  init(_ scale: Scale) { shard = LoadedShard(scale, products: 1) }

  func measured() {
    for number in 0..<MicroOperations.perRound {
      let ticket = Ticket(loop: 0, connection: number & 127, request: number)
      guard
        case .refused(.insufficientStock)? = shard.machine.submit(
          command, ticket: ticket, now: shard.now)
      else { preconditionFailure("there is not enough") }
    }
  }
}

/// A reserve with an idempotency key that nobody has used, decided and committed.
private final class Keyed: MicroOperation {
  private let shard: LoadedShard
  private var commands: [Command]
  private var next: Int

  init(_ scale: Scale) {
    shard = LoadedShard(scale, products: 1_000, keys: scale.million)
    commands = LoadedShard.commands(products: 1_000)
    next = scale.million
  }

  func prepare() {
    for place in commands.indices {
      commands[place].idempotency = LoadedShard.key(next)
      next += 1
    }
  }

  func measured() {
    for number in commands.indices { shard.submit(commands[number], number) }
    expect(shard.close() != nil, "a batch")
    expect(shard.commit().count == commands.count, "each is answered")
  }
}

/// A request whose key is known: the shard says where the first answer is.
private final class Replayed: MicroOperation {
  private let shard: LoadedShard
  private let commands: [Command]

  init(_ scale: Scale) {
    shard = LoadedShard(scale, products: 1, keys: scale.million)
    var numbers = SeededNumbers(seed: 2)
    commands = (0..<MicroOperations.perRound).map { _ in
      LoadedShard.reserve(1, key: LoadedShard.key(numbers.next(below: scale.million)))
    }
  }

  func measured() {
    for number in commands.indices {
      let ticket = Ticket(loop: 0, connection: number & 127, request: number)
      guard case .replay? = shard.machine.submit(commands[number], ticket: ticket, now: shard.now)
      else { preconditionFailure("the key is known") }
    }
  }
}

/// Holds that end by time, out of a heap of many: taken from it, their units given back, committed.
private final class Expiry: MicroOperation {
  private let shard: LoadedShard

  init(_ scale: Scale) {
    let first = LoadedShard.start + 1_000_000
    shard = LoadedShard(scale, products: 1_000, holds: (scale.million, first))
    shard.now.wall = first - 1
  }

  func prepare() { shard.now.wall += Int64(MicroOperations.perRound) }

  func measured() {
    var left = MicroOperations.perRound
    while left > 0 {
      guard case .send(let batch, _) = shard.machine.tick(now: shard.now) else {
        preconditionFailure("something is due")
      }
      left -= batch.holds.count
      expect(shard.commit().isEmpty, "nobody waits")
    }
  }
}

private final class ShardOfProduct: MicroOperation {
  private let map = ShardMap(shardCount: 4)
  private let commands = LoadedShard.commands(products: 1_000_000)

  func measured() {
    var sum = 0
    for place in commands.indices { sum &+= map.shard(of: commands[place]) }
    blackHole(sum)
  }
}
