import Dispatch
import NIOCore

/// A loop that does nothing: it is there to be asked for. What timers are to do is forgotten, and so is
/// what is to be done later, since only tasks on other threads want that here; which input it would have
/// been part of, nobody could say.
///
/// `@unchecked Sendable`: other threads call `execute` alone.
final class FuzzLoop: EventLoop, @unchecked Sendable {
  /// How to end what waits for a timer.
  private var timers: [Int: () -> Void] = [:]
  private var lastTimer = 0

  var inEventLoop: Bool { true }

  func execute(_ task: @escaping @Sendable () -> Void) {}

  func scheduleTask<T>(
    deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T
  ) -> Scheduled<T> {
    let promise = makePromise(of: T.self)
    lastTimer += 1
    let number = lastTimer
    timers[number] = { promise.fail(EventLoopError.cancelled) }
    return Scheduled(promise: promise) { self.timers[number] = nil }
  }

  func scheduleTask<T>(
    in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T
  ) -> Scheduled<T> { scheduleTask(deadline: .now() + delay, task) }

  func shutdownGracefully(
    queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void
  ) { callback(nil) }

  /// To be called when nobody uses it any more.
  func end() {
    let ends = Array(timers.values)
    timers = [:]
    for end in ends { end() }
  }
}
