/// Something that the engine does a million times, ready to be measured.
///
/// A round is `prepare`, `measured`, `finish`; only the second of them counts. The state goes on from
/// round to round, as it does in the engine.
public protocol MicroOperation: AnyObject {
  /// Not measured.
  func prepare()
  /// The operation, `MicroOperations.perRound` times.
  func measured()
  /// Not measured.
  func finish()
}

extension MicroOperation {
  public func prepare() {}
  public func finish() {}
}

/// An operation's name, and how to set it up.
public struct NamedOperation: Sendable {
  /// What tables call it: `area/what, of how many`.
  public var name: String
  /// Rounds that there is enough of everything for, warm-up included.
  public var maxRounds: Int
  public var make: @Sendable (_ scale: Scale) -> any MicroOperation

  init(
    _ name: String, maxRounds: Int = .max,
    _ make: @escaping @Sendable (_ scale: Scale) -> any MicroOperation
  ) {
    self.name = name
    self.maxRounds = maxRounds
    self.make = make
  }
}

/// How large the world around an operation is.
public struct Scale: Sendable {
  /// What stands for "a million".
  public var million: Int
  /// Milliseconds that go by with each commit: the shard keeps ten seconds of them to play again.
  public var commitLength: Int64
  /// Rounds after which all that grows has grown.
  public var warmUpRounds: Int

  /// Memory out of reach of the caches, as in a busy engine.
  public static let times = Scale(million: 1_000_000, commitLength: 10, warmUpRounds: 1_050)
  /// Instructions do not tell how far the memory is, and callgrind is slow.
  public static let counts = Scale(million: 50_000, commitLength: 1_000, warmUpRounds: 15)
}

public enum MicroOperations {
  /// Operations in one `measured`.
  public static let perRound = 1_000

  public static let all: [NamedOperation] = shard + wire + front
}

/// Keeps the compiler from leaving out what nobody looks at.
@inline(never)
@_optimize(none)
func blackHole(_ value: some Any) {}

/// For inputs that make no sense here: a measurement of something else is worse than none.
func expect(_ condition: Bool, _ words: String) {
  precondition(condition, words)
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers in every run.
struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(below bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}
