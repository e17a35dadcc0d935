import Logging
import NIOCore
import StockCore
import StockRedis

/// A command on its way to its shard.
struct Submission: Sendable {
  var command: Command
  var ticket: Ticket
}

/// What the engine has on one event loop: some shards, their connection to Redis, and the way in and
/// out for the clients of that loop. Not Sendable: everything here happens on the loop.
///
/// Commands are handed over at the end of a tick, all that came in it together: entering an actor, or
/// another loop, costs more than deciding a command.
final class EngineLoop: LoopGateway {
  let loopIndex: Int
  let loop: any EventLoop
  let logger: Logger
  weak var receiver: (any AnswerReceiver)?

  private let shardMap: ShardMap
  private let loopCount: Int
  /// This loop's shards: shard s lives on loop s mod `loopCount`, at place s / `loopCount`.
  private(set) var shards: [ShardActor] = []
  private(set) var link: ShardLink?
  private var peers: [NIOLoopBound<EngineLoop>] = []

  /// What came in this tick for the shards here, by place.
  private var inboxes: [[Submission]] = []
  /// What came in this tick for shards elsewhere, by loop, with the shard's place there.
  private var outboxes: [[(place: Int, submission: Submission)]] = []
  private var isFlushScheduled = false
  private var ticking: RepeatedTask?

  init(index: Int, loop: any EventLoop, loopCount: Int, shardMap: ShardMap, logger: Logger) {
    self.loopIndex = index
    self.loop = loop
    self.loopCount = loopCount
    self.shardMap = shardMap
    self.logger = logger
    self.outboxes = Array(repeating: [], count: loopCount)
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
    for shard in stride(from: loopIndex, to: shardMap.shardCount, by: loopCount) {
      shards.append(
        ShardActor(
          id: shard, map: shardMap, configuration: configuration.shard, link: boundLink,
          loop: loop))
    }
    inboxes = Array(repeating: [], count: shards.count)
    ticking = loop.scheduleRepeatedTask(initialDelay: .milliseconds(50), delay: .milliseconds(50)) {
      [bound = NIOLoopBound(self, eventLoop: loop)] _ in
      bound.value.tick()
    }
    link.start()
  }

  /// Stops: everyone who still waits gets an answer, the connection is closed.
  func stop() {
    ticking?.cancel()
    ticking = nil
    for shard in shards {
      distribute(shard.assumeIsolated { $0.abandon() })
    }
    link?.stop()
  }

  // MARK: Commands in

  func submit(_ command: Command, ticket: Ticket) {
    let shard = shardMap.shard(of: command)
    let home = shard % loopCount
    let submission = Submission(command: command, ticket: ticket)
    if home == loopIndex {
      inboxes[shard / loopCount].append(submission)
    } else {
      outboxes[home].append((shard / loopCount, submission))
    }
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    // Runs when all that is readable now has been read.
    loop.assumeIsolated().execute { self.flush() }
  }

  func subscribe() {}
  func unsubscribe() {}

  private func flush() {
    isFlushScheduled = false
    for home in outboxes.indices where !outboxes[home].isEmpty {
      let parcel = outboxes[home]
      outboxes[home] = []
      outboxes[home].reserveCapacity(parcel.count)
      let peer = peers[home]
      peer.eventLoop.execute { peer.value.accept(parcel) }
    }
    deliver()
  }

  /// Commands from another loop.
  private func accept(_ parcel: [(place: Int, submission: Submission)]) {
    for (place, submission) in parcel { inboxes[place].append(submission) }
    // If a flush of our own is due in this tick, they go with it.
    if !isFlushScheduled { deliver() }
  }

  private func deliver() {
    let now = EngineClock.now()
    for place in inboxes.indices where !inboxes[place].isEmpty {
      let submissions = inboxes[place]
      inboxes[place] = []
      inboxes[place].reserveCapacity(submissions.count)
      distribute(shards[place].assumeIsolated { $0.take(submissions, now: now) })
    }
  }

  private func tick() {
    let now = EngineClock.now()
    for shard in shards {
      distribute(shard.assumeIsolated { $0.tick(now: now) })
    }
  }

  // MARK: Answers out

  private func distribute(_ answers: [Answer]) {
    guard !answers.isEmpty else { return }
    if loopCount == 1 {
      receiver?.receive(answers)
      return
    }
    var parcels = [[Answer]](repeating: [], count: loopCount)
    for answer in answers { parcels[answer.ticket.loop].append(answer) }
    for (index, parcel) in parcels.enumerated() where !parcel.isEmpty {
      if index == loopIndex {
        receiver?.receive(parcel)
      } else {
        let peer = peers[index]
        peer.eventLoop.execute { peer.value.receiver?.receive(parcel) }
      }
    }
  }

  private func shard(_ id: ShardID) -> ShardActor { shards[id / loopCount] }
}

/// What the link reports. All of it on the loop, and never from inside a call to the link.
extension EngineLoop: ShardLinkEvents {
  func linkReplied(_ id: ShardID, _ reply: CommitReply) {
    let now = EngineClock.now()
    let jitter = Int64.random(in: 0..<100)
    let answers = shard(id).assumeIsolated { $0.replied(reply, now: now, jitter: jitter) }
    // The next batch first: Redis works on it while the answers are written.
    link?.flush()
    distribute(answers)
  }

  func linkReadMeta(_ id: ShardID, _ meta: ShardMeta?) {
    let now = EngineClock.now()
    distribute(shard(id).assumeIsolated { $0.metaRead(meta, now: now) })
  }

  func linkLost() {
    let now = EngineClock.now()
    for shard in shards {
      distribute(shard.assumeIsolated { $0.connectionLost(now: now) })
    }
  }

  func linkReady() {
    let now = EngineClock.now()
    for shard in shards {
      distribute(shard.assumeIsolated { $0.connectionReady(now: now) })
    }
  }
}
