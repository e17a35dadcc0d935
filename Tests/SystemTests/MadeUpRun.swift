import StockCore
import StockFaults
import StockTestKit

/// A history that an engine without a fault could have made, with its ledger: several clients, two
/// shards, commits of several changes, refusals, reservations over both shards, lost answers.
struct MadeUpRun {
  static let products: [Int64] = [1, 2, 3, 4, 5, 6]
  static let actor: ActorID = 7

  var attempts: [Attempt] = []
  var readings: [Reading] = []
  var ledger: Replay.Ledger
  var end: [EntryKey: EntryState] = [:]

  /// How often the engine promises one unit more than there is.
  private var oversells: Int
  private let map = ShardMap(shardCount: 2)
  private var random: StockTestKit.SeededRandom
  private var models: [ReferenceModel] = []
  private var sequences: [Int64] = [0, 0]
  private var numbers: [Int64] = [0, 0]
  private var clock: Int64 = 0
  /// What waits for the end of the round.
  private var open: [Attempt] = []
  private var touched: Set<EntryKey> = []
  private var holds: [(id: String, lines: [EntryKey: Int64])] = []

  /// - Parameter oversells: in a hundred of the reserves that there is one unit too little for.
  init(seed: UInt64, rounds: Int = 100, oversells: Int = 0) {
    self.oversells = oversells
    random = .init(seed: seed)
    ledger = Replay.Ledger(batches: [[], []])
    models = (0..<2).map { ReferenceModel(map: map, shard: $0, closedHoldAge: 1 << 40) }
    for product in Self.products {
      let put = PutProduct(id: product, store: 1, type: .physical)
      _ = models[map.shard(ofProduct: product)].apply(
        Command(scope: .any, operation: .putProduct(put)), wall: 0)
      for location in ["MAIN", "WEST"] {
        ask(EntryKey(product, location), .set(12, expectedVersion: nil))
      }
    }
    endRound()
    for round in 0..<rounds {
      for _ in 0..<random.within(1...6) { random.chance(15) ? hold(round) : askAnything() }
      if !holds.isEmpty, random.chance(50) { endHold() }
      endRound()
    }
    for product in Self.products {
      for location in ["MAIN", "WEST"] {
        let key = EntryKey(product, location)
        end[key] = state(key)
      }
    }
  }

  /// The kinds of what is wrong with it.
  var found: Set<Violation.Kind> { Set(verdict.violations.map(\.kind)) }

  var verdict: Replay.Verdict {
    Replay.check(
      attempts, readings: readings, ledger: ledger,
      setting: .init(products: Self.products, actor: Self.actor), end: end)
  }

  // MARK: Making it up

  private func state(_ key: EntryKey) -> EntryState? {
    models[map.shard(ofProduct: key.product)].entry(product: key.product, location: key.location)
      .map {
        EntryState(
          id: $0.id, version: $0.value.version, quantity: $0.value.quantity,
          reserved: $0.value.reserved)
      }
  }

  private mutating func key() -> EntryKey {
    EntryKey(random.pick(Self.products), random.pick(["MAIN", "WEST"]))
  }

  private mutating func askAnything() {
    let key = key()
    let units = random.within(1...5)
    let now = state(key)
    switch random.below(10) {
    case 0..<4: ask(key, .reserve(units))
    case 4: ask(key, .release(units))
    case 5: ask(key, .fulfill(units))
    case 6: ask(key, .adjust(random.chance(70) ? units : -units))
    case 7: ask(key, .transfer(units, to: key.location == "MAIN" ? "WEST" : "MAIN"))
    case 8: ask(key, .set(now?.quantity ?? 0, expectedVersion: nil))
    default:
      let version = (now?.version ?? 0) - random.within(0...1)
      ask(key, .set(units * 3, expectedVersion: version))
    }
  }

  private mutating func ask(_ key: EntryKey, _ change: StockFaults.Change) {
    clock += 1
    let shard = map.shard(ofProduct: key.product)
    var attempt = Attempt(key, change, sentAt: clock, endedAt: clock, .unknown("lost"))
    // It never arrived.
    if random.chance(4), sequences[shard] > 0 { return open.append(attempt) }
    if case .reserve(let units) = change, let now = state(key), now.available == units - 1,
      random.chance(oversells)
    {
      put(key, StockPolicy(backorderLimit: 1))
    }
    let before = models[shard].movements.count
    let outcome = models[shard].apply(
      Command(scope: .only(1), operation: attempt.operation, actor: Self.actor), wall: 1)
    put(key, StockPolicy())
    let isChange = models[shard].movements.count > before
    if isChange {
      touched.insert(key)
      if let other = attempt.otherKey { touched.insert(other) }
    }
    // What changed nothing, and saw nothing that is not committed, is answered at once.
    let isAtOnce = !isChange && !touched.contains(key)
    let commit = Commit(
      shard: Int64(shard), sequence: sequences[shard] + (isAtOnce ? 0 : 1))
    switch outcome {
    case .entry: attempt.ending = .accepted(state(key)!, other: nil, commit)
    case .transferred:
      attempt.ending = .accepted(state(key)!, other: state(attempt.otherKey!)!, commit)
    case .refused(let why):
      attempt.ending = .refused(told(why))
      attempt.refusedIn = commit
    default: preconditionFailure("\(outcome)")
    }
    if isAtOnce {
      clock += 1
      attempt.endedAt = clock
      attempts.append(attempt)
    } else {
      if isChange, random.chance(8) { attempt.ending = .unknown("lost") }
      open.append(attempt)
    }
  }

  private mutating func put(_ key: EntryKey, _ policy: StockPolicy) {
    let put = PutProduct(id: key.product, store: 1, type: .physical, policy: policy)
    _ = models[map.shard(ofProduct: key.product)].apply(
      Command(scope: .any, operation: .putProduct(put)), wall: 0)
  }

  private mutating func hold(_ round: Int) {
    clock += 1
    let id = "hold \(clock)"
    var lines: [EntryKey: Int64] = [:]
    for _ in 0..<random.within(1...3) { lines[key()] = random.within(1...4) }
    let short = lines.filter { (state($0.key)?.available ?? 0) < $0.value }
    for (key, units) in lines.sorted(by: { $0.key < $1.key }) {
      var attempt = Attempt(
        key, .reserve(units), sentAt: clock, endedAt: clock, .done, isLine: true, hold: id)
      if short.isEmpty {
        apply(.hold(request(id, key, units)), key)
      } else if short[key] != nil {
        attempt.ending = .refused(
          .insufficientStock(requested: units, available: state(key)?.available ?? 0))
      } else {
        // It was taken, and given back.
        apply(.hold(request(id, key, units)), key)
        apply(.releaseHold(id, [amount(key, units)]), key)
        attempt.ending = .refused(.otherLine)
      }
      open.append(attempt)
    }
    if short.isEmpty { holds.append((id, lines)) }
  }

  private mutating func endHold() {
    clock += 1
    let (id, lines) = holds.removeFirst()
    let isShipped = random.chance(60)
    for (key, units) in lines.sorted(by: { $0.key < $1.key }) {
      apply(
        isShipped
          ? .fulfillHold(id, [amount(key, units)]) : .releaseHold(id, [amount(key, units)]), key)
      open.append(
        Attempt(
          key, isShipped ? .fulfill(units) : .release(units), sentAt: clock, endedAt: clock, .done,
          isLine: true, hold: id))
    }
  }

  private mutating func apply(_ operation: Command.Operation, _ key: EntryKey) {
    let outcome = models[map.shard(ofProduct: key.product)].apply(
      Command(scope: .only(1), operation: operation, actor: Self.actor), wall: 1)
    if case .refused(let why) = outcome { preconditionFailure("\(why)") }
    touched.insert(key)
  }

  private func request(_ id: String, _ key: EntryKey, _ units: Int64) -> HoldRequest {
    let shard = map.shard(ofProduct: key.product)
    let held = (models[shard].holds[id]?.lines ?? []).filter { $0.held > 0 }.map {
      HoldLine(product: $0.product, location: $0.location, quantity: $0.held)
    }
    let line = HoldLine(product: key.product, location: key.location, quantity: units)
    return HoldRequest(
      id: id, isClientID: false, order: id, customer: "",
      lines: (held + [line]).sorted { ($0.product, $0.location) < ($1.product, $1.location) },
      timeToLive: 1_000_000, allocation: Allocation())
  }

  private func amount(_ key: EntryKey, _ units: Int64) -> HoldAmount {
    HoldAmount(product: key.product, location: key.location, quantity: units)
  }

  /// Both shards commit, and all clients are answered.
  private mutating func endRound() {
    for shard in models.indices where !models[shard].movements.isEmpty {
      sequences[shard] += 1
      var entries = models[shard].movements
      models[shard].movements = []
      for place in entries.indices {
        numbers[shard] += 1
        entries[place].number = numbers[shard]
      }
      ledger.batches[shard].append(
        LedgerBatch(shard: shard, sequence: sequences[shard], entries: entries))
    }
    for var attempt in open {
      clock += 1
      attempt.endedAt = clock
      attempts.append(attempt)
    }
    open = []
    touched = []
    clock += 1
    let read = key()
    if let state = state(read) { readings.append(Reading(read, sentAt: clock, state)) }
  }

  private func told(_ why: Refusal) -> Ending.Refused {
    switch why {
    case .insufficientStock(let requested, let available):
      .insufficientStock(requested: requested, available: available)
    case .insufficientReserved(let requested, let reserved):
      .insufficientReserved(requested: requested, reserved: reserved)
    case .belowReserved(let requested, let reserved):
      .belowReserved(requested: requested, reserved: reserved)
    case .versionConflict(.version(let expected, let actual)):
      .versionConflict(expected: expected, actual: actual)
    default: preconditionFailure("\(why)")
    }
  }
}
