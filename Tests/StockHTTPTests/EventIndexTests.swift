import NIOCore
import StockCore
import StockEngine
import StockTestKit
import Testing

@testable import StockHTTP

/// From products to their readers: beside a model that looks at everything.
struct EventIndexTests {
  private func reader(_ product: ProductID?, _ shard: ShardID?, at numbers: [Int64]) -> EventReader
  {
    let reader = EventReader(
      connection: nil, filter: MovementFilter(scope: .any, product: product),
      principal: .anyone, wanted: nil, onlyShard: shard)
    reader.position = EventPosition(numbers: numbers)
    reader.isOpen = true
    return reader
  }

  private func batch(_ shard: ShardID, from first: Int64, _ products: [ProductID]) -> LedgerBatch {
    LedgerBatch(
      shard: shard, sequence: first,
      entries: products.enumerated().map { place, product in
        LedgerEntry(
          number: first + Int64(place), kind: .reserve, edges: [], product: product, store: 7,
          location: "A", quantityChange: 0, reservedChange: 1, quantityAfter: 10,
          reservedAfter: 8, actor: 3, occurredAt: 1_000, note: MovementNote())
      })
  }

  @Test func readersComeAndGo() {
    var rings = EventRings(shardCount: 2, limit: 1 << 20)
    rings.know(end: 3, of: 0)
    // Nobody reads it: nothing is kept but the batch.
    rings.append(EventBatch(batch(0, from: 4, [5, 6])))
    #expect(rings.index.productCount == 0 && rings.takeNews().isEmpty)
    let (one, other) = (reader(5, 0, at: [5, 0]), reader(5, 0, at: [5, 0]))
    let all = reader(nil, nil, at: [5, 0])
    for reader in [one, other, all] { rings.add(reader) }
    #expect(rings.index.productCount == 1)
    rings.append(EventBatch(batch(0, from: 6, [6, 5, 5])))
    let news = rings.takeNews()
    #expect(news.count == 3 && rings.takeNews().isEmpty)
    #expect(rings.places(for: one, in: 0)?.map(\.number) == [7, 8])
    // Another product moves: only who reads everything has a turn.
    rings.append(EventBatch(batch(0, from: 9, [6])))
    #expect(rings.takeNews().map { $0 === all } == [true])
    #expect(rings.places(for: all, in: 0) == nil)
    // What was before it came is not in its list.
    let late = reader(6, 0, at: [5, 0])
    rings.add(late)
    #expect(rings.places(for: late, in: 0) == nil)
    late.position.numbers[0] = 9
    #expect(rings.places(for: late, in: 0)?.isEmpty == true)
    rings.remove(one)
    rings.append(EventBatch(batch(0, from: 10, [5])))
    #expect(rings.takeNews().contains { $0 === other } && one.interest == nil)
    rings.remove(other)
    rings.remove(late)
    #expect(rings.index.productCount == 0)
    rings.append(EventBatch(batch(0, from: 11, [5, 6])))
    #expect(rings.takeNews().map { $0 === all } == [true])
    rings.remove(all)
    rings.append(EventBatch(batch(0, from: 13, [5])))
    #expect(rings.takeNews().isEmpty)
  }

  /// Who had everything before the feed lost something does not look for it in Redis.
  @Test func settlesBeforeAGap() {
    var rings = EventRings(shardCount: 1, limit: 1 << 20)
    rings.know(end: 0, of: 0)
    let (had, lacks) = (reader(5, 0, at: [1]), reader(6, 0, at: [1]))
    for reader in [had, lacks] { rings.add(reader) }
    rings.append(EventBatch(batch(0, from: 1, [5, 7, 6, 7])))
    rings.append(EventBatch(batch(0, from: 9, [5])))
    #expect(had.position.numbers == [4] && lacks.position.numbers == [1])
    #expect(rings.places(for: had, in: 0) == nil && rings.lacks(for: had, in: 0))
    had.position.numbers = [8]
    #expect(rings.places(for: had, in: 0)?.map(\.number) == [9])
  }

  /// What a list offers is all there is, after whatever came, was lost, left, or was written out.
  @Test(arguments: 1...20)
  func randomSchedules(_ seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let limit = Int.random(in: 2_000...60_000, using: &random)
    var rings = EventRings(shardCount: 2, limit: limit)
    /// All movements that there ever were, by shard: their products.
    var ledger: [[ProductID]] = [[], []]
    var readers: [EventReader] = []
    /// What has moved since the last look, and whom that was news for.
    var moved: Set<ProductID> = []
    var owed: Set<ObjectIdentifier> = []
    var offered = 0
    for shard in 0..<2 { rings.know(end: 0, of: shard) }
    for _ in 0..<400 {
      let shard = Int.random(in: 0..<2, using: &random)
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<8:
        // Products 2, 4, … are of shard 0, the others of shard 1.
        let products = (0..<Int.random(in: 1...12, using: &random)).map { _ in
          ProductID(Int.random(in: 1...6, using: &random) * 2 + shard)
        }
        let isLost = Int.random(in: 0..<25, using: &random) == 0
        if !isLost {
          rings.append(EventBatch(batch(shard, from: Int64(ledger[shard].count) + 1, products)))
          moved.formUnion(products)
          // Who comes later is owed nothing for what was before.
          for reader in readers where reader.filter.product.map(products.contains) ?? true {
            owed.insert(ObjectIdentifier(reader))
          }
        }
        ledger[shard] += products
      case 8..<11:
        let product: ProductID? =
          Bool.random(using: &random)
          ? ProductID(Int.random(in: 1...6, using: &random) * 2 + shard) : nil
        let numbers = ledger.map { movements -> Int64 in
          let count = Int64(movements.count)
          return Bool.random(using: &random) ? count : Int64.random(in: 0...count, using: &random)
        }
        readers.append(reader(product, product.map { _ in shard }, at: numbers))
        rings.add(readers[readers.count - 1])
      case 11..<13:
        guard !readers.isEmpty else { continue }
        let gone = readers.remove(at: Int.random(in: 0..<readers.count, using: &random))
        rings.remove(gone)
        owed.remove(ObjectIdentifier(gone))
      case 13..<17:
        // A turn.
        guard let reader = readers.randomElement(using: &random) else { continue }
        for shard in 0..<2 where reader.onlyShard ?? shard == shard {
          reader.advance(shard, to: rings.shards[shard].end ?? 0)
        }
      case 17:
        if let batch = rings.shards[shard].batches.randomElement(using: &random) {
          rings.render(batch)
        }
      default:
        // All who have news are told, and nobody whose product rests.
        let news = rings.takeNews()
        let told = Set(news.map(ObjectIdentifier.init))
        #expect(told.count == news.count && told.isSuperset(of: owed))
        #expect(news.allSatisfy { $0.interest != nil })
        #expect(news.compactMap(\.filter.product).allSatisfy(moved.contains))
        moved = []
        owed = []
      }
      #expect(rings.index.productCount == Set(readers.compactMap(\.filter.product)).count)
      for reader in readers {
        guard let product = reader.filter.product, let shard = reader.onlyShard else {
          #expect(rings.places(for: reader, in: 0) == nil)
          continue
        }
        guard let places = rings.places(for: reader, in: shard) else { continue }
        let (had, end) = (reader.position.numbers[shard], rings.shards[shard].end ?? 0)
        let wanted = ledger[shard].indices.filter { place in
          ledger[shard][place] == product && place >= had && place < end
        }
        #expect(places.map(\.number).filter { $0 > had } == wanted.map { Int64($0 + 1) })
        // Never more than the rings hold.
        #expect(places.allSatisfy { $0.number >= rings.shards[shard].start })
        offered += places.count
      }
    }
    #expect(offered > 0)
  }

  // MARK: Parts of the ledger

  @Test func pages() throws {
    let length = Int64(HTTPLimits.eventPageMovements)
    #expect(EventPage.Name(shard: 1, number: 1).after == 0)
    #expect(EventPage.Name(shard: 1, number: length).after == 0)
    #expect(EventPage.Name(shard: 1, number: length + 1).after == length)
    let name = EventPage.Name(shard: 1, number: 1)
    let page = EventPage(
      name, [batch(1, from: 3, [5, 6]), batch(1, from: 5, [5]), batch(1, from: 9, [6, 5])],
      known: 20)
    #expect(page.end == 10)
    #expect(page.tells(1, of: 1) && page.tells(10, of: 1))
    #expect(!page.tells(11, of: 1) && !page.tells(1, of: 0) && !page.tells(0, of: 1))
    #expect(page.run(from: 1) == 3...5 && page.run(from: 5) == 3...5)
    #expect(page.run(from: 6) == 9...10 && page.run(from: 11) == nil)
    #expect(page.batch(with: 5).first == 5 && page.batch(with: 10).first == 9)
    #expect(page.places(of: 5).map(\.number) == [3, 5, 10] && page.places(of: 7).isEmpty)
    // Nothing is kept behind where it begins: that is known as far as there was anything.
    #expect(EventPage(name, [], known: 20).end == 20)
    let later = EventPage(EventPage.Name(shard: 1, number: length + 1), [], known: 20)
    #expect(later.end == length)
  }

  @Test func firstPlaces() {
    for count in 0..<20 {
      let numbers = Array(0..<count)
      for limit in -1...count {
        #expect(numbers.firstPlace { $0 >= limit } == max(0, min(limit, count)))
      }
    }
  }

  @Test func processorTime() {
    let spending = Spending()
    #expect(!spending.exceeds(.seconds(5)))
    var sum = 0
    while !spending.exceeds(.milliseconds(5)) { sum &+= 1 }
    #expect(sum > 0)
  }
}
