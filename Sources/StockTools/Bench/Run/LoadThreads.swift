import Foundation
import Synchronization

/// Runs a workload on threads of its own and brings together what they counted.
struct LoadThreads: Sendable {
  struct Outcome<Load: Workload>: Sendable {
    /// One for each thread.
    var loads: [Load]
    var tally: LoadTally
    /// Nanoseconds that the engine's and Redis's processes used in the window; nil: not known.
    var engineTime: UInt64?
    var redisTime: UInt64?
    /// The measured window: nanoseconds of `LoadClock`.
    var window: ClosedRange<UInt64>
  }

  let url: EngineURL
  let options: LoadOptions

  /// - Parameters:
  ///   - label: for the line that shows how far it is.
  ///   - isReady: called with the window when it is fixed, before the first request.
  ///   - make: a thread's workload, from the thread's number and its slots.
  func run<Load: Workload>(
    _ label: String, isReady: @Sendable (ClosedRange<UInt64>) -> Void = { _ in },
    make: @escaping @Sendable (_ thread: Int, _ slots: Int) -> Load
  ) async throws -> Outcome<Load> {
    let meter = ProcessMeter(engine: options.enginePIDs, redis: options.redisPIDs)
    let progress = LoadProgress()
    let start = LoadClock.now
    let windowStart = start + Self.nanoseconds(options.warmup)
    let windowEnd = windowStart + Self.nanoseconds(options.seconds)
    isReady(windowStart...windowEnd)
    let shown = Task { await Self.show(label, progress) }
    defer { shown.cancel() }
    var loads: [Load] = []
    var tally: LoadTally?
    try await withThrowingTaskGroup(of: (Int, Load, LoadTally).self) { group in
      for thread in 0..<options.threads {
        var plan = LoadPlan.untilDone(
          url: url, connections: share(of: options.connections, thread),
          pipeline: options.pipeline, progress: progress)
        plan.start = start
        plan.windowStart = windowStart
        plan.windowEnd = windowEnd
        plan.drainEnd = windowEnd + 10_000_000_000
        plan.arrivals = arrivals(thread, start: start)
        if thread == 0 { plan.onWindow = { meter.mark(isStart: $0) } }
        let thisPlan = plan
        group.addTask {
          let load = make(thread, thisPlan.connections * thisPlan.pipeline)
          let (ended, tally) = try await Self.run(load, thisPlan)
          return (thread, ended, tally)
        }
      }
      for try await (_, load, more) in group {
        loads.append(load)
        if tally == nil { tally = more } else { tally?.add(more) }
      }
    }
    guard let tally else { throw ToolError("no thread has run") }
    let times = meter.times
    return Outcome(
      loads: loads, tally: tally, engineTime: times.engine, redisTime: times.redis,
      window: windowStart...windowEnd)
  }

  /// Runs one workload on a new thread until the plan's end.
  static func run<Load: Workload>(
    _ load: Load, _ plan: LoadPlan
  ) async throws -> (Load, LoadTally) {
    try await withCheckedThrowingContinuation { continuation in
      let thread = Thread {
        do {
          var loop = try LoadLoop(load, plan: plan)
          loop.run()
          continuation.resume(returning: (loop.load, loop.tally))
        } catch {
          continuation.resume(throwing: error)
        }
      }
      thread.name = "load"
      thread.start()
    }
  }

  private func share(of count: Int, _ thread: Int) -> Int {
    count / options.threads + (thread < count % options.threads ? 1 : 0)
  }

  /// Threads of an even schedule take turns.
  private func arrivals(_ thread: Int, start: UInt64) -> Arrivals? {
    guard let rate = options.rate else { return nil }
    let pause = 1_000_000_000 / rate
    return Arrivals(
      rate: rate / Double(options.threads), spacing: options.isPoisson ? .poisson : .even,
      start: start + UInt64(pause * Double(thread)), seed: options.seed &+ UInt64(thread))
  }

  private static func nanoseconds(_ seconds: Double) -> UInt64 {
    UInt64(seconds * 1_000_000_000)
  }

  private static func show(_ label: String, _ progress: LoadProgress) async {
    let line = Progress(label, total: 0, unit: "requests")
    defer { line.finish() }
    var shown = 0
    while true {
      let isOver = (try? await Task.sleep(for: .milliseconds(100))) == nil
      let count = progress.count
      line.advance(by: count - shown)
      shown = count
      if isOver { return }
    }
  }
}

/// Reads the processor time of other processes when the window begins and ends.
private final class ProcessMeter: Sendable {
  private struct Marks {
    var engine: UInt64?
    var redis: UInt64?
  }

  private let engine: [Int32]
  private let redis: [Int32]
  private let marks = Mutex<(start: Marks?, end: Marks?)>((nil, nil))

  init(engine: [Int32], redis: [Int32]) {
    self.engine = engine
    self.redis = redis
  }

  func mark(isStart: Bool) {
    let now = Marks(engine: Self.sum(engine), redis: Self.sum(redis))
    marks.withLock { marks in
      if isStart { marks.start = now } else { marks.end = now }
    }
  }

  /// What was used between the marks; nil where a process is not known or ended meanwhile.
  var times: (engine: UInt64?, redis: UInt64?) {
    marks.withLock { marks in
      func between(_ one: UInt64?, _ other: UInt64?) -> UInt64? {
        guard let one, let other, other >= one else { return nil }
        return other - one
      }
      return (
        between(marks.start?.engine, marks.end?.engine),
        between(marks.start?.redis, marks.end?.redis)
      )
    }
  }

  private static func sum(_ pids: [Int32]) -> UInt64? {
    guard !pids.isEmpty else { return nil }
    var sum: UInt64 = 0
    for pid in pids {
      guard let time = LoadClock.processTime(pid) else { return nil }
      sum += time
    }
    return sum
  }
}
