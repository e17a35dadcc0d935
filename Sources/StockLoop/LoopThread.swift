import Dispatch
import NIOConcurrencyHelpers
import NIOCore

#if canImport(Glibc)
  import CEpoll
  import Glibc
#elseif canImport(Musl)
  import CEpoll
  import Musl
#else
  import Darwin
#endif

/// A thread with an event loop: waits for sockets, and runs what it is given to do.
///
/// A turn is: sockets that are ready, each once; then tasks and timers that are due, until none is left
/// (or there have been `maxRounds` of them: sockets have their turn then). Tasks that were given by
/// the same thread run in their order, one after the other; nothing here is ever run at the same time.
///
/// It is an `EventLoop` of NIO's, so futures, `NIOLoopBound` and actors live on it; channels do not.
//
// @unchecked Sendable: what is mutable is touched by the thread itself only, but for `inbox`, which is
// behind a lock.
public final class LoopThread: @unchecked Sendable {
  /// Rounds of tasks in one turn at most.
  static let maxRounds = 64
  /// Sockets that are looked at in one turn at most.
  static let maxReady = 1_024
  /// What the poller says when another thread woke it.
  private static let wakeTag = UInt64.max

  public let name: String
  /// Where all sockets of the loop read into.
  let input: UnsafeMutableRawBufferPointer
  private let poller: Poller
  private let bell: CInt
  private let inbox = NIOLockedValueBox(LoopInbox())
  /// Set by the thread itself before anybody else sees the loop.
  private var thread: pthread_t?

  private var sockets = SocketTable()
  private var timers = TimerHeap()
  private var tasks: [LoopTask] = []
  /// Those that are being run; here, so that the memory is kept.
  private var running: [LoopTask] = []
  private var failed: [StreamSocket] = []
  private var isStopping = false
  /// It takes no more timers.
  private var isEnding = false
  private var whenEnded: [() -> Void] = []

  /// Starts the thread.
  ///
  /// - Parameter name: as tools show it; at most 15 bytes.
  /// - Throws: `SocketError` where the system has no more files or threads.
  init(name: String) throws(SocketError) {
    self.name = name
    poller = try Poller(room: Self.maxReady)
    let made = makeBell()
    guard made >= 0 else { throw SocketError("eventfd") }
    bell = made
    input = .allocate(byteCount: StreamSocket.readBytes, alignment: 4_096)
    try poller.add(bell, tag: Self.wakeTag, [.readable, .once])
    try begin()
  }

  deinit {
    systemClose(bell)
    input.deallocate()
  }

  private func begin() throws(SocketError) {
    let isUp = DispatchSemaphore(value: 0)
    let start = ThreadStart { [self] in
      thread = pthread_self()
      nameThread(name)
      isUp.signal()
      run()
    }
    var handle = pthread_t()
    let held = Unmanaged.passRetained(start)
    let result = pthread_create(
      &handle, nil,
      { argument in
        if let argument {
          Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().body()
        }
        return nil
      }, held.toOpaque())
    guard result == 0 else {
      held.release()
      throw SocketError("pthread_create", result)
    }
    pthread_detach(handle)
    isUp.wait()
  }

  public var inEventLoop: Bool { thread == pthread_self() }

  // MARK: Turns

  private func run() {
    // Others may have given it something before it has begun.
    var mayWait = runTasks()
    while !isStopping {
      let count = poller.wait(milliseconds: mayWait ? patience : 0)
      for index in 0..<count {
        let (tag, what) = poller.ready(index)
        if tag != Self.wakeTag { sockets.find(tag)?.becameReady(what) }
      }
      mayWait = runTasks()
    }
    end()
  }

  /// How long nothing is due, in milliseconds; -1: for ever.
  private var patience: CInt {
    guard let next = timers.next else { return -1 }
    let nanoseconds = (next - .now()).nanoseconds
    // Not a moment too early: that would be a turn for nothing.
    return nanoseconds <= 0 ? 0 : CInt(clamping: (nanoseconds + 999_999) / 1_000_000)
  }

  /// Runs what there is to do.
  ///
  /// - Returns: nothing is left: the loop may wait.
  private func runTasks() -> Bool {
    for _ in 0..<Self.maxRounds {
      takeFromOthers()
      runTimers()
      swap(&tasks, &running)
      for task in running { run(task) }
      running.removeAll(keepingCapacity: true)
      closeFailed()
      if isStopping { return false }
      if tasks.isEmpty, failed.isEmpty, mayFallAsleep() { return true }
    }
    return false
  }

  private func run(_ task: LoopTask) {
    switch task {
    case .function(let body): body()
    case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
    case .turnEnd(let hook): hook.turnEnds()
    }
  }

  /// What others gave goes first: a thread that has given something can tell the loop of it, but not the
  /// other way round.
  private func takeFromOthers() {
    let given = inbox.withLockedValue { inbox -> [LoopTask] in
      inbox.isAsleep = false
      guard !inbox.tasks.isEmpty else { return [] }
      let given = inbox.tasks
      inbox.tasks = []
      return given
    }
    for task in given { run(task) }
  }

  private func mayFallAsleep() -> Bool {
    inbox.withLockedValue { inbox in
      guard inbox.tasks.isEmpty else { return false }
      inbox.isAsleep = true
      return true
    }
  }

  private func runTimers() {
    guard timers.next != nil else { return }
    let now = NIODeadline.now()
    // One that sets another which is due at once lets it wait for the next round.
    var left = timers.count
    while left > 0, let timer = timers.popDue(now) {
      left -= 1
      timer.run(nil)
    }
  }

  private func closeFailed() {
    guard !failed.isEmpty else { return }
    let sockets = failed
    failed = []
    for socket in sockets { socket.close() }
  }

  // MARK: Tasks

  /// Gives the loop something to do, from whichever thread.
  ///
  /// - Returns: false: the loop has ended, and it will not be done.
  @discardableResult
  package func run(_ task: @escaping @Sendable () -> Void) -> Bool { take(.function(task)) }

  func take(_ task: LoopTask) -> Bool {
    if inEventLoop {
      tasks.append(task)
      return true
    }
    let (isTaken, hasToWake) = inbox.withLockedValue { inbox in
      guard !inbox.isClosed else { return (false, false) }
      inbox.tasks.append(task)
      defer { inbox.isAsleep = false }
      return (true, inbox.isAsleep)
    }
    if hasToWake { ring(bell) }
    return isTaken
  }

  /// On the loop: `hook` is called in this turn, when the sockets that are ready have been looked at.
  public func atTurnEnd(_ hook: any TurnEnd) {
    preconditionInEventLoop()
    tasks.append(.turnEnd(hook))
  }

  // MARK: Timers

  func set(_ timer: LoopTimer) {
    preconditionInEventLoop()
    if isEnding { timer.run(EventLoopError.shutdown) } else { timers.insert(timer) }
  }

  func cancel(_ timer: LoopTimer) {
    preconditionInEventLoop()
    timers.remove(timer)
  }

  // MARK: Sockets

  func add(_ socket: PolledSocket, _ interest: Readiness) throws(SocketError) -> UInt64 {
    guard !isEnding else { throw SocketError("epoll_ctl", ESHUTDOWN) }
    let tag = sockets.add(socket, number: socket.descriptor)
    do throws(SocketError) {
      try poller.add(socket.descriptor, tag: tag, interest)
    } catch {
      sockets.remove(number: socket.descriptor)
      throw error
    }
    return tag
  }

  func change(_ socket: PolledSocket, tag: UInt64, _ interest: Readiness) {
    poller.change(socket.descriptor, tag: tag, interest)
  }

  func remove(_ number: CInt) {
    poller.remove(number)
    sockets.remove(number: number)
  }

  /// Sockets that it watches.
  var socketCount: Int { sockets.count }

  /// Closes a socket that has failed, when whoever is at work has finished.
  func closeSoon(_ socket: StreamSocket) { failed.append(socket) }

  // MARK: The end

  /// Ends the loop: its sockets are closed, tasks that it has been given are run, timers fail with
  /// `EventLoopError.shutdown`. What comes later is not done.
  ///
  /// - Parameter ended: called when it has ended, on whichever thread.
  func stop(_ ended: @escaping @Sendable () -> Void) {
    let isTaken = run {
      self.isStopping = true
      self.whenEnded.append(ended)
    }
    if !isTaken { ended() }
  }

  private func end() {
    for socket in sockets.all { socket.close() }
    isEnding = true
    repeat {
      while let timer = timers.popAny() { timer.run(EventLoopError.shutdown) }
      takeFromOthers()
      swap(&tasks, &running)
      for task in running { run(task) }
      running.removeAll()
      closeFailed()
    } while !tasks.isEmpty || !closeInbox()
    let listeners = whenEnded
    whenEnded = []
    for listener in listeners { listener() }
  }

  /// Nothing is done any more.
  package var hasEnded: Bool { inbox.withLockedValue { $0.isClosed } }

  private func closeInbox() -> Bool {
    inbox.withLockedValue { inbox in
      inbox.isClosed = inbox.tasks.isEmpty
      return inbox.isClosed
    }
  }
}

/// What a thread does.
private final class ThreadStart {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}

/// - Returns: what a loop is woken by; -1: the system has no more files.
private func makeBell() -> CInt {
  #if os(Linux)
    eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
  #else
    -1
  #endif
}

private func nameThread(_ name: String) {
  #if os(Linux)
    stock_name_thread(name)
  #endif
}

/// It is never read: each writing is reported once.
private func ring(_ bell: CInt) {
  #if os(Linux)
    eventfd_write(bell, 1)
  #endif
}
