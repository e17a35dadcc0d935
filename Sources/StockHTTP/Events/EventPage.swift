import StockCore

/// A part of a shard's ledger as Redis had it, for all readers who miss some of it. Parts are of equal
/// length, and begin at multiples of it, so that readers at different places share them.
final class EventPage {
  /// Which part of which shard.
  struct Name: Hashable {
    var shard: ShardID
    /// It has what comes behind this movement.
    var after: Int64

    /// The part that a movement is in.
    init(shard: ShardID, number: Int64) {
      self.shard = shard
      let length = Int64(HTTPLimits.eventPageMovements)
      after = (number - 1) / length * length
    }
  }

  let name: Name
  /// What became of all movements up to this one is known: they are here, or no longer kept.
  let end: Int64
  private let batches: [EventBatch]
  /// Numbers that are here. Usually one range.
  private let runs: [ClosedRange<Int64>]
  private lazy var places = makePlaces()

  /// - Parameters:
  ///   - batches: what the ledger has behind `name.after`, up to a bound.
  ///   - known: the shard's last movement when it was asked for.
  init(_ name: Name, _ batches: [LedgerBatch], known: Int64) {
    self.name = name
    self.batches = batches.filter { !$0.entries.isEmpty }.map { EventBatch($0) }
    var runs: [ClosedRange<Int64>] = []
    for batch in self.batches {
      if let run = runs.last, batch.first == run.upperBound + 1 {
        runs[runs.count - 1] = run.lowerBound...batch.last
      } else {
        runs.append(batch.first...batch.last)
      }
    }
    self.runs = runs
    end = runs.last?.upperBound ?? max(name.after, known)
  }

  /// Whether it says what became of a movement.
  func tells(_ number: Int64, of shard: ShardID) -> Bool {
    name.shard == shard && number > name.after && number <= end
  }

  /// The first movements from a number on that are here, without a gap between them.
  func run(from number: Int64) -> ClosedRange<Int64>? { runs.first { $0.upperBound >= number } }

  /// The batch with a movement that is here.
  func batch(with number: Int64) -> EventBatch { batches[batches.firstPlace { $0.last >= number }] }

  /// The movements of a product. They are sorted out once for all readers.
  func places(of product: ProductID) -> [EventPlace] { places[product] ?? [] }

  private func makePlaces() -> [ProductID: [EventPlace]] {
    var places: [ProductID: [EventPlace]] = [:]
    for batch in batches {
      for (place, entry) in batch.batch.entries.enumerated() {
        places[entry.product, default: []].append(EventPlace(batch: batch, entry: place))
      }
    }
    return places
  }
}
