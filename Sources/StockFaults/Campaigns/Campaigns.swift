/// All campaigns, each on an engine of its own, one after the other.
public struct Campaigns: Sendable {
  public var oversell = Oversell()
  public var kill = Kill()
  public var stall = Stall()
  public var scriptFlush = ScriptFlush()
  public var lostTail = LostTail()
  public var twoEngines = TwoEngines()
  public var carts = Carts()
  public var cartsWithKills = Carts()
  public var twice = Twice()

  /// - Parameter short: about a minute, for every change; else some minutes.
  public init(short: Bool = false) {
    cartsWithKills.kills = true
    guard short else { return }
    carts.rounds = 3
    cartsWithKills.rounds = 3
    twice = Twice(rounds: 5, kills: 5)
    oversell.buyers = 64
    kill = Kill(engineKills: 5, redisKills: 5)
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
    note(try await carts.run(scene))
    note(try await cartsWithKills.run(scene))
    note(try await twice.run(scene))
    return isGood
  }
}
