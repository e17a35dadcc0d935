/// Holds a history against what the engine promises.
///
/// The rule that everything rests on: a change that is accepted raises its entry's version by exactly
/// one, and the answer shows the entry as that change left it. So the versions of an entry are a
/// chain, and every accepted change names its own link:
///
/// - No two accepted changes name the same link. If they do, the first was lost and its version given
///   out again.
/// - Where two neighbouring links are known, the second is the first with the change applied. If the
///   change was applied twice, or another one was, this shows it.
/// - The chain is at least as long as the highest link that anyone was told of; else something
///   acknowledged is gone.
/// - A link that nobody was told of was made by an attempt whose ending is unknown, or by a line of a
///   reservation, whose answer does not show its entry. So there are not
///   more of those links than such attempts on that entry, and some choice among them leads from the
///   known state before to the known state after. A refusal that changed something after all, or a
///   change that was done twice, makes a link that nobody can explain.
/// - No link has less than nothing, nor more reserved than there is.
/// - A refusal's numbers bear it out, and are those of a link that was there at that time.
/// - What was answered before something else was sent comes before it: in the chain, in the shard's
///   sequence, and in what is read.
public struct Checker {
  /// What is known for certain of the entries before the history began. None: they were not there.
  private let base: [EntryKey: EntryState]
  /// What they are after it, when nothing is under way any more.
  private let end: [EntryKey: EntryState]
  private var violations: [Violation] = []

  private init(base: [EntryKey: EntryState], end: [EntryKey: EntryState]) {
    self.base = base
    self.end = end
  }

  /// - Parameters:
  ///   - base: the entries before the first attempt.
  ///   - end: all entries after the last one, when nothing is under way any more.
  /// - Returns: what is wrong; empty if nothing is.
  public static func check(
    _ attempts: [Attempt], readings: [Reading] = [], base: [EntryKey: EntryState] = [:],
    end: [EntryKey: EntryState]
  ) -> [Violation] {
    var checker = Checker(base: base, end: end)
    let chains = checker.chains(attempts, readings)
    for key in chains.keys.sorted() {
      guard let chain = chains[key] else { continue }
      var links = LinkChecker(key, chain, base: base[key], end: end[key])
      links.check()
      checker.violations += links.violations
    }
    checker.checkOrderInShards(attempts)
    checker.checkTotals(chains)
    return checker.violations
  }

  // MARK: Sorting by entry

  private mutating func chains(
    _ attempts: [Attempt], _ readings: [Reading]
  ) -> [EntryKey: Chain] {
    var chains: [EntryKey: Chain] = [:]
    // An entry that nobody touched must still be what it was.
    for key in base.keys { chains[key] = Chain() }
    for key in end.keys { chains[key] = Chain() }
    for attempt in attempts {
      if case .wrong(let what) = attempt.ending {
        violations.append(
          Violation(.wrongAnswer, "\(attempt.change) on \(attempt.key): \(what)"))
        continue
      }
      chains[attempt.key, default: Chain()].add(attempt, side: .own)
      if let other = attempt.otherKey { chains[other, default: Chain()].add(attempt, side: .other) }
    }
    for reading in readings { chains[reading.key, default: Chain()].readings.append(reading) }
    return chains
  }

  // MARK: Across entries

  /// In each shard, what was answered before something else was sent has no higher sequence.
  private mutating func checkOrderInShards(_ attempts: [Attempt]) {
    struct Accepted {
      var sentAt: Int64
      var endedAt: Int64
      var sequence: Int64
    }
    var shards: [Int64: [Accepted]] = [:]
    var shardOfProduct: [Int64: Int64] = [:]
    for attempt in attempts {
      guard case .accepted(_, _, let commit) = attempt.ending else { continue }
      let known = shardOfProduct[attempt.key.product]
      if let known, known != commit.shard {
        violations.append(
          Violation(
            .wrongOrder,
            "product \(attempt.key.product) was in shard \(known), then in \(commit.shard)"))
      }
      shardOfProduct[attempt.key.product] = commit.shard
      shards[commit.shard, default: []].append(
        Accepted(sentAt: attempt.sentAt, endedAt: attempt.endedAt, sequence: commit.sequence))
    }
    for (shard, accepted) in shards.sorted(by: { $0.key < $1.key }) {
      let bySending = accepted.sorted { $0.sentAt < $1.sentAt }
      let byEnding = accepted.sorted { $0.endedAt < $1.endedAt }
      var ended = 0
      var highest: Int64 = 0
      for one in bySending {
        while ended < byEnding.count, byEnding[ended].endedAt < one.sentAt {
          highest = max(highest, byEnding[ended].sequence)
          ended += 1
        }
        guard one.sequence < highest else { continue }
        violations.append(
          Violation(
            .wrongOrder,
            "shard \(shard): sequence \(one.sequence) was sent after \(highest) was answered"))
      }
    }
  }

  /// Of a product of which every link is known, the changes add up to what is there. This does not
  /// look at states at all, but for what a `set` found: it counts what was asked for.
  private mutating func checkTotals(_ chains: [EntryKey: Chain]) {
    let products = Dictionary(grouping: chains.keys, by: \.product)
    for (product, keys) in products.sorted(by: { $0.key < $1.key }) {
      var quantity: Int64 = 0
      var reserved: Int64 = 0
      var expectedQuantity: Int64 = 0
      var expectedReserved: Int64 = 0
      var isWhole = true
      for key in keys {
        guard let chain = chains[key] else { continue }
        let before = base[key]
        quantity += end[key]?.quantity ?? 0
        reserved += end[key]?.reserved ?? 0
        expectedQuantity += before?.quantity ?? 0
        expectedReserved += before?.reserved ?? 0
        let length = (end[key]?.version ?? 0) - (before?.version ?? 0)
        let states = chain.states(base: before)
        let makers = chain.makers(states)
        let certain = chain.unseen.filter(\.isCertain)
        let rest = length - Int64(makers.count + certain.count)
        // What is left can only have undone itself.
        if rest != 0, !(rest > 0 && chain.restIsPaired) { isWhole = false }
        for change in certain {
          guard case .move(let units, let promised) = change.effect else { continue }
          expectedQuantity += units
          expectedReserved += promised
        }
        for claim in makers.values.joined() {
          switch claim.effect {
          case .move(let units, let promised):
            expectedQuantity += units
            expectedReserved += promised
          case .exactly(let target):
            guard let found = states[claim.state.version - 1] else {
              isWhole = false
              continue
            }
            expectedQuantity += target - found.quantity
          }
        }
      }
      guard isWhole, quantity != expectedQuantity || reserved != expectedReserved else { continue }
      violations.append(
        Violation(
          .wrongTotal,
          """
          product \(product): \(quantity) there and \(reserved) reserved, but what was accepted adds \
          up to \(expectedQuantity) and \(expectedReserved)
          """))
    }
  }
}
