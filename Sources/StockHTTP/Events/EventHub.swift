import NIOCore
import StockCore
import StockEngine

/// Brings movements to the event readers of one loop.
///
/// Readers do not wait in line for each other, and the shards never wait for readers: what is committed
/// is only noted when it comes (`receive`), and sent later, on a tick of its own, for a few
/// milliseconds at most; who was not reached goes first the next time. Only readers for whom there may
/// be something stand in that line: those of a product when it has moved, all others when anything has.
/// A reader is nothing but a position in each shard's numbers. What it wants is in the rings, or else
/// in Redis: then it is fetched, a part at a time. `EventHub+Delivery` is what is sent, `FetchQueue`
/// what is asked of the engine.
final class EventHub {
  static let tickLength = TimeAmount.milliseconds(50)
  static func ticks(_ duration: TimeAmount) -> Int {
    Int(duration.nanoseconds / tickLength.nanoseconds)
  }

  unowned let front: LoopFront
  let engine: any Engine
  let loop: any EventLoop

  private(set) var readers: [EventReader] = []
  var rings: EventRings
  private(set) var tick = 0
  /// Who has something to do, first come first served. Who stands here is marked as due.
  private var due = CircularBuffer<EventReader>()
  /// Whom the look that goes round comes to next.
  private var round = 0
  private var ticker: RepeatedTask?

  /// idle → (the first reader comes) asking where the ledgers end → following → (the last one goes) idle.
  private enum State { case idle, asking, following }
  private var state = State.idle
  /// Grows when the last reader goes: answers to questions from before are dropped.
  private(set) var generation = 0
  /// The ends at the last look: what the feed should have brought by the next one.
  private var lastEnds: [Int64] = []
  private var isChecking = false
  private var keyGeneration = 0
  private var verifierGeneration = 0

  // Fetching.
  var fetches = FetchQueue()

  // What is written for one reader, and the two halves of its ids; here, so that they need no new
  // memory for each.
  var out = ByteWriter(capacity: HTTPLimits.eventPieceBytes + 8_192)
  var idHead = ByteWriter()
  var idTail = ByteWriter()

  init(front: LoopFront, engine: any Engine, loop: any EventLoop) {
    self.front = front
    self.engine = engine
    self.loop = loop
    rings = EventRings(
      shardCount: engine.shardMap.shardCount, limit: front.configuration.eventRingBytes)
  }

  var isFull: Bool { readers.count >= HTTPLimits.maxEventReaders }

  // MARK: Coming and going

  func add(_ reader: EventReader) {
    reader.place = readers.count
    readers.append(reader)
    if !reader.isLive { rings.add(reader) }
    switch state {
    case .idle: wakeUp()
    case .asking: break
    case .following: open(reader)
    }
  }

  func remove(_ reader: EventReader) {
    guard reader.place < readers.count, readers[reader.place] === reader else { return }
    reader.isOpen = false
    reader.page = nil
    if reader.isLive { front.live.remove(reader) } else { rings.remove(reader) }
    let last = readers.removeLast()
    if last !== reader {
      last.place = reader.place
      readers[reader.place] = last
    }
    if readers.isEmpty { goToSleep() }
  }

  private func wakeUp() {
    state = .asking
    keyGeneration = front.keys.generation
    verifierGeneration = front.keys.verifierGeneration
    front.subscribe()
    let bound = NIOLoopBound(self, eventLoop: loop)
    ticker = loop.scheduleRepeatedTask(initialDelay: Self.tickLength, delay: Self.tickLength) { _ in
      bound.value.didTick()
    }
    askForEnds()
  }

  private func goToSleep() {
    state = .idle
    generation += 1
    ticker?.cancel()
    ticker = nil
    front.unsubscribe()
    fetches = FetchQueue()
    due.removeAll()
    lastEnds = []
    isChecking = false
    rings = EventRings(shardCount: rings.shards.count, limit: rings.limit)
  }

  private func open(_ reader: EventReader) {
    reader.position = reader.wanted ?? EventPosition(numbers: rings.ends)
    reader.needsCheck = reader.wanted != nil
    reader.lastWrite = tick
    guard let connection = reader.connection else { return }
    connection.openStream(reader)
    if reader.isLive { front.live.add(reader, connection) }
  }

  /// There may be something to do for a reader: it gets a turn.
  func wake(_ reader: EventReader) {
    guard !reader.isDue, !reader.isLive else { return }
    reader.isDue = true
    reader.dueSince = tick
    due.append(reader)
  }

  /// What was committed. Only noted here.
  func receive(_ batches: [LedgerBatch]) {
    guard state != .idle else { return }
    for batch in batches where !batch.entries.isEmpty { rings.append(EventBatch(batch)) }
    for reader in rings.takeNews() { wake(reader) }
  }

  // MARK: Ends

  private func askForEnds() {
    guard !isChecking else { return }
    isChecking = true
    let bound = NIOLoopBound(self, eventLoop: loop)
    Task { [engine, loop, generation] in
      let ends = await engine.ledgerEnds()
      loop.execute { bound.value.take(ends, generation) }
    }
  }

  private func take(_ ends: [Int64], _ generation: Int) {
    guard generation == self.generation else { return }
    isChecking = false
    guard ends.count == rings.shards.count else { return }
    if state == .asking {
      for shard in ends.indices { rings.know(end: ends[shard], of: shard) }
      state = .following
      // Opening a stream can end one.
      for reader in Array(readers) { open(reader) }
    } else {
      mend(ends)
    }
    lastEnds = ends
  }

  /// Looks whether the feed has brought what was there at the last look, and whether readers ask for
  /// what no ledger has.
  private func mend(_ ends: [Int64]) {
    for shard in lastEnds.indices where lastEnds[shard] > rings.shards[shard].end ?? 0 {
      rings.skip(to: lastEnds[shard], of: shard)
      for reader in readers where reader.onlyShard ?? shard == shard { wake(reader) }
    }
    for reader in readers where reader.needsCheck && reader.isOpen {
      reader.needsCheck = false
      for shard in ends.indices {
        let end = max(ends[shard], rings.shards[shard].end ?? 0)
        guard reader.position.numbers[shard] > end else { continue }
        // From another life of this data: there is nothing to go on from.
        reader.position.numbers[shard] = end
        if reader.position.partial?.shard == shard { reader.position.partial = nil }
        sendGap(shard, from: end + 1, to: reader)
      }
      wake(reader)
    }
  }

  // MARK: Time

  private func didTick() {
    tick += 1
    if tick % Self.ticks(.milliseconds(500)) == 0 { endRevoked() }
    if tick % Self.ticks(.seconds(2)) == 0 { askForEnds() }
    guard state == .following else { return }
    lookRound()
    let spending = Spending()
    while let reader = due.first {
      let isLate = tick - reader.dueSince >= Self.ticks(HTTPLimits.eventPatience)
      guard
        !spending.exceeds(isLate ? HTTPLimits.eventLateBudget : HTTPLimits.eventTickBudget)
      else { break }
      due.removeFirst()
      reader.isDue = false
      visit(reader)
    }
    fetches.begin(self)
  }

  /// Looks at each reader once a second: whether it takes what it is sent, and has been sent anything
  /// of late.
  private func lookRound() {
    var left = min(readers.count, readers.count / Self.ticks(.seconds(1)) + 1)
    while left > 0, !readers.isEmpty {
      if round >= readers.count { round = 0 }
      look(at: readers[round])
      round += 1
      left -= 1
    }
  }

  /// Ends the streams of keys and sessions that are no longer good.
  private func endRevoked() {
    guard case .keys = front.configuration.authorization else { return }
    let isChanged = front.keys.generation != keyGeneration
    keyGeneration = front.keys.generation
    // A reader with a token comes again, and its token is checked again.
    let areTokensOld = front.keys.verifierGeneration != verifierGeneration
    verifierGeneration = front.keys.verifierGeneration
    let keys = isChanged ? engine.control.snapshot.keys : [:]
    for reader in Array(readers)
    where front.now >= reader.expiresAt || isSignedOut(reader)
      || (Principal.isOfToken(reader.actor)
        ? areTokensOld : isChanged && keys[reader.actor] == nil)
    {
      reader.connection?.endStream()
    }
  }

  private func isSignedOut(_ reader: EventReader) -> Bool {
    reader.session.map { !front.shared.sessions.isOpen($0, now: front.now) } ?? false
  }
}
