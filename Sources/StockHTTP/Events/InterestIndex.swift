import NIOCore
import StockCore

/// A movement, where it lies.
struct EventPlace {
  let batch: EventBatch
  let entry: Int

  var number: Int64 { batch.first + Int64(entry) }
}

/// The readers of one product, and where its movements are in the rings: so they cost nothing while it
/// does not move, and then only its own movements. Or all readers who want more than one product.
final class Interest {
  /// nil: those who want more.
  let product: ProductID?
  /// The product's.
  fileprivate let shard: ShardID?
  fileprivate(set) var readers: [EventReader] = []
  /// All of the product's movements that are in the rings, in their order, but for those that were
  /// there before its first reader.
  fileprivate(set) var places = CircularBuffer<EventPlace>(initialCapacity: 4)
  /// The product's movements up to this number may be missing in `places`.
  fileprivate(set) var since: Int64
  fileprivate var hasNews = false

  fileprivate init(product: ProductID?, shard: ShardID?, since: Int64) {
    self.product = product
    self.shard = shard
    self.since = since
  }

  /// A movement has left the rings.
  fileprivate func forget(_ number: Int64) {
    while let first = places.first, first.number <= number {
      since = first.number
      places.removeFirst()
    }
    // The room of a busy hour is given back.
    if places.capacity > 64, places.count < places.capacity / 8 {
      places = CircularBuffer(places)
    }
  }
}

/// From products to those who read their events.
struct InterestIndex {
  private var interests: [ProductID: Interest] = [:]
  private let everything = Interest(product: nil, shard: nil, since: 0)
  private var news: [Interest] = []

  /// Products with readers.
  var productCount: Int { interests.count }

  /// - Parameter end: the last movement that has come of the product's shard.
  mutating func add(_ reader: EventReader, end: Int64) {
    let interest: Interest
    if let product = reader.filter.product {
      interest =
        interests[product] ?? Interest(product: product, shard: reader.onlyShard, since: end)
      interests[product] = interest
    } else {
      interest = everything
    }
    reader.interest = interest
    reader.interestPlace = interest.readers.count
    interest.readers.append(reader)
  }

  mutating func remove(_ reader: EventReader) {
    guard let interest = reader.interest else { return }
    reader.interest = nil
    let last = interest.readers.removeLast()
    if last !== reader {
      last.interestPlace = reader.interestPlace
      interest.readers[reader.interestPlace] = last
    }
    if interest.readers.isEmpty, let product = interest.product { interests[product] = nil }
  }

  /// A batch has come into the rings.
  mutating func note(_ batch: EventBatch) {
    noteNews(everything)
    guard !interests.isEmpty else { return }
    for (place, entry) in batch.batch.entries.enumerated() {
      guard let interest = interests[entry.product], interest.shard == batch.batch.shard
      else { continue }
      interest.places.append(EventPlace(batch: batch, entry: place))
      noteNews(interest)
    }
  }

  private mutating func noteNews(_ interest: Interest) {
    guard !interest.hasNews, !interest.readers.isEmpty else { return }
    interest.hasNews = true
    news.append(interest)
  }

  /// A batch has left the rings.
  func forget(_ batch: EventBatch) {
    guard !interests.isEmpty else { return }
    for entry in batch.batch.entries {
      guard let interest = interests[entry.product], interest.shard == batch.batch.shard
      else { continue }
      interest.forget(entry.number)
    }
  }

  /// Who may have something to read since the last call.
  mutating func takeNews() -> [EventReader] {
    var readers: [EventReader] = []
    for interest in news {
      interest.hasNews = false
      readers += interest.readers
    }
    news.removeAll(keepingCapacity: true)
    return readers
  }

  /// Brings the readers of single products who have all that has come of a shard to its end, before
  /// its rings forget what came: else they would have to look for nothing in Redis.
  ///
  /// - Parameter steadySince: the ring's.
  func settle(_ shard: ShardID, steadySince: Int64, end: Int64) {
    for interest in interests.values where interest.shard == shard {
      let last = max(interest.places.last?.number ?? 0, interest.since, steadySince)
      for reader in interest.readers
      where reader.isOpen && reader.position.numbers[shard] >= last {
        reader.advance(shard, to: end)
      }
    }
  }
}
