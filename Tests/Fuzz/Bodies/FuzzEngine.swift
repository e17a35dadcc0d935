import NIOCore
import StockCore
import StockEngine

@testable import StockHTTP

/// An engine without stock, whose answers follow from the commands alone. It has no lists.
///
/// `@unchecked Sendable`: its gateway belongs to the one loop there is.
final class FuzzEngine: Engine, @unchecked Sendable {
  let shardMap = ShardMap(shardCount: 4)
  let control: any ControlPlane = FuzzControl.shared
  let fuzzGateway = FuzzGateway()

  func gateway(on loop: any EventLoop) -> any LoopGateway { fuzzGateway }

  func entries(_ query: EntryQuery) async throws(EngineError) -> EntryPage { throw Self.nothing }
  func products(_ query: ProductQuery) async throws(EngineError) -> ProductPage {
    throw Self.nothing
  }
  func overview(store: StoreID?) async throws(EngineError) -> StockOverview { throw Self.nothing }
  func holds(_ query: HoldQuery) async throws(EngineError) -> HoldPage { throw Self.nothing }
  func movements(_ query: MovementQuery) async throws(EngineError) -> MovementPage {
    throw Self.nothing
  }
  func verify(repair: Bool) async throws(EngineError) -> VerifyReport { throw Self.nothing }
  func health() async -> EngineHealth { EngineHealth(shards: []) }
  func snapshot(of shard: ShardID) async throws(EngineError) -> ShardSnapshot {
    throw Self.nothing
  }
  func ledger(
    of shard: ShardID, after number: Int64, limit: Int
  ) async throws(EngineError) -> [LedgerBatch] { throw Self.nothing }
  func ledgerEnds() async -> [Int64] { [] }

  private static let nothing = EngineError.unavailable("there is nothing here")
}

/// Keeps commands until it is told to answer them.
final class FuzzGateway: LoopGateway {
  let loopIndex = 0
  weak var receiver: (any AnswerReceiver)?
  private var waiting: [(ticket: Ticket, outcome: Outcome)] = []
  /// Those that came, and of them those that may change something.
  private(set) var commands = 0
  private(set) var changes = 0

  /// The quantity of an entry says which request of its connection it answers.
  func submit(_ command: Command, ticket: Ticket) {
    commands += 1
    switch command.operation {
    case .readHold, .readEntry, .readProduct, .readSummary: break
    default: changes += 1
    }
    waiting.append((ticket, Self.outcome(of: command, number: ticket.request)))
  }

  var isEmpty: Bool { waiting.isEmpty }

  /// Answers what has come, at once; backwards if that is wanted.
  func answer(backwards: Bool) {
    let answers = (backwards ? waiting.reversed() : waiting).map {
      Answer(ticket: $0.ticket, outcome: $0.outcome, shard: 3, sequence: 12)
    }
    waiting.removeAll(keepingCapacity: true)
    receiver?.receive(answers)
  }

  /// Answers the one that came last, or first.
  func answerOne(last: Bool) {
    guard !waiting.isEmpty else { return }
    let next = last ? waiting.removeLast() : waiting.removeFirst()
    receiver?.receive([Answer(ticket: next.ticket, outcome: next.outcome, shard: 3, sequence: 12)])
  }

  func subscribe() {}
  func unsubscribe() {}

  private static func outcome(of command: Command, number: Int) -> Outcome {
    let entry = EntrySnapshot(
      id: 41, product: 123, store: 7, location: "A",
      value: EntryValue(
        quantity: Int64(number), reserved: 0, version: 2, createdAt: FuzzControl.now,
        updatedAt: FuzzControl.now, gtin: .none, location: 0))
    return switch command.operation {
    case .deleteEntry: .deleted
    case .transfer: .transferred(from: entry, to: entry)
    case .reserveTogether(let together): .reservedTogether(together.lines.map { _ in entry })
    case .readHold: .refused(.idempotencyRunning)
    default: .entry(entry)
    }
  }
}
