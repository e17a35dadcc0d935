import StockCore

// What is asked, of the machine and of the model.
extension ModelRun {
  func submit() throws(Mismatch) {
    commands += 1
    let command = nextCommand()
    lastTicket += 1
    let now = clock.now
    let found = machine.submit(command, ticket: Ticket(rawValue: lastTicket), now: now)
    if command.operation.isRead { return try check(read: command, found) }
    if let key = command.idempotency, let known = tentativeAnswers[KeyDigest(key)] {
      return try check(again: command, key, known, found)
    }
    expireDue()
    let before = tentative.changes
    let outcome = tentative.apply(command, wall: now.wall)
    note(outcome)
    var isChange = tentative.changes != before
    if let key = command.idempotency, outcome.isJudged {
      isChange = true
      tentativeAnswers[KeyDigest(key)] = KeptAnswer(
        fingerprint: key.fingerprint, outcome: outcome)
    }
    if isChange, openSince == nil { openSince = now.monotonic }
    guard let found else {
      expected[lastTicket] = Expectation(
        command: command, outcome: outcome,
        openSequence: machine.committedSequence + (inFlight == nil ? 1 : 2), isChange: isChange,
        wall: now.wall)
      return
    }
    if isChange { throw mismatch("answered before it was committed: \(command) → \(found)") }
    guard found.withoutLocationNumbers == outcome else {
      throw mismatch("\(command)\n  answered \(found)\n  expected \(outcome)")
    }
    guard isTrue(outcome, of: command, onCommittedAt: now.wall) else {
      throw mismatch(
        "\(command) was answered at once by what is not committed\n  answered \(found)")
    }
  }

  /// Whether what is committed gives this outcome. A hold whose time is over there may be about to be
  /// extended, or not.
  func isTrue(
    _ outcome: Outcome, of command: Command, onCommittedAt wall: Timestamp
  ) -> Bool {
    var model = committed
    if model.apply(command, wall: wall) == outcome { return true }
    model = committed
    return model.apply(command, wall: wall, isExpiring: false) == outcome
  }

  func nextCommand() -> Command {
    if !recent.isEmpty, random.chance(6) {
      var command = random.pick(recent)
      // The engine gives a hold's request another id each time.
      name(&command)
      if random.chance(15) { command.idempotency?.fingerprint ^= 1 }
      return command
    }
    let model = tentative
    var command: Command
    if random.chance(30) {
      command = carts.next(open: model.openHolds)
    } else {
      command = generator.next { product, location in
        model.entry(product: product, location: location).map {
          .init(id: $0.id, version: $0.value.version, quantity: $0.value.quantity)
        }
      }
    }
    command.actor = ActorID(1 + random.below(9))
    name(&command)
    if !command.operation.isRead, random.chance(20) {
      keyCount += 1
      command.idempotency = IdempotencyKey(
        high: ShardMap.mix(keyCount), low: keyCount, fingerprint: keyCount << 1)
      recent.append(command)
      if recent.count > 40 { recent.removeFirst(20) }
    }
    return command
  }

  /// Gives holds ids that are at home here, and times by which no two end together.
  func name(_ command: inout Command) {
    let (map, shard) = (tentative.map, tentative.shard)
    let id = map.holdID(home: shard, random: (random.next(), random.next()))
    let known = tentative.holds.values
    func unlike(_ time: Int64) -> Int64 {
      var time = time
      while known.contains(where: { $0.expiresAt == clock.now.wall + time }) { time += 1 }
      return time
    }
    switch command.operation {
    case .hold(var request):
      if !request.isClientID || map.shard(ofHold: request.id) != shard {
        request.id = id
        request.isClientID = false
      }
      request.timeToLive = unlike(request.timeToLive)
      command.operation = .hold(request)
    case .extendHold(let hold, let time):
      command.operation = .extendHold(hold, timeToLive: unlike(time))
    case .reserveTogether(var together):
      together.id = id
      command.operation = .reserveTogether(together)
    default: break
    }
  }

  func check(read command: Command, _ found: Outcome?) throws(Mismatch) {
    guard let found else { throw mismatch("a read waits: \(command)") }
    var model = committed
    let outcome = model.apply(command, wall: clock.now.wall)
    note(outcome)
    guard found.withoutLocationNumbers == outcome else {
      throw mismatch("\(command)\n  answered \(found)\n  expected \(outcome)")
    }
  }

  /// A key that was used before.
  func check(
    again command: Command, _ key: IdempotencyKey, _ known: KeptAnswer, _ found: Outcome?
  ) throws(Mismatch) {
    var expected = Outcome.refused(.idempotencyRunning)
    if known.fingerprint != key.fingerprint {
      expected = .refused(.idempotencyMismatch)
    } else if let kept = committedAnswers[KeyDigest(key)], let bucket = kept.bucket {
      expected = .replay(key, bucket)
      let stored = redis.answers[bucket]?[KeyDigest(key)]
      guard stored?.outcome == kept.outcome, stored?.fingerprint == key.fingerprint else {
        throw mismatch("redis keeps \(String(describing: stored)) of \(command)")
      }
    }
    note(expected)
    guard found == expected else {
      throw mismatch(
        "\(command)\n  answered \(String(describing: found))\n  expected \(expected)")
    }
  }

  /// What is due ends before the next command.
  func expireDue() {
    let before = tentative.changes
    tentative.expireDue(clock.now.wall)
    if tentative.changes != before, openSince == nil { openSince = clock.now.monotonic }
  }

  func note(_ outcome: Outcome) {
    let name = String("\(outcome)".prefix { $0 != "(" })
    guard case .refused(let refusal) = outcome else {
      outcomes[name, default: 0] += 1
      return
    }
    outcomes[String("\(refusal)".prefix { $0 != "(" }), default: 0] += 1
    guard case .linesRefused(let lines) = refusal else { return }
    for line in lines {
      outcomes[String("\(line.refusal)".prefix { $0 != "(" }), default: 0] += 1
    }
  }
}
