import Foundation
import StockFaults
import StockProcesses
import Testing

/// The campaigns in short: `stock-faults` runs them at length. Each has an engine of its own; one
/// after the other, since all of them load the machine.
@Suite("Faults, on a real engine and a real redis-server", .serialized)
struct CampaignTests {
  private func scene() throws -> Scene { Scene(binary: try StockBinary.find()) }

  private func expectGood(_ report: Report) {
    #expect(report.isGood, "\(report.text())")
  }

  @Test("Exactly as much is sold as there is")
  func oversell() async throws {
    var campaign = Oversell()
    campaign.buyers = 48
    campaign.attempts = 2_000
    campaign.units = 1_000
    expectGood(try await campaign.run(scene()))
  }

  @Test("SIGKILL of either side loses nothing that was acknowledged")
  func kill() async throws {
    expectGood(try await Kill(engineKills: 3, redisKills: 3).run(scene()))
  }

  @Test("A history with kills and cuts, played again, is what the reference model says")
  func history() async throws {
    expectGood(try await Histories(engineKills: 2, redisKills: 2, cuts: 8).run(scene()))
  }

  @Test("A redis-server that stands still is waited for")
  func stall() async throws {
    var campaign = Stall()
    campaign.length = .seconds(4)
    expectGood(try await campaign.run(scene()))
  }

  @Test("SCRIPT FLUSH goes unnoticed")
  func scriptFlush() async throws {
    var campaign = ScriptFlush()
    campaign.length = .seconds(2)
    expectGood(try await campaign.run(scene()))
  }

  @Test("What Redis lost is played again")
  func lostTail() async throws {
    var campaign = LostTail()
    campaign.rounds = 2
    expectGood(try await campaign.run(scene()))
  }

  @Test("Whatever Redis says to a commit, before or after it: each thing once")
  func matrix() async throws {
    expectGood(try await Matrix(.short).run(scene()))
  }

  @Test("A redis-server that stands still longer than every time-out")
  func stops() async throws {
    var campaign = Stops()
    campaign.stops = 2
    campaign.lanes = 2
    expectGood(try await campaign.run(scene()))
  }

  @Test("No room on Redis's disk, or in its memory", arguments: Outage.Cause.allCases)
  func outage(_ cause: Outage.Cause) async throws {
    var campaign = Outage(cause)
    campaign.rounds = 1
    campaign.length = .seconds(2)
    expectGood(try await campaign.run(scene()))
  }

  @Test("FLUSHALL stops the engine, busy or idle")
  func flush() async throws {
    expectGood(try await Flush().run(scene()))
  }

  @Test("The time of day jumps")
  func clock() async throws {
    var campaign = ClockJumps()
    campaign.jumps = [7_200, -7_200]
    expectGood(try await campaign.run(scene()))
  }

  @Test("No file descriptors, no folder to write to")
  func limits() async throws {
    expectGood(try await Limits().run(scene()))
  }

  @Test("Nothing is confirmed without the replica that was asked for")
  func lostReplica() async throws {
    var campaign = LostReplica()
    campaign.rounds = 1
    campaign.length = .seconds(2)
    expectGood(try await campaign.run(scene()))
  }

  @Test("A second engine fences the first")
  func twoEngines() async throws {
    expectGood(try await TwoEngines().run(scene()))
  }

  @Test("Carts at once are held whole or not at all", arguments: [false, true])
  func carts(kills: Bool) async throws {
    var campaign = Carts()
    campaign.rounds = 2
    campaign.carts = 300
    campaign.opening = 12
    campaign.kills = kills
    expectGood(try await campaign.run(scene()))
  }

  @Test("What is sent twice is done once, and answered the same")
  func twice() async throws {
    expectGood(try await Twice(rounds: 3, kills: 3).run(scene()))
  }

  @Test("A real day's orders, with kills: another program rebuilds the counters from the ledger")
  func ledger() async throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path
    var campaign = Ledger(
      files: ["\(root)/examples/online-retail-2010-12-01.csv"],
      reader: "\(root)/docs/examples/ledger.py")
    campaign.kills = 2
    campaign.interval = .milliseconds(400)
    campaign.opening = 100
    campaign.expireShare = 0
    expectGood(try await campaign.run(scene()))
  }

  @Test("Readers of events, and some who do not read, cost neither an answer nor memory")
  func events() async throws {
    var campaign = Events()
    campaign.readers = 300
    campaign.silent = 20
    campaign.products = 50
    campaign.length = .seconds(2)
    campaign.turns = 1
    campaign.pace = 200
    // Told, not judged: other tests run at the same time.
    campaign.leastShare = nil
    campaign.mostLag = nil
    expectGood(try await campaign.run(scene()))
  }

  @Test("An engine that is killed listens again, though its redis-server was started under it")
  func inheritedSockets() async throws {
    let engine = try EngineProcess(.init(binary: StockBinary.find(), port: Port.free()))
    try await engine.start(within: .seconds(120))
    let site = try await Site.prepare(
      engine, products: [1], locations: ["MAIN"], opening: 5, history: History())
    // The new redis-server is started while there are connections to the engine.
    let old = try #require(engine.redisPID)
    try await engine.killRedis()
    try await site.settle(within: .seconds(120))
    #expect(engine.redisPID != old)
    try await engine.kill()
    try await engine.start(within: .seconds(120))
    #expect(try await site.state()[EntryKey(1, "MAIN")]?.quantity == 5)
    await site.close()
    try await engine.stop()
    #expect(engine.redisPID == nil)
  }
}
