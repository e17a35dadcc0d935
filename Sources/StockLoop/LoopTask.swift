/// Something that is done once, when this turn's sockets have been looked at. Compared with a closure it
/// takes no memory.
public protocol TurnEnd: AnyObject {
  /// On the loop, once for each time that it was asked for.
  func turnEnds()
}

/// What waits to be run by a loop.
enum LoopTask {
  case function(() -> Void)
  case job(UnownedJob)
  case turnEnd(any TurnEnd)
}

/// What other threads have given a loop to do.
//
// @unchecked Sendable: it is only touched behind a lock; its tasks are Sendable where they were given.
struct LoopInbox: @unchecked Sendable {
  var tasks: [LoopTask] = []
  /// The loop waits for sockets, or is about to: it has to be woken.
  var isAsleep = false
  /// The loop has ended: nothing is taken any more.
  var isClosed = false
}
