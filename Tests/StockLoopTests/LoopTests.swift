import Glibc
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import StockLoop

@Suite struct LoopTests {
  @Test func tasksOfOneThreadRunInTheirOrder() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let log = Log()
      await withTaskGroup(of: Void.self) { tasks in
        for thread in 0..<4 {
          tasks.addTask {
            for number in 0..<500 { loop.execute { log.add("\(thread) \(number)") } }
          }
        }
      }
      try await loop.submit {}.get()
      #expect(log.lines.count == 2_000)
      for thread in 0..<4 {
        #expect(
          log.lines.filter { $0.hasPrefix("\(thread) ") } == (0..<500).map { "\(thread) \($0)" })
      }
    }
  }

  @Test func aLoopThatWaitsIsWoken() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      for number in 0..<200 {
        // It has nothing else to wake it.
        let answer = try await loop.submit { loop.inEventLoop ? number : -1 }.get()
        #expect(answer == number)
      }
      #expect(!loop.inEventLoop)
    }
  }

  @Test func whatIsGivenToALoopBeforeItHasBegunIsDone() async throws {
    for _ in 0..<100 {
      try await withLoops { group in
        let isDone = try await group.loops[0].submit { true }.get()
        #expect(isDone)
      }
    }
  }

  @Test func whatATaskGivesComesBehindWhatWasThere() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let log = Log()
      try await loop.submit {
        loop.execute {
          log.add("a")
          loop.execute { log.add("d") }
        }
        loop.assumeIsolated().execute { log.add("b") }
        loop.atTurnEnd(Note("c", log))
      }.get()
      try await eventually { log.lines.count == 4 }
      #expect(log.lines == ["a", "b", "c", "d"])
    }
  }

  private final class Note: TurnEnd {
    let name: String
    let log: Log
    init(_ name: String, _ log: Log) { (self.name, self.log) = (name, log) }
    func turnEnds() { log.add(name) }
  }

  // MARK: Timers

  @Test func timersRunWhenTheyAreDueAndInOrder() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let log = Log()
      let start = NIODeadline.now()
      let delays = (0..<60).map { Int64($0 % 7) }
      for (number, delay) in delays.enumerated() {
        loop.scheduleTask(deadline: start + .milliseconds(delay)) {
          #expect(NIODeadline.now() >= start + .milliseconds(delay))
          log.add("\(delay) \(number)")
        }
      }
      try await eventually { log.lines.count == delays.count }
      let late = log.lines.filter { $0.hasPrefix("6 ") }
      #expect(late == delays.indices.filter { delays[$0] == 6 }.map { "6 \($0)" })
    }
  }

  @Test func timersThatAreSetTogetherRunInOrder() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let log = Log()
      let start = NIODeadline.now()
      try await loop.submit {
        for number in (0..<50).reversed() {
          loop.scheduleTask(deadline: start + .microseconds(Int64(number))) { log.add("\(number)") }
        }
      }.get()
      try await eventually { log.lines.count == 50 }
      #expect(log.lines == (0..<50).map { "\($0)" })
    }
  }

  @Test func aTimerThatWasCancelledDoesNotRun() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let log = Log()
      let later = loop.scheduleTask(in: .hours(1)) { log.add("never") }
      let soon = loop.scheduleTask(in: .milliseconds(30)) { log.add("soon") }
      later.cancel()
      await #expect(throws: EventLoopError.self) { try await later.futureResult.get() }
      try await soon.futureResult.get()
      #expect(log.lines == ["soon"])
      let repeated = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(1)) { _ in
        log.add("again")
      }
      try await eventually { log.lines.count > 5 }
      repeated.cancel()
      try await loop.submit {}.get()
      let count = log.lines.count
      try await loop.scheduleTask(in: .milliseconds(20)) {}.futureResult.get()
      #expect(log.lines.count == count)
    }
  }

  @Test func theHeapGivesOutTheNextOneWhateverIsTakenOut() {
    var random = SystemRandomNumberGenerator()
    var heap = TimerHeap()
    var model: [LoopTimer] = []
    let far = NIODeadline.distantFuture
    for _ in 0..<4_000 {
      switch Int.random(in: 0..<4, using: &random) {
      case 0, 1:
        let timer = LoopTimer(
          deadline: .uptimeNanoseconds(.random(in: 0..<50, using: &random))
        ) { _ in }
        heap.insert(timer)
        model.append(timer)
      case 2:
        guard let index = model.indices.randomElement(using: &random) else { continue }
        heap.remove(model[index])
        heap.remove(model[index])
        model.remove(at: index)
      default:
        // The first of those that are due first.
        let first = model.indices.min {
          (model[$0].deadline, $0) < (model[$1].deadline, $1)
        }
        let popped = heap.popDue(far)
        #expect(popped === first.map { model[$0] })
        if let first { model.remove(at: first) }
      }
      #expect(heap.count == model.count)
      #expect(heap.next == model.map(\.deadline).min())
    }
  }

  // MARK: Nothing starves

  @Test func aSocketThatIsAlwaysReadyStopsNothing() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let ends = try pair()
      // It is never read, so it stays ready.
      let socket = try await loop.submit {
        let socket = Deaf(ends.ours, loop: loop)
        try socket.watch(.readable)
        return NIOLoopBound(socket, eventLoop: loop)
      }.get()
      write(ends.theirs, [1])
      try await eventually { try await loop.submit { socket.value.calls > 100 }.get() }
      try await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
      try await loop.submit { socket.value.close() }.get()
      close(ends.theirs)
    }
  }

  private final class Deaf: PolledSocket {
    var calls = 0
    package override func becameReady(_ what: Readiness) { calls += 1 }
  }

  @Test func aTaskThatGivesItselfAgainStopsNothing() async throws {
    try await withLoops { group in
      let loop = group.loops[0]
      let ends = try pair()
      let goesOn = NIOLockedValueBox(true)
      @Sendable func again() { if goesOn.withLockedValue({ $0 }) { loop.execute { again() } } }
      loop.execute { again() }
      let heard = try await loop.submit {
        let socket = Noting(ends.ours, on: loop)
        socket.start()
        return socket.heard
      }.get()
      write(ends.theirs, [7])
      try await eventually { heard.withLockedValue { $0.bytes == [7] } }
      try await loop.scheduleTask(in: .milliseconds(5)) {}.futureResult.get()
      goesOn.withLockedValue { $0 = false }
      close(ends.theirs)
    }
  }

  // MARK: The end

  @Test func theEndRunsTasksFailsTimersAndClosesSockets() async throws {
    let group = try LoopGroup(threads: 1, name: "test")
    let loop = group.loops[0]
    let ends = try pair()
    let log = Log()
    let heard = try await loop.submit {
      let socket = Noting(ends.ours, on: loop)
      socket.start()
      return socket.heard
    }.get()
    loop.scheduleTask(in: .hours(1)) { log.add("never") }
      .futureResult.whenFailure { log.add("\($0)") }
    loop.execute {
      // While it stands here, tasks come, and the end.
      usleep(30_000)
      loop.execute { log.add("from inside") }
    }
    for number in 0..<10 { loop.execute { log.add("\(number)") } }
    try await group.shutdownGracefully()
    #expect(
      Set(log.lines)
        == Set((0..<10).map { "\($0)" } + ["from inside", "\(EventLoopError.shutdown)"]))
    #expect(heard.withLockedValue { $0.closes } == 1)
    #expect(read(ends.theirs, 1).isEmpty)
    close(ends.theirs)
    // What comes later is not done.
    loop.execute { log.add("late") }
    _ = loop.submit { log.add("late") }
    try await group.shutdownGracefully()
    #expect(!log.lines.contains("late"))
  }

  // MARK: Actors

  private actor Counter {
    nonisolated let loop: LoopThread
    var count = 0
    init(_ loop: LoopThread) { self.loop = loop }
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    func add() -> Bool {
      count += 1
      return loop.inEventLoop
    }
  }

  @Test func actorsLiveOnIt() async throws {
    try await withLoops(2) { group in
      let counter = Counter(group.loops[1])
      for _ in 0..<50 { #expect(await counter.add()) }
      // The loop enters without waiting.
      let isThere = try await group.loops[1].submit {
        counter.assumeIsolated { $0.add() }
      }.get()
      #expect(isThere)
      #expect(await counter.count == 51)
    }
  }
}
