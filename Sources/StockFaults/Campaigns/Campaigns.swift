/// All campaigns, each on an engine of its own, one after the other.
public struct Campaigns: Sendable {
  public var oversell = Oversell()
  public var kill = Kill()
  public var history = Histories()
  public var stall = Stall()
  public var scriptFlush = ScriptFlush()
  public var lostTail = LostTail()
  public var twoEngines = TwoEngines()
  public var carts = Carts()
  public var cartsWithKills = Carts()
  public var twice = Twice()
  public var events = Events()
  public var matrix = Matrix(.whole)
  public var stops = Stops()
  public var outages = Outage.Cause.allCases.map { Outage($0) }
  public var flush = Flush()
  public var clockJumps = ClockJumps()
  public var limits = Limits()
  public var lostReplica = LostReplica()
  /// nil: not run, for want of orders.
  public var ledger: Ledger?

  /// - Parameters:
  ///   - short: about four minutes, for every change; else half an hour.
  ///   - ledger: where its orders are.
  public init(short: Bool = false, ledger: Ledger? = nil) {
    self.ledger = ledger
    cartsWithKills.kills = true
    stops.stops = 24
    guard short else { return }
    matrix.extent = .short
    stops.stops = 8
    for place in outages.indices { outages[place].rounds = 1 }
    lostReplica.rounds = 1
    carts.rounds = 3
    cartsWithKills.rounds = 3
    twice = Twice(rounds: 5, kills: 5)
    self.ledger?.kills = 3
    self.ledger?.expireShare = 0
    events.readers = 500
    events.length = .seconds(2)
    events.turns = 1
    // So little says nothing.
    events.leastShare = nil
    oversell.buyers = 64
    kill = Kill(engineKills: 5, redisKills: 5)
    history = Histories(engineKills: 3, redisKills: 3, cuts: 12)
    stall.length = .seconds(4)
    scriptFlush.length = .seconds(3)
    lostTail.rounds = 2
  }

  /// - Parameter each: gets each report as soon as it is there.
  /// - Returns: whether all were good.
  public func run(_ scene: Scene, each: (Report) -> Void) async throws -> Bool {
    var isGood = true
    func note(_ report: Report) {
      isGood = isGood && report.isGood
      each(report)
    }
    note(try await oversell.run(scene))
    note(try await scriptFlush.run(scene))
    note(try await stall.run(scene))
    note(try await lostTail.run(scene))
    note(try await twoEngines.run(scene))
    note(try await kill.run(scene))
    note(try await history.run(scene))
    note(try await carts.run(scene))
    note(try await cartsWithKills.run(scene))
    note(try await twice.run(scene))
    if let ledger { note(try await ledger.run(scene)) }
    note(try await events.run(scene))
    note(try await matrix.run(scene))
    note(try await stops.run(scene))
    for outage in outages { note(try await outage.run(scene)) }
    note(try await flush.run(scene))
    note(try await clockJumps.run(scene))
    note(try await limits.run(scene))
    note(try await lostReplica.run(scene))
    return isGood
  }
}
