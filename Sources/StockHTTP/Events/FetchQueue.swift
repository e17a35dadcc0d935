import NIOCore
import StockCore
import StockEngine

/// What readers want from Redis: few questions at a time, and one for all who want the same.
struct FetchQueue {
  struct Question: Hashable {
    var shard: ShardID
    var after: Int64
  }

  private var waiting: [Question: [EventReader]] = [:]
  private var order = CircularBuffer<Question>()
  private var underWay = 0

  mutating func add(_ question: Question, _ reader: EventReader) {
    if waiting[question]?.append(reader) != nil { return }
    waiting[question] = [reader]
    order.append(question)
  }

  /// Asks as much as may be asked at once.
  mutating func begin(_ hub: EventHub) {
    while underWay < HTTPLimits.maxEventFetches, let question = order.popFirst() {
      underWay += 1
      hub.ask(question)
    }
  }

  /// - Returns: who waited for the answer.
  mutating func end(_ question: Question) -> [EventReader] {
    underWay -= 1
    return waiting.removeValue(forKey: question) ?? []
  }
}

extension EventHub {
  /// A reader needs what the rings no longer have.
  func fetch(_ shard: ShardID, _ reader: EventReader) {
    guard !reader.isFetching, tick >= reader.fetchesFrom else { return }
    reader.isFetching = true
    fetches.add(
      FetchQueue.Question(shard: shard, after: reader.position.numbers[shard]), reader)
  }

  func ask(_ question: FetchQueue.Question) {
    let bound = NIOLoopBound(self, eventLoop: loop)
    Task { [engine, loop, generation] in
      let batches: [LedgerBatch]?
      do {
        batches = try await engine.ledger(
          of: question.shard, after: question.after, limit: HTTPLimits.eventFetchMovements)
      } catch {
        batches = nil
      }
      loop.execute { bound.value.take(batches, question, generation) }
    }
  }

  /// - Parameter batches: nil: Redis did not answer.
  private func take(
    _ batches: [LedgerBatch]?, _ question: FetchQueue.Question, _ generation: Int
  ) {
    guard generation == self.generation else { return }
    let readers = fetches.end(question)
    let events = batches?.filter { !$0.entries.isEmpty }.map { EventBatch($0) }
    for reader in readers {
      reader.isFetching = false
      // Has to be visited, whatever it has seen.
      reader.seen = -1
      if let events {
        reader.fetched = EventReader.Fetched(
          shard: question.shard, batches: events, after: question.after)
      } else {
        reader.fetchesFrom = tick + Self.ticks(.seconds(1))
      }
    }
  }
}
