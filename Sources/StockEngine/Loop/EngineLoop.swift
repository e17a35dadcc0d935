import Logging
import NIOCore
import StockCore
import StockLoop
import StockRedis

/// What the engine has on one event loop: some shards, their connection to Redis, and the way in and
/// out for the clients of that loop. Not Sendable: everything here happens on the loop.
///
/// Commands are handed over at the end of a tick, all that came in it together: entering an actor, or
/// another loop, costs more than deciding a command.
final class EngineLoop: LoopGateway {
  let loopIndex: Int
  let loop: LoopThread
  let logger: Logger
  weak var receiver: (any AnswerReceiver)?

  let loopCount: Int
  let shared: EngineShared
  /// This loop's shards: shard s lives on loop s mod `loopCount`, at place s / `loopCount`.
  private(set) var shards: [ShardActor] = []
  private(set) var link: ShardLink?
  private(set) var peers: [NIOLoopBound<EngineLoop>] = []

  /// What came in this tick for the shards here, by place.
  private var inboxes: [[Submission]] = []
  /// Answers of other shards to those here, by place.
  private var partInboxes: [[Answer]] = []
  /// What came in this tick for shards elsewhere, by loop.
  private var outboxes: [Parcel] = []
  /// What another loop, which was quicker, sent before this one had its shards.
  private var early: [Parcel] = []
  private var isFlushScheduled = false
  private var ticking: RepeatedTask?
  /// The time of day at the last tick, for what may be 50 ms wrong.
  private(set) var recentWall: Timestamp = 0

  /// Counts up from a random number; mixed, it spreads pauses. The system's generator costs a call to
  /// the kernel each time.
  private var jitterSeed = UInt64.random(in: 0...UInt64.max)

  /// Clients' requests that need more than to be handed on, until their answer is there.
  var careful: [Ticket: CarefulRequest] = [:]
  var feed: MovementFeed
  /// Lists.
  let lane: ScanLane

  init(
    index: Int, loop: LoopThread, loopCount: Int, shared: EngineShared, logger: Logger
  ) {
    self.loopIndex = index
    self.loop = loop
    self.loopCount = loopCount
    self.shared = shared
    self.logger = logger
    self.outboxes = Array(repeating: Parcel(), count: loopCount)
    self.recentWall = shared.clock.now().wall
    self.feed = MovementFeed(loopCount: loopCount)
    self.lane = ScanLane(loop: loop)
  }

  /// Makes the shards and connects. To be called once, when all loops are there.
  func start(
    configuration: EngineConfiguration, owner: String, peers: [NIOLoopBound<EngineLoop>]
  ) {
    self.peers = peers
    let link = ShardLink(
      loop: loop, configuration: configuration, owner: owner, events: self, logger: logger)
    self.link = link
    let boundLink = NIOLoopBound(link, eventLoop: loop)
    for shard in stride(from: loopIndex, to: shared.map.shardCount, by: loopCount) {
      shards.append(
        ShardActor(
          id: shard, shared: shared, configuration: configuration.shard, link: boundLink,
          loop: loop, logger: logger))
    }
    inboxes = Array(repeating: [], count: shards.count)
    partInboxes = Array(repeating: [], count: shards.count)
    ticking = loop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) {
      [bound = NIOLoopBound(self, eventLoop: loop)] _ in
      bound.value.tick()
    }
    link.start()
    let parcels = early
    early = []
    for parcel in parcels { accept(parcel) }
  }

  /// Stops: everyone who still waits gets an answer, the connection is closed.
  func stop() {
    ticking?.cancel()
    ticking = nil
    lane.stop()
    for shard in shards {
      var output = shard.assumeIsolated { $0.abandon() }
      output.messages = []
      distribute(output)
    }
    link?.stop()
  }

  // MARK: Commands in

  func submit(_ command: Command, ticket: Ticket) {
    switch command.operation {
    case .reserve, .release, .fulfill:
      let shard = shared.map.shard(of: command)
      if let key = command.idempotency,
        let first = shared.keys.claim(key, for: shard, now: recentWall)
      {
        return ask(first, about: key, before: command, for: shard, CarefulRequest(), ticket: ticket)
      }
      enqueue(Submission(command: command, ticket: ticket), for: shard)
    default:
      submitCarefully(command, ticket: ticket)
    }
  }

  /// Puts a command where it leaves this tick.
  @inline(__always)
  func enqueue(_ submission: Submission, for shard: ShardID) {
    let home = shard % loopCount
    if home == loopIndex {
      inboxes[shard / loopCount].append(submission)
    } else {
      outboxes[home].submissions.append((shard / loopCount, submission))
    }
    scheduleFlush()
  }

  /// The same, for what another shard answered to one that asked it.
  private func enqueue(part answer: Answer) {
    let shard = answer.ticket.home
    guard shard < shared.map.shardCount else { return }
    let home = shard % loopCount
    if home == loopIndex {
      partInboxes[shard / loopCount].append(answer)
    } else {
      outboxes[home].partAnswers.append((shard / loopCount, answer))
    }
    scheduleFlush()
  }

  private func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    // Then all that is readable now has been read.
    loop.atTurnEnd(self)
  }

  private func flush() {
    isFlushScheduled = false
    for home in outboxes.indices where !outboxes[home].isEmpty {
      let parcel = outboxes[home]
      outboxes[home] = Parcel()
      outboxes[home].submissions.reserveCapacity(parcel.submissions.count)
      let peer = peers[home]
      peer.eventLoop.execute { peer.value.accept(parcel) }
    }
    deliver()
  }

  /// From another loop.
  private func accept(_ parcel: Parcel) {
    guard link != nil else {
      early.append(parcel)
      return
    }
    for (place, submission) in parcel.submissions { inboxes[place].append(submission) }
    for (place, answer) in parcel.partAnswers { partInboxes[place].append(answer) }
    // If a flush of our own is due in this tick, they go with it.
    if !isFlushScheduled { deliver() }
  }

  private func deliver() {
    let now = shared.clock.now()
    for place in inboxes.indices
    where !inboxes[place].isEmpty || !partInboxes[place].isEmpty {
      let submissions = inboxes[place]
      inboxes[place] = []
      inboxes[place].reserveCapacity(submissions.count)
      let parts = partInboxes[place]
      partInboxes[place] = []
      distribute(shards[place].assumeIsolated { $0.take(submissions, parts: parts, now: now) })
    }
  }

  private func tick() {
    let now = shared.clock.now()
    recentWall = now.wall
    for shard in shards {
      distribute(shard.assumeIsolated { $0.tick(now: now) })
    }
    sendFeed()
  }

  // MARK: Answers out

  private func distribute(_ output: ShardOutput) {
    for message in output.messages {
      let command = Command(
        scope: message.scope, operation: .applyPart(message.request), actor: message.actor)
      let ticket = Ticket(home: message.request.home, attempt: message.attempt)
      enqueue(Submission(command: command, ticket: ticket), for: message.to)
    }
    feed.add(output.committed)
    distribute(output.answers)
  }

  private func distribute(_ answers: [Answer]) {
    guard !answers.isEmpty else { return }
    if loopCount == 1, !answers.contains(where: { $0.ticket.isOfShard }) {
      hand(answers)
      return
    }
    var parcels = [[Answer]](repeating: [], count: loopCount)
    for answer in answers {
      if answer.ticket.isOfShard {
        enqueue(part: answer)
      } else {
        parcels[answer.ticket.loop].append(answer)
      }
    }
    for (index, parcel) in parcels.enumerated() where !parcel.isEmpty {
      if index == loopIndex {
        hand(parcel)
      } else {
        let peer = peers[index]
        peer.eventLoop.execute { peer.value.hand(parcel) }
      }
    }
  }

  /// Gives this loop's clients their answers.
  private func hand(_ answers: [Answer]) {
    if careful.isEmpty {
      receiver?.receive(answers)
    } else {
      let rest = answered(answers)
      if !rest.isEmpty { receiver?.receive(rest) }
    }
  }

  private func shard(_ id: ShardID) -> ShardActor { shards[id / loopCount] }
}

extension EngineLoop: TurnEnd {
  func turnEnds() { flush() }
}

/// What the link reports. All of it on the loop, and never from inside a call to the link.
extension EngineLoop: ShardLinkEvents {
  func linkReplied(_ id: ShardID, _ reply: CommitReply) {
    let now = shared.clock.now()
    jitterSeed &+= 1
    let jitter = Int64(ShardMap.mix(jitterSeed) % 100)
    let output = shard(id).assumeIsolated { $0.replied(reply, now: now, jitter: jitter) }
    // The next batch first: Redis works on it while the answers are written.
    link?.flush()
    distribute(output)
  }

  func linkReadMeta(_ id: ShardID, _ meta: ShardMeta?) {
    let now = shared.clock.now()
    distribute(shard(id).assumeIsolated { $0.metaRead(meta, now: now) })
  }

  func linkReplayed(_ answer: Answer) { distribute([answer]) }

  func linkLost() {
    let now = shared.clock.now()
    for shard in shards {
      distribute(shard.assumeIsolated { $0.connectionLost(now: now) })
    }
  }

  func linkReady() {
    let now = shared.clock.now()
    for shard in shards {
      distribute(shard.assumeIsolated { $0.connectionReady(now: now) })
    }
  }
}
