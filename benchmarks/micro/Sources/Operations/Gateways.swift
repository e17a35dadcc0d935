import NIOCore
import StockCore
import StockEngine
@_spi(Benchmarks) import StockRedis

/// Answers every command at the end of its tick, without a shard: what is left is the front's.
final class StandIn: TickGateway {
  let loopIndex = 0
  weak var receiver: (any AnswerReceiver)?
  private var tickets: [Ticket] = []
  private var answers: [Answer] = []
  private var entry = EntrySnapshot(
    id: 1, product: 1, store: 1, location: "MAIN",
    value: EntryValue(
      quantity: 1_000_000_000, reserved: 123_456, version: 123_457,
      createdAt: 1_795_411_800_123, updatedAt: 1_795_411_860_004, gtin: .none, location: 0))

  func submit(_ command: Command, ticket: Ticket) { tickets.append(ticket) }

  func endOfTick() {
    entry.value.updatedAt += 1
    for ticket in tickets {
      answers.append(Answer(ticket: ticket, outcome: .entry(entry), shard: 0, sequence: 7))
    }
    tickets.removeAll(keepingCapacity: true)
    receiver?.receive(answers)
    answers.removeAll(keepingCapacity: true)
  }

  func subscribe() {}
  func unsubscribe() {}
}

/// A shard behind the front, and what it says to Redis as bytes; Redis's own part is left out. One
/// batch a tick.
final class Shortcut: TickGateway {
  let loopIndex = 0
  weak var receiver: (any AnswerReceiver)?
  private let shard: LoadedShard
  private let encoder = CommitEncoder(keys: RedisKeys(), shard: 0)
  private let ownership = Ownership(owner: "0123456789abcdef0123456789abcdef", epoch: 3)
  private let scripts = LoadedScripts.unloaded
  private let replies: ReplyProbe
  private let reply = ByteBuffer(string: "*1\r\n$2\r\nOK\r\n")
  private var buffer = ByteBuffer()
  private var submissions: [(command: Command, ticket: Ticket)] = []

  init(_ scale: Scale, products: Int) {
    shard = LoadedShard(scale, products: products)
    guard let replies = ReplyProbe() else { preconditionFailure("out of memory") }
    self.replies = replies
  }

  func submit(_ command: Command, ticket: Ticket) { submissions.append((command, ticket)) }

  func endOfTick() {
    for (command, ticket) in submissions {
      expect(
        shard.machine.submit(command, ticket: ticket, now: shard.now) == nil,
        "a reserve is answered when its batch is committed")
    }
    submissions.removeAll(keepingCapacity: true)
    guard let batch = shard.close() else { preconditionFailure("a batch") }
    let locations = shard.machine.locations
    buffer.clear()
    encoder.encode(
      batch, ownership: ownership, scripts: scripts, into: &buffer, locationName: locations.name)
    expect(replies.committed(in: reply) == 1, "a commit's reply")
    receiver?.receive(shard.commit())
  }

  func subscribe() {}
  func unsubscribe() {}
}
