import NIOCore
import StockCore
import StockRedis
import Testing

@Suite("commit.lua: holds, purchases, floors and first answers")
struct CheckoutCommitTests {
  private static let hold = Hold(
    id: "r7-0a", order: "A-17", customer: "c", store: 1, status: .held,
    lines: [HoldLine(product: 5, location: "B", quantity: 2)], createdAt: 1, updatedAt: 1,
    expiresAt: 9)
  private static let part = HoldPart(hold: "h", home: 3, customer: "", lines: [])
  private static let buyer = PurchaseKey(product: 5, customer: "c")

  private static func held(_ revision: Int64) -> HoldRecord {
    var hold = hold
    hold.revision = revision
    return .hold(hold)
  }

  private func answer(_ low: UInt64) -> IdempotencyRecord {
    IdempotencyRecord(
      key: IdempotencyKey(high: 0, low: low, fingerprint: 1), outcome: .refused(.holdNotFound))
  }

  private func field(_ low: UInt64) -> String {
    IdempotencyText.field(of: IdempotencyKey(high: 0, low: low, fingerprint: 1))
  }

  @Test("writes all that belongs to a checkout in one call, changes it and deletes it")
  func writes() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      var batch = shard.batch(1)
      batch.holds = [
        Change(key: "r7-0a", before: nil, after: Self.held(1)),
        Change(key: "h", before: nil, after: .part(Self.part)),
      ]
      batch.purchases = [
        Change(key: Self.buyer, before: nil, after: Purchases(units: 2, saleStart: 0))
      ]
      batch.idempotency = [answer(0xA), answer(0xB)]
      batch.bucket = 12
      batch.oldestBucket = 6
      #expect(try await shard.commit(batch) == .committed)
      let holds = [
        "r7-0a": "H 1 held\t1\t1\t1\t9\tA-17\tc\t5 2 2 0 s B", "h": "P 1 3\t",
      ]
      let first = "0000000000000001 1 refused hold_not_found"
      #expect(try await shard.held("stock:{7}:holds") == holds)
      #expect(try await shard.held("stock:{7}:purchases") == ["5 c": "2 0"])
      #expect(
        try await shard.held("stock:{7}:idem:12") == [field(0xA): first, field(0xB): first])
      #expect(try await shard.held("stock:{7}:meta")["oldest_bucket"] == "6")
      // Again: a resend.
      #expect(try await shard.commit(batch) == .committed)
      #expect(try await shard.held("stock:{7}:holds") == holds)

      var next = shard.batch(2)
      next.holds = [
        Change(key: "r7-0a", before: Self.held(1), after: Self.held(2)),
        Change(key: "h", before: .part(Self.part), after: nil),
      ]
      next.purchases = [
        Change(key: Self.buyer, before: Purchases(units: 2, saleStart: 0), after: nil)
      ]
      next.idempotency = [answer(0xA)]
      next.bucket = 13
      next.oldestBucket = 7
      #expect(try await shard.commit(next) == .committed)
      #expect(
        try await shard.held("stock:{7}:holds") == [
          "r7-0a": "H 2 held\t1\t1\t1\t9\tA-17\tc\t5 2 2 0 s B"
        ])
      #expect(try await shard.held("stock:{7}:purchases").isEmpty)
      #expect(try await shard.held("stock:{7}:idem:13").count == 1)
      #expect(try await shard.held("stock:{7}:meta")["oldest_bucket"] == "7")
    }
  }

  @Test("what differs from Redis is refused whole", arguments: Refused.all)
  func refused(_ refused: Refused) async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      if let held = refused.held {
        _ = try await connection.call(["HSET", "stock:{7}:\(held[0])", held[1], held[2]])
      }
      var batch = shard.batch(1)
      // Something valid of every section goes with it, and may not be written.
      batch.entries = [EntryChange(id: 8, product: 5, before: nil, after: entryValue(1, 0))]
      batch.products = [ProductChange(id: 5, before: nil, after: productValue())]
      batch.holds = [Change(key: "other", before: nil, after: Self.held(1))]
      batch.purchases = [
        Change(
          key: PurchaseKey(product: 6, customer: "c"), before: nil,
          after: Purchases(units: 1, saleStart: 0))
      ]
      batch.idempotency = [answer(1)]
      batch.bucket = 12
      batch.movements = [movement(.set, 5, quantity: 1)]
      refused.change(&batch)
      guard case .invalid(let words) = try await shard.commit(batch) else {
        Issue.record("\(refused.name) was not refused as invalid")
        return
      }
      #expect(words.contains(refused.word), "\(words)")
      for key in ["entries", "products", "holds", "purchases", "idem:12"] {
        let held = try await shard.held("stock:{7}:\(key)")
        #expect(held.count == (refused.held?[0] == key ? 1 : 0), "\(refused.name): \(key)")
      }
      #expect(try await connection.call(["EXISTS", "stock:{7}:log"]) == .integer(0))
      #expect(try await shard.held("stock:{7}:meta")["sequence"] == "0")
    }
  }

  /// What Redis holds (hash, field, value), and the change that must be refused for it.
  struct Refused: Sendable, CustomTestStringConvertible {
    var name: String
    var held: [String]?
    var word: String
    var change: @Sendable (inout Batch) -> Void

    var testDescription: String { name }

    private static func hold(
      _ name: String, _ held: String?, _ before: HoldRecord?, _ after: HoldRecord?
    ) -> Refused {
      Refused(name: name, held: held.map { ["holds", "r7-0a", $0] }, word: "holds field r7-0a") {
        $0.holds.append(Change(key: "r7-0a", before: before, after: after))
      }
    }

    private static func purchase(
      _ name: String, _ held: String?, _ before: Purchases?, _ after: Purchases?
    ) -> Refused {
      Refused(name: name, held: held.map { ["purchases", "5 c", $0] }, word: "purchases field 5 c")
      { $0.purchases.append(Change(key: buyer, before: before, after: after)) }
    }

    static let all: [Refused] = [
      hold("a hold made twice", "H 1 held\t", nil, CheckoutCommitTests.held(1)),
      hold(
        "another revision", "H 2 held\t", CheckoutCommitTests.held(1), CheckoutCommitTests.held(2)),
      hold(
        "a longer revision", "H 12 held\t", CheckoutCommitTests.held(1), CheckoutCommitTests.held(2)
      ),
      hold(
        "a part, not a hold", "P 1 3\t", CheckoutCommitTests.held(1), CheckoutCommitTests.held(2)),
      hold("a hold that is gone", nil, CheckoutCommitTests.held(1), CheckoutCommitTests.held(2)),
      hold("a hold deleted twice", nil, CheckoutCommitTests.held(1), nil),
      hold("a revision below zero", nil, nil, CheckoutCommitTests.held(-1)),
      purchase("bought already", "1 0", nil, Purchases(units: 2, saleStart: 0)),
      purchase(
        "bought more", "2 0", Purchases(units: 1, saleStart: 0), Purchases(units: 2, saleStart: 0)),
      purchase(
        "another sale, longer", "1 12", Purchases(units: 1, saleStart: 1),
        Purchases(units: 2, saleStart: 1)),
      purchase(
        "bought nothing", nil, Purchases(units: 1, saleStart: 0), Purchases(units: 2, saleStart: 0)
      ),
      purchase("less than nothing", nil, nil, Purchases(units: -1, saleStart: 0)),
      Refused(
        name: "a key used before",
        held: [
          "idem:12", "00000000000000000000000000000002", "0000000000000001 1 deleted",
        ], word: "idem:12 field 00000000000000000000000000000002"
      ) {
        $0.idempotency.append(
          IdempotencyRecord(
            key: IdempotencyKey(high: 0, low: 2, fingerprint: 1), outcome: .deleted))
      },
    ]
  }

  @Test(
    "an entry's available units may not be below its floor",
    arguments: [
      // floor, quantity, reserved, whether it is taken
      (Int64(0), Int64(5), Int64(5), true), (0, 5, 6, false),
      (-3, 5, 8, true), (-3, 5, 9, false), (-3, 0, 3, true), (-3, 0, 4, false),
      (2, 7, 5, true), (2, 6, 5, false), (2, 2, 0, true), (2, 1, 0, false),
      (-9_007_199_254_740_991, 0, 9_007_199_254_740_991, true),
      (-9_007_199_254_740_990, 0, 9_007_199_254_740_991, false),
      // Reserved units are never below zero, whatever the floor.
      (-3, 5, -1, false),
    ])
  func floors(_ floor: Int64, _ quantity: Int64, _ reserved: Int64, _ taken: Bool) async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let batch = shard.batch(
        1,
        entries: [
          EntryChange(id: 16, product: 5, before: nil, after: entryValue(1, 1), floor: 0),
          EntryChange(
            id: 8, product: 5, before: nil, after: entryValue(quantity, reserved), floor: floor),
        ])
      let reply = try await shard.commit(batch)
      if taken {
        #expect(reply == .committed)
        #expect(
          try await shard.heldEntries()["8"]?.hasPrefix("\(quantity - reserved) \(reserved) ")
            == true)
        // It can be changed, and deleted: what is held may be below zero.
        let delete = shard.batch(
          2,
          entries: [
            EntryChange(
              id: 8, product: 5, before: entryValue(quantity, reserved), after: nil, floor: floor)
          ])
        #expect(try await shard.commit(delete) == .committed)
        #expect(try await shard.heldEntries().keys.sorted() == ["16"])
      } else {
        guard case .invalid(let words) = reply else {
          Issue.record("not refused: \(reply)")
          return
        }
        #expect(words.contains("entries field 8"))
        #expect(try await shard.heldEntries().isEmpty)
      }
    }
  }

  @Test("an entry's floor is not another's")
  func ownFloor() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      let batch = shard.batch(
        1,
        entries: [
          EntryChange(id: 8, product: 5, before: nil, after: entryValue(0, 3), floor: -3),
          EntryChange(id: 16, product: 5, before: nil, after: entryValue(0, 1)),
        ])
      guard case .invalid(let words) = try await shard.commit(batch) else {
        Issue.record("not refused")
        return
      }
      #expect(words.contains("entries field 16"))
    }
  }

  @Test(
    "a key of another type fails before anything is written",
    arguments: ["holds", "purchases", "idem:12"])
  func wrongType(_ name: String) async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      _ = try await connection.call(["SET", "stock:{7}:\(name)", "text"])
      var batch = shard.batch(
        1, entries: [EntryChange(id: 8, product: 5, before: nil, after: entryValue(1, 0))])
      batch.holds = [Change(key: "r7-0a", before: nil, after: Self.held(1))]
      batch.purchases = [
        Change(key: Self.buyer, before: nil, after: Purchases(units: 2, saleStart: 0))
      ]
      batch.idempotency = [answer(1)]
      batch.bucket = 12
      batch.movements = [movement(.set, 5, quantity: 1)]
      guard case .failed(let words) = try await shard.commit(batch) else {
        Issue.record("not failed")
        return
      }
      #expect(words.hasPrefix("WRONGTYPE"))
      for other in ["entries", "holds", "purchases", "idem:12", "log"] where other != name {
        #expect(try await connection.call(["EXISTS", "stock:{7}:\(other)"]) == .integer(0))
      }
      #expect(try await shard.held("stock:{7}:meta")["sequence"] == "0")
    }
  }

  @Test("thousands of each go in one batch, and the last of them counts")
  func large() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      var batch = shard.batch(1)
      for number in 1...4_500 {
        var hold = Self.hold
        hold.id = "h\(number)"
        batch.holds.append(Change(key: hold.id, before: nil, after: .hold(hold)))
        batch.purchases.append(
          Change(
            key: PurchaseKey(product: Int64(number), customer: "c"), before: nil,
            after: Purchases(units: 1, saleStart: 0)))
        batch.idempotency.append(answer(UInt64(number)))
        batch.movements.append(movement(.reserve, Int64(number), reserved: 1))
      }
      batch.bucket = 12
      #expect(try await shard.commit(batch) == .committed)
      for key in ["holds", "purchases", "idem:12"] {
        #expect(try await connection.call(["HLEN", "stock:{7}:\(key)"]) == .integer(4_500))
      }
      #expect(try await shard.held("stock:{7}:idem:12")[field(4_500)]?.hasSuffix("found") == true)

      var again = shard.batch(2)
      again.previousMovements = 4_500
      again.idempotency = (5_000..<9_000).map { answer(UInt64($0)) } + [answer(4_500)]
      again.bucket = 12
      guard case .invalid(let words) = try await shard.commit(again) else {
        Issue.record("not refused")
        return
      }
      #expect(words.contains(field(4_500)))
      #expect(try await connection.call(["HLEN", "stock:{7}:idem:12"]) == .integer(4_500))
    }
  }

  @Test("holds are read back page by page")
  func scan() async throws {
    try await TestRedis.with { _, connection in
      let shard = try await TestShard(connection)
      var batch = shard.batch(1)
      for _ in 0..<2_000 {
        let hold = RandomRecords.hold()
        batch.holds.append(Change(key: hold.id, before: nil, after: .hold(hold)))
      }
      #expect(try await shard.commit(batch) == .committed)
      var found: [HoldID: HoldRecord] = [:]
      var cursor: String? = "0"
      while let at = cursor {
        typealias Page = (next: String?, records: [HoldID: HoldRecord])
        let page = try await connection.query({ buffer in
          buffer.writeHashScan("stock:{7}:holds", cursor: at, count: 100)
        }) { reply -> Result<Page, RecordError> in
          guard let page = TextScanPage(reply) else { return .success((nil, [:])) }
          var records: [HoldID: HoldRecord] = [:]
          do throws(RecordError) {
            try page.forEach { field, value throws(RecordError) in
              let id = String(decoding: field, as: UTF8.self)
              records[id] = try HoldRecordReader.decode(id: id, value)
            }
          } catch { return .failure(error) }
          return .success((page.next, records))
        }.get()
        found.merge(page.records) { _, new in new }
        cursor = page.next
      }
      #expect(found == Dictionary(uniqueKeysWithValues: batch.holds.map { ($0.key, $0.after!) }))
    }
  }
}
