import StockCore
import Testing

/// One batch in flight, its outcome always found out, never guessed: the transitions by name.
@Suite("Commit protocol")
struct CommitProtocolTests {
  @Test("while a batch is in flight the next one fills, and goes when it is confirmed")
  func oneInFlight() throws {
    let shard = TestShard()
    let first = shard.set(1, "A", 5)
    let batch = try #require(shard.endOfTick())
    #expect(batch.sequence == 1 && batch.previous == 0)
    let second = shard.ask(.take(1, "A", 2))
    #expect(second.outcome == nil)
    #expect(shard.endOfTick() == nil)
    #expect(shard.answers().isEmpty)
    shard.reply(.committed)
    #expect(shard.action.batch?.sequence == 2)
    #expect(shard.answers()[first]?.quantity == 5)
    #expect(shard.readQuantity(1) == 5)
    shard.reply(.committed)
    #expect(shard.answers()[second.ticket]?.reserved == 2)
    #expect(shard.committedSequence == 2)
  }

  @Test("an empty tick sends nothing")
  func emptyTick() {
    let shard = TestShard()
    #expect(shard.endOfTick() == nil)
    #expect(shard.ask(.take(9, "A", 1)).outcome == .refused(.productNotFound))
    #expect(shard.endOfTick() == nil)
  }

  @Test("reads show what is committed, not what is on its way")
  func readsAreCommitted() {
    let shard = TestShard()
    shard.set(1, "A", 5)
    #expect(shard.ask(.readSummary(1)).outcome == .refused(.productNotFound))
    shard.commit()
    shard.set(1, "A", 9)
    shard.endOfTick()
    #expect(shard.ask(.readEntry(1)).outcome?.quantity == 5)
    shard.reply(.committed)
    #expect(shard.ask(.readEntry(1)).outcome?.quantity == 9)
  }

  @Test("sold out waits for the batch that it saw, and for no other")
  func soldOutWaits() {
    let shard = TestShard()
    shard.set(1, "A", 1)
    shard.set(2, "A", 1)
    shard.commit()
    let soldOut = Outcome.refused(.insufficientStock(requested: 1, available: 0))
    shard.ask(.take(1, "A", 1))
    let sawOpen = shard.ask(.take(1, "A", 1))
    #expect(sawOpen.outcome == nil)
    shard.endOfTick()
    let sawInFlight = shard.ask(.take(1, "A", 1))
    #expect(sawInFlight.outcome == nil)
    // Another product in the next batch: nobody above waits for that.
    let other = shard.ask(.take(2, "A", 1))
    #expect(shard.answers().isEmpty)
    shard.reply(.committed)
    let answers = shard.answers()
    #expect(answers[sawOpen.ticket] == soldOut)
    #expect(answers[sawInFlight.ticket] == soldOut)
    #expect(answers[other.ticket] == nil)
    #expect(shard.ask(.take(1, "A", 1)).outcome == soldOut)
  }

  @Test("no entry there, because a pending batch moved it away, waits as well")
  func movedAwayWaits() {
    let shard = TestShard()
    shard.set(1, "A", 1)
    shard.commit()
    shard.ask(.putEntry(PutEntry(id: 1, location: "B")))
    let asked = shard.ask(.take(1, "A", 1))
    #expect(asked.outcome == nil)
    shard.endOfTick()
    shard.refuse()
    #expect(shard.answers()[asked.ticket] == .unavailable(.storeUnavailable))
  }

  @Test("what is refused since the order's hold has ended waits for that end")
  func endedHoldWaits() {
    let shard = TestShard()
    shard.set(1, "A", 5)
    shard.set(2, "A", 5)
    let limit = StockPolicy(purchaseLimit: PurchaseLimit(quantity: 3))
    shard.ask(.putProduct(PutProduct(id: 1, store: 1, type: .physical, policy: limit)))
    func hold(_ id: String, _ product: ProductID, of customer: String) -> Command.Operation {
      .hold(
        HoldRequest(
          id: id, isClientID: false, order: "o1", customer: customer,
          lines: [HoldLine(product: product, location: "A", quantity: 1)], timeToLive: 60_000,
          allocation: Allocation()))
    }
    shard.ask(hold("r0-1", 2, of: "eve"))
    shard.commit()
    shard.ask(.releaseHold("r0-1", nil))
    // As long as the hold may be open again, these would be units of eve's.
    let sawOpen = shard.ask(hold("r0-2", 1, of: ""))
    #expect(sawOpen.outcome == nil)
    shard.endOfTick()
    let sawInFlight = shard.ask(hold("r0-3", 1, of: ""))
    #expect(sawInFlight.outcome == nil)
    shard.reply(.committed)
    let why = LineRefusal(product: 1, location: "A", refusal: .customerRequired)
    let answers = shard.answers()
    #expect(answers[sawOpen.ticket] == .refused(.linesRefused([why])))
    #expect(answers[sawInFlight.ticket] == .refused(.linesRefused([why])))
  }

  @Test("NOSCRIPT: the same batch again, with the script")
  func scriptMissing() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    let batch = shard.endOfTick()
    shard.reply(.notExecuted(.scriptMissing, "NOSCRIPT"))
    #expect(shard.action.name == "send with script")
    #expect(shard.action.batch?.digest == batch?.digest)
    shard.reply(.committed)
    #expect(shard.answers()[ticket]?.quantity == 5)
  }

  @Test("LOADING, BUSY: the same batch again, after pauses that grow up to a bound")
  func later() throws {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    let batch = try #require(shard.endOfTick())
    var pauses: [Int64] = []
    for _ in 0..<9 {
      shard.reply(.notExecuted(.later, "BUSY"))
      #expect(shard.action.name == "none")
      #expect(!shard.isServing)
      var pause: Int64 = 0
      repeat {
        shard.pass(1)
        pause += 1
      } while shard.action.batch == nil && pause < 2_000
      #expect(shard.action.batch?.digest == batch.digest)
      pauses.append(pause)
    }
    #expect(pauses == [20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000])
    shard.reply(.committed)
    #expect(shard.answers()[ticket]?.quantity == 5)
    #expect(shard.isServing)
  }

  @Test("pauses are spread by up to a half")
  func jitter() {
    let shard = TestShard()
    shard.set(1, "A", 5)
    shard.endOfTick()
    shard.reply(.notExecuted(.later, "BUSY"), jitter: 99)
    shard.pass(28)
    #expect(shard.action.batch == nil)
    shard.pass(1)
    #expect(shard.action.batch != nil)
  }

  @Test("who waited too long for a busy Redis is told that nothing happened")
  func busyForTooLong() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.reply(.notExecuted(.later, "BUSY"))
    shard.pass(shard.limits.answerTimeout)
    #expect(shard.answers() == [ticket: .unavailable(.storeUnavailable)])
    #expect(shard.readQuantity(1) == nil)
    #expect(shard.isServing)
    #expect(shard.wrong == [])
  }

  @Test("a definite refusal undoes the batch and all that builds on it, and keeps new ones out")
  func refused() {
    let shard = TestShard()
    shard.set(1, "A", 5)
    shard.commit()
    let first = shard.ask(.take(1, "A", 2)).ticket
    shard.endOfTick()
    let second = shard.ask(.take(1, "A", 2)).ticket
    shard.refuse()
    #expect(
      shard.answers() == [
        first: .unavailable(.storeUnavailable), second: .unavailable(.storeUnavailable),
      ])
    #expect(shard.wrong == [])
    #expect(shard.ask(.take(1, "A", 1)).outcome == .unavailable(.storeUnavailable))
    #expect(shard.ask(.readEntry(1)).outcome?.reserved == 0)
    shard.pass(shard.limits.suspension - 1)
    #expect(!shard.isServing)
    shard.pass(1)
    #expect(shard.isServing)
    #expect(shard.answer(.take(1, "A", 5))?.reserved == 5)
  }

  @Test("a refusal of what was executed all the same is found out: it is answered as done")
  func refusedAndApplied() throws {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    let batch = try #require(shard.endOfTick())
    shard.reply(.notExecuted(.refused, "ERR upstream failure"))
    #expect(shard.action.name == "read meta")
    #expect(shard.answers().isEmpty)
    shard.readMeta(TestShard.meta(1, digest: batch.digest))
    #expect(shard.answers()[ticket]?.quantity == 5)
    #expect(shard.isServing)
    #expect(shard.answer(.take(1, "A", 5))?.reserved == 5)
  }

  @Test("a refusal that cannot be looked into is an unknown outcome, and undone when it can be")
  func refusedAndLost() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.reply(.notExecuted(.refused, "NOAUTH"))
    shard.pass(shard.limits.commitTimeout)
    #expect(shard.action.name == "drop connection")
    shard.loseConnection()
    shard.pass(shard.limits.answerTimeout)
    #expect(shard.answers() == [ticket: .unavailable(.outcomeUnknown)])
    shard.reconnect()
    shard.readMeta(TestShard.meta(0, digest: 0))
    #expect(shard.action.name == "none")
    #expect(shard.wrong == [])
    shard.pass(shard.limits.suspension)
    #expect(shard.answer(.setStock(1, "A", 7))?.quantity == 7)
  }

  @Test("a lost connection: applied after all, so it is answered and not sent again")
  func unknownWasApplied() throws {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    let batch = try #require(shard.endOfTick())
    shard.reconnect()
    #expect(shard.action.name == "read meta")
    #expect(shard.answers().isEmpty)
    shard.readMeta(TestShard.meta(1, digest: batch.digest))
    #expect(shard.action.name == "none")
    #expect(shard.answers()[ticket]?.quantity == 5)
    #expect(shard.committedSequence == 1)
  }

  @Test("a lost connection: not applied, so the identical batch goes again")
  func unknownWasNotApplied() throws {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    let batch = try #require(shard.endOfTick())
    let late = shard.set(1, "B", 1)
    shard.reconnect()
    shard.readMeta(TestShard.meta(0, digest: 0))
    #expect(shard.action.batch?.digest == batch.digest)
    #expect(shard.action.batch?.entries.count == 1)
    shard.reply(.committed)
    #expect(shard.answers().keys.sorted() == [ticket])
    shard.reply(.committed)
    #expect(shard.answers().keys.sorted() == [late])
  }

  @Test("what may have been executed is never undone, whatever Redis says to the next attempt")
  func unknownIsNeverRolledBack() throws {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    let batch = try #require(shard.endOfTick())
    shard.reconnect()
    shard.readMeta(TestShard.meta(0, digest: 0))
    shard.reply(.notExecuted(.refused, "OOM"))
    #expect(shard.answers().isEmpty)
    shard.pass(shard.limits.answerTimeout)
    #expect(shard.answers() == [ticket: .unavailable(.outcomeUnknown)])
    #expect(shard.action.batch?.digest == batch.digest)
    shard.reply(.committed)
    #expect(shard.readQuantity(1) == 5)
    #expect(shard.answers().isEmpty)
  }

  @Test("a commit without an answer: the connection is dropped, those who wait are told so")
  func deadline() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.pass(shard.limits.commitTimeout - 1)
    #expect(shard.action.name == "none")
    shard.pass(1)
    #expect(shard.action.name == "drop connection")
    shard.loseConnection()
    shard.pass(1_999)
    #expect(shard.answers().isEmpty)
    shard.pass(1)
    #expect(shard.answers() == [ticket: .unavailable(.outcomeUnknown)])
  }

  @Test("an open batch that cannot be sent is undone after its time-out, the one in flight stays")
  func queueTimeout() {
    let shard = TestShard()
    let first = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.instant += 500
    let second = shard.ask(.take(1, "A", 2)).ticket
    shard.pass(shard.limits.queueTimeout - 1)
    #expect(shard.answers().isEmpty)
    shard.pass(1)
    #expect(shard.answers() == [second: .unavailable(.storeUnavailable)])
    shard.reply(.committed)
    #expect(shard.answers()[first]?.reserved == 0)
    #expect(shard.ask(.readEntry(1)).outcome?.reserved == 0)
  }

  @Test("INVALID: everything is undone and the shard is loaded anew")
  func invalid() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.reply(.invalid("entry 1"))
    #expect(shard.action.name == "recover")
    #expect(shard.answers() == [ticket: .unavailable(.storeUnavailable)])
    #expect(!shard.isServing && !shard.isReadable)
    #expect(shard.ask(.readEntry(1)).outcome == .unavailable(.storeUnavailable))
  }

  @Test("INVALID eight times in a row: the shard stops, says so, and answers reads")
  func invalidAgainAndAgain() throws {
    let shard = TestShard()
    shard.set(1, "A", 5)
    shard.commit()
    /// One more refusal, behind which the shard is read anew; or not.
    func refuse(goesOn: Bool) throws {
      let ticket = shard.ask(.take(1, "A", 2)).ticket
      shard.endOfTick()
      shard.reply(.invalid("entry 1"))
      #expect(shard.action.name == (goesOn ? "recover" : "none"))
      let why: Unavailability = goesOn ? .storeUnavailable : .outcomeUnknown
      #expect(shard.answers() == [ticket: .unavailable(why)])
      if goesOn { try shard.load(1, "A", 5) }
      #expect(shard.hasFailed != goesOn)
    }
    for _ in 1..<8 { try refuse(goesOn: true) }
    // Something that Redis takes begins the count anew.
    #expect(shard.answer(.take(1, "A", 1))?.reserved == 1)
    for _ in 1..<8 { try refuse(goesOn: true) }
    try refuse(goesOn: false)
    #expect(shard.isDamaged && shard.isReadable && !shard.isServing)
    #expect(shard.state.hasPrefix("failed: redis refuses"))
    #expect(shard.state.contains("entry 1"))
    #expect(shard.ask(.readEntry(1)).outcome?.reserved == 0)
    #expect(shard.ask(.take(1, "A", 1)).outcome == .unavailable(.storeUnavailable))
    shard.pass(shard.limits.heartbeat + shard.limits.suspension)
    #expect(shard.action.name == "none" && shard.hasFailed)
  }

  @Test("executed wrongly: the shard stops and says so")
  func failed() {
    let shard = TestShard()
    let ticket = shard.set(1, "A", 5)
    shard.endOfTick()
    shard.reply(.failed("WRONGTYPE"))
    #expect(shard.answers() == [ticket: .unavailable(.outcomeUnknown)])
    #expect(shard.hasFailed)
    #expect(shard.state.contains("WRONGTYPE"))
    #expect(shard.ask(.take(1, "A", 1)).outcome == .unavailable(.storeUnavailable))
  }

  @Test("a reply of an ownership or connection that was given up changes nothing")
  func staleReply() {
    let shard = TestShard()
    shard.set(1, "A", 5)
    shard.endOfTick()
    shard.loseConnection()
    shard.reply(.committed)
    #expect(shard.action.name == "none")
    #expect(shard.answers().isEmpty)
    #expect(shard.committedSequence == 0)
  }

  @Test(
    "a full batch keeps later commands waiting, in their order; past the bound they are refused")
  func backlog() {
    let shard = TestShard()
    // As many tickets as a batch has, all about one entry: reserve and release by turns.
    shard.set(1, "A", 1)
    for _ in 1..<Bounds.maxTicketsPerCommit {
      #expect(shard.ask(.setStock(1, "A", Int64(shard.instant & 1))).outcome == nil)
      shard.instant += 1
    }
    let firstInBacklog = shard.set(1, "A", 1_000)
    for quantity in 2...Bounds.maxBacklogPerShard { shard.set(1, "A", 1_000 + Int64(quantity)) }
    #expect(shard.ask(.setStock(1, "A", 3)).outcome == .unavailable(.overloaded))
    #expect(shard.waitingCount == Bounds.maxTicketsPerCommit + Bounds.maxBacklogPerShard)
    shard.endOfTick()
    _ = shard.takeAnswers()
    shard.reply(.committed)
    let first = shard.takeAnswers()
    #expect(first.count == Bounds.maxTicketsPerCommit)
    #expect(first.map(\.ticket.rawValue) == first.map(\.ticket.rawValue).sorted())
    shard.reply(.committed)
    let second = shard.takeAnswers()
    #expect(second.count == Bounds.maxBacklogPerShard)
    #expect(second.first?.ticket.rawValue == firstInBacklog)
    #expect(second.first?.outcome.quantity == 1_000)
    #expect(second.map(\.ticket.rawValue) == second.map(\.ticket.rawValue).sorted())
  }

  @Test("refusals that wait for the batch in flight are bounded as well")
  func refusalsInFlight() {
    let shard = TestShard()
    shard.set(1, "A", 0)
    shard.endOfTick()
    for _ in 1..<Bounds.maxTicketsInFlight {
      #expect(shard.ask(.take(1, "A", 1)).outcome == nil)
    }
    #expect(shard.ask(.take(1, "A", 1)).outcome == .unavailable(.overloaded))
    shard.reply(.committed)
    #expect(shard.takeAnswers().count == Bounds.maxTicketsInFlight)
  }

  @Test("who stops the engine leaves nobody waiting")
  func abandon() {
    let shard = TestShard()
    let first = shard.set(1, "A", 5)
    shard.endOfTick()
    let second = shard.set(1, "B", 5)
    shard.abandon()
    #expect(
      shard.answers() == [
        first: .unavailable(.outcomeUnknown), second: .unavailable(.storeUnavailable),
      ])
    #expect(shard.ask(.take(1, "A", 1)).outcome == .unavailable(.storeUnavailable))
  }
}
