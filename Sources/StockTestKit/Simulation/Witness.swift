import StockCore

/// Sees every command, every answer and every commit, and says what must not be.
///
/// Each command carries a wall time that no other has. It is stamped on what the command changes, so
/// `updated_at` tells which command made a state.
final class Witness {
  struct Asked {
    var command: Command
    var engine: Int
    var shard: ShardID
    var wall: Timestamp
    var at: Int64
    var engineStalls: Int64
    var outcome: Outcome?
  }

  /// What is known of one shard.
  struct Shard {
    /// Every batch that Redis ever executed, by number.
    var executed: [Sequence64: CommitRequest] = [:]
    /// The numbers of those that it still holds, in order.
    var held: [Sequence64] = []
    /// States in Redis at the end of a batch.
    var states: [EntryID: [Int64: StoredEntry]] = [:]
    var productStates: [ProductID: [Int64: ProductValue]] = [:]
    var deleted: Set<EntryID> = []
    /// The ticket whose answer said that it made this version, and what it showed.
    var accepted: [EntryID: [Int64: (ticket: UInt64, state: StoredEntry)]] = [:]
    var acceptedProducts: [ProductID: [Int64: UInt64]] = [:]
  }

  private(set) var asked: [UInt64: Asked] = [:]
  private(set) var byWall: [Timestamp: UInt64] = [:]
  var shards: [Shard]
  /// The first thing that was wrong.
  private(set) var violation: String?
  private(set) var commits = 0
  private(set) var answerCounts: [String: Int] = [:]

  /// Milliseconds within which every ticket is answered.
  let answerLimit: Int64

  init(shardCount: Int, configuration: ShardConfiguration) {
    self.shards = Array(repeating: Shard(), count: shardCount)
    self.answerLimit = configuration.answerTimeout + 200
  }

  func report(_ what: @autoclosure () -> String) {
    if violation == nil { violation = what() }
  }

  // MARK: Commands

  func ask(_ ticket: UInt64, _ asked: Asked) {
    self.asked[ticket] = asked
    byWall[asked.wall] = ticket
  }

  /// Nobody will answer these: their engine is dead. What they did is unknown.
  func engineDied(_ engine: Int) {
    for (ticket, one) in asked where one.engine == engine && one.outcome == nil {
      asked[ticket]?.outcome = .unavailable(.outcomeUnknown)
    }
  }

  func answered(
    _ ticket: UInt64, _ outcome: Outcome, sequence: Sequence64, by shard: SimulatedShard,
    at now: Int64, engineStalls: Int64
  ) {
    guard let one = asked[ticket] else { return report("ticket \(ticket) was never asked") }
    guard one.outcome == nil else { return report("ticket \(ticket) is answered twice") }
    asked[ticket]?.outcome = outcome
    answerCounts[Self.name(outcome), default: 0] += 1
    let took = now - one.at - (engineStalls - one.engineStalls)
    if took > answerLimit { report("ticket \(ticket) was answered after \(took) ms") }

    switch outcome {
    case .entry(let entry):
      accept(ticket, one, entry, sequence, shard)
    case .transferred(let from, let to):
      accept(ticket, one, from, sequence, shard)
      accept(ticket, one, to, sequence, shard)
    case .deleted:
      guard case .deleteEntry(let id, _) = one.command.operation else { break }
      if !shards[shard.id].deleted.contains(id) {
        report("entry \(id) was answered as deleted before Redis had that")
      }
      shard.shownVersions[id] = .max
    case .product(let product), .productCreated(let product):
      accept(ticket, one, product, shard.id, sequence)
    case .unavailable(.storeUnavailable), .unavailable(.overloaded), .refused:
      if isExecuted(one.wall, in: shard.id) {
        report("ticket \(ticket) changed something and was answered \(outcome)")
      }
    case .summary, .unavailable(.outcomeUnknown), .allocated, .hold, .holdCreated,
      .reservedTogether, .part, .keyUnknown, .replay:
      break
    }
  }

  private func isExecuted(_ wall: Timestamp, in shard: ShardID) -> Bool {
    shards[shard].held.suffix(64).contains { sequence in
      guard let batch = shards[shard].executed[sequence] else { return false }
      return batch.entries.contains { $0.after?.value.updatedAt == wall }
        || batch.products.contains { $0.after.updatedAt == wall }
    }
  }

  /// An answer says that a command made this state of an entry.
  private func accept(
    _ ticket: UInt64, _ one: Asked, _ entry: EntrySnapshot, _ sequence: Sequence64,
    _ shard: SimulatedShard
  ) {
    guard entry.id != 0 else { return }
    let version = entry.value.version
    let shown = shard.shownVersions[entry.id] ?? 0
    shard.shownVersions[entry.id] = max(shown, version)
    guard entry.value.updatedAt == one.wall else { return }
    let state = StoredEntry(entry)
    if let other = shards[shard.id].accepted[entry.id]?[version] {
      report("tickets \(other.ticket) and \(ticket) both made version \(version) of \(entry.id)")
    }
    shards[shard.id].accepted[entry.id, default: [:]][version] = (ticket, state)
    guard let batch = shards[shard.id].executed[sequence] else {
      return report("ticket \(ticket) was answered with commit \(sequence), which Redis never had")
    }
    let change = batch.entries.first { $0.id == entry.id }
    guard let change, version > change.before?.value.version ?? 0,
      version <= change.after?.value.version ?? .max
    else {
      return report(
        "ticket \(ticket): commit \(sequence) does not make version \(version) of \(entry.id)")
    }
    if let after = change.after, after.value.version == version, after != state {
      report("ticket \(ticket) was shown \(state), Redis has \(after)")
    }
  }

  private func accept(
    _ ticket: UInt64, _ one: Asked, _ product: ProductSnapshot, _ shard: ShardID,
    _ sequence: Sequence64
  ) {
    guard product.value.updatedAt == one.wall else { return }
    let version = product.value.version
    if let other = shards[shard].acceptedProducts[product.id]?[version] {
      report("tickets \(other) and \(ticket) made version \(version) of product \(product.id)")
    }
    shards[shard].acceptedProducts[product.id, default: [:]][version] = ticket
    let change = shards[shard].executed[sequence]?.products.first { $0.id == product.id }
    guard let change, version > change.before?.version ?? 0, version <= change.after.version else {
      return report("ticket \(ticket): commit \(sequence) does not make product \(product.id)")
    }
  }

  /// A read was answered.
  func wasRead(_ outcome: Outcome, by shard: SimulatedShard) {
    switch outcome {
    case .entry(let entry): wasShown(entry, by: shard)
    case .summary(let summary):
      for entry in summary.entries { wasShown(entry, by: shard) }
      wasShown(summary.product, by: shard)
    case .product(let product): wasShown(product, by: shard)
    case .transferred, .deleted, .productCreated, .refused, .unavailable, .allocated, .hold,
      .holdCreated, .reservedTogether, .part, .keyUnknown, .replay:
      break
    }
  }

  private func wasShown(_ entry: EntrySnapshot, by shard: SimulatedShard) {
    let version = entry.value.version
    if shards[shard.id].states[entry.id]?[version] != StoredEntry(entry) {
      report("a read shows entry \(entry.id) at version \(version), which Redis never had")
    }
    if let shown = shard.shownVersions[entry.id], shown > version {
      report("a read shows version \(version) of entry \(entry.id) after \(shown)")
    }
    shard.shownVersions[entry.id] = max(version, shard.shownVersions[entry.id] ?? 0)
  }

  private func wasShown(_ product: ProductSnapshot, by shard: SimulatedShard) {
    if shards[shard.id].productStates[product.id]?[product.value.version] != product.value {
      report("a read shows product \(product.id) as Redis never had it")
    }
  }

  // MARK: Redis

  /// Redis executed a batch.
  func executed(_ request: CommitRequest, shard: ShardID, before: ShardMeta) {
    commits += 1
    if request.ownership != before.ownership {
      report("\(request.ownership) committed to a shard of \(before.ownership)")
    }
    if request.sequence != before.sequence + 1 || request.previous != before.sequence {
      report("batch \(request.sequence) was executed on \(before.sequence)")
    }
    shards[shard].executed[request.sequence] = request
    shards[shard].held.append(request.sequence)
    for change in request.entries {
      guard let after = change.after else {
        shards[shard].deleted.insert(change.id)
        continue
      }
      if after.value.reserved < 0 || after.value.available < 0 {
        report("entry \(change.id) is negative in Redis: \(after)")
      }
      let version = after.value.version
      if let other = shards[shard].states[change.id]?[version], other != after {
        report("entry \(change.id) has two versions \(version): \(other), \(after)")
      }
      shards[shard].states[change.id, default: [:]][version] = after
      mayHaveBeenDone(by: after.value.updatedAt, "entry \(change.id)")
    }
    for change in request.products {
      shards[shard].productStates[change.id, default: [:]][change.after.version] = change.after
      mayHaveBeenDone(by: change.after.updatedAt, "product \(change.id)")
    }
  }

  private func mayHaveBeenDone(by wall: Timestamp, _ what: String) {
    guard let ticket = byWall[wall], let one = asked[ticket] else {
      return report("\(what) was changed by nobody")
    }
    switch one.outcome {
    case .unavailable(.storeUnavailable), .unavailable(.overloaded), .refused:
      report("\(what) was changed by ticket \(ticket), which was told \(one.outcome!)")
    case nil, .unavailable(.outcomeUnknown), .entry, .transferred, .deleted, .product,
      .productCreated, .summary, .allocated, .hold, .holdCreated, .reservedTogether, .part,
      .keyUnknown, .replay:
      break
    }
  }

  /// Redis lost all after this commit.
  func lost(after sequence: Sequence64, shard: ShardID) {
    while let last = shards[shard].held.last, last > sequence { shards[shard].held.removeLast() }
  }

  static func name(_ outcome: Outcome) -> String {
    switch outcome {
    case .refused(let refusal): String("\(refusal)".prefix { $0 != "(" })
    case .unavailable(let why): "\(why)"
    case .entry, .transferred, .deleted, .product, .productCreated, .summary, .allocated, .hold,
      .holdCreated, .reservedTogether, .part, .keyUnknown, .replay:
      "done"
    }
  }
}

extension StoredEntry {
  init(_ snapshot: EntrySnapshot) {
    self.init(
      product: snapshot.product, location: snapshot.location,
      value: snapshot.withoutLocationNumber.value)
  }
}
