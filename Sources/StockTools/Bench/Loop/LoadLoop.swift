import Histogram

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The load of one thread: sockets, epoll, and a workload that says what goes over them.
///
/// On the way of a request there is one `recv`, one `send`, one look at the clock and a share of an
/// `epoll_wait`; no allocation, no lock, no task. An answer that came whole is read where it lies, in
/// a buffer that all connections share.
struct LoadLoop<Load: Workload>: ~Copyable {
  private(set) var load: Load
  private(set) var tally: LoadTally
  private let plan: LoadPlan
  private let kinds: [RequestKind]
  private var poll: EventPoll
  private let connections: UnsafeMutablePointer<LoadConnection>
  private let slots: UnsafeMutablePointer<LoadSlot>
  /// Connections that can take a request (open loop only).
  private var free: ConnectionQueue
  private var arrivals: Arrivals?
  private var input: ByteStore
  private var output: ByteStore
  private var inFlight = 0
  /// The workload has nothing more to ask.
  private var isExhausted = false
  /// Requests of an open loop that leave in one write at most.
  private static var requestsPerWrite: Int { 16 }
  /// Answers since the last look at the progress.
  private var answered = 0
  /// Connections lost since the last answer.
  private var losses = 0

  /// Connects.
  ///
  /// - Throws: `ToolError` where nobody answers at the address.
  init(_ load: Load, plan: LoadPlan) throws {
    let poll = try EventPoll(room: min(1_024, plan.connections + 1))
    let sockets = try Self.connect(plan)
    self.load = load
    self.plan = plan
    kinds = load.kinds
    tally = LoadTally(kinds: load.kinds.count)
    arrivals = plan.arrivals
    input = ByteStore(capacity: 256 << 10)
    output = ByteStore(capacity: 64 << 10)
    free = ConnectionQueue(room: plan.connections)
    connections = .allocate(capacity: plan.connections)
    slots = .allocate(capacity: plan.connections * plan.pipeline)
    slots.initialize(repeating: LoadSlot(), count: plan.connections * plan.pipeline)
    for (number, socket) in sockets.enumerated() {
      (connections + number).initialize(to: LoadConnection(socket: socket))
      poll.add(socket, number: number)
    }
    self.poll = poll
  }

  /// All connections, or none.
  private static func connect(_ plan: LoadPlan) throws -> [Int32] {
    var sockets: [Int32] = []
    do {
      for _ in 0..<plan.connections { sockets.append(try LoadSocket.connect(to: plan.url)) }
    } catch {
      for socket in sockets { close(socket) }
      throw error
    }
    return sockets
  }

  deinit {
    for number in 0..<plan.connections where connections[number].socket >= 0 {
      close(connections[number].socket)
    }
    connections.deinitialize(count: plan.connections)
    connections.deallocate()
    slots.deallocate()
  }

  // MARK: - The run

  /// Sends until the window ends, the work is done, or the server is gone; then waits for what is under
  /// way.
  mutating func run() {
    var window = Window.before
    var processorTime: UInt64 = 0
    begin()
    while tally.failure == nil {
      let now = LoadClock.now
      if window == .before, now >= plan.windowStart {
        window = .inside
        // What warming up has left is not what is measured.
        arrivals?.skip(to: plan.windowStart)
        processorTime = LoadClock.threadTime
        plan.onWindow?(true)
      }
      if window == .inside, now >= plan.windowEnd {
        window = .behind
        tally.processorTime = LoadClock.threadTime - processorTime
        plan.onWindow?(false)
      }
      if inFlight == 0, isExhausted || window == .behind { break }
      if now >= plan.drainEnd { break }
      sendDue(now)
      let count = poll.wait(until: alarm(after: now, window))
      for index in 0..<count {
        let event = poll.event(index)
        guard event.number != EventPoll.timerNumber else { continue }
        if event.canWrite { finishWrite(Int(event.number)) }
        if event.canRead { read(Int(event.number)) }
      }
      plan.progress.add(answered)
      answered = 0
    }
    abandon()
  }

  private enum Window { case before, inside, behind }

  private mutating func begin() {
    for number in 0..<plan.connections {
      if arrivals == nil { fill(number, LoadClock.now) } else { enqueue(number) }
    }
  }

  /// When to wake at the latest.
  private func alarm(after now: UInt64, _ window: Window) -> UInt64 {
    let edge =
      switch window {
      case .before: plan.windowStart
      case .inside: plan.windowEnd
      case .behind: plan.drainEnd
      }
    guard let due = arrivals?.due, window != .behind, !free.isEmpty else { return edge }
    return min(edge, due)
  }

  /// What is under way has no known outcome, and what was due was never sent.
  private mutating func abandon() {
    for number in 0..<plan.connections {
      settleLost(number, "no answer before the end")
    }
    while let due = arrivals?.due, due < plan.windowEnd, tally.failure == nil {
      if due >= plan.windowStart { tally.neverSent += 1 }
      arrivals?.advance()
    }
  }

  // MARK: - Sending

  /// Open loop: sends what is due, while there are connections that can take it.
  @inline(__always)
  private mutating func sendDue(_ now: UInt64) {
    while let due = arrivals?.due, due <= now, due < plan.windowEnd,
      let number = free.popFirst()
    {
      connections[number].isQueued = false
      output.clear()
      guard append(number, start: due) else { return }
      arrivals?.advance()
      appendLate(number, now)
      send(number)
      enqueue(number)
    }
  }

  /// Puts more that is due already into the same write: a generator that is late would be later still
  /// with a write for each. Without pipelining there is nothing to put together.
  @inline(__always)
  private mutating func appendLate(_ number: Int, _ now: UInt64) {
    var count = 1
    while count < Self.requestsPerWrite, connections[number].inFlight < plan.pipeline,
      let due = arrivals?.due, due <= now, due < plan.windowEnd
    {
      guard append(number, start: due) else { return }
      arrivals?.advance()
      count += 1
    }
  }

  private mutating func enqueue(_ number: Int) {
    guard !connections[number].isQueued, connections[number].inFlight < plan.pipeline,
      connections[number].unsent.isEmpty
    else { return }
    connections[number].isQueued = true
    free.append(number)
  }

  /// Closed loop: gives every free slot of a connection its next request, in one write.
  @inline(__always)
  private mutating func fill(_ number: Int, _ now: UInt64) {
    guard now < plan.windowEnd, connections[number].unsent.isEmpty else { return }
    output.clear()
    while connections[number].inFlight < plan.pipeline, append(number, start: now) {}
    if !output.isEmpty { send(number) }
  }

  /// Puts a connection's next request into `output`.
  ///
  /// - Returns: false: there is none.
  @inline(__always)
  private mutating func append(_ number: Int, start: UInt64) -> Bool {
    var place = connections[number].oldest + connections[number].inFlight
    if place >= plan.pipeline { place -= plan.pipeline }
    let slot = number * plan.pipeline + place
    guard let kind = load.next(slot: slot, into: &output) else {
      isExhausted = true
      return false
    }
    slots[slot] = LoadSlot(start: start, kind: kind)
    connections[number].inFlight += 1
    inFlight += 1
    return true
  }

  @inline(__always)
  private mutating func send(_ number: Int) {
    let bytes = output.bytes
    let written: Int
    switch LoadSocket.write(connections[number].socket, bytes) {
    case .bytes(let count) where count == bytes.count: return
    case .bytes(let count): written = count
    case .wait: written = 0
    // Reading tells that it has ended.
    case .end: return
    }
    connections[number].unsent.append(UnsafeBufferPointer(rebasing: bytes[written...]))
    poll.watchRoom(connections[number].socket, number: number, true)
  }

  private mutating func finishWrite(_ number: Int) {
    switch LoadSocket.write(connections[number].socket, connections[number].unsent.bytes) {
    case .bytes(let count): connections[number].unsent.removeFirst(count)
    case .wait, .end: return
    }
    guard connections[number].unsent.isEmpty else { return }
    poll.watchRoom(connections[number].socket, number: number, false)
    if arrivals == nil { fill(number, LoadClock.now) } else { enqueue(number) }
  }

  // MARK: - Reading

  private mutating func read(_ number: Int) {
    let isShared = connections[number].partial.isEmpty
    let result: LoadSocket.Result
    if isShared {
      result = LoadSocket.read(connections[number].socket, into: input.base, input.capacity)
    } else {
      connections[number].partial.reserve(64 << 10)
      let room = connections[number].partial.capacity - connections[number].partial.count
      result = LoadSocket.read(
        connections[number].socket,
        into: connections[number].partial.base + connections[number].partial.count, room)
    }
    let count: Int
    switch result {
    case .bytes(let read): count = read
    case .wait: return
    case .end: return lose(number, "the server closed the connection")
    }
    let now = LoadClock.now
    let bytes: UnsafeBufferPointer<UInt8>
    if isShared {
      bytes = UnsafeBufferPointer(start: input.base, count: count)
    } else {
      connections[number].partial.grow(by: count)
      bytes = connections[number].partial.bytes
    }
    guard let (used, missing) = take(bytes, number, now) else { return }
    if isShared {
      if used < bytes.count {
        connections[number].partial.append(UnsafeBufferPointer(rebasing: bytes[used...]))
        connections[number].partial.reserve(missing)
      }
    } else {
      connections[number].partial.removeFirst(used)
      connections[number].partial.reserve(missing)
    }
    if arrivals == nil { fill(number, now) } else { enqueue(number) }
  }

  /// Takes the whole answers from `bytes`.
  ///
  /// - Returns: how many bytes they were, and how many more the next one wants; nil: the connection has
  ///   been replaced.
  @inline(__always)
  private mutating func take(
    _ bytes: UnsafeBufferPointer<UInt8>, _ number: Int, _ now: UInt64
  ) -> (used: Int, missing: Int)? {
    var used = 0
    while used < bytes.count {
      switch AnswerScanner.scan(bytes, from: used) {
      case .incomplete(let missing): return (used, missing)
      case .malformed(let why):
        lose(number, "\(why)")
        return nil
      case .answer(let answer):
        // 100 Continue and its like come before the answer.
        if answer.status >= 200 {
          guard connections[number].inFlight > 0 else {
            lose(number, "an answer that nobody asked for")
            return nil
          }
          settle(
            number, status: answer.status,
            body: UnsafeBufferPointer(rebasing: bytes[answer.body]), now)
        }
        used = answer.body.upperBound
        if answer.closes {
          lose(number, "the server closed the connection", isAnnounced: true)
          return nil
        }
      }
    }
    return (used, 0)
  }

  /// The oldest request of a connection has its answer.
  @inline(__always)
  private mutating func settle(
    _ number: Int, status: Int, body: UnsafeBufferPointer<UInt8>, _ now: UInt64
  ) {
    answered += 1
    losses = 0
    let end: RequestEnd
    let code: UnsafeBufferPointer<UInt8>?
    if status < 300 {
      end = .accepted
      code = nil
    } else {
      code = CodeTally.code(in: body)
      let isUnknown =
        status == 503 ? code?.elementsEqual("outcome_unknown".utf8) ?? false : status >= 500
      end = isUnknown ? .unknown : .refused
    }
    let slot = release(number)
    let isCounted = counts(slot)
    let settlement = load.ended(
      slot: slot.number, kind: slot.value.kind, end, body: body, isCounted: isCounted)
    if end == .unknown { note("an answer with status \(status)") }
    if settlement.isUnreadable { note("an answer that makes no sense") }
    guard isCounted else { return }
    let microseconds = UInt64(now > slot.value.start ? (now - slot.value.start + 500) / 1_000 : 0)
    let kind = settlement.kind
    tally.kinds[kind].operations += settlement.operations.total
    tally.kinds[kind].acceptedOperations += settlement.operations.accepted
    switch end {
    case .accepted: tally.kinds[kind].accepted.record(min(microseconds, 3_600_000_000))
    case .refused:
      tally.kinds[kind].refused.record(min(microseconds, 3_600_000_000))
      if let code { tally.refusals.add(code) } else { tally.refusals.add("http_\(status)") }
    case .unknown: tally.kinds[kind].unknown += 1
    }
  }

  /// Takes the oldest request off its connection.
  @inline(__always)
  private mutating func release(_ number: Int) -> (number: Int, value: LoadSlot) {
    let slot = number * plan.pipeline + connections[number].oldest
    connections[number].oldest += 1
    if connections[number].oldest == plan.pipeline { connections[number].oldest = 0 }
    connections[number].inFlight -= 1
    inFlight -= 1
    return (slot, slots[slot])
  }

  @inline(__always)
  private func counts(_ slot: (number: Int, value: LoadSlot)) -> Bool {
    slot.value.start >= plan.windowStart && slot.value.start < plan.windowEnd
      && kinds[slot.value.kind].isCounted
  }

  // MARK: - Losing

  private mutating func note(_ error: String) {
    tally.errors += 1
    if tally.firstError == nil { tally.firstError = error }
  }

  private mutating func settleLost(_ number: Int, _ why: String) {
    while connections[number].inFlight > 0 {
      note(why)
      let slot = release(number)
      let isCounted = counts(slot)
      let settlement = load.ended(
        slot: slot.number, kind: slot.value.kind, .unknown,
        body: UnsafeBufferPointer(start: nil, count: 0), isCounted: isCounted)
      guard isCounted else { continue }
      tally.kinds[settlement.kind].operations += settlement.operations.total
      tally.kinds[settlement.kind].unknown += 1
    }
  }

  /// Replaces a connection that has ended.
  ///
  /// - Parameter isAnnounced: the server said that it would; then it is no error where nothing was
  ///   under way.
  private mutating func lose(_ number: Int, _ why: String, isAnnounced: Bool = false) {
    if !isAnnounced, connections[number].inFlight == 0 { note(why) }
    settleLost(number, why)
    close(connections[number].socket)
    connections[number].socket = -1
    connections[number].oldest = 0
    connections[number].partial.clear()
    connections[number].unsent.clear()
    losses += 1
    guard losses <= 2 * plan.connections else {
      tally.failure = "every connection was lost, and no answer came: \(why)"
      return
    }
    do {
      let socket = try LoadSocket.connect(to: plan.url)
      connections[number].socket = socket
      poll.add(socket, number: number)
    } catch {
      tally.failure = "\(why), and then: \(error)"
      return
    }
    if arrivals == nil { fill(number, LoadClock.now) } else { enqueue(number) }
  }
}
