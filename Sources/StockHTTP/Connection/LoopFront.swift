import Logging
import NIOCore
import StockCore
import StockEngine
import StockLoop

/// The front's part on one event loop: its connections, its keys, its clock, and the memory in which
/// answers are written. Everything in it belongs to that loop.
final class LoopFront: AnswerReceiver {
  /// How often the loop looks at the clock and at the control plane.
  static let tickLength = TimeAmount.milliseconds(100)

  /// How long an idle connection may still bring a request when the engine stops.
  static let idleGrace = TimeAmount.milliseconds(500)

  let engine: any Engine
  let loop: any EventLoop
  /// The same, where it watches sockets: not in tests without a network.
  let poll: LoopThread?
  let configuration: HTTPConfiguration
  let gateway: any LoopGateway
  let loopIndex: Int
  let routes = RouteTable.shared
  let keys: KeyCache
  let limit: ConnectionLimit
  let logger: Logger
  private(set) lazy var tokenDesk = TokenDesk(front: self)
  /// Each request is written into the log.
  let logsRequests: Bool
  let shared: SharedFront
  private let clock: @Sendable () -> Timestamp

  /// The time of day at the last tick.
  private(set) var now: Timestamp
  /// Ticks since the start: what time-outs are counted in.
  private(set) var tick = 0
  private var ticker: RepeatedTask?

  /// Where bodies are written before their length is known.
  var body = ByteWriter(capacity: 4_096)
  /// Where a response is put together that goes out at once. One for all connections: what the
  /// processor has at hand is quicker than a buffer of the connection's own.
  var wire = ByteWriter(capacity: 4_096)
  private var date = ByteWriter(capacity: 32)
  /// What the request ids of this loop begin with, and what comes before them in a header.
  private var idPrefix = ByteWriter(capacity: 64)
  /// The same, without the header's name.
  let idPrefixText: String
  private var lastID: UInt64 = 0

  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private(set) var connectionCount = 0
  private var touched: [HTTPConnection] = []
  private var spare: [HTTPConnection] = []
  var spareExchanges = SpareExchanges()

  /// False gives every request to NIO's decoder: for tests that compare the two ways.
  var scansPlainRequests = true
  var coldRequests = 0
  private var readinessWaiters: [(slot: Int, number: Int)] = []
  private(set) lazy var events = EventHub(front: self, engine: engine, loop: loop)
  private(set) lazy var live = LiveFeed(front: self)
  /// Who on this loop wants movements.
  private var subscriptions = 0
  /// What has been asked for since the last tick.
  var activity = ActivityCount()
  /// Bytes of bodies that have not arrived in full.
  var bodyBytesHeld = 0
  /// Bytes of answers that clients have not read, as they were a second ago at most.
  private(set) var unsentBytes = 0

  /// What is under way, and who may go on when it is too much.
  var admission = Admission()

  // What has been counted, and what the log has been told.
  var counts = FrontCounts()
  /// The time while answers of shards are taken: one look at the clock for all of them.
  private(set) var answersAt: NIODeadline?
  var logLines = 0
  var logLinesDropped = 0
  let auditLogger: Logger
  var auditRefusals = 0
  var auditRefusalsDropped = 0

  private(set) var isDraining = false
  /// Draining, and connections that have been idle since its beginning may be closed.
  private(set) var closesIdle = false
  private var emptied: EventLoopPromise<Void>?

  private struct Slot {
    var connection: HTTPConnection?
    /// The next request's number. Goes on when another connection takes the place, so that answers to
    /// the one before match nothing.
    var nextNumber: Int
  }

  init(
    engine: any Engine, loop: any EventLoop, configuration: HTTPConfiguration,
    limit: ConnectionLimit, shared: SharedFront? = nil,
    clock: @escaping @Sendable () -> Timestamp = WallClock.now
  ) {
    self.engine = engine
    self.loop = loop
    self.poll = loop as? LoopThread
    self.configuration = configuration
    self.gateway = engine.gateway(on: loop)
    self.loopIndex = gateway.loopIndex
    self.keys = KeyCache(engine.control, verifier: configuration.tokens)
    self.limit = limit
    self.logger = configuration.logger
    self.auditLogger = configuration.auditLogger
    self.logsRequests = configuration.logger.logLevel <= .debug
    self.shared = shared ?? SharedFront(configuration)
    self.clock = clock
    self.now = clock()
    date.append(httpDate: now)
    let prefix = UInt64.random(in: .min ... .max)
    idPrefix.append("\r\nX-Request-Id: ")
    idPrefix.appendHex(prefix, width: 16)
    let digits = String(prefix, radix: 16)
    idPrefixText = String(repeating: "0", count: 16 - digits.count) + digits
    gateway.receiver = self
  }

  /// Begins to tick.
  func start() {
    let bound = NIOLoopBound(self, eventLoop: loop)
    ticker = loop.scheduleRepeatedTask(
      initialDelay: Self.tickLength, delay: Self.tickLength
    ) { _ in bound.value.didTick() }
  }

  /// What a request goes by from here to its response.
  func exchange(_ head: ResponseHead) -> Exchange { spareExchanges.take(head, startTick: tick) }

  private func didTick() {
    tick += 1
    let second = now / 1_000
    now = clock()
    if now / 1_000 != second {
      date.removeAll()
      date.append(httpDate: now)
    }
    keys.refresh()
    if !activity.isEmpty {
      shared.activity.add(activity, now: now)
      activity = ActivityCount()
    }
    // Time-outs are seconds long: looking every second is often enough.
    guard tick % 10 == 0 else { return }
    renewLogBudget()
    renewAuditBudget()
    let uses = keys.takeUses()
    if !uses.isEmpty { engine.control.noteUses(uses) }
    unsentBytes = slots.reduce(0) { $0 + ($1.connection?.unsentBytes ?? 0) }
    for slot in slots.indices { slots[slot].connection?.checkTime() }
  }

  /// More answers wait for their readers than the loop keeps.
  var hasTooMuchUnsent: Bool { unsentBytes > configuration.maxUnsentBytes }

  /// `duration` in ticks.
  static func ticks(_ duration: TimeAmount) -> Int {
    Int(duration.nanoseconds / tickLength.nanoseconds)
  }
}

// MARK: - Connections

extension LoopFront {
  /// Serves a client on a socket that was accepted, or turns it away.
  ///
  /// - Parameters:
  ///   - descriptor: is closed from here.
  ///   - origin: with the address, where that is not the socket's.
  @discardableResult
  func adopt(_ descriptor: CInt, origin: ConnectionOrigin = ConnectionOrigin()) -> StreamSocket {
    var origin = origin
    if origin.address.isEmpty {
      origin.address = StreamSocket.peerAddress(of: descriptor)?.ipAddress ?? ""
    }
    if isDraining { return turnAway(descriptor, "The engine is stopping.") }
    guard shared.addresses.tryAdd(origin.address) else {
      return turnAway(descriptor, "There are too many connections from this address.")
    }
    guard limit.tryAdd() else {
      shared.addresses.remove(origin.address)
      return turnAway(descriptor, "There are too many connections.")
    }
    counts.accepted += 1
    let connection = HTTPConnection(descriptor, front: self, origin: origin)
    connection.start()
    return connection
  }

  private func turnAway(_ descriptor: CInt, _ why: String) -> StreamSocket {
    counts.turnedAway += 1
    let turnedAway = TurnAway(descriptor, front: self)
    turnedAway.tell(why)
    return turnedAway
  }

  /// Gives a connection its place.
  ///
  /// - Returns: the place, and the number of its first request.
  func attach(_ connection: HTTPConnection) -> (slot: Int, number: Int) {
    connectionCount += 1
    if let slot = freeSlots.popLast() {
      slots[slot].connection = connection
      return (slot, slots[slot].nextNumber)
    }
    slots.append(Slot(connection: connection, nextNumber: 0))
    return (slots.count - 1, 0)
  }

  /// Takes the place back.
  func detach(slot: Int, nextNumber: Int, address: String) {
    slots[slot] = Slot(connection: nil, nextNumber: nextNumber)
    freeSlots.append(slot)
    connectionCount -= 1
    limit.remove()
    shared.addresses.remove(address)
    if isDraining, connectionCount == 0 { emptied?.succeed(()) }
  }

  /// Answers what is under way, and what comes meanwhile, with "Connection: close"; closes what has
  /// been idle for `idleGrace`, and all the rest when `grace` has passed.
  func beginDraining(within grace: TimeAmount) {
    guard !isDraining else { return }
    isDraining = true
    let promise = loop.makePromise(of: Void.self)
    emptied = promise
    let bound = NIOLoopBound(self, eventLoop: loop)
    let deadline = loop.scheduleTask(in: grace) { bound.value.closeAll() }
    promise.futureResult.whenComplete { _ in
      deadline.cancel()
      bound.value.retire()
    }
    // A request may be on its way on a connection that looks idle.
    loop.scheduleTask(in: min(grace, Self.idleGrace)) { bound.value.closeIdle() }
    if connectionCount == 0 { promise.succeed(()) }
  }

  private func closeIdle() {
    closesIdle = true
    for connection in slots.compactMap(\.connection) { connection.flush() }
  }

  /// Succeeds when draining is over.
  func drained() -> EventLoopFuture<Void> {
    emptied?.futureResult ?? loop.makeSucceededVoidFuture()
  }

  private func closeAll() {
    for connection in slots.compactMap(\.connection) { connection.close() }
  }

  private func retire() {
    ticker?.cancel()
    if gateway.receiver === self { gateway.receiver = nil }
  }
}

// MARK: - Answers

extension LoopFront {
  func receive(_ answers: [Answer]) {
    answersAt = NIODeadline.now()
    defer { answersAt = nil }
    for index in answers.indices {
      let slot = answers[index].ticket.connection
      guard slot < slots.count, let connection = slots[slot].connection else { continue }
      if connection.take(answers[index]), !connection.isTouched {
        connection.isTouched = true
        touched.append(connection)
      }
    }
    // Flushing can close connections and bring more answers: their list is another one.
    swap(&touched, &spare)
    for connection in spare {
      connection.isTouched = false
      connection.flush()
    }
    spare.removeAll(keepingCapacity: true)
  }

  func receive(_ batches: [LedgerBatch]) {
    events.receive(batches)
    live.receive(batches)
  }

  /// From now on this loop gets the movements of all shards, until as many have called `unsubscribe`.
  func subscribe() {
    subscriptions += 1
    if subscriptions == 1 { gateway.subscribe() }
  }

  func unsubscribe() {
    subscriptions -= 1
    if subscriptions == 0 { gateway.unsubscribe() }
  }

  /// Whether the engine is ready is asked for all who want to know at the same time: nobody's asking
  /// takes it from others, as lists that are under way would.
  func awaitReadiness(slot: Int, number: Int) {
    readinessWaiters.append((slot, number))
    guard readinessWaiters.count == 1 else { return }
    let engine = engine
    let loop = loop
    let bound = NIOLoopBound(self, eventLoop: loop)
    Task {
      let answer = await ColdRequest.readiness.run(on: engine)
      loop.execute {
        let waiting = bound.value.readinessWaiters
        bound.value.readinessWaiters = []
        for one in waiting { bound.value.deliver(answer, slot: one.slot, number: one.number) }
      }
    }
  }

  /// An answer from a task. Its connection may be gone.
  func receive(_ answer: ColdAnswer, slot: Int, number: Int) {
    coldRequests -= 1
    deliver(answer, slot: slot, number: number)
  }

  private func deliver(_ answer: ColdAnswer, slot: Int, number: Int) {
    guard let connection = slots[slot].connection, connection.take(answer, number: number) else {
      return
    }
    connection.flush()
  }

  /// How units are looked for where no location is given: as the caller says, else as its store does.
  func allocation(
    _ strategy: Allocation.Strategy?, for principal: Principal
  ) -> Allocation {
    var allocation = Allocation()
    if case .only(let id) = principal.scope, let store = engine.control.snapshot.stores[id] {
      allocation.priority = store.locationPriority
      switch store.allocationStrategy {
      case .priority: allocation.strategy = .priority
      case .highestStock: allocation.strategy = .highestStock
      case .singleLocation: allocation.strategy = .singleLocation
      }
    }
    if let strategy { allocation.strategy = strategy }
    return allocation
  }

  func makeRequestID() -> RequestID {
    lastID &+= 1
    return .number(lastID)
  }

  /// Writes an exchange's response, with the body that lies in `body`.
  func write(_ exchange: Exchange, into out: inout ByteWriter) {
    let length =
      exchange.head.status == 204 || exchange.head.isStream || exchange.head.writesOwnLength
      ? nil : body.count
    out.append(headOf: exchange, length: length, prefix: idPrefix, date: date)
    if !exchange.isHead { out.append(body.bytes) }
  }
}
