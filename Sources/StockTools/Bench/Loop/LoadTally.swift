import Histogram

/// Latencies in microseconds, to three digits, up to an hour.
typealias LatencyHistogram = Histogram<UInt32>

/// What a thread has counted inside of the measured window.
struct LoadTally: Sendable {
  struct Kind: Sendable {
    var accepted = Self.histogram
    var refused = Self.histogram
    /// Operations of all its requests.
    var operations = 0
    var acceptedOperations = 0
    /// Requests without a known outcome.
    var unknown = 0

    private static var histogram: LatencyHistogram {
      LatencyHistogram(highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three)
    }

    var requests: Int { Int(accepted.totalCount) + Int(refused.totalCount) + unknown }

    mutating func add(_ other: Kind) {
      accepted.add(other.accepted)
      refused.add(other.refused)
      operations += other.operations
      acceptedOperations += other.acceptedOperations
      unknown += other.unknown
    }
  }

  var kinds: [Kind]
  /// Refused requests.
  var refusals = CodeTally()
  /// Requests without a known outcome, answers that make no sense.
  var errors = 0
  /// What the first of them said.
  var firstError: String?
  /// Due in the window, and never sent.
  var neverSent = 0
  /// Processor time in the window, in nanoseconds.
  var processorTime: UInt64 = 0
  /// The server cannot be talked to: the run was ended for it.
  var failure: String?

  init(kinds: Int) { self.kinds = Array(repeating: Kind(), count: kinds) }

  mutating func add(_ other: LoadTally) {
    for index in kinds.indices { kinds[index].add(other.kinds[index]) }
    refusals.add(other.refusals)
    errors += other.errors
    firstError = firstError ?? other.firstError
    neverSent += other.neverSent
    processorTime += other.processorTime
    failure = failure ?? other.failure
  }
}
