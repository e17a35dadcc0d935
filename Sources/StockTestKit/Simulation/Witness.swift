import StockCore

/// Sees every command, every answer and every commit, and says what must not be.
///
/// Each command carries a wall time that no other has. It is stamped on what the command changes, so
/// `updated_at` tells which command made a state.
final class Witness {
  struct Asked {
    /// With the hold's id that the engine gave it, and the ticket as the actor.
    var command: Command
    /// Which of the clients' requests: attempts at the same one have the same number.
    var request: Int
    var engine: Int
    var shard: ShardID = 0
    var wall: Timestamp
    var at: Int64
    var engineStalls: Int64
    var outcome: Outcome?
    var isReplay = false
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
    /// Versions that a hold's end or a command made, who knows which.
    var unsure: [EntryID: Int64] = [:]
    /// The highest revision of each hold's record that Redis ever had.
    var revisions: [HoldID: Int64] = [:]
  }

  private(set) var asked: [UInt64: Asked] = [:]
  private(set) var byWall: [Timestamp: UInt64] = [:]
  var shards: [Shard]
  /// The first thing that was wrong.
  private(set) var violation: String?
  private(set) var commits = 0
  private(set) var answerCounts: [String: Int] = [:]
  /// What clients were last told of each hold.
  private(set) var toldHolds: [HoldID: Hold] = [:]
  /// The open ones among them, in the order in which they were told.
  private(set) var openHolds: [Hold] = []
  /// Ended holds whose records were removed since; and ids that came again after that, of which the
  /// books cannot be told apart.
  var forgotten: [HoldID: Hold] = [:]
  var cameAgain: Set<HoldID> = []
  /// What customers have of a sale that is over goes at once: then they count from nothing.
  let forgetsPurchases: Bool
  let map: ShardMap

  /// Milliseconds within which every ticket is answered.
  let answerLimit: Int64

  init(shardCount: Int, configuration: ShardConfiguration) {
    self.shards = Array(repeating: Shard(), count: shardCount)
    self.map = ShardMap(shardCount: shardCount)
    self.answerLimit = configuration.answerTimeout + 200
    self.forgetsPurchases = configuration.endedSaleAge < 3_600_000
  }

  func report(_ what: @autoclosure () -> String) {
    if violation == nil { violation = what() }
  }

  // MARK: Commands

  func ask(_ ticket: UInt64, _ asked: Asked) {
    var asked = asked
    asked.shard = map.shard(of: asked.command)
    self.asked[ticket] = asked
    byWall[asked.wall] = ticket
  }

  /// Nobody will answer these: their engine is dead. What they did is unknown.
  ///
  /// - Returns: their tickets.
  func engineDied(_ engine: Int) -> [UInt64] {
    let open = asked.filter { $0.value.engine == engine && $0.value.outcome == nil }.keys.sorted()
    for ticket in open { asked[ticket]?.outcome = .unavailable(.outcomeUnknown) }
    return open
  }

  func answered(_ answer: Answer, by shard: SimulatedShard, at now: Int64, engineStalls: Int64) {
    let (ticket, outcome, sequence) = (answer.ticket.rawValue, answer.outcome, answer.sequence)
    guard let one = asked[ticket] else { return report("ticket \(ticket) was never asked") }
    guard one.outcome == nil else { return report("ticket \(ticket) is answered twice") }
    asked[ticket]?.outcome = outcome
    asked[ticket]?.isReplay = answer.isReplay
    answerCounts[Self.name(outcome), default: 0] += 1
    let took = now - one.at - (engineStalls - one.engineStalls)
    // Other shards may have to be asked, or the first answer to be read.
    let limit =
      one.command.operation.isAboutHolds || one.command.idempotency != nil
      ? 3 * answerLimit : answerLimit
    if took > limit { report("ticket \(ticket) was answered after \(took) ms") }
    if answer.isReplay { return tell(outcome, isReplay: true) }
    tell(outcome, isReplay: false)

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
      if isExecuted(ticket, one, in: shard.id) {
        report("ticket \(ticket) changed something and was answered \(outcome)")
      }
    case .allocated(let lines):
      for line in lines { accept(ticket, one, line.entry, sequence, shard) }
    case .hold(let hold), .holdCreated(let hold):
      if shards[map.shard(ofHold: hold.id)].revisions[hold.id, default: 0] < hold.revision {
        report("ticket \(ticket) was told \(hold) before Redis had it")
      }
    case .summary, .unavailable(.outcomeUnknown), .reservedTogether: break
    case .part, .keyUnknown, .replay: report("a client was told \(outcome)")
    }
  }

  private func isExecuted(_ ticket: UInt64, _ one: Asked, in shard: ShardID) -> Bool {
    // What was taken for a hold, and given back, is looked at in the end.
    if one.command.operation.isAboutHolds { return false }
    return shards[shard].held.suffix(64).contains { sequence in
      guard let batch = shards[shard].executed[sequence] else { return false }
      return batch.ledger.entries.contains { $0.actor == ActorID(ticket) }
        || batch.products.contains { $0.after.updatedAt == one.wall }
    }
  }

  /// A client learns of a hold.
  private func tell(_ outcome: Outcome, isReplay: Bool) {
    guard let hold = outcome.hold else { return }
    if let told = toldHolds[hold.id], told.revision > hold.revision { return }
    toldHolds[hold.id] = hold
    openHolds.removeAll { $0.id == hold.id }
    if !hold.status.isClosed { openHolds.append(hold) }
    if openHolds.count > 12 { openHolds.removeFirst() }
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
    guard entry.value.updatedAt == one.wall, !entry.unlimited else { return }
    let state = StoredEntry(entry)
    // Holds that were due ended first, at the same time: it may be that the command changed nothing.
    let last = shards[shard.id].executed[sequence]?.ledger.entries.last {
      $0.product == entry.product && $0.location == entry.location && $0.occurredAt == one.wall
    }
    if let last, last.isOfHold {
      shards[shard.id].unsure[entry.id, default: 0] += 1
      return
    }
    if let other = shards[shard.id].accepted[entry.id]?[version] {
      report("tickets \(other.ticket) and \(ticket) both made version \(version) of \(entry.id)")
    }
    shards[shard.id].accepted[entry.id, default: [:]][version] = (ticket, state)
    guard let batch = shards[shard.id].executed[sequence] else {
      return report("ticket \(ticket) was answered with commit \(sequence), which Redis never had")
    }
    let change = batch.entries.first { $0.id == entry.id }
    // An engine whose clock was ahead ended a hold at this very time, and the command changed nothing.
    if change == nil, shards[shard.id].states[entry.id]?[version] == state {
      shards[shard.id].accepted[entry.id]?[version] = nil
      return
    }
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
    case .hold(let hold):
      if shards[shard.id].revisions[hold.id, default: 0] < hold.revision {
        report("a read shows \(hold), which Redis never had")
      }
    case .transferred, .deleted, .productCreated, .refused, .unavailable, .allocated, .holdCreated,
      .reservedTogether, .part, .keyUnknown, .replay:
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
      if after.value.reserved < 0 || after.value.quantity < 0 {
        report("entry \(change.id) is negative in Redis: \(after)")
      }
      let version = after.value.version
      if let other = shards[shard].states[change.id]?[version], other != after {
        report("entry \(change.id) has two versions \(version): \(other), \(after)")
      }
      shards[shard].states[change.id, default: [:]][version] = after
      mayHaveBeenDone(change, after, in: request)
    }
    for change in request.products {
      shards[shard].productStates[change.id, default: [:]][change.after.version] = change.after
      mayHaveBeenDone(by: byWall[change.after.updatedAt], "product \(change.id)")
    }
    checkMovements(request)
    for change in request.holds { check(change, shard: shard) }
    for change in request.purchases where change.after == nil { check(change, request) }
  }

  /// Either a hold gave all back, or it is forgotten.
  private func check(_ change: Change<PurchaseKey, Purchases>, _ request: CommitRequest) {
    let customers = request.holds.flatMap { [$0.before?.customer, $0.after?.customer] }
    if !forgetsPurchases, !customers.contains(change.key.customer) {
      report("\(change.key) was forgotten")
    }
  }

  private func mayHaveBeenDone(
    _ change: CommitRequest.Entry, _ after: StoredEntry, in request: CommitRequest
  ) {
    let last = request.ledger.entries.last {
      $0.product == after.product && $0.location == after.location
    }
    if let last, last.isOfHold { return }
    mayHaveBeenDone(
      by: last.map { UInt64($0.actor) } ?? byWall[after.value.updatedAt], "entry \(change.id)")
  }

  private func mayHaveBeenDone(by ticket: UInt64?, _ what: String) {
    guard let ticket, let one = asked[ticket] else {
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
