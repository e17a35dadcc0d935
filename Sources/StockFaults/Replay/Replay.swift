public import StockCore

/// Plays a whole run again: every change, of every client, in the order of shard, commit and place in
/// the commit, through the reference model, which holds no batches, crashes or connections. What every
/// client was told is held against what the model says at that place.
///
/// The ledger gives the order within a commit, and the places of changes whose clients were told
/// nothing. So nothing has to be searched, and four accounts that are made in different ways must agree:
/// what clients were told, the ledger, the model, and what is there in the end.
///
/// - Each movement of the ledger is an attempt's: of an accepted one that was told this commit and this
///   version, or else of one whose outcome is unknown. An unknown one has its place once or never.
/// - The model, asked for that attempt, accepts it, and makes exactly the ledger's movements; and it
///   shows the entries exactly as the client was shown them.
/// - Each accepted change is there, in the commit that it was told.
/// - A refusal names the batch that it rests on: at some place of that batch the model refuses the same
///   with the same numbers. A refused line of a reservation names none: some place will do between what
///   was answered before it was sent, and what was sent after it was answered.
/// - What was read was committed.
/// - What was answered before something else was sent has a lower sequence (`RealTimeOrder`).
/// - Of a reservation all lines are held, shipped or given back, or none (`HoldBooks`).
/// - The model ends where the engine ends.
///
/// A shard's replay stops at its first difference: what follows would only follow from it.
public enum Replay {
  /// What the ledgers hold, by shard; oldest first.
  public struct Ledger: Sendable {
    public var batches: [[LedgerBatch]]

    public init(batches: [[LedgerBatch]]) { self.batches = batches }
  }

  /// What is known beside the history.
  public struct Setting: Sendable {
    /// All products, of store 1, without policies.
    public var products: [Int64]
    /// The key that all attempts were made with.
    public var actor: ActorID
    /// Where changes are made that the history does not tell of.
    public var unrecorded: Set<String>

    public init(products: [Int64], actor: ActorID, unrecorded: Set<String> = []) {
      self.products = products
      self.actor = actor
      self.unrecorded = unrecorded
    }
  }

  /// What came of it.
  public struct Verdict: Sendable {
    public var violations: [Violation] = []
    /// Changes and refusals that the model was asked for, and said the same.
    public var borneOut = 0
    /// Changes that were done although their clients were not told so.
    public var untold = 0
  }

  /// - Parameter end: all entries, when nothing is under way any more.
  public static func check(
    _ attempts: [Attempt], readings: [Reading] = [], ledger: Ledger, setting: Setting,
    end: [EntryKey: EntryState]
  ) -> Verdict {
    let map = ShardMap(shardCount: ledger.batches.count)
    var verdict = Verdict()
    var holds = HoldBooks(attempts)
    let byShard = Dictionary(grouping: attempts) { map.shard(ofProduct: $0.key.product) }
    let readByShard = Dictionary(grouping: readings) { map.shard(ofProduct: $0.key.product) }
    for shard in 0..<map.shardCount {
      var replay = ShardReplay(shard, of: map, byShard[shard] ?? [], setting)
      do throws(ShardReplay.Difference) {
        try replay.run(ledger.batches[shard])
        try replay.check(readByShard[shard] ?? [])
        try replay.check(end: end.filter { map.shard(ofProduct: $0.key.product) == shard })
      } catch {
        verdict.violations.append(Violation(error.kind, "shard \(shard), \(error.text)"))
      }
      verdict.violations += RealTimeOrder.check(replay.moments).map {
        Violation($0.kind, "shard \(shard), \($0.text)")
      }
      verdict.borneOut += replay.borneOut
      verdict.untold += replay.untold
      holds.add(replay.holdMovements)
    }
    // Of a shard whose replay stopped, not all lines are known.
    if verdict.violations.isEmpty { verdict.violations = holds.check() }
    return verdict
  }
}
