import StockCore
import Testing

/// Turns for whoever mends Redis, and the way back of a shard that is damaged.
@Suite("mending")
struct MendingTests {
  @Test("an idle shard gives a turn at once, and commits what came meanwhile behind it")
  func turn() {
    let shard = TestShard()
    shard.requestTurn()
    #expect(shard.action.name == "yield turn")
    let ticket = shard.set(1, "A", 5)
    #expect(shard.endOfTick() == nil)
    #expect(shard.isServing && shard.wrong == [])
    shard.endTurn(isWritten: true)
    #expect(shard.action.name == "send")
    shard.reply(.committed)
    #expect(shard.answers()[ticket]?.quantity == 5)
  }

  @Test("a turn waits for the batch in flight, and comes before the next one")
  func turnBehindABatch() {
    let shard = TestShard()
    shard.set(1, "A", 5)
    shard.endOfTick()
    shard.requestTurn()
    #expect(shard.action.name == "none")
    shard.set(2, "A", 5)
    shard.reply(.committed)
    #expect(shard.action.name == "yield turn")
    #expect(shard.committedSequence == 1)
    shard.endTurn(isWritten: true)
    #expect(shard.action.batch?.sequence == 2)
  }

  @Test("a turn of unknown outcome: meta tells; one that lasts too long costs the connection")
  func turnLost() {
    let shard = TestShard()
    shard.requestTurn()
    shard.endTurn(isWritten: false)
    #expect(shard.action.name == "read meta")
    shard.readMeta(TestShard.meta(0, digest: 0))
    #expect(shard.isServing)

    shard.requestTurn()
    shard.pass(shard.limits.commitTimeout)
    #expect(shard.action.name == "drop connection")
    shard.reconnect()
    #expect(shard.action.name == "read meta")
    // The late end of the turn says nothing any more.
    shard.endTurn(isWritten: true)
    #expect(shard.action.name == "none")
    shard.readMeta(TestShard.meta(0, digest: 0))
    #expect(shard.isServing)
  }

  @Test("lost data: nothing is taken, all is readable, and the shard goes on when it is back")
  func restored() throws {
    let shard = TestShard()
    shard.set(1, "A", 5)
    shard.commit()
    let lost = shard.ask(.take(1, "A", 2)).ticket
    shard.endOfTick()
    shard.reply(.failed("NOMETA"))
    #expect(shard.isDamaged && shard.hasFailed && !shard.isServing && shard.isReadable)
    #expect(shard.answers() == [lost: .unavailable(.outcomeUnknown)])
    #expect(shard.ask(.take(1, "A", 1)).outcome == .unavailable(.storeUnavailable))
    #expect(shard.ask(.readEntry(1)).outcome?.reserved == 0)
    #expect(shard.wrong == [])
    // Connections come and go: it stays.
    shard.reconnect()
    #expect(shard.isDamaged)
    shard.requestTurn()
    #expect(shard.action.name == "none")

    let meta = shard.look { $0.committedMeta }
    #expect(meta.sequence == 1)
    #expect(shard.look { $0.recentBatches.map(\.sequence) } == [1])
    shard.restored()
    #expect(shard.action.name == "read meta")
    shard.readMeta(meta)
    // The turn that was asked for in vain comes now.
    #expect(shard.action.name == "yield turn")
    shard.endTurn(isWritten: true)
    #expect(shard.answer(.take(1, "A", 1))?.reserved == 1)
    #expect(shard.wrong == [])
  }

  @Test("a shard that was not restored after all is damaged again")
  func notRestored() {
    let shard = TestShard()
    shard.set(1, "A", 5)
    shard.commit()
    shard.pass(shard.limits.heartbeat)
    #expect(shard.action.name == "read meta")
    shard.readMeta(nil)
    #expect(shard.isDamaged)
    shard.restored()
    shard.readMeta(nil)
    #expect(shard.isDamaged)
  }
}
