import Synchronization

/// When and how a thread loads the server. Times are nanoseconds of `LoadClock`.
struct LoadPlan: Sendable {
  var url: EngineURL
  /// Of this thread.
  var connections: Int
  /// Requests under way on one connection at most.
  var pipeline: Int
  var start: UInt64
  /// A request counts if it is sent, or due, from here …
  var windowStart: UInt64
  /// … to here. Nothing is sent later.
  var windowEnd: UInt64
  /// Answers that have not come by then never come.
  var drainEnd: UInt64
  /// nil: closed loop, the next request of a slot goes when the last one was answered.
  var arrivals: Arrivals?
  /// Called by the thread when the window begins (true) and ends (false).
  var onWindow: (@Sendable (Bool) -> Void)?
  var progress: LoadProgress

  /// No end but that of the work.
  static func untilDone(
    url: EngineURL, connections: Int, pipeline: Int, progress: LoadProgress = LoadProgress()
  ) -> LoadPlan {
    LoadPlan(
      url: url, connections: connections, pipeline: pipeline, start: 0, windowStart: 0,
      windowEnd: .max, drainEnd: .max, progress: progress)
  }
}

/// How many requests have been answered so far, by all threads.
final class LoadProgress: Sendable {
  private let answered = Atomic(0)

  func add(_ count: Int) { answered.wrappingAdd(count, ordering: .relaxed) }
  var count: Int { answered.load(ordering: .relaxed) }
}
