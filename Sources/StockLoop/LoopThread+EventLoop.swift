public import Dispatch
public import NIOCore

// What NIO, and Swift's actors, ask of an event loop. Once it has ended nothing is done any more: a future
// may be complete, but nobody hears of it, as with NIO's own loops.

extension LoopThread: NIOSerialEventLoopExecutor {
  public func execute(_ task: @escaping @Sendable () -> Void) { _ = take(.function(task)) }

  public func _executeIsolatedUnsafeUnchecked(_ task: @escaping () -> Void) {
    preconditionInEventLoop()
    _ = take(.function(task))
  }

  public func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
    guard !hasEnded else { return makeFailedFuture(EventLoopError.shutdown) }
    let promise = makePromise(of: T.self)
    run { promise.complete(by: task) }
    return promise.futureResult
  }

  @discardableResult
  public func scheduleTask<T>(
    deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T
  ) -> Scheduled<T> {
    let promise = makePromise(of: T.self)
    let timer = LoopTimer(deadline: deadline) { error in
      if let error {
        promise.fail(error)
      } else {
        promise.complete(by: task)
      }
    }
    if inEventLoop { set(timer) } else { run { self.set(timer) } }
    return Scheduled(promise: promise) {
      if self.inEventLoop { self.cancel(timer) } else { self.run { self.cancel(timer) } }
    }
  }

  @discardableResult
  public func scheduleTask<T>(
    in delay: TimeAmount, _ task: @escaping @Sendable () throws -> T
  ) -> Scheduled<T> {
    scheduleTask(deadline: .now() + delay, task)
  }

  // MARK: Actors

  public func enqueue(_ job: consuming ExecutorJob) { _ = take(.job(UnownedJob(job))) }

  public func checkIsolated() { preconditionInEventLoop() }

  // MARK: A group of one

  public func next() -> any EventLoop { self }

  public func makeIterator() -> EventLoopIterator { EventLoopIterator([self]) }

  /// A loop ends with its group.
  @preconcurrency public func shutdownGracefully(
    queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void
  ) {
    queue.async { callback(EventLoopError.unsupportedOperation) }
  }
}

extension EventLoopPromise {
  /// On the loop, which the value need not leave.
  fileprivate func complete(by task: () throws -> Value) {
    do { assumeIsolated().succeed(try task()) } catch { fail(error) }
  }
}

extension LoopThread: CustomStringConvertible {
  public var description: String { "LoopThread(\(name))" }
}
