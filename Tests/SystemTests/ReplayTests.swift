import StockCore
import StockFaults
import Testing

@Suite("A history played again through the reference model")
struct ReplayTests {
  private static let seeds = UInt64(1)...6

  /// The first place of an attempt of which the rule holds, in the run's second half.
  private func place(_ run: MadeUpRun, _ rule: (Attempt) -> Bool) throws -> Int {
    let found = run.attempts[(run.attempts.count / 2)...].firstIndex(where: rule)
    return try #require(found)
  }

  private func commit(_ attempt: Attempt) -> Commit? {
    if case .accepted(_, _, let commit) = attempt.ending { commit } else { nil }
  }

  private func changes(_ attempt: Attempt) -> Bool {
    if case .set = attempt.change { return false }
    return commit(attempt) != nil
  }

  @Test("A right history has nothing wrong, and all of its answers are looked at", arguments: seeds)
  func right(seed: UInt64) {
    let verdict = MadeUpRun(seed: seed).verdict
    #expect(verdict.violations.map(\.description) == [])
    #expect(verdict.borneOut > 200 && verdict.untold > 5)
  }

  @Test("One unit sold now and then that is not there")
  func oversold() {
    for seed in Self.seeds {
      #expect(MadeUpRun(seed: seed, oversells: 100).found.contains(.modelDiffers), "seed \(seed)")
    }
  }

  @Test("An answer with the counters of the version before")
  func stale() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let at = try place(run) { if case .reserve = $0.change { changes($0) } else { false } }
      guard case .accepted(var state, _, let commit) = run.attempts[at].ending,
        case .reserve(let units) = run.attempts[at].change
      else { continue }
      state.reserved -= units
      run.attempts[at].ending = .accepted(state, other: nil, commit)
      #expect(run.found == [.modelDiffers], "seed \(seed)")
    }
  }

  @Test("Two answers with each other's commits")
  func swapped() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let one = try place(run, changes)
      let first = try #require(commit(run.attempts[one]))
      let other = try #require(
        run.attempts[one...].firstIndex {
          changes($0) && commit($0)?.shard == first.shard && commit($0) != first
        })
      guard case .accepted(let a, let b, _) = run.attempts[one].ending,
        case .accepted(let c, let d, let second) = run.attempts[other].ending
      else { continue }
      run.attempts[one].ending = .accepted(a, other: b, second)
      run.attempts[other].ending = .accepted(c, other: d, first)
      #expect(run.found.isSuperset(of: [.modelDiffers, .wrongOrder]), "seed \(seed)")
    }
  }

  @Test("Two commits of the ledger in each other's places")
  func reordered() {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let half = run.ledger.batches[0].count / 2
      var (one, other) = (run.ledger.batches[0][half], run.ledger.batches[0][half + 1])
      swap(&one.entries, &other.entries)
      run.ledger.batches[0][half] = one
      run.ledger.batches[0][half + 1] = other
      #expect(!run.found.isEmpty, "seed \(seed)")
    }
  }

  @Test("Something accepted that was never done")
  func lost() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let last = run.ledger.batches[0].count - 1
      let sequence = run.ledger.batches[0][last].sequence
      // A commit whose clients were told nothing may be missing.
      guard run.attempts.contains(where: { commit($0) == Commit(shard: 0, sequence: sequence) })
      else { continue }
      run.ledger.batches[0].removeLast()
      #expect(!run.found.isEmpty, "seed \(seed)")
    }
  }

  @Test("Something done twice")
  func twice() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let at = run.ledger.batches[0].count / 2
      let again = try #require(run.ledger.batches[0][at].entries.last)
      run.ledger.batches[0][at].entries.append(again)
      #expect(!run.found.isDisjoint(with: [.unexplainedVersions, .modelDiffers]), "seed \(seed)")
    }
  }

  @Test("A change that nobody asked for")
  func nobody() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let gone = run.attempts.remove(at: try place(run, changes))
      // Nor anything like it, whose outcome would be unknown.
      run.attempts.removeAll { $0.key == gone.key && $0.ending == .unknown("lost") }
      #expect(run.found.contains(.unexplainedVersions), "seed \(seed)")
    }
  }

  @Test("A refusal of what could be had, and one that rests on an older commit")
  func refused() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let at = try place(run) { $0.refusedIn != nil }
      guard let commit = run.attempts[at].refusedIn else { continue }
      switch run.attempts[at].ending {
      case .refused(.insufficientStock(let requested, let available)):
        run.attempts[at].ending = .refused(
          .insufficientStock(requested: requested, available: available - 1))
      case .refused(.insufficientReserved(let requested, let reserved)):
        run.attempts[at].ending = .refused(
          .insufficientReserved(requested: requested, reserved: reserved - 1))
      case .refused(.belowReserved(let requested, let reserved)):
        run.attempts[at].ending = .refused(
          .belowReserved(requested: requested, reserved: reserved + 1))
      case .refused(.versionConflict(let expected, let actual)):
        run.attempts[at].ending = .refused(
          .versionConflict(expected: expected, actual: actual + 1))
      default: continue
      }
      #expect(run.found == [.wrongRefusal], "seed \(seed)")
      run = MadeUpRun(seed: seed)
      run.attempts[at].refusedIn = Commit(shard: commit.shard, sequence: 1)
      #expect(!run.found.isDisjoint(with: [.wrongRefusal, .wrongOrder]), "seed \(seed)")
      run.attempts[at].refusedIn = nil
      #expect(run.found == [.wrongAnswer], "seed \(seed)")
    }
  }

  @Test("A line of a reservation that is refused with numbers that never were")
  func refusedLine() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let at = run.attempts.firstIndex {
        if case .refused(.insufficientStock) = $0.ending { $0.isLine } else { false }
      }
      guard let at, case .refused(.insufficientStock(let requested, _)) = run.attempts[at].ending
      else { continue }
      run.attempts[at].ending = .refused(.insufficientStock(requested: requested, available: -1))
      #expect(run.found == [.wrongRefusal], "seed \(seed)")
    }
  }

  @Test("What was sent later than it can have been, for what came after it was answered before")
  func late() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let at = try place(run, changes)
      run.attempts[at].sentAt = .max - 1
      run.attempts[at].endedAt = .max
      #expect(run.found.contains(.wrongOrder), "seed \(seed)")
    }
  }

  @Test("A reservation that ends otherwise than it was told, or only in part")
  func holds() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      let whole = run
      let at = try place(run) { attempt in
        attempt.hold != nil && attempt.change.isReserve && attempt.ending == .done
          && !whole.attempts.contains { $0.hold == attempt.hold && $0.change.isRelease }
      }
      let id = run.attempts[at].hold
      // It was refused, and yet it is there.
      for place in run.attempts.indices where run.attempts[place].hold == id {
        run.attempts[place].ending = .notDone("store_unavailable")
      }
      #expect(run.found == [.halfHeld], "seed \(seed)")
      // A line that nobody ever took.
      run = whole
      let line = EntryKey(1, run.attempts[at].key.location == "MAIN" ? "OTHER" : "MAIN")
      var more = run.attempts[at]
      more.key = line
      run.attempts.append(more)
      if whole.attempts.contains(where: { $0.hold == id && $0.key == line }) { continue }
      #expect(run.found == [.halfHeld], "seed \(seed)")
    }
  }

  @Test("A read of what was never committed, and another end")
  func readAndEnd() throws {
    for seed in Self.seeds {
      var run = MadeUpRun(seed: seed)
      run.readings[40].state.reserved += 1
      #expect(run.found == [.contradiction], "seed \(seed)")
      run = MadeUpRun(seed: seed)
      run.end[EntryKey(3, "WEST")]?.quantity += 1
      #expect(run.found == [.modelDiffers], "seed \(seed)")
    }
  }
}

extension StockFaults.Change {
  fileprivate var isReserve: Bool {
    if case .reserve = self { true } else { false }
  }

  fileprivate var isRelease: Bool {
    if case .release = self { true } else { false }
  }
}
