import Synchronization

/// Runs asynchronous code that waits for nothing on the thread that wants its result.
enum InlineTasks {
  /// Tests have several threads: an actor that another one is in would be waited for.
  private static let alone = Mutex(())

  // Unchecked: one thread at a time has it, under `alone`.
  private final class Executor: TaskExecutor, @unchecked Sendable {
    private var jobs: [UnownedJob] = []

    func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

    func runAll() {
      while let job = jobs.popLast() { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }

  // One thread writes it, and reads it when that is done: all under `alone`.
  private final class Box<Value>: @unchecked Sendable {
    var value: Value?
  }

  /// - Returns: nil: it waits for something.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) -> Value? {
    alone.withLock { _ in
      let executor = Executor()
      let box = Box<Value>()
      Task(executorPreference: executor) { box.value = await body() }
      executor.runAll()
      return box.value
    }
  }
}
