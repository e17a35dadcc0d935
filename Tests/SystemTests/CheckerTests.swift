import StockFaults
import Testing

/// A history in which every change is sent and answered before the next one, unless it says so.
private struct Story {
  var attempts: [Attempt] = []
  var readings: [Reading] = []
  private var clock: Int64 = 0
  private var sequence: Int64 = 0

  static let key = EntryKey(7, "MAIN")

  static func state(_ version: Int64, _ quantity: Int64, _ reserved: Int64) -> EntryState {
    EntryState(id: 1, version: version, quantity: quantity, reserved: reserved)
  }

  /// 10 units at version 1.
  init() { yes(.set(10, expectedVersion: nil), 1, 10, 0) }

  mutating func yes(_ change: Change, _ version: Int64, _ quantity: Int64, _ reserved: Int64) {
    sequence += 1
    add(
      change,
      .accepted(
        Self.state(version, quantity, reserved), other: nil,
        Commit(shard: 0, sequence: sequence)))
  }

  mutating func no(_ change: Change, _ refused: Ending.Refused) { add(change, .refused(refused)) }

  mutating func perhaps(_ change: Change) { add(change, .unknown("lost")) }

  mutating func add(_ change: Change, _ ending: Ending) {
    clock += 2
    attempts.append(
      Attempt(Self.key, change, sentAt: clock, endedAt: clock + 1, ending))
  }

  mutating func read(_ version: Int64, _ quantity: Int64, _ reserved: Int64) {
    clock += 2
    readings.append(Reading(Self.key, sentAt: clock, Self.state(version, quantity, reserved)))
  }

  /// The kinds of what is wrong, if it ends so.
  func check(_ version: Int64, _ quantity: Int64, _ reserved: Int64) -> Set<Violation.Kind> {
    check(Self.state(version, quantity, reserved))
  }

  func check(_ end: EntryState?) -> Set<Violation.Kind> {
    let end = end.map { [Self.key: $0] } ?? [:]
    return Set(Checker.check(attempts, readings: readings, end: end).map(\.kind))
  }
}

@Suite("The checker knows lines of reservations, whose answers do not show the entry")
struct CheckerOfLinesTests {
  /// 10 units at version 1; then lines, and in the end what is there.
  private func check(
    _ lines: [(Change, Ending)], _ version: Int64, _ quantity: Int64, _ reserved: Int64,
    isRepeated: Bool = false
  ) -> Set<Violation.Kind> {
    var story = Story()
    for (change, ending) in lines {
      story.add(change, ending)
      let last = story.attempts.count - 1
      story.attempts[last].isLine = true
      story.attempts[last].isRepeated = isRepeated
    }
    return story.check(version, quantity, reserved)
  }

  @Test("An accepted line makes one version, with its own change")
  func accepted() {
    #expect(check([(.reserve(4), .done)], 2, 10, 4) == [])
    #expect(check([(.reserve(4), .done), (.fulfill(4), .done)], 3, 6, 0) == [])
    // Lost, done in part, done twice.
    #expect(check([(.reserve(4), .done)], 1, 10, 0).contains(.lostWrite))
    #expect(check([(.reserve(4), .done)], 2, 10, 3).contains(.unexplainedState))
    #expect(check([(.reserve(4), .done)], 3, 10, 8).contains(.unexplainedVersions))
  }

  @Test("A refused line leaves nothing behind, but may have come and gone")
  func refused() {
    let other = Ending.refused(.otherLine)
    #expect(check([(.reserve(4), other)], 1, 10, 0) == [])
    #expect(check([(.reserve(4), other)], 3, 10, 0) == [])
    // Half of it is what the checker cannot tell from a reservation under way; more it can.
    #expect(check([(.reserve(4), other)], 4, 10, 4).contains(.unexplainedVersions))
    #expect(check([(.reserve(4), other)], 3, 10, 4).contains(.unexplainedState))
    let short = Ending.refused(.insufficientStock(requested: 11, available: 10))
    #expect(check([(.reserve(11), short)], 1, 10, 0) == [])
    let wrong = Ending.refused(.insufficientStock(requested: 11, available: 7))
    #expect(check([(.reserve(11), wrong)], 1, 10, 0) == [.wrongRefusal])
  }

  @Test("What a crash broke off and was sent again came, went, and came")
  func repeated() {
    #expect(check([(.reserve(4), .done)], 4, 10, 4, isRepeated: true) == [])
    #expect(check([(.reserve(4), .done)], 4, 10, 4) != [])
    #expect(check([(.reserve(4), .done)], 3, 10, 8, isRepeated: true) != [])
  }

  @Test("What reservations keep is not told as reserved to who wants to release it")
  func kept() {
    var story = Story()
    story.add(.reserve(4), .done)
    story.attempts[1].isLine = true
    story.no(.release(1), .insufficientReserved(requested: 1, reserved: 0))
    #expect(story.check(2, 10, 4) == [])
    story.no(.release(6), .insufficientReserved(requested: 6, reserved: 5))
    #expect(story.check(2, 10, 4) == [.wrongRefusal])
  }
}

@Suite("The checker finds wrong histories")
struct CheckerTests {
  @Test("A right history has nothing wrong")
  func right() {
    var story = Story()
    story.yes(.reserve(4), 2, 10, 4)
    story.no(.reserve(7), .insufficientStock(requested: 7, available: 6))
    story.yes(.fulfill(3), 3, 7, 1)
    story.no(.release(2), .insufficientReserved(requested: 2, reserved: 1))
    story.no(.set(0, expectedVersion: 3), .belowReserved(requested: 0, reserved: 1))
    story.no(
      .set(9, expectedVersion: 2), .versionConflict(expected: 2, actual: 3))
    story.yes(.release(1), 4, 7, 0)
    story.yes(.adjust(-2), 5, 5, 0)
    story.yes(.set(5, expectedVersion: 5), 5, 5, 0)
    story.yes(.set(5, expectedVersion: nil), 5, 5, 0)
    story.yes(.set(6, expectedVersion: 5), 6, 6, 0)
    story.read(6, 6, 0)
    #expect(story.check(6, 6, 0) == [])
  }

  @Test("What is unknown may have happened, or not")
  func unknown() {
    var story = Story()
    story.perhaps(.reserve(2))
    story.perhaps(.reserve(3))
    story.perhaps(.adjust(5))
    #expect(story.check(1, 10, 0) == [])
    #expect(story.check(2, 10, 3) == [])
    #expect(story.check(3, 10, 5) == [])
    #expect(story.check(3, 15, 2) == [])
    #expect(story.check(4, 15, 5) == [])
    // None of them, nor any two of them, did this.
    #expect(story.check(2, 10, 1) == [.unexplainedState])
    #expect(story.check(3, 10, 3) == [.unexplainedState])
    #expect(story.check(5, 15, 5).contains(.unexplainedVersions))
  }

  @Test("A write that was acknowledged and is gone")
  func lostWrite() {
    var story = Story()
    story.yes(.reserve(4), 2, 10, 4)
    #expect(story.check(1, 10, 0).contains(.lostWrite))
    #expect(story.check(nil).contains(.lostWrite))
  }

  @Test("A write that was lost, and its version given out again")
  func overwritten() {
    var story = Story()
    story.yes(.reserve(4), 2, 10, 4)
    story.yes(.reserve(3), 2, 10, 3)
    #expect(story.check(2, 10, 3).isSuperset(of: [.sameVersion, .contradiction]))
  }

  @Test("A change that was done twice, and answered as it then was")
  func doneTwice() {
    var story = Story()
    story.yes(.reserve(4), 2, 10, 8)
    #expect(story.check(2, 10, 8).isSuperset(of: [.wrongTransition, .wrongTotal]))
  }

  @Test("A change that was done twice, the second time behind the answer")
  func doneAgainLater() {
    var story = Story()
    story.yes(.reserve(4), 2, 10, 4)
    #expect(story.check(3, 10, 8).contains(.unexplainedVersions))
  }

  @Test("A change of unknown ending that was done twice")
  func unknownDoneTwice() {
    var story = Story()
    story.perhaps(.reserve(4))
    story.perhaps(.adjust(1))
    #expect(story.check(3, 10, 8) == [.unexplainedState])
  }

  @Test("More sold than there is")
  func oversold() {
    var story = Story()
    story.yes(.reserve(8), 2, 10, 8)
    story.yes(.reserve(8), 3, 10, 16)
    #expect(story.check(3, 10, 16).contains(.impossibleState))
    // Both saw the same units: the second answer hides the first one.
    var hidden = Story()
    hidden.yes(.reserve(8), 2, 10, 8)
    hidden.yes(.reserve(8), 3, 10, 8)
    #expect(hidden.check(3, 10, 8).isSuperset(of: [.wrongTransition, .wrongTotal]))
  }

  @Test("A refusal that changed something after all")
  func refusalThatChanged() {
    var story = Story()
    story.no(.reserve(11), .insufficientStock(requested: 11, available: 10))
    #expect(story.check(2, 10, 11).isSuperset(of: [.unexplainedVersions, .impossibleState]))
    var small = Story()
    small.add(.reserve(4), .notDone("store_unavailable"))
    #expect(small.check(2, 10, 4).contains(.unexplainedVersions))
  }

  @Test("A refusal without reason")
  func refusalWithoutReason() {
    var story = Story()
    story.no(.reserve(4), .insufficientStock(requested: 4, available: 10))
    #expect(story.check(1, 10, 0) == [.wrongRefusal])
    var other = Story()
    other.no(.reserve(4), .insufficientStock(requested: 4, available: 3))
    #expect(other.check(1, 10, 0) == [.wrongRefusal])
    var strange = Story()
    strange.no(.adjust(4), .insufficientReserved(requested: 4, reserved: 0))
    #expect(strange.check(1, 10, 0) == [.wrongRefusal])
  }

  @Test("A refusal may have seen what happened at the same time")
  func concurrentRefusal() {
    var story = Story()
    story.yes(.reserve(8), 2, 10, 8)
    var attempts = story.attempts
    // Sent before the reserve was answered.
    attempts.append(
      Attempt(
        Story.key, .reserve(3), sentAt: attempts[1].sentAt, endedAt: attempts[1].endedAt + 9,
        .refused(.insufficientStock(requested: 3, available: 2))))
    let end = [Story.key: Story.state(2, 10, 8)]
    #expect(Checker.check(attempts, end: end).isEmpty)
  }

  @Test("A version that was given to something sent later")
  func wrongOrder() {
    var story = Story()
    story.yes(.reserve(1), 3, 10, 2)
    story.yes(.reserve(1), 2, 10, 1)
    #expect(story.check(3, 10, 2).contains(.wrongOrder))
  }

  @Test("A sequence that goes back")
  func wrongSequence() {
    var story = Story()
    story.add(
      .reserve(1),
      .accepted(Story.state(2, 10, 1), other: nil, Commit(shard: 0, sequence: 9)))
    story.add(
      .reserve(1),
      .accepted(Story.state(3, 10, 2), other: nil, Commit(shard: 0, sequence: 8)))
    #expect(story.check(3, 10, 2) == [.wrongOrder])
  }

  @Test("A product that changed its shard")
  func wrongShard() {
    var story = Story()
    story.add(
      .reserve(1),
      .accepted(Story.state(2, 10, 1), other: nil, Commit(shard: 3, sequence: 9)))
    #expect(story.check(2, 10, 1) == [.wrongOrder])
  }

  @Test("A read of what was before")
  func staleRead() {
    var story = Story()
    story.yes(.reserve(4), 2, 10, 4)
    story.read(1, 10, 0)
    #expect(story.check(2, 10, 4) == [.staleRead])
  }

  @Test("A read of what never was")
  func wrongRead() {
    var story = Story()
    story.yes(.reserve(4), 2, 10, 4)
    story.read(2, 10, 5)
    #expect(story.check(2, 10, 4) == [.contradiction])
  }

  @Test("A read of what was rolled back later")
  func readOfNothing() {
    var story = Story()
    story.perhaps(.reserve(4))
    story.read(2, 10, 4)
    #expect(story.check(1, 10, 0).contains(.lostWrite))
  }

  @Test("A set that did not look at the version")
  func blindSet() {
    var story = Story()
    story.yes(.reserve(4), 2, 10, 4)
    story.yes(.set(8, expectedVersion: 1), 3, 8, 4)
    #expect(story.check(3, 8, 4).contains(.wrongTransition))
  }

  @Test("A transfer of which one side is missing")
  func halfTransfer() {
    let other = EntryKey(7, "WEST")
    var story = Story()
    story.add(
      .transfer(4, to: "WEST"),
      .accepted(
        Story.state(2, 6, 0), other: EntryState(id: 2, version: 1, quantity: 4, reserved: 0),
        Commit(shard: 0, sequence: 2)))
    let whole = [
      Story.key: Story.state(2, 6, 0),
      other: EntryState(id: 2, version: 1, quantity: 4, reserved: 0),
    ]
    #expect(Checker.check(story.attempts, end: whole).isEmpty)
    var half = whole
    half[other] = nil
    #expect(Checker.check(story.attempts, end: half).contains { $0.kind == .lostWrite })
  }

  @Test("An answer that should never be given")
  func wrongAnswer() {
    var story = Story()
    story.add(.reserve(1), .wrong("500"))
    #expect(story.check(1, 10, 0) == [.wrongAnswer])
  }

  @Test("What comes back after it was settled")
  func lateEffect() {
    let base = [Story.key: Story.state(4, 10, 2)]
    let end = [Story.key: Story.state(5, 10, 3)]
    #expect(Checker.check([], base: base, end: base).isEmpty)
    #expect(Checker.check([], base: base, end: end).contains { $0.kind == .unexplainedVersions })
    #expect(Checker.check([], base: end, end: base).contains { $0.kind == .lostWrite })
  }
}
