import StockCore

// What is compared now and then.
extension ModelRun {
  func load() throws(Mismatch) {
    guard let meta = redis.take(owner: "model", minimum: 0) else { return }
    machine.beginLoading(meta)
    do { try machine.finishLoading() } catch { throw mismatch("\(error)") }
  }

  func check() throws(Mismatch) {
    let wrong = machine.checkInvariants()
    if !wrong.isEmpty { throw mismatch(wrong.joined(separator: "\n  ")) }
    var model = committed
    for product in generator.products {
      let command = Command(scope: .any, operation: .readSummary(product))
      let found = machine.submit(command, ticket: Ticket(rawValue: 0), now: clock.now)
      let outcome = model.apply(command, wall: 0)
      guard found?.withoutLocationNumbers == outcome else {
        throw mismatch("summary\n  answered \(String(describing: found))\n  expected \(outcome)")
      }
    }
    guard inFlight == nil else { return }
    try checkRecords()
    let differences = redis.differences(from: machine)
    if !differences.isEmpty { throw mismatch(differences.joined(separator: "\n  ")) }
  }

  /// Holds, purchases and keys are in Redis as the model has them, and the ledger makes the counters.
  func checkRecords() throws(Mismatch) {
    let holds = committed.holds.mapValues { HoldRecord.hold($0) }
    if holds != redis.holds { throw mismatch("redis has other holds than the model") }
    if committed.purchases != redis.purchases {
      throw mismatch(
        "purchases are \(redis.purchases)\n  expected \(committed.purchases)")
    }
    let kept = redis.answers.reduce(0) { $0 + $1.value.count }
    if kept != committedAnswers.count {
      throw mismatch("redis keeps \(kept) answers, the model \(committedAnswers.count)")
    }
    if commands % 4_096 == 0, let wrong = redis.ledgerFaults().first { throw mismatch(wrong) }
  }
}
