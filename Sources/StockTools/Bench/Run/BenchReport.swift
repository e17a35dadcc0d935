public import Foundation
import Histogram

/// What a run has measured.
public struct BenchReport: Sendable {
  public struct Books: Equatable, Sendable {
    /// Products that were counted.
    public var checked: Int
    /// One line for each product that is not as the answers say.
    public var differences: [String]

    public init(checked: Int, differences: [String]) {
      self.checked = checked
      self.differences = differences
    }
  }

  /// Latencies in microseconds.
  public struct Latencies: Equatable, Sendable {
    public var min: UInt64
    public var mean: Double
    public var p50: UInt64
    public var p90: UInt64
    public var p99: UInt64
    public var p999: UInt64
    public var p9999: UInt64
    public var max: UInt64

    init?(_ histogram: LatencyHistogram) {
      guard histogram.totalCount > 0 else { return nil }
      min = histogram.min
      mean = (histogram.mean * 10).rounded() / 10
      p50 = histogram.valueAtPercentile(50)
      p90 = histogram.valueAtPercentile(90)
      p99 = histogram.valueAtPercentile(99)
      p999 = histogram.valueAtPercentile(99.9)
      p9999 = histogram.valueAtPercentile(99.99)
      max = histogram.maxRecorded
    }
  }

  /// One kind of request.
  public struct Kind: Sendable {
    public var name: String
    public var requests: Int
    public var operations: Int
    /// Requests that were done.
    public var accepted: Int
    public var refused: Int
    /// Seconds during which such requests were made.
    public var seconds: Double
    public var acceptedLatency: Latencies?
    public var refusedLatency: Latencies?
  }

  /// The lists beside the reserves.
  public struct Lists: Sendable {
    public var requests: Int
    /// Seconds for which they ran.
    public var seconds: Double
    public var refused: [String: Int]
    /// Paths that the engine does not have.
    public var missing: [String]
    public var latency: String

    init(_ outcome: AdminLoad.Outcome) {
      requests = outcome.requests
      seconds = outcome.seconds
      refused = outcome.refused
      missing = outcome.missing
      latency = outcome.latency.report
    }
  }

  public var scenario: String
  public var load: LoadOptions
  /// nil: of another server than the engine.
  public var options: BenchOptions?
  public var startedAt: Date
  public var requests = 0
  public var operations = 0
  /// Operations that were done; refused ones by code.
  public var accepted = 0
  public var refused: [String: Int] = [:]
  /// Requests without a known outcome, before, in and after the window.
  public var errors = 0
  public var firstError: String?
  /// Due in the window, and never sent.
  public var neverSent = 0
  /// Why the run ended early.
  public var failure: String?
  public var latency: Latencies?
  public var kinds: [Kind] = []
  /// Microseconds of processor time for each request; nil: not known.
  public var generatorTime: Double?
  public var engineTime: Double?
  public var redisTime: Double?
  public var lists: Lists?
  /// nil: not checked.
  public var books: Books?

  init(_ options: BenchOptions, startedAt: Date) {
    scenario = options.scenario.rawValue
    load = options.load
    self.options = options
    self.startedAt = startedAt
  }

  init(constant load: LoadOptions, startedAt: Date) {
    scenario = "constant"
    self.load = load
    self.startedAt = startedAt
  }

  public var requestsPerSecond: Double { Double(requests) / load.seconds }
  public var operationsPerSecond: Double { Double(operations) / load.seconds }

  /// The run went to its end and nothing is amiss.
  public var isRight: Bool { failure == nil && books?.differences.isEmpty ?? true }

  mutating func take<Load: Workload>(_ outcome: LoadThreads.Outcome<Load>) {
    let names = outcome.loads.first?.kinds ?? []
    var all: LatencyHistogram?
    for (kind, tally) in zip(names, outcome.tally.kinds) where kind.isCounted {
      requests += tally.requests
      operations += tally.operations
      accepted += tally.acceptedOperations
      var both = tally.accepted
      both.add(tally.refused)
      if all == nil { all = both } else { all?.add(both) }
      guard tally.requests > 0 else { continue }
      kinds.append(
        Kind(
          name: kind.name, requests: tally.requests, operations: tally.operations,
          accepted: Int(tally.accepted.totalCount), refused: Int(tally.refused.totalCount),
          seconds: load.seconds, acceptedLatency: Latencies(tally.accepted),
          refusedLatency: Latencies(tally.refused)))
    }
    latency = all.flatMap(Latencies.init)
    var refusals = outcome.tally.refusals
    for load in outcome.loads { refusals.add(load.lineRefusals) }
    refused = refusals.byCode
    errors = outcome.tally.errors
    firstError = outcome.tally.firstError
    neverSent = outcome.tally.neverSent
    failure = outcome.tally.failure
    guard requests > 0 else { return }
    func each(_ time: UInt64?) -> Double? {
      time.map { (Double($0) / 10 / Double(requests)).rounded() / 100 }
    }
    generatorTime = each(outcome.tally.processorTime)
    engineTime = each(outcome.engineTime)
    redisTime = each(outcome.redisTime)
  }
}
