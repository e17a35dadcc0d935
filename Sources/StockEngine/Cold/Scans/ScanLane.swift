import NIOCore

/// The way for what looks at many rows of a loop's shards: lists. They take turns, slice by slice, and
/// all of them together get a share of the loop's time, however many there are. So a reserve waits for
/// one slice at most, and the loop has the rest of the time for reserves.
final class ScanLane {
  /// How long a slice is: less than a commit takes in Redis.
  static let slice = TimeAmount.microseconds(100)
  /// How much longer than a slice the loop is left alone after it.
  static let rest: Int64 = 4

  /// Something that is done in slices.
  struct Job {
    /// Goes on until it is done or the time has come.
    ///
    /// - Returns: true when it is done.
    var run: (NIODeadline) -> Bool
    /// It will not be done.
    var cancel: () -> Void
  }

  private let loop: any EventLoop
  private var waiting: [Job] = []
  private var isScheduled = false
  private var isStopped = false
  /// Before then no slice begins.
  private var restsUntil = NIODeadline.uptimeNanoseconds(0)

  init(loop: any EventLoop) { self.loop = loop }

  func add(_ job: Job) {
    guard !isStopped else { return job.cancel() }
    waiting.append(job)
    schedule()
  }

  /// Cancels all.
  func stop() {
    isStopped = true
    let jobs = waiting
    waiting = []
    for job in jobs { job.cancel() }
  }

  private func schedule() {
    guard !isScheduled, !waiting.isEmpty else { return }
    isScheduled = true
    loop.assumeIsolated().scheduleTask(deadline: restsUntil) { self.runSlice() }
  }

  private func runSlice() {
    isScheduled = false
    guard !waiting.isEmpty else { return }
    let job = waiting.removeFirst()
    let start = NIODeadline.now()
    if !job.run(start + Self.slice) { waiting.append(job) }
    let end = NIODeadline.now()
    restsUntil = end + .nanoseconds((end - start).nanoseconds * Self.rest)
    schedule()
  }
}
