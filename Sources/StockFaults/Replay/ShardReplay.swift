import StockCore
import StockTestKit

/// One shard's part of a history, played again from its ledger through the reference model.
struct ShardReplay {
  /// The first thing that does not fit.
  struct Difference: Error {
    var kind: Violation.Kind
    var text: String
  }

  private var model: ReferenceModel
  private var asked: AskedFor
  private let setting: Replay.Setting
  private(set) var holdMovements: [HoldMovement] = []
  /// Answers that the model gives too, in their places.
  private(set) var borneOut = 0
  /// Changes whose clients were not told.
  private(set) var untold = 0
  /// Every state that an entry has had, by version.
  private var states: [EntryKey: [Int64: EntryState]] = [:]
  /// Attempts that made a movement.
  private var changes: Set<Int> = []
  /// Of those whose clients were not told of the commit.
  private var silentMoments: [Moment] = []
  private var lines: RefusedLines
  /// The number of the last movement.
  private var number: Int64 = 0
  private var wall: Timestamp = 0
  /// The commit that is being played.
  private var sequence: Int64 = 0

  init(_ shard: ShardID, of map: ShardMap, _ attempts: [Attempt], _ setting: Replay.Setting) {
    model = ReferenceModel(map: map, shard: shard, closedHoldAge: 1 << 40)
    for product in setting.products where map.shard(ofProduct: product) == shard {
      let put = PutProduct(id: product, store: 1, type: .physical)
      _ = model.apply(Command(scope: .any, operation: .putProduct(put)), wall: 0)
    }
    self.setting = setting
    asked = AskedFor(attempts)
    lines = RefusedLines(asked)
  }

  // MARK: Playing

  /// - Parameter batches: the whole ledger of the shard.
  mutating func run(_ batches: [LedgerBatch]) throws(Difference) {
    if let first = asked.withoutCommit.first {
      throw Difference(
        kind: .wrongAnswer, text: "\(asked.attempts[first]) does not say what it rests on")
    }
    var bySequence: [Int64: LedgerBatch] = [:]
    for batch in batches {
      guard bySequence.updateValue(batch, forKey: batch.sequence) == nil else {
        throw Difference(kind: .modelDiffers, text: "the ledger has commit \(batch.sequence) twice")
      }
    }
    for next in Set(bySequence.keys).union(asked.judged.keys).union(asked.due.keys).sorted() {
      sequence = next
      var judging = asked.judged[next] ?? []
      lines.begin(next)
      try judgeLines()
      var movements = (bySequence[next]?.entries ?? [])[...]
      while let movement = movements.popFirst() {
        let touched = try play(movement, &movements)
        judge(&judging, touched)
        try judgeLines(touched)
      }
      judge(&judging, nil)
      try finish(judging)
      for place in asked.due[next] ?? [] where !changes.contains(place) {
        throw Difference(
          kind: .lostWrite,
          text: "commit \(next) has not what was told \(asked.attempts[place])")
      }
    }
    lines.begin(.max)
    try judgeLines()
  }

  /// Plays what a movement tells of.
  ///
  /// - Returns: the entries that it touches.
  private mutating func play(
    _ movement: LedgerEntry, _ rest: inout ArraySlice<LedgerEntry>
  ) throws(Difference) -> [EntryKey] {
    let key = EntryKey(movement.product, movement.location)
    wall = movement.occurredAt
    if !movement.note.reference.isEmpty { return try playLine(movement, key) }
    var movements = [movement]
    if movement.kind == .transferOut, let arrival = rest.popFirst() { movements.append(arrival) }
    let other = movements.count == 2 ? movements[1].location : nil
    if setting.unrecorded.contains(movement.location), movement.kind == .adjust {
      let adjust = AdjustStock(
        product: movement.product, location: movement.location, quantity: movement.quantityChange)
      _ = try apply(.adjust(adjust), movements)
      return []
    }
    guard movement.actor == setting.actor else { throw nobody(movement) }
    let before = model.entry(product: key.product, location: key.location)?.value.version ?? 0
    guard let place = asked.take(movement, of: sequence, to: other, before: before) else {
      throw nobody(movement)
    }
    let attempt = asked.attempts[place]
    changes.insert(place)
    let says = try apply(attempt.operation, movements)
    if case .accepted(_, _, let commit) = attempt.ending {
      guard commit.sequence == sequence, commit.shard == Int64(model.shard) else {
        throw Difference(
          kind: .modelDiffers, text: "commit \(sequence) has what was told \(attempt)")
      }
      guard ModelSays(attempt.ending) == says else {
        throw Difference(
          kind: .modelDiffers,
          text: "commit \(sequence): was told \(attempt), and the model says \(says)")
      }
      borneOut += 1
    } else {
      untold += 1
      silentMoments.append(
        Moment(sequence: sequence, sentAt: attempt.sentAt, endedAt: .max, isChange: true))
    }
    return [key] + (attempt.otherKey.map { [$0] } ?? [])
  }

  /// Plays a line of a reservation. Each shard's lines are a reservation of their own here: `HoldBooks`
  /// looks at the whole.
  private mutating func playLine(
    _ movement: LedgerEntry, _ key: EntryKey
  ) throws(Difference) -> [EntryKey] {
    let id = movement.note.reference
    let line = AskedFor.Line(hold: id, key: key)
    guard let take = asked.takes[line], movement.actor == setting.actor || movement.actor == 0
    else { throw nobody(movement) }
    let units = abs(movement.reservedChange)
    var asking = asked.attempts[take]
    var operation: Command.Operation?
    let amount = HoldAmount(product: key.product, location: key.location, quantity: units)
    switch movement.kind {
    case .reserve:
      guard asking.change == .reserve(units) else { throw nobody(movement) }
      let others = (model.holds[id]?.lines ?? []).filter { $0.held > 0 }.map {
        HoldLine(product: $0.product, location: $0.location, quantity: $0.held)
      }
      let new = HoldLine(product: key.product, location: key.location, quantity: units)
      operation = .hold(.of(id, others + [new]))
    case .fulfill:
      guard let end = asked.ends[line], asked.attempts[end].change == .fulfill(units) else {
        throw nobody(movement)
      }
      asking = asked.attempts[end]
      operation = .fulfillHold(id, [amount])
    case .release:
      // Asked for, or taken back since another line could not be had.
      if let end = asked.ends[line], asked.attempts[end].change == .release(units) {
        asking = asked.attempts[end]
      } else {
        asking.ending = .unknown("taken back")
      }
      operation = .releaseHold(id, [amount])
    case .adjust:
      guard let end = asked.ends[line], asked.attempts[end].change == .fulfill(units) else {
        throw nobody(movement)
      }
      asking = asked.attempts[end]
      asking.ending = .unknown("taken back")
    default: throw nobody(movement)
    }
    if let operation {
      _ = try apply(operation, [movement])
    } else {
      try takeBackShipping(movement, units)
    }
    if model.holds[id]?.status.isClosed ?? false { model.holds[id] = nil }
    holdMovements.append(HoldMovement(hold: id, key: key, kind: movement.kind, units: units))
    silentMoments.append(
      Moment(
        sequence: sequence, sentAt: asking.sentAt,
        endedAt: asking.ending == .done ? asking.endedAt : .max, isChange: true))
    if asking.ending == .done { borneOut += 1 } else { untold += 1 }
    return [key]
  }

  /// Units that were shipped are there again, since another shard's could not be: the one change that the
  /// model, which is of one shard, has no command for.
  private mutating func takeBackShipping(
    _ movement: LedgerEntry, _ units: Int64
  ) throws(Difference) {
    let key = EntryKey(movement.product, movement.location)
    let id = movement.note.reference
    let place = model.shelves[key.product]?.entries.firstIndex { $0.location == key.location }
    guard let place, var value = model.shelves[key.product]?.entries[place].value else {
      throw nobody(movement)
    }
    value.quantity += units
    value.reserved += units
    value.version += 1
    number += 1
    guard movement.number == number, movement.quantityChange == units,
      movement.quantityAfter == value.quantity, movement.reservedAfter == value.reserved
    else {
      throw Difference(
        kind: .modelDiffers, text: "commit \(sequence) has \(movement), and the model \(value)")
    }
    model.shelves[key.product]?.entries[place].value = value
    var hold =
      model.holds[id]
      ?? Hold(
        id: id, order: id, customer: "", store: 1, status: .held, lines: [], createdAt: wall,
        updatedAt: wall, expiresAt: .max, revision: 1)
    hold.lines.removeAll { $0.product == key.product && $0.location == key.location }
    hold.lines.append(HoldLine(product: key.product, location: key.location, quantity: units))
    model.holds[id] = hold
    noteState(key)
  }

  private mutating func noteState(_ key: EntryKey) {
    guard let entry = model.entry(product: key.product, location: key.location) else { return }
    states[key, default: [:]][entry.value.version] = EntryState(
      id: entry.id, version: entry.value.version, quantity: entry.value.quantity,
      reserved: entry.value.reserved)
  }

  private func nobody(_ movement: LedgerEntry) -> Difference {
    Difference(
      kind: .unexplainedVersions, text: "commit \(sequence): nobody asked for \(movement)")
  }

  /// The model does it, and moves what the ledger says.
  private mutating func apply(
    _ operation: Command.Operation, _ movements: [LedgerEntry]
  ) throws(Difference) -> ModelSays {
    let command = Command(scope: .only(1), operation: operation, actor: movements[0].actor)
    let outcome = model.apply(command, wall: wall, isExpiring: false)
    var made = model.movements
    model.movements = []
    for place in made.indices {
      number += 1
      made[place].number = number
    }
    guard made == movements else {
      let done = made.isEmpty ? "says \(ModelSays(outcome))" : "moves \(made)"
      throw Difference(
        kind: .modelDiffers,
        text: "commit \(sequence) has \(movements), and the model \(done)")
    }
    for movement in movements { noteState(EntryKey(movement.product, movement.location)) }
    return ModelSays(outcome)
  }

  // MARK: What changed nothing

  /// Whether the model, asked now, says what the attempt was told, and changes nothing.
  private func isBorneOut(_ attempt: Attempt) -> Bool {
    var copy = model
    let command = Command(
      scope: .only(1), operation: attempt.operation, actor: setting.actor)
    let says = ModelSays(copy.apply(command, wall: wall, isExpiring: false))
    return says == ModelSays(attempt.ending) && copy.movements.isEmpty
  }

  /// Strikes out what rests on this place of the commit.
  ///
  /// - Parameter touched: the entries that have just changed; nil: the commit's end.
  private mutating func judge(_ judging: inout [Int], _ touched: [EntryKey]?) {
    let count = judging.count
    judging.removeAll { place in
      let attempt = asked.attempts[place]
      // A set that has made its version.
      if changes.contains(place) { return true }
      guard let touched else { return isBorneOut(attempt) }
      // A transfer looks at both entries, and so waits for what touches either.
      let isTouched =
        touched.contains(attempt.key) || attempt.otherKey.map(touched.contains) ?? false
      return isTouched && isBorneOut(attempt)
    }
    borneOut += count - judging.count
  }

  private func finish(_ judging: [Int]) throws(Difference) {
    guard let place = judging.first else { return }
    let attempt = asked.attempts[place]
    let says = model.entry(product: attempt.key.product, location: attempt.key.location)
    throw Difference(
      kind: attempt.ending.isRefused ? .wrongRefusal : .modelDiffers,
      text: """
        commit \(sequence): nowhere in it does the model say what was told \(attempt); in the end it has \
        \(says.map { "\($0.value)" } ?? "nothing")
        """)
  }

  private mutating func judgeLines(_ touched: [EntryKey]? = nil) throws(Difference) {
    let model = self
    let late = lines.judge(touched) { model.isBorneOut($0) }
    guard let late else { return }
    throw Difference(
      kind: .wrongRefusal,
      text: "no place that it can have seen bears out \(late), up to commit \(sequence)")
  }

  // MARK: Afterwards

  /// What was read was committed.
  func check(_ readings: [Reading]) throws(Difference) {
    for reading in readings {
      let was = states[reading.key]?[reading.state.version]
      guard was != reading.state else { continue }
      throw Difference(
        kind: .contradiction,
        text: "\(reading.key) was read as \(reading.state), and was \(was?.description ?? "never")")
    }
  }

  /// The model ends where the engine does.
  func check(end: [EntryKey: EntryState]) throws(Difference) {
    var last: [EntryKey: EntryState] = [:]
    for (key, all) in states where !setting.unrecorded.contains(key.location) {
      last[key] = all.max { $0.key < $1.key }?.value
    }
    for key in Set(last.keys).union(end.keys).sorted() where last[key] != end[key] {
      throw Difference(
        kind: .modelDiffers,
        text: """
          \(key) ends as \(end[key]?.description ?? "nothing"), the model's as \
          \(last[key]?.description ?? "nothing")
          """)
    }
  }

  /// When was done or seen what, as far as that is known.
  var moments: [Moment] { silentMoments + asked.told }
}
