import NIOCore
import StockCore
import StockEngine

/// What readers want from Redis: few questions at a time, and one for all who want the same part.
struct FetchQueue {
  private var waiting: [EventPage.Name: [EventReader]] = [:]
  private var order = CircularBuffer<EventPage.Name>()
  private var underWay = 0
  /// Answers that readers may not have let go of.
  private var pages: [WeakPage] = []

  private struct WeakPage {
    weak var page: EventPage?
  }

  mutating func add(_ name: EventPage.Name, _ reader: EventReader) {
    if waiting[name]?.append(reader) != nil { return }
    waiting[name] = [reader]
    order.append(name)
  }

  /// An answer that others still read, if it says what became of a movement.
  func page(telling number: Int64, of shard: ShardID) -> EventPage? {
    for kept in pages {
      if let page = kept.page, page.tells(number, of: shard) { return page }
    }
    return nil
  }

  /// Asks as much as may be asked at once, and kept.
  mutating func begin(_ hub: EventHub) {
    guard !order.isEmpty else { return }
    pages.removeAll { $0.page == nil }
    while underWay < HTTPLimits.maxEventFetches,
      underWay + pages.count < HTTPLimits.maxEventPages, let name = order.popFirst()
    {
      underWay += 1
      hub.ask(name)
    }
  }

  /// - Parameter page: nil: there was no answer.
  /// - Returns: who waited for it.
  mutating func end(_ name: EventPage.Name, _ page: EventPage?) -> [EventReader] {
    underWay -= 1
    if let page { pages.append(WeakPage(page: page)) }
    return waiting.removeValue(forKey: name) ?? []
  }
}

extension EventHub {
  /// A reader needs what the rings no longer have.
  func fetch(_ shard: ShardID, _ reader: EventReader) {
    guard !reader.isFetching, tick >= reader.fetchesFrom else { return }
    let number = reader.position.numbers[shard] + 1
    var name = EventPage.Name(shard: shard, number: number)
    // The part that it should be in has just been had: it had not come so far yet.
    if reader.page?.name == name { name.after = number - 1 }
    reader.isFetching = true
    reader.page = nil
    fetches.add(name, reader)
  }

  func ask(_ name: EventPage.Name) {
    let bound = NIOLoopBound(self, eventLoop: loop)
    let known = rings.shards[name.shard].end ?? 0
    Task { [engine, loop, generation] in
      let batches: [LedgerBatch]?
      do {
        batches = try await engine.ledger(
          of: name.shard, after: name.after, limit: HTTPLimits.eventPageMovements)
      } catch {
        batches = nil
      }
      loop.execute { bound.value.take(batches, name, known, generation) }
    }
  }

  /// - Parameter batches: nil: Redis did not answer.
  private func take(
    _ batches: [LedgerBatch]?, _ name: EventPage.Name, _ known: Int64, _ generation: Int
  ) {
    guard generation == self.generation else { return }
    let page = batches.map { EventPage(name, $0, known: known) }
    for reader in fetches.end(name, page) {
      reader.isFetching = false
      if let page {
        reader.page = page
        wake(reader)
      } else {
        reader.fetchesFrom = tick + Self.ticks(.seconds(1))
      }
    }
  }
}
