import StockCore
import StockTestKit
import Testing

/// Lists and figures against a model that looks at everything, sorts it and cuts it into pages.
@Suite("Lists")
struct ListTests {
  @Test("Every list and figure is what looking at everything gives", arguments: 1...6)
  func agrees(seed: UInt64) throws {
    let stock = RandomStock(seed: seed)
    for round in 0..<12 {
      // Some batches are in flight or open while the lists are made, some were undone.
      stock.change(count: round == 0 ? 1_500 : 120)
      #expect(stock.shard.wrong == [])
      for _ in 0..<12 {
        let list = stock.randomList()
        let naive = stock.naive(list)
        var seen: [ListedEntry] = []
        var cursor: EntryCursor?
        repeat {
          let page = stock.page(list, after: cursor)
          #expect(page.total == naive.count, "\(list)")
          seen += page.items
          cursor = page.next
        } while cursor != nil
        #expect(seen == naive, "\(list)")
      }
      for store in [nil, 1, 2, 3] as [StoreID?] {
        #expect(stock.sums(store) == stock.naiveSums(store))
      }
    }
    #expect(stock.undone > 0)
    #expect(stock.sums(nil).entries > 300 && stock.sums(1).lowStock > 10)
  }

  @Test(
    "An entry that is there all the time is on exactly one page, while stock changes under the list",
    arguments: 11...16)
  func cursors(seed: UInt64) throws {
    let stock = RandomStock(seed: seed)
    stock.change(count: 1_500)
    for _ in 0..<10 {
      var list = stock.randomList()
      list.sort = stock.random.chance(50) ? .id : .product
      list.filter.lowStock = nil
      list.limit = max(list.limit, 90)
      // What never left the list.
      var stayed = Set(stock.naive(list).map(\.entry.id))
      var seen: [EntryID] = []
      var cursor: EntryCursor?
      repeat {
        var selection = list.selection(after: cursor)
        var walk = stock.shard.look { $0.beginWalk(list.filter, for: selection) }
        while !walk.isDone {
          stock.shard.look { $0.step(&walk, &selection) }
          guard stock.random.chance(30) else { continue }
          stock.change(count: 10)
          stayed.formIntersection(stock.naive(list).map(\.entry.id))
        }
        let page = selection.page()
        seen += page.items.map(\.entry.id)
        cursor = page.next
      } while cursor != nil
      #expect(Set(seen).count == seen.count, "twice: \(list)")
      let missing = stayed.subtracting(seen)
      #expect(missing == [], "\(list)")
    }
  }

  @Test("By a counter, entries that do not change are on exactly one page", arguments: 21...23)
  func countersUnderChange(seed: UInt64) throws {
    let stock = RandomStock(seed: seed)
    stock.change(count: 1_500)
    for _ in 0..<10 {
      var list = stock.randomList()
      list.sort = stock.random.pick([.quantity, .available, .updatedAt])
      var stayed = Dictionary(
        uniqueKeysWithValues: stock.naive(list).map { ($0.entry.id, $0.entry.value.version) })
      var seen: [EntryID: Int] = [:]
      var cursor: EntryCursor?
      repeat {
        let page = stock.page(list, after: cursor)
        for item in page.items { seen[item.entry.id, default: 0] += 1 }
        cursor = page.next
        stock.change(count: 5)
        let now = Dictionary(
          uniqueKeysWithValues: stock.naive(list).map { ($0.entry.id, $0.entry.value.version) })
        stayed = stayed.filter { now[$0.key] == $0.value }
      } while cursor != nil
      for id in stayed.keys { #expect(seen[id] == 1, "entry \(id): \(list)") }
    }
  }

  @Test("Products by id, of a store or all, with and without words", arguments: 31...34)
  func products(seed: UInt64) throws {
    let stock = RandomStock(seed: seed)
    stock.change(count: 1_500)
    for store in [nil, 1, 2, 3, 9] as [StoreID?] {
      for words in [nil, "lamp", "SKU-1", "Ü", "nothing"] as [String?] {
        let needle = words.map { TextNeedle($0) }
        var all: [ProductSnapshot] = []
        stock.shard.look { machine in
          _ = machine.visitProducts(from: 0, count: .max) { product in
            if let store, store != product.value.store { return }
            if let words, !naiveMentions(product.value, words) { return }
            all.append(product)
          }
        }
        all.sort { $0.id < $1.id }
        var seen: [ProductSnapshot] = []
        var after: ProductID?
        repeat {
          var selection = ProductSelection(limit: 7)
          var walk = stock.shard.look { $0.beginWalk(store: store, search: needle, after: after) }
          while !walk.isDone { stock.shard.look { $0.step(&walk, &selection) } }
          #expect(walk.total == all.count)
          let page = selection.page()
          seen += page.items
          after = page.next
        } while after != nil
        #expect(seen == all)
      }
    }
  }

  @Test("What is searched for may be part of a title, an SKU or a GTIN, in any case")
  func needles() {
    let product = ProductValue(
      store: 1, type: .physical, gtin: GTIN("01234567") ?? .none, sku: "Sku-9",
      title: "Große ÜBUNG lamp", createdAt: 0, updatedAt: 0)
    for (words, isFound) in [
      ("LAMP", true), ("lam p", false), ("übung", true), ("GROSSE", false), ("große", true),
      ("sku-9", true), ("0123", true), ("567", true), ("0123456789", false), (" l", true),
      ("p", true), ("x", false),
    ] {
      #expect(naiveMentions(product, words) == isFound, "\(words), the model")
      let needle = TextNeedle(words)
      let found =
        needle.isIn(product.title) || needle.isIn(product.sku)
        || needle.isIn(product.gtin.description)
      #expect(found == isFound, "\(words)")
    }
  }
}

/// A list, as somebody may ask for it.
struct RandomList: CustomStringConvertible {
  var filter: EntryFilter
  /// `filter.search`, before it was made a needle.
  var words: String?
  var sort: EntrySort
  var descending: Bool
  var limit: Int

  func selection(after: EntryCursor?) -> EntrySelection {
    EntrySelection(sort: sort, descending: descending, after: after, limit: limit)
  }

  var description: String {
    "\(filter.scope) product \(filter.product ?? 0) location \(filter.location ?? "-") low \(filter.lowStock ?? -1) search \(words ?? "-") by \(descending ? "-" : "")\(sort) limit \(limit)"
  }
}

func naiveMentions(_ product: ProductValue, _ words: String) -> Bool {
  [product.title, product.sku, product.gtin.description].contains { contains($0, words) }
}

private func contains(_ text: String, _ words: String) -> Bool {
  let (text, words) = (Array(text.lowercased().utf8), Array(words.lowercased().utf8))
  return text.indices.contains { text[$0...].starts(with: words) }
}

/// A shard with random stock that changes.
final class RandomStock {
  let shard = TestShard()
  var random: SeededRandom
  private(set) var undone = 0
  private var isFlying = false
  private let locations = ["A", "B", "C", "D", "E", "RARE"]

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  /// Most products are store 1's, few store 3's.
  private func store() -> StoreID { random.chance(70) ? 1 : random.chance(90) ? 2 : 3 }

  func change(count: Int) {
    for _ in 0..<count {
      shard.instant += 1
      let product = ProductID(1 + random.below(400))
      let location =
        random.chance(1) ? "RARE" : locations[random.below(locations.count - 1)]
      switch random.below(100) {
      case 0..<45:
        let gtin = random.chance(20) ? GTIN("0\(1_000_000 + random.below(99))") : nil
        shard.ask(
          .set(
            SetStock(
              product: product, location: location, quantity: random.within(0...40), gtin: gtin,
              newProductStore: store())))
      case 45..<75: shard.ask(.take(product, location, random.within(1...4)))
      case 75..<82:
        if let id = randomEntry() { shard.ask(.deleteEntry(id, expectedVersions: nil)) }
      case 82..<85:
        if let id = randomEntry() { shard.ask(.putEntry(PutEntry(id: id, location: location))) }
      case 85..<92:
        shard.ask(
          .putProduct(
            PutProduct(
              id: product, store: store(),
              type: random.chance(5) ? .digital : .physical,
              gtin: random.chance(30) ? GTIN("12345\(100 + random.below(9))") ?? .none : .none,
              sku: "SKU-\(random.below(30))",
              title: random.pick(["Lamp", "lamp ÜBER", "Desk <b>", "Übung", ""]))))
      default: settle()
      }
    }
  }

  /// A batch is sent, is taken or refused by Redis, or goes on being under way.
  private func settle() {
    if !isFlying {
      isFlying = shard.endOfTick() != nil
      return
    }
    switch random.below(20) {
    case 0..<15: shard.reply(.committed)
    case 15:
      shard.refuse()
      undone += 1
      // Redis is asked again after a while.
      shard.pass(10_000)
    default: return
    }
    isFlying = shard.action.batch != nil
    _ = shard.takeAnswers()
  }

  private func randomEntry() -> EntryID? {
    let number = Int64(1 + random.below(1_500))
    return shard.look { $0.committedEntry($0.map.entryID(number: number, of: 0)) }?.id
  }

  // MARK: Lists

  func randomList() -> RandomList {
    let words = random.chance(30) ? random.pick(["LAMP", "ü", "sku-1", "100", "<B>", "no"]) : nil
    return RandomList(
      filter: EntryFilter(
        scope: random.chance(40) ? .any : .only(random.pick([1, 1, 2, 3, 9])),
        product: random.chance(8) ? ProductID(1 + random.below(400)) : nil,
        location: random.chance(30) ? random.pick(locations + ["NOWHERE"]) : nil,
        lowStock: random.chance(30) ? random.within(0...30) : nil,
        search: words.map { TextNeedle($0) }), words: words,
      sort: random.pick(EntrySort.allCases), descending: random.chance(50),
      limit: random.pick([17, 90, 500, 5_000]))
  }

  func page(
    _ list: RandomList, after: EntryCursor?
  ) -> (items: [ListedEntry], next: EntryCursor?, total: Int) {
    var selection = list.selection(after: after)
    let total = shard.look { machine in
      var walk = machine.beginWalk(list.filter, for: selection)
      while !walk.isDone { machine.step(&walk, &selection) }
      return walk.total
    }
    let page = selection.page()
    return (page.items, page.next, total)
  }

  /// All that is on the list, in its order.
  func naive(_ list: RandomList) -> [ListedEntry] {
    var all: [ListedEntry] = []
    visit { entry, product in
      let filter = list.filter
      guard filter.scope.allows(product.store) else { return }
      if let wanted = filter.product, wanted != entry.product { return }
      if let location = filter.location, location != entry.location { return }
      if let low = filter.lowStock, product.type.isUnlimited || entry.value.available > low {
        return
      }
      if let words = list.words, !naiveMentions(product, words),
        !contains(entry.value.gtin.description, words)
      {
        return
      }
      all.append(ListedEntry(entry: entry, title: product.title, sku: product.sku))
    }
    func key(_ item: ListedEntry) -> (Int64, Int64) {
      let key =
        switch list.sort {
        case .id: item.entry.id
        case .product: item.entry.product
        case .quantity: item.entry.value.quantity
        case .available: item.entry.value.quantity - item.entry.value.reserved
        case .updatedAt: item.entry.value.updatedAt
        }
      return (key, item.entry.id)
    }
    return all.sorted { list.descending ? key($0) > key($1) : key($0) < key($1) }
  }

  func sums(_ store: StoreID?) -> StockSums { shard.look { $0.committedSums(of: store) } }

  func naiveSums(_ store: StoreID?) -> StockSums {
    var sums = StockSums()
    visit { entry, product in
      guard store == nil || store == product.store else { return }
      sums.entries += 1
      sums.quantity += Int128(entry.value.quantity)
      sums.reserved += Int128(entry.value.reserved)
      if !product.type.isUnlimited, entry.value.quantity - entry.value.reserved <= 10 {
        sums.lowStock += 1
      }
    }
    return sums
  }

  private func visit(_ body: (EntrySnapshot, ProductValue) -> Void) {
    shard.look { machine in _ = machine.visitEntries(from: 0, count: .max, body) }
  }
}
