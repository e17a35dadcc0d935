import StockTestKit
import Testing

@testable import StockCore

@Suite("Tables and names")
struct UnitTests {
  private struct NumberedRow: KeyedRow {
    var key: Int64
  }

  @Test("texts that look the same are two, as they are to Redis")
  func exactTexts() {
    let (one, two) = ("caf\u{e9}", "cafe\u{301}")
    #expect(one == two && !one.isExactly(two))
    #expect(Set([OrderKey(store: 1, order: one), OrderKey(store: 1, order: two)]).count == 2)
    let buyers = [one, two, one].map { PurchaseKey(product: 1, customer: $0) }
    #expect(Set(buyers).count == 2 && buyers[0] != buyers[1] && buyers[0] == buyers[2])
    let titles = [one, two].map {
      ProductValue(store: 1, type: .physical, title: $0, createdAt: 0, updatedAt: 0)
    }
    #expect(titles[0] != titles[1])
  }

  @Test("a table of rows does what a dictionary does", arguments: 1...8)
  func rowTable(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    var rows: ContiguousArray<NumberedRow> = []
    var table = RowTable<NumberedRow>(capacity: seed % 2 == 0 ? 0 : 300)
    var dictionary: [Int64: Int32] = [:]
    // Few keys: they come and go, and their chains run into each other.
    let keys = 40 << random.below(7)
    for _ in 0..<20_000 {
      let key = Int64(1 + random.below(keys)) * (seed % 2 == 0 ? 1 : 1 << 40)
      if dictionary[key] == nil, random.chance(60) {
        dictionary[key] = Int32(rows.count)
        rows.append(NumberedRow(key: key))
        table.insert(Int32(rows.count - 1), in: rows)
      } else {
        dictionary[key] = nil
        table.remove(key, in: rows)
      }
      let probe = Int64(1 + random.below(keys)) * (seed % 2 == 0 ? 1 : 1 << 40)
      #expect(table.find(probe, in: rows) == dictionary[probe])
      #expect(table.count == dictionary.count)
    }
    for (key, row) in dictionary { #expect(table.find(key, in: rows) == row) }
  }

  @Test("rows give back the values that were written", arguments: 1...4)
  func entryRow(seed: UInt64) {
    var random = SeededRandom(seed: seed)
    let gtins = ["", "12345670", "012345678905", "0012345678905", "99999999999999"]
    for step in 0..<2_000 {
      let number = { (bits: Int) -> Int64 in Int64(bitPattern: random.next() >> UInt64(64 - bits)) }
      let value = EntryValue(
        quantity: number(53), reserved: number(54), version: number(48), createdAt: number(48),
        updatedAt: number(48), gtin: GTIN(gtins[step % 5]) ?? .none,
        location: LocationID(number(20)))
      var row = EntryRow(value, product: Int32(number(24)), id: 7, next: -1)
      #expect(row.value == value)
      let other = EntryValue(
        quantity: number(53), reserved: number(54), version: number(48), createdAt: number(48),
        updatedAt: number(48), gtin: GTIN(gtins[step / 5 % 5]) ?? .none,
        location: LocationID(number(20)))
      let product = row.product
      row.isLive = false
      row.value = other
      #expect(row.value == other)
      #expect(row.product == product && !row.isLive && row.id == 7)
    }
  }

  @Test("versions and times end where their room does")
  func packed() {
    for (value, kept) in [(-1, 0), (0, 0), (Packed.max, Packed.max), (Packed.max + 1, Packed.max)] {
      let (low, high) = Packed.split(value)
      #expect(Packed.join(low, high) == kept)
    }
  }

  @Test("products keep their texts and policies while others change")
  func productTable() {
    var random = SeededRandom(seed: 3)
    var table = ProductTable()
    var values: [ProductValue] = []
    func someValue() -> ProductValue {
      var value = ProductValue(
        store: Int64(1 + random.below(9)), type: ProductType.allCases[random.below(4)],
        sku: String(repeating: "s", count: random.below(129)),
        title: String(repeating: "ü", count: random.below(513)),
        version: Int64(1 + random.below(1_000)), createdAt: Int64(random.below(1 << 40)),
        updatedAt: Int64(random.below(1 << 40)))
      if random.chance(40) { value.policy.safetyStock = Int64(1 + random.below(9)) }
      return value
    }
    for id in 1...300 {
      let value = someValue()
      table.append(Int64(id), value)
      values.append(value)
    }
    // More than enough for the texts to be written anew several times.
    for _ in 0..<3_000 {
      let row = random.below(300)
      values[row] = someValue()
      table.replace(Int32(row), values[row])
    }
    for (row, value) in values.enumerated() {
      #expect(table[row].value == value)
      #expect(table.policy(of: Int32(row)) == value.policy)
      #expect(table.rows[row].hasPolicy == (value.policy != StockPolicy()))
    }
  }

  @Test("names of locations are found, whichever others are there")
  func locationTable() {
    var table = LocationTable()
    // More names than places of the short way.
    let names = (0..<2_000).map { "PLACE \($0 * 7)" }
    for name in names { #expect(table.id(name) == nil) }
    let ids = names.compactMap { table.intern($0, of: 1) }
    #expect(Set(ids).count == names.count)
    for (name, id) in zip(names, ids) {
      #expect(table.id(name) == id)
      #expect(table.intern(name, of: 2) == id)
      #expect(table.name(id) == name)
    }
  }

  @Test(
    "locations are trimmed and upper-cased",
    arguments: [
      ("warehouse_a", "WAREHOUSE_A"), ("  A\t\r\n", "A"), ("a b/c-d.e_9", "A B/C-D.E_9"),
      ("Z", "Z"), (String(repeating: "x", count: 64), String(repeating: "X", count: 64)),
      (" " + String(repeating: "x", count: 64) + " ", String(repeating: "X", count: 64)),
    ])
  func goodLocations(text: String, name: String) {
    #expect(LocationName.normalize(text) == name)
  }

  @Test(
    "other names are refused",
    arguments: ["", "   ", "a\tb", "ä", "a,b", "A\u{0}", "a\nb", String(repeating: "x", count: 65)])
  func badLocations(text: String) {
    #expect(LocationName.normalize(text) == nil)
  }

  @Test(
    "GTINs keep their digits and leading zeros",
    arguments: ["12345670", "00000000", "012345678905", "0012345678905", "09999999999999"])
  func goodGTINs(text: String) throws {
    let gtin = try #require(GTIN(text))
    #expect(gtin.description == text)
    #expect(!gtin.isNone)
    #expect(gtin == GTIN(text))
  }

  @Test("GTINs of different lengths differ")
  func lengthsDiffer() {
    #expect(GTIN("012345678905") != GTIN("0012345678905"))
    #expect(GTIN.none.description == "")
    #expect(GTIN.none.isNone)
  }

  @Test(
    "other texts are no GTIN",
    arguments: ["", "1234567", "123456789", "1234567a", "123456789012345", "１２３４５６７０"])
  func badGTINs(text: String) {
    #expect(GTIN(text) == nil)
  }

  @Test("products stay in their shard: these values may never change")
  func shardOfProduct() {
    // SplitMix64's published first outputs for the seed 0: its state grows by the same constant.
    #expect(ShardMap.mix(0) == 0xE220_A839_7B1D_CDAF)
    #expect(ShardMap.mix(0x9E37_79B9_7F4A_7C15) == 0x6E78_9E6A_A1B9_65F4)
    let map = ShardMap(shardCount: 8)
    let shards = (1...12).map { map.shard(ofProduct: ProductID($0)) }
    #expect(shards == KnownShards.of1To12)
    #expect(map.shard(ofProduct: Bounds.maxID) == KnownShards.ofMaxID)
  }

  @Test("products spread evenly over the shards")
  func spread() {
    let map = ShardMap(shardCount: 16)
    var counts = Array(repeating: 0, count: 16)
    for product in 1...16_000 { counts[map.shard(ofProduct: ProductID(product))] += 1 }
    #expect(counts.allSatisfy { (900...1_100).contains($0) }, "\(counts)")
  }

  @Test("entry ids are dealt out round the shards")
  func entryIDs() {
    let map = ShardMap(shardCount: 8)
    #expect((1...3).map { map.entryID(number: $0, of: 3) } == [4, 12, 20])
    var seen: Set<EntryID> = []
    for shard in 0..<8 {
      for number in 1...50 as ClosedRange<Int64> {
        let id = map.entryID(number: number, of: shard)
        #expect(seen.insert(id).inserted)
        #expect(map.shard(ofEntry: id) == shard)
        #expect(map.number(ofEntry: id) == number)
      }
    }
    #expect(seen == Set(1...400))
  }

  @Test("a ticket keeps its four numbers")
  func tickets() {
    for (loop, connection, request, operation) in [
      (0, 0, 0, 0), (254, (1 << 20) - 1, (1 << 22) - 1, (1 << 14) - 1), (3, 70_000, 1, 9_999),
    ] {
      let ticket = Ticket(
        loop: loop, connection: connection, request: request, operation: operation)
      #expect(ticket.loop == loop)
      #expect(ticket.connection == connection)
      #expect(ticket.request == request)
      #expect(ticket.operation == operation)
    }
    // A connection's requests are counted for ever: the number wraps round.
    #expect(Ticket(loop: 1, connection: 2, request: 1 << 22).request == 0)
    #expect(Ticket(loop: 1, connection: 2, request: 1 << 22).connection == 2)
  }

  @Test("every loop that there may be has tickets of its own, none of them a shard's")
  func ticketsOfLoops() {
    for loop in 0..<Ticket.maxLoops {
      let ticket = Ticket(loop: loop, connection: 0, request: 0)
      #expect(ticket.loop == loop && !ticket.isOfShard)
    }
    #expect(Ticket(home: Bounds.maxShards - 1, attempt: 1).isOfShard)
  }

  @Test("the bounds agree with each other")
  func bounds() { Bounds.check() }

  @Test("the redo tail finds its place, and drops what is old or too much")
  func redoTail() {
    func batch(_ sequence: Sequence64, changes: Int) -> Batch {
      let change = EntryChange(id: 1, product: 1, before: nil, after: nil)
      return Batch(
        previous: sequence - 1, sequence: sequence, digest: UInt64(sequence), lastEntryNumber: 0,
        entries: Array(repeating: change, count: changes), products: [])
    }
    var tail = RedoTail()
    #expect(tail.place(after: 0) == nil)
    for sequence in 11...110 as ClosedRange<Sequence64> {
      tail.append(batch(sequence, changes: 1), at: sequence)
    }
    #expect(tail.place(after: 9) == nil)
    #expect(tail.place(after: 10) == 0)
    #expect(tail.place(after: 109) == 99)
    #expect(tail.place(after: 110) == nil)
    tail.prune(olderThan: 61)
    #expect(tail.count == 50)
    #expect(tail.place(after: 59) == nil)
    #expect(tail.place(after: 60).map { tail.batch(at: $0).sequence } == 61)
    tail.renew(at: 500)
    tail.prune(olderThan: 499)
    #expect(tail.count == 50)
    // Too much: the oldest go, the newest stays whatever its size.
    tail.append(batch(111, changes: Bounds.maxRedoChanges - 10), at: 500)
    tail.prune(olderThan: 0)
    #expect(tail.count == 11)
    tail.append(batch(112, changes: Bounds.maxRedoChanges + 1), at: 500)
    tail.prune(olderThan: 0)
    #expect(tail.count == 1)
    #expect(tail.place(after: 111) == 0)
    tail.removeAll()
    #expect(tail.count == 0)
  }

  @Test("a batch's digest tells what led to it")
  func digest() {
    let batch = Batch(
      previous: 1, sequence: 2, digest: 0, lastEntryNumber: 0, entries: [], products: [])
    #expect(batch.computeDigest(after: 1) == batch.computeDigest(after: 1))
    #expect(batch.computeDigest(after: 1) != batch.computeDigest(after: 2))
  }
}

/// Where products are with 8 shards. Data in Redis rests on these.
private enum KnownShards {
  static let of1To12: [ShardID] = [1, 6, 5, 2, 2, 0, 7, 6, 4, 2, 5, 3]
  static let ofMaxID: ShardID = 7
}
