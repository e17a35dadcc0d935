public import Dispatch
import NIOConcurrencyHelpers
public import NIOCore

/// Event loops, each with a thread of its own.
public final class LoopGroup: EventLoopGroup {
  /// For what may wait and belongs to nobody in particular. It is there for as long as the process.
  public static let shared = LoopGroup(sharedThreads: 2)

  public let loops: [LoopThread]
  private let turn = NIOLockedValueBox(0)
  private let isShared: Bool

  /// - Parameters:
  ///   - threads: at least 1.
  ///   - name: what the threads' names begin with.
  /// - Throws: `SocketError` where the system has no more files or threads.
  public init(threads: Int, name: String = "stock-loop") throws(SocketError) {
    precondition(threads > 0, "a group needs a loop")
    var loops: [LoopThread] = []
    do throws(SocketError) {
      for number in 0..<threads { loops.append(try LoopThread(name: "\(name)-\(number)")) }
    } catch {
      for loop in loops { loop.stop {} }
      throw error
    }
    self.loops = loops
    isShared = false
  }

  private init(sharedThreads: Int) {
    var loops: [LoopThread] = []
    for number in 0..<sharedThreads {
      do throws(SocketError) {
        loops.append(try LoopThread(name: "stock-cold-\(number)"))
      } catch {
        // With one it goes as well; without any, nothing does.
        precondition(!loops.isEmpty, "no thread for an event loop: \(error)")
      }
    }
    self.loops = loops
    isShared = true
  }

  /// Each in turn.
  public func nextLoop() -> LoopThread {
    let number = turn.withLockedValue { turn in
      turn = (turn + 1) % loops.count
      return turn
    }
    return loops[number]
  }

  public func next() -> any EventLoop { nextLoop() }

  public func makeIterator() -> EventLoopIterator { EventLoopIterator(loops) }

  /// Ends all loops, and waits for them: their sockets are closed, tasks that they were given are run,
  /// timers that are not due fail with `EventLoopError.shutdown`. What comes later is not done.
  @preconcurrency public func shutdownGracefully(
    queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void
  ) {
    guard !isShared else {
      queue.async { callback(EventLoopError.unsupportedOperation) }
      return
    }
    let all = DispatchGroup()
    for loop in loops {
      all.enter()
      loop.stop { all.leave() }
    }
    all.notify(queue: queue) { callback(nil) }
  }
}
