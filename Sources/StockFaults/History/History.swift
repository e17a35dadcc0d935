import Synchronization

/// All that clients did and were told, in the order in which it ended.
public final class History: Sendable {
  private struct State {
    var attempts: [Attempt] = []
    var readings: [Reading] = []
    var latest: [EntryKey: EntryState] = [:]
    var tally = Tally()

    mutating func note(_ key: EntryKey, _ entry: EntryState) {
      if let known = latest[key], known.version >= entry.version { return }
      latest[key] = entry
    }
  }

  /// How attempts ended, counted.
  public struct Tally: Equatable, Sendable {
    public var accepted = 0
    public var refused = 0
    public var notDone = 0
    public var unknown = 0
    public var wrong = 0
    public var reads = 0

    public var attempts: Int { accepted + refused + notDone + unknown + wrong }

    static func += (sum: inout Tally, other: Tally) {
      sum.accepted += other.accepted
      sum.refused += other.refused
      sum.notDone += other.notDone
      sum.unknown += other.unknown
      sum.wrong += other.wrong
      sum.reads += other.reads
    }
  }

  private let begin = ContinuousClock.now
  private let state = Mutex(State())

  public init() {}

  /// Nanoseconds since it began.
  public var now: Int64 { (ContinuousClock.now - begin).nanoseconds }

  public func record(_ attempts: [Attempt]) {
    state.withLock { state in
      for attempt in attempts {
        switch attempt.ending {
        case .accepted(let entry, let other, _):
          state.tally.accepted += 1
          state.note(attempt.key, entry)
          if let key = attempt.otherKey, let other { state.note(key, other) }
        case .done: state.tally.accepted += 1
        case .refused: state.tally.refused += 1
        case .notDone: state.tally.notDone += 1
        case .unknown: state.tally.unknown += 1
        case .wrong: state.tally.wrong += 1
        }
      }
      state.attempts += attempts
    }
  }

  public func record(_ readings: [Reading]) {
    state.withLock { state in
      for reading in readings { state.note(reading.key, reading.state) }
      state.tally.reads += readings.count
      state.readings += readings
    }
  }

  /// The newest state that anyone was told of.
  public func latest(_ key: EntryKey) -> EntryState? { state.withLock { $0.latest[key] } }

  /// A place in the history: all before it has been checked.
  public struct Mark: Sendable {
    fileprivate var attempts = 0
    fileprivate var readings = 0

    public init() {}
  }

  public var mark: Mark {
    state.withLock { state in
      var mark = Mark()
      mark.attempts = state.attempts.count
      mark.readings = state.readings.count
      return mark
    }
  }

  /// What came after a mark.
  public func since(_ mark: Mark) -> (attempts: [Attempt], readings: [Reading]) {
    state.withLock {
      (Array($0.attempts[mark.attempts...]), Array($0.readings[mark.readings...]))
    }
  }

  public var tally: Tally { state.withLock { $0.tally } }
  public var attempts: [Attempt] { state.withLock { $0.attempts } }
  public var readings: [Reading] { state.withLock { $0.readings } }
}

extension Duration {
  /// Whole nanoseconds. Good for 292 years.
  var nanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
